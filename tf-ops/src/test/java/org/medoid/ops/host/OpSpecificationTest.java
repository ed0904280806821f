package org.medoid.ops.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.TensorFlow;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.OpDef;
import org.tensorflow.proto.TensorShapeProto;

/** What TensorFlow takes is read as it reads it; what would end the process is refused before. */
@Timeout(120)
class OpSpecificationTest {
  @Test
  void everyOpOfTensorFlowsOwnIsReadAsTensorFlowHasIt() {
    int read = 0;
    for (OpDef op : TensorFlow.registeredOpList().getOpList()) {
      if (op.getName().startsWith("Medoid") || !canBeWritten(op)) {
        continue;
      }
      OpDef parsed =
          OpSpecification.parse(
              op.getName(),
              op.getAttrList().stream().map(OpSpecificationTest::written).toList(),
              op.getInputArgList().stream().map(OpSpecificationTest::written).toList(),
              op.getOutputArgList().stream().map(OpSpecificationTest::written).toList(),
              op.getIsStateful());
      assertThat(parsed).isEqualTo(bare(op));
      read++;
    }
    assertThat(read).isGreaterThan(1200);
  }

  /** Neither references nor defaults that hold escapes, functions or tensors. */
  private static boolean canBeWritten(OpDef op) {
    boolean references =
        op.getInputArgList().stream().anyMatch(OpDef.ArgDef::getIsRef)
            || op.getOutputArgList().stream().anyMatch(OpDef.ArgDef::getIsRef);
    boolean odd =
        op.getAttrList().stream()
            .filter(OpDef.AttrDef::hasDefaultValue)
            .anyMatch(
                each ->
                    each.getType().equals("func")
                        || each.getType().equals("tensor")
                        || each.getDefaultValue()
                            .getS()
                            .toStringUtf8()
                            .matches("(?s).*['\\\\\n].*"));
    return !references && !odd;
  }

  private static OpDef bare(OpDef op) {
    OpDef.Builder bare = OpDef.newBuilder().setName(op.getName()).setIsStateful(op.getIsStateful());
    op.getAttrList().forEach(each -> bare.addAttr(each.toBuilder().clearDescription()));
    op.getInputArgList().forEach(each -> bare.addInputArg(bare(each)));
    op.getOutputArgList().forEach(each -> bare.addOutputArg(bare(each)));
    return bare.build();
  }

  private static OpDef.ArgDef bare(OpDef.ArgDef argument) {
    return argument.toBuilder()
        .clearDescription()
        .clearHandleData()
        .clearExperimentalFullType()
        .build();
  }

  private static String written(OpDef.ArgDef argument) {
    String type =
        argument.getType() != DataType.DT_INVALID
            ? name(argument.getType())
            : argument.getTypeAttr() + argument.getTypeListAttr();
    String number = argument.getNumberAttr();
    return argument.getName() + ": " + (number.isEmpty() ? type : number + " * " + type);
  }

  private static String name(DataType type) {
    return type.name().substring(3).toLowerCase(Locale.ROOT);
  }

  private static String written(OpDef.AttrDef attribute) {
    AttrValue.ListValue allowed = attribute.getAllowedValues().getList();
    boolean list = attribute.getType().startsWith("list(");
    String kind = list ? attribute.getType().substring(5).replace(")", "") : attribute.getType();
    if (allowed.getSCount() > 0) {
      kind =
          allowed.getSList().stream()
              .map(each -> "'" + each.toStringUtf8() + "'")
              .collect(Collectors.joining(", ", "{", "}"));
    } else if (allowed.getTypeCount() > 0) {
      kind =
          allowed.getTypeList().stream()
              .map(OpSpecificationTest::name)
              .collect(Collectors.joining(", ", "{", "}"));
    }
    return attribute.getName()
        + ": "
        + (list ? "list(" + kind + ")" : kind)
        + (attribute.getHasMinimum() ? " >= " + attribute.getMinimum() : "")
        + (attribute.hasDefaultValue() ? " = " + written(attribute.getDefaultValue()) : "");
  }

  private static String written(AttrValue value) {
    return switch (value.getValueCase()) {
      case S -> "'" + value.getS().toStringUtf8() + "'";
      case I -> Long.toString(value.getI());
      case F -> number(value.getF());
      case B -> Boolean.toString(value.getB());
      case TYPE -> value.getType().name();
      case SHAPE -> written(value.getShape());
      default ->
          Stream.of(
                  value.getList().getSList().stream().map(each -> "'" + each.toStringUtf8() + "'"),
                  value.getList().getIList().stream().map(Object::toString),
                  value.getList().getFList().stream().map(OpSpecificationTest::number),
                  value.getList().getBList().stream().map(Object::toString),
                  value.getList().getTypeList().stream().map(Object::toString),
                  value.getList().getShapeList().stream().map(OpSpecificationTest::written))
              .flatMap(each -> each)
              .collect(Collectors.joining(", ", "[", "]"));
    };
  }

  private static String number(float value) {
    return Float.toString(value).replace("Infinity", "inf").replace("NaN", "nan");
  }

  private static String written(TensorShapeProto shape) {
    return shape.getUnknownRank()
        ? "{ unknown_rank: true }"
        : shape.getDimList().stream()
            .map(each -> "dim { size: " + each.getSize() + " }")
            .collect(Collectors.joining(" ", "{ ", " }"));
  }

  /** TensorFlow takes these, or this process would end. */
  @Test
  void tensorFlowHasWhatWasRead() {
    List<String> attributes =
        List.of(
            "T : { float ,double, } = DT_DOUBLE",
            "R: realnumbertype = DT_UINT64",
            "N: numerictype",
            "Q: quantizedtype = DT_QUINT16",
            "mixed: list({numbertype, string}) >= 2 = [DT_QINT8, DT_STRING]",
            "any: list( type ) = [DT_INT8]",
            "none: list(int) = []",
            "n: int",
            "least: int >= -3 = -3",
            "words: list({'a', \"b c\"}) = ['b c']",
            "text: string = \"it's\"",
            "flags: list(bool) = [true,false]",
            "rates: list(float) = [1., -2e-3, inf, nan]",
            "shape: shape = { dim { size: 3 } dim { size: -1 } }",
            "shapes: list(shape) = [{ unknown_rank: true }, {}, {dim:{size:3}},"
                + " {unknown_rank:true}]",
            "f: func",
            "t: tensor",
            "late: int = 7");
    List<String> inputs =
        List.of("a: T", "b :n*float32", "c: n * R", "d: any", "e: resource", "f8: float8_e5m2");
    List<String> outputs = List.of("o: N", "p: mixed", "q: half", "s: int4");
    HostOp op = HostOp.define("MedoidTestOdd").shapes(context -> {}).kernel(each -> context -> {});
    attributes.forEach(op::attribute);
    inputs.forEach(op::input);
    outputs.forEach(op::output);
    op.register();
    OpDef theirs =
        TensorFlow.registeredOpList().getOpList().stream()
            .filter(each -> each.getName().equals("MedoidTestOdd"))
            .findAny()
            .orElseThrow();
    OpDef ours = OpSpecification.parse("MedoidTestOdd", attributes, inputs, outputs, false);
    assertThat(ordered(ours)).isEqualTo(ordered(theirs));
    assertThat(ours.getIsStateful()).as("it is given a resource").isTrue();
  }

  /** With allowed types in one order: it has no meaning. */
  private static OpDef ordered(OpDef op) {
    OpDef.Builder ordered = bare(op).toBuilder();
    for (OpDef.AttrDef.Builder each : ordered.getAttrBuilderList()) {
      List<DataType> types =
          each.getAllowedValues().getList().getTypeList().stream().sorted().toList();
      if (!types.isEmpty()) {
        each.getAllowedValuesBuilder().getListBuilder().clearType().addAllType(types);
      }
    }
    return ordered.build();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "                              | x: flaot          | y: float | flaot",
        "                              | x: float          | y: flaot | flaot",
        "                              | x: Float          | y: float | Float",
        "                              | X: float          | y: float | lower-case",
        "                              | x float           | y: float | name: type",
        "                              | x:                | y: float | needs a type",
        "                              | x: float*         | y: float | after the *",
        "                              | x: float,         | y: float | too much",
        "                              | x: float float    | y: float | too much",
        "                              | ' x: float'       | y: float | name: type",
        "                              | x: Ref(float)     | y: float | too much",
        "                              | x: float; x: int32| y: float | another",
        "                              | x: float          | x: float | another",
        "                              | x: float     | y: float; y: float | another",
        "T: {float, double}; T: type   | x: T              | y: T     | another",
        "x: int                        | x: float          | y: float | another",
        "T: {float, double}            | x: U              | y: T     | 'U'",
        "n: int                        | x: n              | y: float | 'n'",
        "                              | x: n * float      | y: float | n: int",
        "n: float                      | x: n * float      | y: float | n: int",
        "n: int >= -1                  | x: n * float      | y: float | negative",
        "n: int = 0                    | x: n * float      | y: float | below its minimum 1",
        "L: list(type)                 | x: 2 * L          | y: float | needs a type",
        "L: list(type); n: int         | x: n * L          | y: float | 'L'",
        "L: list(type) = []            | x: L              | y: float | below its minimum 1",
        "T: {float, duoble}            | x: T              | y: T     | duoble",
        "T: {float, double             | x: T              | y: T     | needs a }",
        "T: {float double}             | x: T              | y: T     | needs a }",
        "T: {}                         | x: T              | y: T     | an element type",
        "T: {float} = DT_DOUBLE        | x: T              | y: T     | none of its values",
        "T: {float} = float            | x: T              | y: T     | DT_FLOAT",
        "T: type = DT_FLAOT            | x: T              | y: T     | DT_FLAOT",
        "T: type = DT_INVALID          | x: T              | y: T     | DT_INVALID",
        "T: type = DT_FLOAT_REF        | x: T              | y: T     | DT_FLOAT_REF",
        "T: list({int32}) = [DT_INT64] | x: T              | y: T     | none of its values",
        "a: integer                    | x: float          | y: float | integer",
        "a: int32                      | x: float          | y: float | int32",
        "a: int = 1.5                  | x: float          | y: float | too much",
        "a: int = one                  | x: float          | y: float | whole number",
        "a: int = 010                  | x: float          | y: float | too much",
        "a: int =                      | x: float          | y: float | whole number",
        "a: int >= 1 = 0               | x: float          | y: float | below its minimum 1",
        "a: int >= x                   | x: float          | y: float | too much",
        "a: int <= 3                   | x: float          | y: float | too much",
        "a: float >= 1                 | x: float          | y: float | too much",
        "a: float = 1,5                | x: float          | y: float | too much",
        "a: bool = yes                 | x: float          | y: float | true or false",
        "a: string = bare              | x: float          | y: float | in quotes",
        "a: {\"p\", \"q\"} = \"r\"     | x: float          | y: float | none of its values",
        "a: {\"p\" \"q\"}              | x: float          | y: float | needs a }",
        "a: {\"p\", q}                 | x: float          | y: float | in quotes",
        "a: list(int                   | x: float          | y: float | needs a )",
        "a: list(int) = 3              | x: float          | y: float | needs a [",
        "a: list(int) = [3             | x: float          | y: float | needs a ]",
        "a: list(int) >= 2 = [3]       | x: float          | y: float | below its minimum 2",
        "a: list(int) >= -2            | x: float          | y: float | negative",
        "a: list(list(int))            | x: float          | y: float | unknown type",
        "a: list(type) = [ DT_INT8]    | x: float          | y: float | a space",
        "a: list(type) = [DT_INT8 ]    | x: float          | y: float | needs a ]",
        "a: shape = {dim: 3}           | x: float          | y: float | needs a }",
        "a: func = {name: \"f\"}       | x: float          | y: float | func",
        "float: int                    | x: float          | y: float | name of an element type",
        "a-b: int                      | x: float          | y: float | name: type",
        "2a: int                       | x: float          | y: float | name: type",
      })
  void whatWouldEndTheProcessIsRefusedBefore(
      String attributes, String inputs, String outputs, String told) {
    assertThatThrownBy(
            () -> {
              HostOp op =
                  HostOp.define("MedoidTestRefused")
                      .shapes(context -> {})
                      .kernel(each -> context -> {});
              parts(attributes).forEach(op::attribute);
              parts(inputs).forEach(op::input);
              parts(outputs).forEach(op::output);
              op.register();
            })
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(told)
        .hasMessageContaining("Specification '");
  }

  private static List<String> parts(String specifications) {
    return specifications == null ? List.of() : Arrays.asList(specifications.split("; ?", -1));
  }
}
