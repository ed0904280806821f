package org.medoid.export.savedmodel;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorProto;

/**
 * The values of scalars that a flat graph computes from constants and known sizes alone, as
 * conditions of branches and counters of loops are: whether a network trains, wrapped in a few
 * comparisons.
 */
final class Constants {
  /** No condition is wrapped in more; a longer way back is the network itself. */
  private static final int DEPTH = 64;

  private static final Set<String> LOGIC = Set.of("LogicalAnd", "LogicalOr", "Equal", "NotEqual");
  private static final Set<String> ORDER = Set.of("Greater", "GreaterEqual", "Less", "LessEqual");
  private static final Set<String> ARITHMETIC =
      Set.of("Add", "AddV2", "Sub", "Mul", "FloorDiv", "FloorMod", "Maximum", "Minimum");

  private final Map<String, NodeDef> nodes;
  private final Border.Nodebook book;
  private final InferredScalars inferred;
  private final Map<String, Scalar> known = new HashMap<>();

  /**
   * What a scalar is.
   *
   * @param type its type
   * @param value true being 1
   * @param single whether the tensor has rank 0, and not one element in more dimensions
   */
  private record Scalar(DataType type, double value, boolean single) {}

  /**
   * Of a graph that grows.
   *
   * @param nodes its nodes so far, by name
   * @param book where constants go that stand for what is known
   * @param inferred tells what TensorFlow knows
   */
  Constants(Map<String, NodeDef> nodes, Border.Nodebook book, InferredScalars inferred) {
    this.nodes = nodes;
    this.book = book;
    this.inferred = inferred;
  }

  /** Forgets what it knew of nodes that are gone. */
  void forget() {
    known.clear();
    inferred.forget();
  }

  /** The value of a scalar, true being 1; null if it is none, or depends on an input. */
  Double scalar(String tensor) {
    Scalar found = find(tensor, 0);
    return found == null ? null : found.value;
  }

  /** The same, asking TensorFlow where arithmetic with scalars does not tell. */
  Double settled(String tensor) {
    Double value = scalar(tensor);
    if (value != null) {
      return value;
    }
    Integer seen = inferred.of(tensor);
    return seen == null ? null : (double) seen;
  }

  /** A constant for a scalar of whole numbers or truth values that is known; else the same. */
  String asConstant(String tensor) {
    String computed = computed(tensor);
    if (!computed.equals(tensor) || isConstant(tensor)) {
      return computed;
    }
    Integer seen = inferred.of(tensor);
    return seen == null ? tensor : constant(tensor, inferred.type(tensor), seen);
  }

  /** The same, by arithmetic with scalars alone. */
  String computed(String tensor) {
    Scalar found = isConstant(tensor) ? null : find(tensor, 0);
    return found == null || !found.single || !InferredScalars.TYPES.contains(found.type)
        ? tensor
        : constant(tensor, found.type, found.value);
  }

  private boolean isConstant(String tensor) {
    return value(nodes.get(Tensors.node(tensor))) != null;
  }

  private String constant(String tensor, DataType type, double value) {
    TensorProto.Builder proto = TensorProto.newBuilder().setDtype(type);
    proto.getTensorShapeBuilder();
    switch (type) {
      case DT_BOOL -> proto.addBoolVal(value != 0);
      case DT_INT64 -> proto.addInt64Val((long) value);
      default -> proto.addIntVal((int) value);
    }
    return book.add(Tensors.node(tensor) + "/known", Nodes.constant(proto.build())) + ":0";
  }

  private Scalar find(String tensor, int depth) {
    NodeDef node = nodes.get(Tensors.node(tensor));
    if (node == null || depth > DEPTH) {
      return null;
    }
    if (!known.containsKey(node.getName())) {
      known.put(node.getName(), evaluate(node, depth));
    }
    return known.get(node.getName());
  }

  private Scalar evaluate(NodeDef node, int depth) {
    String op = node.getOp();
    if (op.equals("Const")) {
      TensorProto value = node.getAttrOrThrow("value").getTensor();
      Double first = scalar(value);
      return first == null
          ? null
          : new Scalar(value.getDtype(), first, value.getTensorShape().getDimCount() == 0);
    }
    if (op.equals("Cast") || op.equals("LogicalNot")) {
      Scalar x = find(node.getInput(0), depth + 1);
      if (x == null) {
        return null;
      }
      return op.equals("Cast")
          ? new Scalar(Nodes.type(node, "DstT"), cast(node, x.value), x.single)
          : new Scalar(DataType.DT_BOOL, truth(x.value == 0), x.single);
    }
    boolean order = ORDER.contains(op) || LOGIC.contains(op);
    if (!order && !ARITHMETIC.contains(op)) {
      return null;
    }
    Scalar a = find(node.getInput(0), depth + 1);
    Scalar b = find(node.getInput(1), depth + 1);
    if (a == null || b == null) {
      // One of the two may decide alone.
      Scalar one = a == null ? b : a;
      double deciding = op.equals("LogicalOr") ? 1 : 0;
      boolean decides = one != null && op.matches("LogicalAnd|LogicalOr") && one.value == deciding;
      return decides ? one : null;
    }
    boolean single = a.single && b.single;
    if (order) {
      return new Scalar(DataType.DT_BOOL, compare(op, a.value, b.value), single);
    }
    boolean whole = a.type == DataType.DT_INT32 || a.type == DataType.DT_INT64;
    if (!whole || (op.startsWith("Floor") && b.value == 0)) {
      return null; // floats would round otherwise
    }
    return new Scalar(a.type, compute(op, a.value, b.value), single);
  }

  private static double truth(boolean value) {
    return value ? 1 : 0;
  }

  private static double cast(NodeDef node, double value) {
    return switch (Nodes.type(node, "DstT")) {
      case DT_BOOL -> truth(value != 0);
      case DT_FLOAT, DT_DOUBLE, DT_HALF, DT_BFLOAT16 -> value;
      default -> (long) value;
    };
  }

  private static double compute(String op, double a, double b) {
    return switch (op) {
      case "Add", "AddV2" -> a + b;
      case "Sub" -> a - b;
      case "Mul" -> a * b;
      case "FloorDiv" -> Math.floor(a / b);
      case "FloorMod" -> a - b * Math.floor(a / b);
      case "Maximum" -> Math.max(a, b);
      default -> Math.min(a, b);
    };
  }

  private static double compare(String op, double a, double b) {
    return truth(
        switch (op) {
          case "LogicalAnd" -> a != 0 && b != 0;
          case "LogicalOr" -> a != 0 || b != 0;
          case "Equal" -> a == b;
          case "NotEqual" -> a != b;
          case "Greater" -> a > b;
          case "GreaterEqual" -> a >= b;
          case "Less" -> a < b;
          default -> a <= b;
        });
  }

  /** What a node holds that is a constant; null for any other, or none. */
  static TensorProto value(NodeDef node) {
    return node == null || !node.getOp().equals("Const")
        ? null
        : node.getAttrOrThrow("value").getTensor();
  }

  /** The value of a scalar or of a tensor of one element; null for any other. */
  static Double scalar(TensorProto value) {
    TensorValues values = TensorValues.of(value);
    return values == null || values.count() != 1 ? null : (Double) values.at(0);
  }

  /** The values of a tensor of int32 or int64, int32; null for another type. */
  static int[] integers(TensorProto value) {
    boolean whole = value.getDtype() == DataType.DT_INT32 || value.getDtype() == DataType.DT_INT64;
    return !whole
        ? null
        : Arrays.stream(TensorValues.of(value).all())
            .mapToInt(each -> Math.toIntExact((long) each))
            .toArray();
  }

  /** The first value of a tensor that has one; null for a type without a number or truth value. */
  static Double first(TensorProto value) {
    TensorValues values = TensorValues.of(value);
    return values == null ? null : (Double) values.at(0);
  }
}
