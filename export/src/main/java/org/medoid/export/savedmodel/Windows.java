package org.medoid.export.savedmodel;

import java.util.List;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;

/** What looks at the surroundings of every pixel, by operations that have gradients. */
final class Windows {
  /** The filter of a convolution that extracts patches holds at most so many numbers, 64 MB. */
  private static final int LARGEST = 1 << 24;

  /** The sums over so many channels cost as much as a convolution. */
  private static final int WIDEST = 1024;

  private static final float LOWEST = -Float.MAX_VALUE;

  private Windows() {}

  /** The values are those of MaxPool; the node itself gives the places, under another name. */
  static String largest(Anew node) {
    String places = node.itself();
    node.rename(1, places + ":1");
    return node.part(
        "largest",
        Nodes.typed("MaxPool", DataType.DT_FLOAT, node.input(0))
            .putAttr("ksize", node.node().getAttrOrThrow("ksize"))
            .putAttr("strides", node.node().getAttrOrThrow("strides"))
            .putAttr("padding", node.node().getAttrOrThrow("padding"))
            .putAttr("explicit_paddings", Nodes.numbers())
            .putAttr("data_format", Nodes.text("NHWC")));
  }

  /**
   * Padding that is spelled out goes before it, lower than any pixel: C++ forgets it on the way.
   */
  static String padded(Anew node) {
    if (!node.word("padding").equals("EXPLICIT")) {
      return null;
    }
    int[] pairs = node.numbers("explicit_paddings").stream().mapToInt(Math::toIntExact).toArray();
    String padded = node.padded(node.input(0), node.scalar(LOWEST), pairs);
    return node.part(
        "largest",
        node.node().toBuilder()
            .setInput(0, padded)
            .putAttr("padding", Nodes.text("VALID"))
            .putAttr("explicit_paddings", Nodes.numbers()));
  }

  /**
   * x (bias + alpha Σ x²)^-beta, the sum over the channels around each. The gradient of C++ goes by
   * other numbers than the node has: those that it would have if none were given.
   */
  static String response(Anew node) {
    int channels = (int) node.fromLast(0, 0);
    if (channels <= 0 || channels > WIDEST) {
      throw new IllegalArgumentException(
          "node %s (LRN) is of %s channels: it has no gradient"
              .formatted(
                  node.node().getName(), channels < 0 ? "an unknown number of" : "" + channels));
    }
    var attributes = node.node().getAttrMap();
    long radius = attributes.get("depth_radius").getI();
    float[] band = new float[channels * channels];
    for (int i = 0; i < channels; i++) {
      for (int j = 0; j < channels; j++) {
        band[i * channels + j] = Math.abs(i - j) <= radius ? attributes.get("alpha").getF() : 0;
      }
    }
    String squares = node.add("Square", node.input(0));
    String sums = node.product(squares, node.table(band, channels, channels));
    String base = node.add("AddV2", sums, node.scalar(attributes.get("bias").getF()));
    String power = node.add("Pow", base, node.scalar(-attributes.get("beta").getF()));
    return node.add("Mul", node.input(0), power);
  }

  /** A convolution by ones and zeros. */
  static String patches(Anew node) {
    List<Long> sides = node.numbers("ksizes");
    long channels = node.fromLast(0, 0);
    long count = sides.get(1) * sides.get(2) * channels;
    if (channels < 0 || count * count > LARGEST) {
      return null;
    }
    Shape filter = Shape.of(sides.get(1), sides.get(2), channels, count);
    int[] sizes = {(int) filter.get(0), (int) filter.get(1), (int) channels, (int) count};
    String numbers = node.reshaped(node.eye(count, count, 0), node.row(sizes));
    NodeDef convolution =
        node.convolution(
                "Conv2D",
                node.node().getAttrOrThrow("strides"),
                node.node().getAttrOrThrow("rates"),
                node.input(0),
                numbers)
            .build();
    return node.part("patches", PlainConvolution.of(node, convolution, filter).toBuilder());
  }

  /** The largest of the window's places, each with its own number of the filter added. */
  static String dilation(Anew node) {
    Shape images = node.shape(0);
    Shape filter = node.shape(1);
    Shape output = node.output();
    if (images.isUnknown()
        || filter.isUnknown()
        || filter.hasUnknownDimension()
        || images.get(1) < 0
        || images.get(2) < 0
        || output.get(1) <= 0
        || output.get(2) <= 0) {
      return null;
    }
    List<Long> strides = node.numbers("strides");
    List<Long> rates = node.numbers("rates");
    int[] reach = new int[2];
    int[] pairs = new int[8];
    for (int axis = 0; axis < 2; axis++) {
      int side = (int) images.get(axis + 1);
      reach[axis] = (int) ((output.get(axis + 1) - 1) * strides.get(axis + 1)) + 1;
      int needed = reach[axis] + (int) ((filter.get(axis) - 1) * rates.get(axis + 1));
      boolean same = node.word("padding").equals("SAME");
      int before = same ? Math.max(0, needed - side) / 2 : 0;
      pairs[2 * axis + 2] = before;
      pairs[2 * axis + 3] = Math.max(0, needed - side - before);
    }
    String padded = node.padded(node.input(0), node.scalar(LOWEST), pairs);
    String most = null;
    for (int i = 0; i < filter.get(0); i++) {
      for (int j = 0; j < filter.get(1); j++) {
        int top = (int) (i * rates.get(1));
        int left = (int) (j * rates.get(2));
        String part =
            node.every(
                padded,
                new int[] {top, left},
                new int[] {top + reach[0], left + reach[1]},
                strides.get(1).intValue(),
                strides.get(2).intValue());
        String each =
            node.reshaped(
                node.slice(
                    DataType.DT_FLOAT, node.input(1), new int[] {i, j, 0}, new int[] {1, 1, -1}),
                node.row(-1));
        String sum = node.add("AddV2", part, each);
        most = most == null ? sum : node.add("Maximum", most, sum);
      }
    }
    return most;
  }
}
