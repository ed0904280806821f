package org.medoid.export.savedmodel;

import org.tensorflow.proto.NodeDef;

/**
 * Padding that a depthwise convolution spells out goes before it: where such a one is followed by a
 * bias, TensorFlow's optimiser makes one operation of both and forgets the padding's numbers, over
 * which oneDNN, the default on processors with AVX512_VNNI, ends the process ("Check failed: index
 * >= 0"; TensorFlow 2.18). {@code TF_ENABLE_ONEDNN_OPTS=1} gives the same elsewhere.
 */
final class SpelledPadding {
  private SpelledPadding() {}

  /**
   * Writes down what pads.
   *
   * @param node any, with all its attributes
   * @param book where the padding goes
   * @return the node, or the same of what is padded
   */
  static NodeDef before(NodeDef node, Border.Nodebook book) {
    if (!node.getOp().equals("DepthwiseConv2dNative")
        || !Nodes.text(node, "padding").equals("EXPLICIT")) {
      return node;
    }
    int[] numbers =
        node.getAttrOrThrow("explicit_paddings").getList().getIList().stream()
            .mapToInt(Math::toIntExact)
            .toArray();
    FlatNodes nodes = new FlatNodes(book);
    String edges = nodes.add(node.getName() + "/pairs", Nodes.constant(Nodes.pairs(numbers)));
    String padded =
        nodes.add(
            node.getName() + "/padded",
            Nodes.typed("Pad", Nodes.type(node, "T"), node.getInput(0), edges)
                .putAttr("Tpaddings", Nodes.INT));
    return node.toBuilder()
        .setInput(0, Tensors.shortened(padded))
        .putAttr("padding", Nodes.text("VALID"))
        .putAttr("explicit_paddings", Nodes.numbers())
        .build();
  }
}
