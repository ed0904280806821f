package org.medoid.export.onnx.pass;

import java.util.List;
import java.util.Map;

/**
 * Makes a converted graph smaller without changing what it computes. The passes in their order, and
 * why they are in it:
 *
 * <ol>
 *   <li>Sizes that are known go first, then products with one, sums with zero and their like, then
 *       reshapes and transpositions that cancel: they hide the patterns of the others.
 *   <li>Equal nodes are one: what else they hide. What is joined twice is joined once.
 *   <li>Dilated convolutions are put together before anything folds into their parts.
 *   <li>Patterns of several nodes become the one operation they stand for, as long as squares,
 *       reciprocal roots and error functions are still one node each. Products and bounds behind
 *       their like are one with them after that: of the patterns they are parts.
 *   <li>Padding goes into the convolution behind it, products and sums for each channel into the
 *       one before it; what is left of these becomes a batch normalisation.
 *   <li>Pads that runtimes would take for a pooling's own are kept apart when nobody folds them any
 *       more, as are transpositions that one would move behind a scaling.
 *   <li>What ONNX has not is spelled out at last.
 * </ol>
 */
public final class Passes {
  private Passes() {}

  /**
   * Rewrites a graph until nothing is left to do.
   *
   * @param graph the graph, changed in place
   * @param outputs the tensor of each output; changed where an output comes from another node now
   * @param opset the version of the operator set that the model is to have
   */
  public static void apply(OnnxGraph graph, Map<String, String> outputs, int opset) {
    graph.shareEqualConstants();
    List.of(
            new FoldSizes(),
            new DropNeutral(),
            new MergeReshapes(),
            new ShareEqualNodes(),
            new MergeConcats(),
            new DilatedConvolution(),
            new Lengths(),
            new CentreFirst(opset),
            new Gelu(),
            new HardSwish(),
            new MergeProducts(),
            new MergeClips(),
            new DropCasts(),
            new FoldPadding(),
            new FoldAffine(),
            new GatherAffine(),
            new GuardPadding(),
            new GuardResize(),
            new Lower())
        .forEach(pass -> pass.run(graph, outputs));
    graph.shareEqualConstants();
    graph.prune(outputs.values());
  }
}
