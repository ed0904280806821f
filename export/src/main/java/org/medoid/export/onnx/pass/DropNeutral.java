package org.medoid.export.onnx.pass;

import java.util.Arrays;

/** x * 1, x / 1, x + 0 and x - 0 are x, where the constant does not make the tensor larger. */
final class DropNeutral extends Pass {
  @Override
  void visit(OnnxNode node) {
    if (!node.is("Mul", "Div", "Add", "Sub")) {
      return;
    }
    double neutral = node.is("Mul", "Div") ? 1 : 0;
    for (int i = node.is("Mul", "Add") ? 0 : 1; i < 2; i++) {
      Constant constant = constant(node.inputs.get(i));
      String x = node.inputs.get(1 - i);
      if (constant != null
          && constant(x) == null
          && isWithin(constant.shape(), shape(x))
          && Arrays.stream(constant.doubles()).allMatch(value -> value == neutral)) {
        replace(node.output(), x);
        return;
      }
    }
  }

  /** Whether a tensor keeps its shape when it is broadcast with another. */
  private static boolean isWithin(long[] other, long[] shape) {
    if (other.length == 0) {
      return true;
    }
    if (shape == null || other.length > shape.length) {
      return false;
    }
    for (int i = 1; i <= other.length; i++) {
      long size = other[other.length - i];
      if (size != 1 && size != shape[shape.length - i]) {
        return false;
      }
    }
    return true;
  }
}
