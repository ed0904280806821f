package org.medoid.export.onnx.pass;

import java.util.Arrays;

/**
 * x * 1, x / 1, x + 0 and x - 0 are x, where the constant does not make the tensor larger, and so
 * is what is spread over axes of size one, joined with nothing, or the whole of an axis.
 */
final class DropNeutral extends Pass {
  @Override
  void visit(OnnxNode node) {
    if ((node.is("Concat") && node.inputs.size() == 1)
        || (node.is("Expand") && isSpreadOverOnes(node))
        || (node.is("Slice") && isWhole(node))) {
      replace(node.output(), node.inputs.get(0));
      return;
    }
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

  private boolean isSpreadOverOnes(OnnxNode expand) {
    Constant sizes = constant(expand.inputs.get(1));
    long[] shape = shape(expand.inputs.get(0));
    return sizes != null
        && shape != null
        && sizes.size() <= shape.length
        && Arrays.stream(sizes.longs()).allMatch(size -> size == 1);
  }

  /** Whether nothing is cut off: each axis begins before its first and ends behind its last. */
  private boolean isWhole(OnnxNode slice) {
    long[] shape = shape(slice.inputs.get(0));
    if (shape == null
        || slice.inputs.size() < 4
        || !slice.inputs.stream().skip(1).allMatch(input -> constant(input) != null)) {
      return false;
    }
    long[] starts = constant(slice.inputs.get(1)).longs();
    long[] ends = constant(slice.inputs.get(2)).longs();
    long[] axes = constant(slice.inputs.get(3)).longs();
    for (int i = 0; i < axes.length; i++) {
      long size = shape[Math.toIntExact(axes[i] < 0 ? axes[i] + shape.length : axes[i])];
      boolean known = size > 0;
      boolean first = starts[i] == 0 || (known && starts[i] <= -size);
      boolean last = known ? ends[i] >= size : ends[i] >= Integer.MAX_VALUE;
      if (!first || !last) {
        return false;
      }
    }
    return slice.inputs.size() < 5
        || Arrays.stream(constant(slice.inputs.get(4)).longs()).allMatch(step -> step == 1);
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
