package org.medoid.export;

import java.util.List;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorShapeProto;

/** The shape of a frozen graph's images: any batch of a known height and width. */
final class SizedInput {
  private SizedInput() {}

  /**
   * The graph with the size of the images in its placeholder, and a free batch.
   *
   * @param source whose input is called images
   * @param height 0 for the source's own
   * @param width 0 for the source's own
   */
  static FrozenGraph of(FrozenGraph source, int height, int width) {
    NodeDef images = placeholder(source);
    DataType type = images.getAttrOrThrow("dtype").getType();
    if (type != DataType.DT_FLOAT) {
      throw new IllegalArgumentException(
          "the input is %s, it must be float images in [0, 1]".formatted(type));
    }
    TensorShapeProto shape = images.getAttrOrThrow("shape").getShape();
    long[] wanted = {-1, height, width, 3};
    if (!shape.getUnknownRank() && !fits(shape, wanted)) {
      throw new IllegalArgumentException(
          "the input has the shape %s, it must be [batch, %s, %s, 3]"
              .formatted(
                  sizes(shape), height == 0 ? "height" : height, width == 0 ? "width" : width));
    }
    TensorShapeProto.Builder sized = TensorShapeProto.newBuilder();
    sized.addDimBuilder().setSize(-1);
    for (int i = 1; i < wanted.length; i++) {
      long given = shape.getUnknownRank() ? -1 : shape.getDim(i).getSize();
      if (given <= 0 && wanted[i] <= 0) {
        throw new IllegalArgumentException(
            "the source leaves the size of the images open: say which the export shall have");
      }
      sized.addDimBuilder().setSize(given > 0 ? given : wanted[i]);
    }
    GraphDef.Builder graph = source.graph().toBuilder();
    for (NodeDef.Builder node : graph.getNodeBuilderList()) {
      if (node.getName().equals(images.getName())) {
        node.putAttr("shape", AttrValue.newBuilder().setShape(sized).build());
      }
    }
    // A loop may have a known number of rounds now.
    return graph.getLibrary().getFunctionCount() > 0
        ? FrozenGraph.of(graph.build(), source.inputs(), source.outputs())
        : new FrozenGraph(graph.build(), source.inputs(), source.outputs());
  }

  private static boolean fits(TensorShapeProto shape, long[] wanted) {
    if (shape.getDimCount() != wanted.length) {
      return false;
    }
    for (int i = 1; i < wanted.length; i++) {
      long given = shape.getDim(i).getSize();
      if (given > 0 && wanted[i] > 0 && given != wanted[i]) {
        return false;
      }
    }
    return true;
  }

  private static List<Long> sizes(TensorShapeProto shape) {
    return shape.getDimList().stream().map(TensorShapeProto.Dim::getSize).toList();
  }

  private static NodeDef placeholder(FrozenGraph frozen) {
    return frozen.graph().getNodeList().stream()
        .filter(node -> node.getName().equals(ModelExporter.IMAGES))
        .findFirst()
        .orElseThrow();
  }

  static int height(FrozenGraph sized) {
    return (int) placeholder(sized).getAttrOrThrow("shape").getShape().getDim(1).getSize();
  }

  static int width(FrozenGraph sized) {
    return (int) placeholder(sized).getAttrOrThrow("shape").getShape().getDim(2).getSize();
  }
}
