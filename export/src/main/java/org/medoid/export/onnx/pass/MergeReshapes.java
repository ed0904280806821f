package org.medoid.export.onnx.pass;

import java.util.Arrays;

/** A Reshape behind what only reshapes needs none of it; two Transposes are one. */
final class MergeReshapes extends Pass {
  @Override
  void visit(OnnxNode node) {
    if (node.is("Reshape")) {
      Constant shape = constant(node.inputs.get(1));
      OnnxNode before = producer(node.inputs.get(0), "Reshape", "Squeeze", "Unsqueeze");
      if (before != null && shape != null && Arrays.stream(shape.longs()).noneMatch(i -> i == 0)) {
        node.inputs.set(0, before.inputs.get(0));
      }
      String x = node.inputs.get(0);
      if (shape != null && Arrays.equals(shape(x), shape.longs())) {
        replace(node.output(), x);
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
}
