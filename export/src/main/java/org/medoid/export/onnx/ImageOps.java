package org.medoid.export.onnx;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.tensorflow.proto.DataType;

/** Batch normalisation and blocks of pixels: what else is done to images. */
final class ImageOps {
  private ImageOps() {}

  static void register(Map<String, OpConverter> table) {
    for (String version : List.of("", "V2", "V3")) {
      table.put("FusedBatchNorm" + version, ImageOps::normalize);
    }
    table.put("DepthToSpace", node -> blocks(node, "DepthToSpace", Map.of("mode", "DCR")));
    table.put("SpaceToDepth", ImageOps::spaceToDepth);
    table.put("LRN", ImageOps::localResponse);
  }

  private static void normalize(TfNode node) {
    boolean last = Window.channelsLast(node);
    if (node.flag("is_training")) {
      normalizeByItself(node, last);
      return;
    }
    node.output(
        0,
        last,
        node.emit(
            "BatchNormalization",
            Map.of("epsilon", node.decimal("epsilon")),
            node.input(0, last),
            node.input(1),
            node.input(2),
            node.input(3),
            node.input(4)));
    node.same(1, 3);
    node.same(2, 4);
  }

  private static void blocks(TfNode node, String op, Map<String, Object> more) {
    boolean last = Window.channelsLast(node);
    Map<String, Object> attributes = new HashMap<>(more);
    attributes.put("blocksize", node.integer("block_size"));
    node.output(0, last, node.emit(op, attributes, node.input(0, last)));
  }

  private static void spaceToDepth(TfNode node) {
    blocks(node, "SpaceToDepth", Map.of());
  }

  /** TensorFlow's alpha is for one element of the sum, ONNX's for the whole window. */
  private static void localResponse(TfNode node) {
    long size = 2 * node.integer("depth_radius") + 1;
    node.channelsFirstOutput(
        0,
        node.emit(
            "LRN",
            Map.of(
                "size",
                size,
                "alpha",
                node.decimal("alpha") * size,
                "beta",
                node.decimal("beta"),
                "bias",
                node.decimal("bias")),
            node.channelsFirst(0)));
  }

  /**
   * Normalisation by the statistics of the tensor at hand. Networks for inference hold it where the
   * axes have been moved for it: Keras 2 writes its LayerNormalization so.
   */
  private static void normalizeByItself(TfNode node, boolean last) {
    int rank = node.rank(0);
    if (node.op().equals("FusedBatchNormV3") && node.decimal("exponential_avg_factor") != 1) {
      throw node.unsupported("it keeps moving averages; export a graph built for inference");
    }
    String x = node.input(0, last);
    long[] over = IntStream.range(0, rank).filter(i -> i != 1).asLongStream().toArray();
    Map<String, Object> axes = Map.of("axes", over, "keepdims", true);
    String mean = node.emit("ReduceMean", axes, x);
    String centred = node.emit("Sub", x, mean);
    String squares = node.emit("Mul", centred, centred);
    String variance = node.emit("ReduceMean", axes, squares);
    String epsilon = node.scalar(DataType.DT_FLOAT, node.decimal("epsilon"));
    String deviation = node.emit("Sqrt", node.emit("Add", variance, epsilon));
    String y = node.emit("Div", centred, deviation);
    y = node.emit("Mul", y, node.alongFirst(node.input(1), rank - 1));
    node.output(0, last, node.emit("Add", y, node.alongFirst(node.input(2), rank - 1)));
    String gone = node.constant(over);
    node.output(1, node.emit("Squeeze", mean, gone));
    // The second statistic is Bessel's: n / (n - 1) times the mean of the squares.
    String sizes = node.emit("Cast", Map.of("to", 1), node.emit("Shape", x));
    String counts = node.emit("Gather", sizes, gone);
    String count =
        node.emit("ReduceProd", Map.of("axes", new long[] {0}, "keepdims", false), counts);
    String one = node.scalar(DataType.DT_FLOAT, 1);
    String less = node.emit("Max", node.emit("Sub", count, one), one);
    String factor = node.emit("Div", count, less);
    String unbiased = node.emit("Mul", variance, factor);
    node.output(2, node.emit("Squeeze", unbiased, gone));
  }
}
