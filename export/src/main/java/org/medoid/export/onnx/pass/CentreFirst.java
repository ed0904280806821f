package org.medoid.export.onnx.pass;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.proto.DataType;

/**
 * x s + (b - m s) with s = g / sqrt(v + e), v the mean of (x - m)^2, is (x - m) / sqrt(v + e) g +
 * b: how TensorFlow writes the normalisation of a layer, and how runtimes have one kernel for it.
 * From opset 17 on it is ONNX's LayerNormalization where it is over the last axes.
 */
final class CentreFirst extends Pass {
  private final int opset;

  CentreFirst(int opset) {
    this.opset = opset;
  }

  @Override
  void visit(OnnxNode node) {
    if (!node.is("Add")) {
      return;
    }
    for (int i = 0; i < 2; i++) {
      OnnxNode scaled = producer(node.inputs.get(i), "Mul");
      if (scaled != null && isSole(scaled.output())) {
        for (int j = 0; j < 2; j++) {
          if (rewritten(
              node, scaled.inputs.get(j), scaled.inputs.get(1 - j), node.inputs.get(1 - i))) {
            return;
          }
        }
      }
    }
  }

  /** Tries x, s and what is added to their product. */
  private boolean rewritten(OnnxNode node, String x, String s, String shift) {
    // s = g * rsqrt(v + e), or without g.
    OnnxNode gain = producer(s, "Mul");
    OnnxNode root = producer(s, OnnxGraph.RSQRT);
    String gamma = null;
    for (int i = 0; i < 2 && gain != null && root == null; i++) {
      root = producer(gain.inputs.get(i), OnnxGraph.RSQRT);
      gamma = gain.inputs.get(1 - i);
    }
    OnnxNode sum = root == null ? null : producer(root.inputs.get(0), "Add");
    String[] parts = split(sum);
    OnnxNode variance = parts == null ? null : producer(parts[1], "ReduceMean");
    OnnxNode square = variance == null ? null : producer(variance.inputs.get(0), OnnxGraph.SQUARE);
    OnnxNode centred = square == null ? null : producer(square.inputs.get(0), "Sub");
    if (centred == null || !centred.inputs.get(0).equals(x)) {
      return false;
    }
    String m = centred.inputs.get(1);
    OnnxNode mean = producer(m, "ReduceMean");
    if (mean == null || !mean.inputs.get(0).equals(x) || !sameAxes(mean, variance)) {
      return false;
    }
    String[] beta = {null};
    if (!isShift(shift, m, s, beta)) {
      return false;
    }
    String epsilon = parts[0];
    long[] axes = (long[]) variance.attributes.get("axes");
    long[] normal = normal(axes, shape(x), gamma, epsilon);
    String scale = normal == null ? null : trailing(gamma, normal);
    String bias = scale == null || beta[0] == null ? null : trailing(beta[0], normal);
    if (scale != null && (bias != null || beta[0] == null)) {
      Map<String, Object> attributes = new HashMap<>();
      attributes.put("axis", -axes.length);
      attributes.put("epsilon", (float) scalar(epsilon));
      List<String> in = bias == null ? List.of(x, scale) : List.of(x, scale, bias);
      become(node, "LayerNormalization", in, attributes);
      return true;
    }
    String deviation = emit(node, "Sqrt", sum.output());
    String y = emit(node, "Div", centred.output(), deviation);
    if (gamma != null) {
      y = emit(node, "Mul", y, gamma);
    }
    if (beta[0] == null) {
      replace(node.output(), y);
    } else {
      become(node, "Add", y, beta[0]);
    }
    return true;
  }

  private static boolean sameAxes(OnnxNode mean, OnnxNode variance) {
    long[] axes = (long[]) mean.attributes.get("axes");
    return axes != null
        && Arrays.equals(axes, (long[]) variance.attributes.get("axes"))
        && Boolean.TRUE.equals(mean.attributes.get("keepdims"))
        && Boolean.TRUE.equals(variance.attributes.get("keepdims"));
  }

  /** Whether a tensor is b - m s, b + (-m) s or without b; b goes to the array. */
  private boolean isShift(String shift, String m, String s, String[] b) {
    OnnxNode sub = producer(shift, "Sub");
    if (sub != null && isProduct(sub.inputs.get(1), m, s)) {
      b[0] = sub.inputs.get(0);
      return true;
    }
    OnnxNode add = producer(shift, "Add");
    for (int i = 0; i < 2 && add != null; i++) {
      if (isMinusProduct(add.inputs.get(i), m, s)) {
        b[0] = add.inputs.get(1 - i);
        return true;
      }
    }
    return isMinusProduct(shift, m, s);
  }

  private boolean isProduct(String tensor, String m, String s) {
    OnnxNode product = producer(tensor, "Mul");
    return product != null && s.equals(other(product, m));
  }

  private boolean isMinusProduct(String tensor, String m, String s) {
    OnnxNode minus = producer(tensor, "Neg");
    if (minus != null) {
      return isProduct(minus.inputs.get(0), m, s);
    }
    OnnxNode product = producer(tensor, "Mul");
    for (int i = 0; i < 2 && product != null; i++) {
      minus = producer(product.inputs.get(i), "Neg");
      if (minus != null && minus.inputs.get(0).equals(m) && product.inputs.get(1 - i).equals(s)) {
        return true;
      }
    }
    return false;
  }

  /**
   * The sizes of the last axes if they are what is normalised and the runtime has it, else null.
   */
  private long[] normal(long[] axes, long[] shape, String gamma, String epsilon) {
    if (opset < 17
        || shape == null
        || gamma == null
        || constant(gamma) == null
        || constant(gamma).type() != DataType.DT_FLOAT
        || Double.isNaN(scalar(epsilon))
        || constant(epsilon).shape().length > shape.length) {
      return null;
    }
    for (int i = 0; i < axes.length; i++) {
      if (axes[i] != shape.length - axes.length + i) {
        return null;
      }
    }
    return Arrays.copyOfRange(shape, shape.length - axes.length, shape.length);
  }

  /** A constant in a shape if it has that but for ones in front, else null. */
  private String trailing(String tensor, long[] shape) {
    Constant constant = constant(tensor);
    int more = constant == null ? -1 : constant.shape().length - shape.length;
    if (more < 0
        || Arrays.stream(constant.shape(), 0, more).anyMatch(size -> size != 1)
        || !Arrays.equals(constant.shape(), more, more + shape.length, shape, 0, shape.length)) {
      return null;
    }
    return more == 0 ? tensor : add(tensor, constant.reshaped(shape));
  }
}
