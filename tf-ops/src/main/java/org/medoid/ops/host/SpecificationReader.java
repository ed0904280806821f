package org.medoid.ops.host;

import com.google.protobuf.ByteString;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.OpDef;
import org.tensorflow.proto.TensorShapeProto;

/**
 * Reads one specification of an attribute, input or output as TensorFlow's {@code
 * op_def_builder.cc} does. Defaults are written as in TensorFlow's text format, without escapes;
 * functions and tensors have none.
 */
final class SpecificationReader {
  private static final Pattern ATTRIBUTE = Pattern.compile("([A-Za-z][A-Za-z0-9_]*)\\s*:\\s*");
  private static final Pattern ARGUMENT = Pattern.compile("([a-z][a-z0-9_]*)\\s*:\\s*");
  private static final Pattern NAME = Pattern.compile("([A-Za-z][A-Za-z0-9_]*)\\s*");
  private static final Pattern LIST = Pattern.compile("list\\s*\\(\\s*");
  private static final Pattern TIMES = Pattern.compile("\\*\\s*");
  private static final Pattern WORD = Pattern.compile("([a-z][a-z0-9]*)\\s*");
  private static final Pattern QUOTED = Pattern.compile("(?:'([^'\\\\\n]*)'|\"([^\"\\\\\n]*)\")");
  private static final Pattern MINIMUM = Pattern.compile(">=\\s*(-?\\d{1,18})\\s*");
  private static final Pattern INT = Pattern.compile("(-?(?:0|[1-9]\\d{0,17}))");
  private static final Pattern FLOAT =
      Pattern.compile("(-?(?:(?:0|[1-9]\\d*)(?:\\.\\d*)?(?:[eE][+-]?\\d+)?|inf)|nan)");
  private static final Pattern BOOL = Pattern.compile("(true|false)");
  private static final Pattern TYPE = Pattern.compile("DT_([A-Z0-9_]+)");
  private static final Pattern UNKNOWN_RANK =
      Pattern.compile("\\{\\s*unknown_rank\\s*:\\s*true\\s*}");
  private static final Pattern DIMENSION =
      Pattern.compile("dim\\s*:?\\s*\\{\\s*size\\s*:\\s*(-1|\\d{1,18})\\s*}\\s*");

  private static final Set<String> KINDS =
      Set.of("string", "int", "float", "bool", "type", "shape", "tensor", "func");

  /** TensorFlow's names of element types: those of the enumeration, and three of NumPy's. */
  private static final Map<String, DataType> TYPES =
      Stream.concat(
              Stream.of(DataType.values())
                  .filter(type -> type.name().startsWith("DT_") && !type.name().endsWith("_REF"))
                  .filter(type -> type != DataType.DT_INVALID)
                  .map(type -> Map.entry(type.name().substring(3).toLowerCase(Locale.ROOT), type)),
              Stream.of(
                  Map.entry("float16", DataType.DT_HALF),
                  Map.entry("float32", DataType.DT_FLOAT),
                  Map.entry("float64", DataType.DT_DOUBLE)))
          .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));

  private static final List<DataType> QUANTISED =
      types("qint8", "quint8", "qint16", "quint16", "qint32");

  private static final List<DataType> REAL =
      types(
          "float",
          "double",
          "int32",
          "uint8",
          "int16",
          "int8",
          "int64",
          "bfloat16",
          "uint16",
          "half",
          "uint32",
          "uint64");

  private static final List<DataType> NUMBERS =
      Stream.of(REAL, QUANTISED, types("complex64", "complex128")).flatMap(List::stream).toList();

  /** Names of several types at once. */
  private static final Map<String, List<DataType>> GROUPS =
      Map.of(
          "numbertype", NUMBERS,
          "numerictype", NUMBERS,
          "realnumbertype", REAL,
          "quantizedtype", QUANTISED);

  private final String text;
  private int at;

  private SpecificationReader(String text) {
    this.text = text;
  }

  /** What to throw where a specification cannot be. */
  static IllegalArgumentException refused(String specification, String why) {
    return new IllegalArgumentException("Specification '" + specification + "' " + why);
  }

  /** The element type of a name, or null. */
  static DataType typeOf(String name) {
    return TYPES.get(name);
  }

  private static List<DataType> types(String... names) {
    return Stream.of(names).map(TYPES::get).toList();
  }

  /**
   * Reads an attribute.
   *
   * @throws IllegalArgumentException if it does not parse
   */
  static OpDef.AttrDef attribute(String specification) {
    return new SpecificationReader(specification).attribute();
  }

  /**
   * Reads an input or output. What follows the colon is given as its {@code type_attr}, whether it
   * is the name of a type or of an attribute.
   *
   * @throws IllegalArgumentException if it does not parse
   */
  static OpDef.ArgDef argument(String specification) {
    SpecificationReader in = new SpecificationReader(specification);
    String name = in.name(ARGUMENT, "'name: type' with a lower-case name");
    Matcher first = in.need(NAME, "a type or the name of an attribute");
    OpDef.ArgDef.Builder argument = OpDef.ArgDef.newBuilder().setName(name);
    if (in.take(TIMES) != null) {
      argument.setNumberAttr(first.group(1));
      first = in.need(NAME, "a type or the name of an attribute after the *");
    }
    in.needEnd();
    return argument.setTypeAttr(first.group(1)).build();
  }

  private String name(Pattern pattern, String form) {
    Matcher name = take(pattern);
    if (name == null) {
      throw refused(text, "is not of the form " + form);
    }
    return name.group(1);
  }

  private Matcher take(Pattern pattern) {
    Matcher matcher = pattern.matcher(text).region(at, text.length());
    if (!matcher.lookingAt()) {
      return null;
    }
    at = matcher.end();
    return matcher;
  }

  private Matcher need(Pattern pattern, String what) {
    Matcher taken = take(pattern);
    if (taken == null) {
      throw refused(text, "needs " + what + " where it says '" + text.substring(at) + "'");
    }
    return taken;
  }

  private boolean take(char sign) {
    if (at == text.length() || text.charAt(at) != sign) {
      return false;
    }
    at++;
    space();
    return true;
  }

  private void space() {
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
  }

  private void need(char sign) {
    if (!take(sign)) {
      throw refused(text, "needs a " + sign + " where it says '" + text.substring(at) + "'");
    }
  }

  private void needEnd() {
    if (at < text.length()) {
      throw refused(text, "has '" + text.substring(at) + "' too much at its end");
    }
  }

  private OpDef.AttrDef attribute() {
    OpDef.AttrDef.Builder attribute =
        OpDef.AttrDef.newBuilder().setName(name(ATTRIBUTE, "'name: type'"));
    if (TYPES.containsKey(attribute.getName())) {
      throw refused(text, "gives an attribute the name of an element type");
    }
    boolean list = take(LIST) != null;
    String kind = kind(attribute);
    if (list) {
      need(')');
    }
    attribute.setType(list ? "list(" + kind + ")" : kind);
    Matcher minimum = list || kind.equals("int") ? take(MINIMUM) : null;
    if (minimum != null) {
      attribute.setHasMinimum(true).setMinimum(Long.parseLong(minimum.group(1)));
      if (list && attribute.getMinimum() < 0) {
        throw refused(text, "has a list of negative length");
      }
    }
    if (take('=')) {
      attribute.setDefaultValue(list ? listOf(kind) : value(kind));
    }
    needEnd();
    return attribute.build();
  }

  /** What an attribute holds; adds the values that it is limited to. */
  private String kind(OpDef.AttrDef.Builder attribute) {
    AttrValue.ListValue.Builder allowed = AttrValue.ListValue.newBuilder();
    String kind;
    if (take('{')) {
      boolean quoted = at < text.length() && "'\"".indexOf(text.charAt(at)) >= 0;
      kind = quoted ? "string" : "type";
      do {
        if (quoted) {
          allowed.addS(value("string").getS());
          space();
        } else {
          allowed.addAllType(choice(need(WORD, "an element type").group(1)));
        }
      } while (take(',') && (at == text.length() || text.charAt(at) != '}'));
      need('}');
    } else {
      kind = need(WORD, "the type of the attribute").group(1);
      if (GROUPS.containsKey(kind)) {
        allowed.addAllType(GROUPS.get(kind));
        kind = "type";
      } else if (!KINDS.contains(kind)) {
        throw refused(text, "has the unknown type '" + kind + "'");
      }
    }
    if (allowed.getSCount() + allowed.getTypeCount() > 0) {
      attribute.setAllowedValues(AttrValue.newBuilder().setList(allowed));
    }
    return kind;
  }

  private List<DataType> choice(String word) {
    if (GROUPS.containsKey(word)) {
      return GROUPS.get(word);
    }
    if (!TYPES.containsKey(word)) {
      throw refused(text, "has the unknown type '" + word + "'");
    }
    return List.of(TYPES.get(word));
  }

  /** TensorFlow 2.18 does not read {@code [ DT_INT8 ]}: space is taken after commas alone. */
  private AttrValue listOf(String kind) {
    need('[');
    if (Character.isWhitespace(text.charAt(at - 1))) {
      throw refused(text, "has a space after its [");
    }
    AttrValue.ListValue.Builder list = AttrValue.ListValue.newBuilder();
    if (!take(']')) {
      do {
        AttrValue value = value(kind);
        switch (value.getValueCase()) {
          case S -> list.addS(value.getS());
          case I -> list.addI(value.getI());
          case F -> list.addF(value.getF());
          case B -> list.addB(value.getB());
          case TYPE -> list.addType(value.getType());
          default -> list.addShape(value.getShape());
        }
      } while (take(','));
      need(']');
    }
    return AttrValue.newBuilder().setList(list).build();
  }

  private AttrValue value(String kind) {
    AttrValue.Builder value = AttrValue.newBuilder();
    switch (kind) {
      case "string" -> {
        Matcher quoted = need(QUOTED, "a string in quotes, without escapes,");
        value.setS(
            ByteString.copyFromUtf8(quoted.group(1) == null ? quoted.group(2) : quoted.group(1)));
      }
      case "int" -> value.setI(Long.parseLong(need(INT, "a whole number").group(1)));
      case "float" -> value.setF(real(need(FLOAT, "a number").group(1)));
      case "bool" -> value.setB(need(BOOL, "true or false").group(1).equals("true"));
      case "type" -> value.setType(type(need(TYPE, "a type such as DT_FLOAT").group(1)));
      case "shape" -> value.setShape(shape());
      default -> throw refused(text, "has a default, which a " + kind + " cannot have here");
    }
    return value.build();
  }

  private static float real(String number) {
    return switch (number) {
      case "inf" -> Float.POSITIVE_INFINITY;
      case "-inf" -> Float.NEGATIVE_INFINITY;
      case "nan" -> Float.NaN;
      default -> Float.parseFloat(number);
    };
  }

  private DataType type(String name) {
    DataType type = TYPES.get(name.toLowerCase(Locale.ROOT));
    if (type == null || !type.name().equals("DT_" + name)) {
      throw refused(text, "has the unknown type 'DT_" + name + "'");
    }
    return type;
  }

  private TensorShapeProto shape() {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    if (take(UNKNOWN_RANK) != null) {
      return shape.setUnknownRank(true).build();
    }
    need('{');
    for (Matcher dimension = take(DIMENSION); dimension != null; dimension = take(DIMENSION)) {
      shape.addDimBuilder().setSize(Long.parseLong(dimension.group(1)));
    }
    need('}');
    return shape.build();
  }
}
