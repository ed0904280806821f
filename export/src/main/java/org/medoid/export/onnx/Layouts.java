package org.medoid.export.onnx;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Which inputs are images that ONNX will want with channels first. */
final class Layouts {
  private static final Set<String> IMAGES =
      Set.of(
          "Conv2D",
          "DepthwiseConv2dNative",
          "FusedBatchNorm",
          "FusedBatchNormV2",
          "FusedBatchNormV3",
          "MaxPool",
          "MaxPoolV2",
          "AvgPool",
          "ResizeBilinear",
          "ResizeNearestNeighbor",
          "ResizeBicubic",
          "ResizeArea",
          "ScaleAndTranslate",
          "ExtractImagePatches",
          "SpaceToBatchND",
          "SpaceToDepth",
          "DepthToSpace",
          "LRN");

  /** Operations that leave the axes where they are. */
  private static final Set<String> ELEMENTWISE =
      Set.of(
          "Add",
          "AddV2",
          "Sub",
          "Mul",
          "RealDiv",
          "Div",
          "Maximum",
          "Minimum",
          "BiasAdd",
          "Identity",
          "StopGradient",
          "Cast",
          "Pad",
          "PadV2",
          "MirrorPad",
          "ClipByValue",
          "Relu",
          "Relu6",
          "Sigmoid",
          "Tanh",
          "Sqrt",
          "Square",
          "Neg",
          "Abs",
          "ReverseV2",
          "Roll",
          "EnsureShape");

  private Layouts() {}

  /**
   * The tensors of rank 4 that reach an operation on images through elementwise operations alone. A
   * Transpose right behind such an input spares those after the elementwise operations.
   */
  static Set<Source.TensorName> channelsFirstInputs(Source source) {
    Set<Source.TensorName> wanted = new HashSet<>();
    List<Source.Node> nodes = source.nodes();
    for (int i = nodes.size() - 1; i >= 0; i--) {
      Source.Node node = nodes.get(i);
      if (IMAGES.contains(node.op())) {
        wanted.add(node.inputs().get(0));
      } else if (ELEMENTWISE.contains(node.op())
          && wanted.contains(new Source.TensorName(node.name(), 0))) {
        wanted.addAll(node.inputs());
      }
    }
    wanted.removeIf(
        tensor -> source.info(tensor).shape() == null || source.info(tensor).shape().length != 4);
    return wanted;
  }
}
