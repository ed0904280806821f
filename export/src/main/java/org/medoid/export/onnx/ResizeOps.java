package org.medoid.export.onnx;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.medoid.export.onnx.pass.Constant;
import org.tensorflow.Graph;
import org.tensorflow.RawTensor;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/** Images made larger and smaller. */
final class ResizeOps {
  private ResizeOps() {}

  static void register(Map<String, OpConverter> table) {
    table.put("ResizeBilinear", node -> resize(node, true));
    table.put("ResizeNearestNeighbor", node -> resize(node, false));
    table.put("ResizeBicubic", node -> byRows(node, null, null));
    table.put("ResizeArea", node -> byRows(node, null, null));
    table.put("ScaleAndTranslate", node -> byRows(node, node.decimals(2), node.decimals(3)));
  }

  private static void resize(TfNode node, boolean bilinear) {
    boolean corners = node.flag("align_corners");
    boolean halfPixel = node.flag("half_pixel_centers");
    String x = node.channelsFirst(0);
    DataType type = node.type(0);
    if (bilinear) {
      x = node.cast(x, type, DataType.DT_FLOAT);
    }
    if (!bilinear && node.isConstant(1) && node.shape(0)[1] > 0 && node.shape(0)[2] > 0) {
      nearest(node, x, corners, halfPixel);
      return;
    }
    Map<String, Object> attributes = new HashMap<>();
    attributes.put("mode", bilinear ? "linear" : "nearest");
    attributes.put(
        "coordinate_transformation_mode",
        corners ? "align_corners" : halfPixel ? "half_pixel" : "asymmetric");
    if (!bilinear) {
      attributes.put("nearest_mode", corners || halfPixel ? "round_prefer_ceil" : "floor");
    }
    String scales = scales(node);
    if (scales != null) {
      node.channelsFirstOutput(0, node.emit("Resize", attributes, x, "", scales));
      return;
    }
    String front =
        node.emit(
            "Slice", node.emit("Shape", x), node.constant(0), node.constant(2), node.constant(0));
    String sizes = node.emit("Concat", Map.of("axis", 0), front, node.sizes(1));
    node.channelsFirstOutput(0, node.emit("Resize", attributes, x, "", "", sizes));
  }

  /**
   * How much larger images of known size become, which needs no look at their batch; null where the
   * sizes are unknown, or a runtime, which rounds down, would lose a pixel: 3 * (7 / 3f) is
   * 6.9999995.
   */
  private static String scales(TfNode node) {
    long[] shape = node.shape(0);
    if (!node.isConstant(1) || shape[1] <= 0 || shape[2] <= 0) {
      return null;
    }
    long[] to = node.integers(1);
    double[] scales = {1, 1, 0, 0};
    for (int i = 0; i < 2; i++) {
      float scale = to[i] / (float) shape[i + 1];
      if ((long) (scale * shape[i + 1]) != to[i]) {
        return null;
      }
      scales[i + 2] = scale;
    }
    return node.literal(Constant.of(DataType.DT_FLOAT, new long[] {4}, scales));
  }

  /** Of sizes that are known. */
  private static void nearest(TfNode node, String x, boolean corners, boolean halfPixel) {
    long[] to = node.integers(1);
    long[][] sources = new long[2][];
    double[] scales = {1, 1, 1, 1};
    boolean repeated = node.type(0) == DataType.DT_FLOAT; // runtimes have few other kernels
    for (int i = 0; i < 2; i++) {
      sources[i] = nearest(node.shape(0)[i + 1], to[i], corners, halfPixel);
      long times = Math.max(1, to[i] / node.shape(0)[i + 1]);
      scales[i + 2] = times;
      repeated &= to[i] == times * node.shape(0)[i + 1];
      for (int j = 0; j < sources[i].length; j++) {
        repeated &= sources[i][j] == j / times;
      }
    }
    if (repeated) {
      // A runtime may have a kernel for it, where taking columns one by one took ten times as long.
      Map<String, String> floor =
          Map.of(
              "mode", "nearest",
              "coordinate_transformation_mode", "asymmetric",
              "nearest_mode", "floor");
      String by = node.literal(Constant.of(DataType.DT_FLOAT, new long[] {4}, scales));
      node.channelsFirstOutput(0, node.emit("Resize", floor, x, "", by));
      return;
    }
    String y = x;
    for (int i = 0; i < 2; i++) {
      // Where the two programs round a position differently, a wrong pixel would be taken.
      y = node.emit("Gather", Map.of("axis", i + 2), y, node.constant(sources[i]));
    }
    node.channelsFirstOutput(0, y);
  }

  /** The source of each pixel along one axis, in TensorFlow's own float arithmetic. */
  private static long[] nearest(long from, long to, boolean corners, boolean halfPixel) {
    float scale = corners && to > 1 ? (from - 1) / (float) (to - 1) : from / (float) to;
    long[] rows = new long[Math.toIntExact(to)];
    for (int i = 0; i < rows.length; i++) {
      float at = (halfPixel ? i + 0.5f : i) * scale;
      // roundf rounds halves away from zero, and positions are not negative.
      long row = corners ? (long) Math.floor(at + 0.5) : (long) Math.floor(at);
      rows[i] = Math.min(Math.max(row, 0), from - 1);
    }
    return rows;
  }

  /**
   * A resizing that ONNX has not, or has with other weights (TensorFlow's bicubic ones come from a
   * table of 1,024), is a product with a matrix for the rows and one for the columns.
   *
   * @param scale of height and width, or null where the sizes say it
   * @param shift of height and width, or null for none
   */
  private static void byRows(TfNode node, double[] scale, double[] shift) {
    long[] shape = node.shape(0);
    if (shape == null || shape[1] < 0 || shape[2] < 0) {
      throw node.unsupported("the size of its images is unknown; fix the size");
    }
    long[] to = node.integers(1);
    String x = node.cast(node.channelsFirst(0), node.type(0), DataType.DT_FLOAT);
    for (int i = 0; i < 2; i++) {
      Constant weights =
          rows(
              node.definition(),
              shape[i + 1],
              to[i],
              scale == null ? 1 : scale[i],
              shift == null ? 0 : shift[i]);
      if (isIdentity(weights)) {
        continue;
      }
      x =
          i == 0
              ? node.emit("MatMul", node.literal(weights), x)
              : node.emit("MatMul", x, node.literal(weights.transposed(1, 0)));
    }
    node.channelsFirstOutput(0, x);
  }

  private static boolean isIdentity(Constant weights) {
    int edge = Math.toIntExact(weights.shape()[0]);
    if (edge != weights.shape()[1]) {
      return false;
    }
    double[] values = weights.doubles();
    for (int i = 0; i < values.length; i++) {
      if (values[i] != (i / edge == i % edge ? 1 : 0)) {
        return false;
      }
    }
    return true;
  }

  /**
   * The matrix [to, from] of a resizing along one axis: what TensorFlow makes of the columns of an
   * identity matrix, each a channel of an image one pixel wide.
   */
  private static Constant rows(NodeDef definition, long from, long to, double scale, double shift) {
    int edge = Math.toIntExact(from);
    float[] ones = new float[Math.multiplyExact(edge, edge)];
    for (int i = 0; i < edge; i++) {
      ones[i * edge + i] = 1;
    }
    GraphDef operands;
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      tf.withName("images").constant(Shape.of(1, from, 1, from), DataBuffers.of(ones));
      tf.withName("size").constant(new int[] {Math.toIntExact(to), 1});
      tf.withName("scale").constant(new float[] {(float) scale, 1});
      tf.withName("shift").constant(new float[] {(float) shift, 0});
      operands = graph.toGraphDef();
    }
    NodeDef.Builder resize = definition.toBuilder().setName("resize").clearInput().clearDevice();
    resize.addAllInput(
        definition.getOp().equals("ScaleAndTranslate")
            ? List.of("images", "size", "scale", "shift")
            : List.of("images", "size"));
    resize.putAttr("T", operands.getNode(0).getAttrMap().get("dtype"));
    try (Graph graph = new Graph()) {
      graph.importGraphDef(operands.toBuilder().addNode(resize).build());
      try (Session session = new Session(graph);
          Result result = session.runner().fetch("resize").run()) {
        RawTensor value = result.get(0).asRawTensor();
        byte[] data = new byte[Math.toIntExact(value.numBytes())];
        value.data().read(data);
        return new Constant(DataType.DT_FLOAT, new long[] {to, from}, data);
      }
    }
  }
}
