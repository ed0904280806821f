package org.medoid.export.onnx;

import static org.tensorflow.proto.DataType.DT_FLOAT;
import static org.tensorflow.proto.DataType.DT_INT64;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.medoid.export.onnx.pass.Constant;

/**
 * Boxes cut out of images and resized. Rows, then columns: along each axis a box says where in the
 * image its pixels are, and the two neighbours are mixed. Where the result is not much smaller than
 * the image all pixels of a row or column are, nearly all of them with the weight 0.
 */
final class CropOps {
  /**
   * The longest side of images of which all pixels are mixed. Five crops each of four pictures in
   * onnxruntime, milliseconds by mixed neighbours and by products: of 32 pixels to 16 2.8, 1.6; of
   * 256 to 128 211, 135; of 128 to 32 32, 36.
   */
  private static final long LONGEST = 512;

  private CropOps() {}

  static void register(Map<String, OpConverter> table) {
    table.put("CropAndResize", CropOps::cropAndResize);
  }

  /** Where the pixels of all boxes are along one axis, [boxes, pixels], and which are inside. */
  private record Places(String at, String last, String inside) {}

  private static void cropAndResize(TfNode node) {
    long[] size = node.integers(3);
    long[] shape = node.shape(0);
    if (shape != null
        && Math.min(shape[1], shape[2]) > 0
        && Math.max(shape[1], shape[2]) <= LONGEST
        && shape[1] <= 2 * size[0]
        && shape[2] <= 2 * size[1]
        && node.text("method").equals("bilinear")
        && node.decimal("extrapolation_value") == 0) {
      byMatrices(node, new long[] {shape[1], shape[2]}, size);
      return;
    }
    String images = node.cast(node.input(0), node.type(0), DT_FLOAT);
    String chosen = node.emit("Gather", Map.of("axis", 0), images, node.input(2));
    Places rows = places(node, images, 0, size[0]);
    Places columns = places(node, images, 1, size[1]);
    long[] turn = {0, 2, 1, 3};
    String y = along(node, chosen, rows);
    y = node.emit("Transpose", Map.of("perm", turn), y);
    y = along(node, y, columns);
    y = node.emit("Transpose", Map.of("perm", turn), y);
    String down = node.unsqueezed(rows.inside(), 2, 3);
    String inside = node.emit("And", down, node.unsqueezed(columns.inside(), 1, 3));
    String outside = node.scalar(DT_FLOAT, node.decimal("extrapolation_value"));
    node.output(0, node.emit("Where", inside, y, outside));
  }

  /**
   * A product with a matrix of weights for the rows and one for the columns: those of neighbours
   * are 1 less their distance from a place, those of a place outside 0. Both axes are computed
   * together, as long as the longer one is.
   */
  private static void byMatrices(TfNode node, long[] shape, long[] size) {
    int most = (int) Math.max(size[0], size[1]);
    // Of a box: where it begins and how long it is, in shares of the image's sides.
    double[] parts = new double[16];
    double[] last = new double[4];
    double[] steps = {1, 1, 1, 1};
    for (int i = 0; i < 2; i++) {
      boolean middle = size[i] == 1;
      parts[4 * i + i] = middle ? 0.5 : 1;
      parts[4 * (i + 2) + i] = middle ? 0.5 : 0;
      parts[4 * i + i + 2] = -1;
      parts[4 * (i + 2) + i + 2] = 1;
      last[i] = shape[i] - 1;
      last[i + 2] = shape[i] - 1;
      steps[i + 2] = Math.max(1, size[i] - 1);
    }
    // Rounded in TensorFlow's order: whether a place is beyond the last pixel is a jump.
    String box = node.emit("MatMul", node.input(1), numbers(node, parts, 4, 4));
    box = node.emit("Mul", box, numbers(node, last, 4));
    box = node.emit("Div", box, numbers(node, steps, 4));
    List<String> edges =
        node.emit("Split", List.of(node.unsqueezed(box, 2, 3)), Map.of("axis", 1), 2);
    String each = numbers(node, upTo(most), most, 1);
    String at = node.emit("Add", edges.get(0), node.emit("Mul", edges.get(1), each));
    String ends = numbers(node, new double[] {last[0], last[1]}, 2, 1, 1);
    String within = node.emit("Min", node.emit("Max", at, node.scalar(DT_FLOAT, 0)), ends);
    String inside = node.emit("Equal", at, within);
    at = node.emit("Where", inside, at, node.scalar(DT_FLOAT, -2));
    int side = (int) Math.max(shape[0], shape[1]);
    String far = node.emit("Abs", node.emit("Sub", at, numbers(node, upTo(side), side)));
    String weights = node.emit("Relu", node.emit("Sub", node.scalar(DT_FLOAT, 1), far));
    String images = node.cast(node.input(0), node.type(0), DT_FLOAT);
    List<String> factors = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      String start = node.constant(i, 0, 0);
      String end = node.constant(i + 1, size[i], shape[i]);
      factors.add(node.emit("Slice", weights, start, end, node.constant(1, 2, 3)));
    }
    factors.add(1, node.emit("Gather", Map.of("axis", 0), images, node.input(2)));
    // The rows first: a runtime takes the factors from the left.
    Map<String, String> product = Map.of("equation", "nahi,nijc,nbwj->nchw");
    node.channelsFirstOutput(0, node.emit("Einsum", factors, product));
  }

  private static double[] upTo(int count) {
    return IntStream.range(0, count).asDoubleStream().toArray();
  }

  private static String numbers(TfNode node, double[] values, long... shape) {
    return node.literal(Constant.of(DT_FLOAT, shape, values));
  }

  private static Places places(TfNode node, String images, int axis, long count) {
    String sizes = node.emit("Shape", images);
    String size = node.emit("Gather", sizes, node.scalar(DT_INT64, axis + 1));
    String last = node.emit("Sub", node.cast(size, DT_INT64, DT_FLOAT), node.scalar(DT_FLOAT, 1));
    String from = edge(node, axis);
    String to = edge(node, axis + 2);
    // Rounded in TensorFlow's order: whether a place is beyond the last pixel is a jump.
    String at;
    if (count > 1) {
      String each = numbers(node, upTo((int) count), 1, count);
      String span = node.emit("Mul", node.emit("Sub", to, from), last);
      String step = node.emit("Div", span, node.scalar(DT_FLOAT, (double) (count - 1)));
      at = node.emit("Add", node.emit("Mul", from, last), node.emit("Mul", each, step));
    } else {
      String middle = node.emit("Mul", node.emit("Add", from, to), node.scalar(DT_FLOAT, 0.5));
      at = node.emit("Mul", middle, last);
    }
    String zero = node.scalar(DT_FLOAT, 0);
    String inside =
        node.emit("And", node.emit("GreaterOrEqual", at, zero), node.emit("LessOrEqual", at, last));
    return new Places(at, last, inside);
  }

  /** A column of the boxes: [boxes, 1]. */
  private static String edge(TfNode node, int column) {
    return node.emit(
        "Slice", node.input(1), node.constant(column), node.constant(column + 1), node.constant(1));
  }

  /** Pixels of axis 1, mixed from the two that a place is between, or the nearest. */
  private static String along(TfNode node, String images, Places places) {
    if (node.text("method").equals("nearest")) {
      String half = node.emit("Add", places.at(), node.scalar(DT_FLOAT, 0.5));
      return pixels(node, images, node.emit("Floor", half), places.last());
    }
    String low = node.emit("Floor", places.at());
    String high = node.emit("Ceil", places.at());
    String share = node.unsqueezed(node.emit("Sub", places.at(), low), 2, 3);
    String first = pixels(node, images, low, places.last());
    String more = node.emit("Sub", pixels(node, images, high, places.last()), first);
    return node.emit("Add", first, node.emit("Mul", more, share));
  }

  private static String pixels(TfNode node, String images, String at, String last) {
    String within = node.emit("Min", node.emit("Max", at, node.scalar(DT_FLOAT, 0)), last);
    String indices = node.unsqueezed(node.cast(within, DT_FLOAT, DT_INT64), 2);
    return node.emit("GatherND", Map.of("batch_dims", 1), images, indices);
  }
}
