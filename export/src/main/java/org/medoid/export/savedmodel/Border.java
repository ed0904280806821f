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
      String name = book.unique("pixels/Round");
      book.add(Nodes.node(name, "Round", last).putAttr("T", Nodes.type(DataType.DT_FLOAT)).build());
      last = name;
    }
    if (images.type() != DataType.DT_FLOAT) {
      String name = book.unique("pixels/Cast");
      book.add(Nodes.cast(name, last, DataType.DT_FLOAT, images.type()));
      last = name;
    }
    return channelsFirst() ? transposed(book, last) : last;
  }

  private static String reversed(Nodebook book, String tensor) {
    String axis = book.unique("pixels/ReverseV2/axis");
    book.add(Nodes.constant(axis, List.of(3)));
    String name = book.unique("pixels/ReverseV2");
    book.add(
        Nodes.node(name, "ReverseV2", tensor, axis)
            .putAttr("T", Nodes.type(DataType.DT_FLOAT))
            .putAttr("Tidx", Nodes.type(DataType.DT_INT32))
            .build());
    return name;
  }

  private static String binary(
      Nodebook book, String op, String tensor, float[] values, float neutral) {
    if (values.length == 1 && values[0] == neutral) {
      return tensor;
    }
    String constant = book.unique("pixels/" + op + "/y");
    book.add(Nodes.constant(constant, values));
    String name = book.unique("pixels/" + op);
    book.add(
        Nodes.node(name, op, tensor, constant).putAttr("T", Nodes.type(DataType.DT_FLOAT)).build());
    return name;
  }

  private String transposed(Nodebook book, String tensor) {
    String order = book.unique("pixels/Transpose/perm");
    book.add(Nodes.constant(order, List.of(0, 3, 1, 2)));
    String name = book.unique("pixels/Transpose");
    book.add(Nodes.transpose(name, tensor, order, images.type()).build());
    return name;
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
      String name = book.unique("features/Cast");
      book.add(Nodes.cast(name, last, features.type(), DataType.DT_FLOAT));
      last = name;
    }
    if (features.rank() == 4 || features.rank() == 3) {
      String axes = book.unique("features/Mean/axes");
      book.add(Nodes.constant(axes, places()));
      String name = book.unique("features/Mean");
      book.add(
          Nodes.node(name, "Mean", last, axes)
              .putAttr("T", Nodes.type(DataType.DT_FLOAT))
              .putAttr("Tidx", Nodes.type(DataType.DT_INT32))
              .putAttr("keep_dims", Nodes.flag(false))
              .build());
      last = name;
    }
    long size = size(images, features);
    if (open && size >= 0) {
      String shape = book.unique("features/Reshape/shape");
      book.add(Nodes.constant(shape, List.of(-1, Math.toIntExact(size))));
      String name = book.unique("features/Reshape");
      book.add(
          Nodes.node(name, "Reshape", last, shape)
              .putAttr("T", Nodes.type(DataType.DT_FLOAT))
              .putAttr("Tshape", Nodes.type(DataType.DT_INT32))
              .build());
      last = name;
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
