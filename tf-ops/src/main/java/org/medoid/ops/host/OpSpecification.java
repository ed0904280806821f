package org.medoid.ops.host;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.OpDef;

/**
 * Checks the specifications of an op as TensorFlow's {@code op_def_builder.cc} and {@code
 * op_def_util.cc} do. TensorFlow ends the process, rather than report it, where a specification
 * does not parse or the parts do not go together; so nothing may reach it that has not passed here.
 */
final class OpSpecification {
  private OpSpecification() {}

  /**
   * Reads and checks an op.
   *
   * @throws IllegalArgumentException if TensorFlow would not take it; names the specification
   */
  static OpDef parse(
      String name,
      List<String> attributes,
      List<String> inputs,
      List<String> outputs,
      boolean stateful) {
    OpDef.Builder op = OpDef.newBuilder().setName(name).setIsStateful(stateful);
    Set<String> names = new HashSet<>();
    for (String each : attributes) {
      OpDef.AttrDef attribute = SpecificationReader.attribute(each);
      requireNew(names, attribute.getName(), each);
      op.addAttr(attribute);
    }
    for (String each : inputs) {
      op.addInputArg(resolved(SpecificationReader.argument(each), op, names, each));
    }
    for (String each : outputs) {
      op.addOutputArg(resolved(SpecificationReader.argument(each), op, names, each));
    }
    for (int i = 0; i < attributes.size(); i++) {
      checkDefault(op.getAttr(i), attributes.get(i));
    }
    return op.build();
  }

  private static void requireNew(Set<String> names, String name, String specification) {
    if (!names.add(name)) {
      throw SpecificationReader.refused(
          specification, "has a name that another attribute, input or output has too");
    }
  }

  /** An argument with its type or the attribute that gives it. */
  private static OpDef.ArgDef resolved(
      OpDef.ArgDef argument, OpDef.Builder op, Set<String> names, String specification) {
    requireNew(names, argument.getName(), specification);
    OpDef.ArgDef.Builder resolved = argument.toBuilder();
    String name = argument.getTypeAttr();
    if (!argument.getNumberAttr().isEmpty()) {
      requireLength(op, argument.getNumberAttr(), "int", specification);
    }
    DataType type = SpecificationReader.typeOf(name);
    if (type != null) {
      resolved.clearTypeAttr().setType(type);
      if (type == DataType.DT_RESOURCE) {
        op.setIsStateful(true); // as TensorFlow does: it works on what the resource holds
      }
      return resolved.build();
    }
    OpDef.AttrDef.Builder attribute = find(op, name);
    String kind = attribute == null ? "" : attribute.getType();
    if (kind.equals("list(type)") && argument.getNumberAttr().isEmpty()) {
      requireLength(op, name, kind, specification);
      return resolved.clearTypeAttr().setTypeListAttr(name).build();
    }
    if (!kind.equals("type")) {
      throw SpecificationReader.refused(
          specification, "has '" + name + "' for a type, which is none, nor an attribute with one");
    }
    return resolved.build();
  }

  /** The attribute that gives the length of an argument; by default it is at least 1. */
  private static void requireLength(
      OpDef.Builder op, String name, String kind, String specification) {
    OpDef.AttrDef.Builder attribute = find(op, name);
    if (attribute == null || !attribute.getType().equals(kind)) {
      throw SpecificationReader.refused(
          specification, "needs an attribute '" + name + ": " + kind + "'");
    }
    if (!attribute.getHasMinimum()) {
      attribute.setHasMinimum(true).setMinimum(1);
    }
    if (attribute.getMinimum() < 0) {
      throw SpecificationReader.refused(
          specification, "can have the negative length '" + name + "'");
    }
  }

  private static OpDef.AttrDef.Builder find(OpDef.Builder op, String name) {
    return op.getAttrBuilderList().stream()
        .filter(each -> each.getName().equals(name))
        .findAny()
        .orElse(null);
  }

  private static void checkDefault(OpDef.AttrDef attribute, String specification) {
    if (!attribute.hasDefaultValue()) {
      return;
    }
    AttrValue value = attribute.getDefaultValue();
    AttrValue.ListValue list = value.getList();
    AttrValue.ListValue allowed = attribute.getAllowedValues().getList();
    boolean isList = value.hasList();
    int length =
        Stream.<List<?>>of(
                list.getSList(),
                list.getIList(),
                list.getFList(),
                list.getBList(),
                list.getTypeList(),
                list.getShapeList())
            .mapToInt(List::size)
            .sum();
    if (attribute.getHasMinimum() && (isList ? length : value.getI()) < attribute.getMinimum()) {
      throw SpecificationReader.refused(
          specification, "has a default below its minimum " + attribute.getMinimum());
    }
    boolean strings =
        allowed.getSCount() == 0
            || allowed.getSList().containsAll(isList ? list.getSList() : List.of(value.getS()));
    boolean types =
        allowed.getTypeCount() == 0
            || allowed
                .getTypeList()
                .containsAll(isList ? list.getTypeList() : List.of(value.getType()));
    if (!strings || !types) {
      throw SpecificationReader.refused(specification, "has a default that is none of its values");
    }
  }
}
