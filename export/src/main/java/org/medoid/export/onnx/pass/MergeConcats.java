package org.medoid.export.onnx.pass;

import java.util.ArrayList;
import java.util.List;

/** What is joined only to be joined again along the same axis is joined once. */
final class MergeConcats extends Pass {
  @Override
  void visit(OnnxNode node) {
    if (!node.is("Concat")) {
      return;
    }
    List<String> parts = new ArrayList<>();
    for (String input : node.inputs) {
      OnnxNode inner = isSole(input) ? producer(input, "Concat") : null;
      parts.addAll(inner != null && axis(inner) == axis(node) ? inner.inputs : List.of(input));
    }
    node.inputs.clear();
    node.inputs.addAll(parts);
  }

  private static long axis(OnnxNode node) {
    return ((Number) node.attributes.get("axis")).longValue();
  }
}
