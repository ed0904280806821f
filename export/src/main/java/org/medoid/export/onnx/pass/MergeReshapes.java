package org.medoid.export.onnx.pass;

import java.util.Arrays;

/**
 * A Reshape behind what only reshapes needs none of it, nor of a Transpose that moves axes of size
 * one alone; two Transposes are one; axes that are taken out and put back, as where channels are
 * taken apart and stacked in another order, were there; those that are put in twice are put in
 * once.
 */
final class MergeReshapes extends Pass {
  @Override
  void visit(OnnxNode node) {
    if (node.is("Reshape")) {
      Constant shape = constant(node.inputs.get(1));
      OnnxNode before =
          producer(node.inputs.get(0), "Reshape", "Squeeze", "Unsqueeze", "Transpose");
      if (before != null
          && shape != null
          && Arrays.stream(shape.longs()).noneMatch(i -> i == 0)
          && (!before.is("Transpose") || movesOnes(before))) {
        node.inputs.set(0, before.inputs.get(0));
      }
      String x = node.inputs.get(0);
      if (shape != null && Arrays.equals(shape(x), shape.longs())) {
        replace(node.output(), x);
      }
    } else if (node.is("Squeeze", "Unsqueeze")) {
      OnnxNode before = producer(node.inputs.get(0), node.is("Squeeze") ? "Unsqueeze" : "Squeeze");
      long[] axes = axes(node);
      if (before != null && axes != null && Arrays.equals(axes, axes(before))) {
        replace(node.output(), before.inputs.get(0));
      } else if (node.is("Unsqueeze") && axes != null) {
        putInOnce(node, axes);
      }
    } else if (node.is("Transpose")) {
      OnnxNode before = producer(node.inputs.get(0), "Transpose");
      if (before != null) {
        long[] first = (long[]) before.attributes.get("perm");
        long[] both = ((long[]) node.attributes.get("perm")).clone();
        Arrays.setAll(both, i -> first[Math.toIntExact(both[i])]);
        node.inputs.set(0, before.inputs.get(0));
        node.attributes.put("perm", both);
        boolean nothing = true;
        for (int i = 0; i < both.length; i++) {
          nothing &= both[i] == i;
        }
        if (nothing) {
          replace(node.output(), node.inputs.get(0));
        }
      }
    }
  }

  /** Whether the axes of other sizes than one stay in their order. */
  private boolean movesOnes(OnnxNode transpose) {
    long[] shape = shape(transpose.inputs.get(0));
    long[] perm = (long[]) transpose.attributes.get("perm");
    if (shape == null || perm == null) {
      return false;
    }
    long[] order = Arrays.stream(perm).filter(i -> shape[Math.toIntExact(i)] != 1).toArray();
    return Arrays.equals(order, Arrays.stream(order).sorted().toArray());
  }

  private void putInOnce(OnnxNode node, long[] axes) {
    OnnxNode before = producer(node.inputs.get(0), "Unsqueeze");
    long[] first = before == null ? null : axes(before);
    if (first == null || axes[0] < 0 || first[0] < 0) {
      return;
    }
    long[] both = Arrays.copyOf(axes, axes.length + first.length);
    for (int i = 0; i < first.length; i++) {
      // Each of those after the first is put in front of, or not.
      long at = first[i];
      for (long axis : axes) {
        at += axis <= at ? 1 : 0;
      }
      both[axes.length + i] = at;
    }
    become(node, "Unsqueeze", before.inputs.get(0), share(Constant.integers(both)));
  }

  /** Those that are taken out or put in, both counted with them; null if they are not constant. */
  private long[] axes(OnnxNode node) {
    Constant axes = node.inputs.size() < 2 ? null : constant(node.inputs.get(1));
    return axes == null ? null : Arrays.stream(axes.longs()).sorted().toArray();
  }
}
