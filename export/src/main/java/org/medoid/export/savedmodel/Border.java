package org.medoid.export.savedmodel;

import java.util.List;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;

/**
 * The nodes between images as everything here passes them on, float32 [batch, height, width, 3] in
 * [0, 1], and a foreign network's input, and those between its output and float32 [batch,
 * features].
 *
 * @param images the network's input
 * @param range the pixels it takes
 * @param features the network's output
 * @param open whether the graph does not show the number of features
 */
record Border(ModelTensor images, PixelRange range, ModelTensor features, boolean open) {
  /** Of an input of whole numbers most ranges would leave two or three values, or wrap around. */
  Border {
    if (images.isInteger() && !range.isWhole()) {
      throw new IllegalArgumentException(
          "takes %s, which does not hold pixels of the range %s"
              .formatted(Precision.name(images.type()), range));
    }
  }

  /** Where the nodes go. */
  interface Nodebook {
    /** A name that no other node has. */
    String unique(String wanted);

    /** Writes down a node. */
    void add(NodeDef node);

    /** Writes down a node under a name that no other has, as near as can be to the wanted one. */
    default String add(String wanted, NodeDef.Builder node) {
      String name = unique(wanted);
      add(node.setName(name).build());
      return name;
    }
  }

  private boolean channelsFirst() {
    return SignatureChooser.channelsFirst(images);
  }

  /**
   * Adds the nodes in front.
   *
   * @param tensor of images
   * @return the tensor for the network
   */
  String before(Nodebook book, String tensor) {
    String last = range.isBlueFirst() ? reversed(book, tensor) : tensor;
    last = binary(book, "Mul", last, range.scale(), 1);
    last = binary(book, "AddV2", last, range.shift(), 0);
    if (images.isInteger()) {
      // k / 255 * 255 may come out below k, and a cast cuts off.
      last = book.add("pixels/Round", Nodes.typed("Round", DataType.DT_FLOAT, last));
    }
    if (images.type() != DataType.DT_FLOAT) {
      last = book.add("pixels/Cast", Nodes.cast(last, DataType.DT_FLOAT, images.type()));
    }
    return channelsFirst() ? transposed(book, last) : last;
  }

  private static String reversed(Nodebook book, String tensor) {
    String axis = book.add("pixels/ReverseV2/axis", Nodes.constant(List.of(3)));
    return book.add(
        "pixels/ReverseV2",
        Nodes.typed("ReverseV2", DataType.DT_FLOAT, tensor, axis)
            .putAttr("Tidx", Nodes.type(DataType.DT_INT32)));
  }

  private static String binary(
      Nodebook book, String op, String tensor, float[] values, float neutral) {
    if (values.length == 1 && values[0] == neutral) {
      return tensor;
    }
    String constant = book.add("pixels/" + op + "/y", Nodes.constant(values));
    return book.add("pixels/" + op, Nodes.typed(op, DataType.DT_FLOAT, tensor, constant));
  }

  private String transposed(Nodebook book, String tensor) {
    String order = book.add("pixels/Transpose/perm", Nodes.constant(List.of(0, 3, 1, 2)));
    return book.add("pixels/Transpose", Nodes.transpose(tensor, order, images.type()));
  }

  /**
   * Adds the nodes behind.
   *
   * @param tensor that the network gives
   * @return the tensor of features
   */
  String after(Nodebook book, String tensor) {
    String last = tensor;
    if (features.type() != DataType.DT_FLOAT) {
      last = book.add("features/Cast", Nodes.cast(last, features.type(), DataType.DT_FLOAT));
    }
    if (features.rank() == 4 || features.rank() == 3) {
      String axes = book.add("features/Mean/axes", Nodes.constant(places()));
      last =
          book.add(
              "features/Mean",
              Nodes.typed("Mean", DataType.DT_FLOAT, last, axes)
                  .putAttr("Tidx", Nodes.INT)
                  .putAttr("keep_dims", Nodes.flag(false)));
    }
    long size = size(images, features);
    if (open && size >= 0) {
      List<Integer> sizes = List.of(-1, Math.toIntExact(size));
      String shape = book.add("features/Reshape/shape", Nodes.constant(sizes));
      last = book.add("features/Reshape", Nodes.reshape(last, shape, DataType.DT_FLOAT));
    }
    return last;
  }

  /** The axes over which a map, or a sequence, of features is averaged. */
  private List<Integer> places() {
    if (features.rank() == 3) {
      return List.of(1);
    }
    return channelsFirst() ? List.of(2, 3) : List.of(1, 2);
  }

  /**
   * The number of features in an output; -1 if unknown.
   *
   * @param images the network's input, which says where a map has its channels
   */
  static long size(ModelTensor images, ModelTensor features) {
    boolean second = features.rank() == 4 && SignatureChooser.channelsFirst(images);
    return features.shape().isUnknown() || features.rank() == 0
        ? -1
        : features.size(second ? 1 : features.rank() - 1);
  }
}
