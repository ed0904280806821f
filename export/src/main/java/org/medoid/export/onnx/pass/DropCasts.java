package org.medoid.export.onnx.pass;

import java.util.Arrays;
import org.tensorflow.proto.DataType;

/**
 * Floats that are whole numbers, made integers and floats again, stay what they are: as layers of
 * int8 round what they read, and scale the product of it.
 */
final class DropCasts extends Pass {
  private record Range(double low, double high) {
    double most() {
      return Math.max(Math.abs(low), Math.abs(high));
    }
  }

  @Override
  void visit(OnnxNode node) {
    OnnxNode whole = isTo(node, DataType.DT_FLOAT) ? producer(node.inputs.get(0), "Cast") : null;
    if (whole == null) {
      return;
    }
    double limit =
        isTo(whole, DataType.DT_INT8) ? 127 : isTo(whole, DataType.DT_INT32) ? 1 << 24 : -1;
    Range range = range(whole.inputs.get(0));
    if (range != null && range.most() <= limit) {
      replace(node.output(), whole.inputs.get(0));
    }
  }

  private static boolean isTo(OnnxNode node, DataType type) {
    return node.is("Cast")
        && ((Number) node.attributes.get("to")).intValue() == Types.onnx(type).getNumber();
  }

  /** Between what the whole numbers of a tensor are; null if they may be others, or no floats. */
  private Range range(String tensor) {
    OnnxNode node = maker(tensor);
    if (node == null) {
      return null;
    }
    switch (node.op) {
      case "Round" -> {
        return new Range(Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY);
      }
      case "Min", "Max" -> {
        String[] parts = split(node);
        Range range = parts == null ? null : range(parts[1]);
        double bound = parts == null ? Double.NaN : scalar(parts[0]);
        if (range == null
            || bound != Math.rint(bound)
            || constant(parts[0]).type() != DataType.DT_FLOAT) {
          return null;
        }
        return node.is("Min")
            ? new Range(Math.min(range.low, bound), Math.min(range.high, bound))
            : new Range(Math.max(range.low, bound), Math.max(range.high, bound));
      }
      case "Cast" -> {
        Constant constant = constant(node.inputs.get(0));
        if (constant == null
            || constant.type() != DataType.DT_INT8
            || !isTo(node, DataType.DT_FLOAT)) {
          return null;
        }
        double most = Arrays.stream(constant.doubles()).map(Math::abs).max().orElse(0);
        return new Range(-most, most);
      }
      case "MatMul" -> {
        Range left = range(node.inputs.get(0));
        Range right = range(node.inputs.get(1));
        OnnxNode weights = producer(node.inputs.get(1), "Cast");
        if (left == null || right == null || weights == null) { // of constants alone
          return null;
        }
        long[] shape = shape(weights.inputs.get(0));
        double most = shape[shape.length - 2] * left.most() * right.most();
        return new Range(-most, most);
      }
      default -> {
        return null;
      }
    }
  }
}
