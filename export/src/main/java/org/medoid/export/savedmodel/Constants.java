package org.medoid.export.savedmodel;

import com.google.protobuf.ByteString;
import java.nio.ByteOrder;
import java.util.Map;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorProto;

/**
 * The values of scalars that a flat graph computes from constants alone, as conditions of branches
 * are: whether a network trains, wrapped in a few comparisons.
 */
final class Constants {
  /** No condition is wrapped in more; a longer way back is the network itself. */
  private static final int DEPTH = 64;

  private final Map<String, NodeDef> nodes;

  Constants(Map<String, NodeDef> nodes) {
    this.nodes = nodes;
  }

  /** The value of a scalar, true being 1; null if it is none, or depends on an input. */
  Double scalar(String tensor) {
    return scalar(tensor, 0);
  }

  private Double scalar(String tensor, int depth) {
    NodeDef node = nodes.get(Tensors.node(tensor));
    if (node == null || depth > DEPTH) {
      return null;
    }
    if (node.getOp().equals("Const")) {
      return scalar(node.getAttrOrThrow("value").getTensor());
    }
    if (!node.getOp()
        .matches(
            "Cast|LogicalNot|LogicalAnd|LogicalOr|Equal|NotEqual|Greater|GreaterEqual|Less|LessEqual")) {
      return null;
    }
    Double a = scalar(node.getInput(0), depth + 1);
    if (node.getInputCount() == 1) {
      return a == null ? null : node.getOp().equals("Cast") ? cast(node, a) : truth(a == 0);
    }
    Double b = scalar(node.getInput(1), depth + 1);
    if (node.getOp().equals("LogicalAnd") && (isZero(a) || isZero(b))) {
      return 0.0;
    }
    if (node.getOp().equals("LogicalOr") && (isOne(a) || isOne(b))) {
      return 1.0;
    }
    return a == null || b == null ? null : compare(node.getOp(), a, b);
  }

  private static boolean isZero(Double value) {
    return value != null && value == 0;
  }

  private static boolean isOne(Double value) {
    return value != null && value == 1;
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

  /** The value of a scalar or of a tensor of one element; null for any other. */
  static Double scalar(TensorProto value) {
    long elements = 1;
    for (var dim : value.getTensorShape().getDimList()) {
      elements *= dim.getSize();
    }
    return elements == 1 ? first(value) : null;
  }

  /** The first value of a tensor that has one; null for a type without a number or truth value. */
  static Double first(TensorProto value) {
    DataType type = value.getDtype();
    ByteString content = value.getTensorContent();
    if (!content.isEmpty()) {
      var bytes = content.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
      return switch (type) {
        case DT_BOOL, DT_UINT8, DT_INT8 -> (double) bytes.get();
        case DT_INT32 -> (double) bytes.getInt();
        case DT_INT64 -> (double) bytes.getLong();
        case DT_FLOAT -> (double) bytes.getFloat();
        case DT_DOUBLE -> bytes.getDouble();
        default -> null;
      };
    }
    // A value that equals zero may be left out.
    return switch (type) {
      case DT_BOOL -> value.getBoolValCount() > 0 && value.getBoolVal(0) ? 1.0 : 0.0;
      case DT_UINT8, DT_INT8, DT_INT32 ->
          value.getIntValCount() > 0 ? (double) value.getIntVal(0) : 0.0;
      case DT_INT64 -> value.getInt64ValCount() > 0 ? (double) value.getInt64Val(0) : 0.0;
      case DT_FLOAT -> value.getFloatValCount() > 0 ? (double) value.getFloatVal(0) : 0.0;
      case DT_DOUBLE -> value.getDoubleValCount() > 0 ? value.getDoubleVal(0) : 0.0;
      default -> null;
    };
  }
}
