package org.medoid.export.onnx.pass;

/** What is kept between bounds behind other bounds is so once. */
final class MergeClips extends Pass {
  @Override
  void visit(OnnxNode node) {
    OnnxNode before = node.is("Clip") ? producer(node.inputs.get(0), "Clip", "Relu") : null;
    if (before == null || !isSole(before.output())) {
      return;
    }
    double low = bound(node, 1);
    double high = bound(node, 2);
    double least = before.is("Relu") ? 0 : bound(before, 1);
    double most = before.is("Relu") ? Double.POSITIVE_INFINITY : bound(before, 2);
    // Bounds that do not meet leave one of the second alone.
    if (low <= most && least <= high) {
      String from = scalarLike(node.inputs.get(1), Math.max(low, least));
      String to = scalarLike(node.inputs.get(1), Math.min(high, most));
      become(node, "Clip", before.inputs.get(0), from, to);
    }
  }

  /** NaN if it is none, or computed. */
  private double bound(OnnxNode clip, int input) {
    return clip.inputs.size() > input ? scalar(clip.inputs.get(input)) : Double.NaN;
  }
}
