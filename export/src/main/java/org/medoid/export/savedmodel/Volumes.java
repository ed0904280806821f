package org.medoid.export.savedmodel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;

/**
 * Convolutions of three dimensions, and transposed ones, as sums of those of two: one for each
 * plane of the filter. TensorFlow's C++ has no gradient of the former. Channels last, planes,
 * strides and the filter's sizes known.
 */
final class Volumes {
  private static final DataType FLOAT = DataType.DT_FLOAT;

  private final Anew node;

  /** The filter's planes, rows and columns, channels in and out. */
  private final long[] filter;

  private final int stride;

  private Volumes(Anew node) {
    this.node = node;
    filter = node.shape(1).asArray();
    stride = Math.toIntExact(node.numbers("strides").get(1));
  }

  static void register(Map<String, Differentiable.Rule> table) {
    table.put("Conv3D", Volumes::of);
    table.put("Conv3DBackpropInputV2", Volumes::of);
  }

  /** Null if sizes are not known. */
  private static String of(Anew node) {
    boolean transposed = node.node().getOp().equals("Conv3DBackpropInputV2");
    if (!isKnown(node.shape(1), 5, 0)
        || !isKnown(node.shape(transposed ? 2 : 0), 5, 1)
        || !isKnown(node.output(), 5, 1)
        || !node.word("data_format").equals("NDHWC")
        || node.numbers("dilations").stream().anyMatch(d -> d != 1)) {
      return null;
    }
    return transposed ? new Volumes(node).transposed() : new Volumes(node).forward();
  }

  /** Whether all sizes from an axis on are known. */
  private static boolean isKnown(Shape shape, int rank, int from) {
    return !shape.isUnknown()
        && shape.numDimensions() == rank
        && Arrays.stream(shape.asArray(), from, rank).allMatch(size -> size > 0);
  }

  /** Planes go through the convolutions as pictures of a larger batch. */
  private String forward() {
    long[] in = node.shape(0).asArray();
    long[] out = node.output().asArray();
    int thick = (int) filter[0];
    int before = before(in[1], out[1]);
    int reach = (int) (out[1] - 1) * stride + 1;
    int behind = Math.max(0, reach - 1 + thick - before - (int) in[1]);
    String x = node.input(0);
    if (before + behind > 0) {
      x = node.padded(x, 0, 0, before, behind, 0, 0, 0, 0, 0, 0);
    }
    List<String> parts = new ArrayList<>();
    for (int k = 0; k < thick; k++) {
      String pictures =
          node.reshaped(
              node.every(x, new int[] {k}, new int[] {k + reach}, stride),
              node.row(-1, (int) in[2], (int) in[3], (int) in[4]));
      parts.add(node.part("plane", flat("Conv2D", pictures, plane(k))));
    }
    return volumes(parts, out);
  }

  /** Zeros between the planes and around them; then each is what so many beside it give. */
  private String transposed() {
    long[] in = node.shape(2).asArray();
    long[] out = node.output().asArray();
    int thick = (int) filter[0];
    int before = before(out[1], in[1]);
    int[] size = {-1, (int) in[2], (int) in[3], (int) in[4]};
    String x = node.input(2);
    if (stride > 1) {
      String rows = node.reshaped(x, node.row(-1, (int) in[1], 1, size[1] * size[2] * size[3]));
      rows = node.padded(rows, 0, 0, 0, 0, 0, stride - 1, 0, 0);
      x = node.reshaped(rows, node.row(-1, (int) in[1] * stride, size[1], size[2], size[3]));
    }
    int front = Math.max(0, thick - 1 - before);
    int back = Math.max(0, (int) out[1] + before - (int) in[1] * stride);
    x = node.padded(x, 0, 0, front, back, 0, 0, 0, 0, 0, 0);
    List<String> parts = new ArrayList<>();
    for (int k = 0; k < thick; k++) {
      int from = front + before - k;
      String planes =
          node.slice(
              FLOAT, x, new int[] {0, from, 0, 0, 0}, new int[] {-1, (int) out[1], -1, -1, -1});
      String pictures = node.reshaped(planes, node.row(size));
      String batch =
          node.slice(DataType.DT_INT32, node.sizes(pictures, FLOAT), new int[] {0}, new int[] {1});
      String sizes =
          node.part(
              "sizes",
              Nodes.typed(
                      "ConcatV2",
                      DataType.DT_INT32,
                      batch,
                      node.row((int) out[2], (int) out[3], (int) out[4]),
                      node.scalar(0))
                  .putAttr("Tidx", Nodes.INT)
                  .putAttr("N", Nodes.number(2)));
      parts.add(node.part("plane", flat("Conv2DBackpropInput", sizes, plane(k), pictures)));
    }
    return volumes(parts, out);
  }

  /** The planes of zeros before the first, of so many that become fewer. */
  private int before(long many, long few) {
    boolean same = node.word("padding").equals("SAME");
    return same ? (int) Math.max(0, (few - 1) * stride + filter[0] - many) / 2 : 0;
  }

  /** A plane of the filter. */
  private String plane(int k) {
    String one =
        node.slice(FLOAT, node.input(1), new int[] {k, 0, 0, 0, 0}, new int[] {1, -1, -1, -1, -1});
    return node.reshaped(
        one, node.row((int) filter[1], (int) filter[2], (int) filter[3], (int) filter[4]));
  }

  private NodeDef.Builder flat(String op, String... inputs) {
    List<Long> strides = node.numbers("strides");
    return node.convolution(
        op, Nodes.numbers(1, strides.get(2), strides.get(3), 1), Nodes.numbers(1, 1, 1, 1), inputs);
  }

  private String volumes(List<String> parts, long[] sizes) {
    String sum =
        node.part(
            "sum",
            Nodes.typed("AddN", FLOAT, parts.toArray(String[]::new))
                .putAttr("N", Nodes.number(parts.size())));
    return node.reshaped(
        sum, node.row(-1, (int) sizes[1], (int) sizes[2], (int) sizes[3], (int) sizes[4]));
  }
}
