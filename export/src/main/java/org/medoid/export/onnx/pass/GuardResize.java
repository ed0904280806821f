package org.medoid.export.onnx.pass;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * onnxruntime moves a transposition behind a Resize, whose kernel then refuses to scale other axes
 * than two neighbours (1.32: ScalesValidation). It moves none through a Reshape, and one to the
 * same sizes moves no number.
 */
final class GuardResize extends Pass {
  /** Through these it moves no transposition either. */
  private static final String[] WALLS = {
    "Conv", "ConvTranspose", "Gemm", "MatMul", "MaxPool", "AveragePool", "Reshape", "Loop"
  };

  @Override
  void visit(OnnxNode node) {
    if (node.is("Resize") && "linear".equals(node.attributes.get("mode")) && isTurned(node)) {
      String same = share(Constant.integers(0, 0, 0, 0));
      node.inputs.set(0, emit(node, "Reshape", node.inputs.get(0), same));
    }
  }

  /** Whether transpositions, taken out in front, would leave the scaled axes apart. */
  private boolean isTurned(OnnxNode resize) {
    record Step(String tensor, long first, long second) {}
    Deque<Step> open = new ArrayDeque<>(List.of(new Step(resize.inputs.get(0), 2, 3)));
    Set<Step> seen = new HashSet<>(open);
    while (!open.isEmpty()) {
      Step at = open.pop();
      OnnxNode from = maker(at.tensor);
      if (from == null || from.is(WALLS)) {
        continue;
      }
      boolean turns = from.is("Transpose") && from.attributes.get("perm") instanceof long[];
      long[] perm = turns ? (long[]) from.attributes.get("perm") : new long[] {0, 1, 2, 3};
      if (perm.length != 4) {
        continue;
      }
      long first = perm[(int) at.first];
      long second = perm[(int) at.second];
      // Two neighbours, behind the batch alone or behind the channels too.
      if (second - first != 1 || first == 0) {
        return true;
      }
      for (String input : from.inputs) {
        Step next = new Step(input, first, second);
        if (seen.add(next)) {
          open.push(next);
        }
      }
    }
    return false;
  }
}
