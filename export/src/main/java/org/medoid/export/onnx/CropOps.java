package org.medoid.export.onnx;

import static org.tensorflow.proto.DataType.DT_FLOAT;
import static org.tensorflow.proto.DataType.DT_INT64;

import java.util.Map;
import java.util.stream.IntStream;
import org.medoid.export.onnx.pass.Constant;

/**
 * Boxes cut out of images and resized. Rows, then columns: along each axis a box says where in the
 * image its pixels are, and the two neighbours are mixed.
 */
final class CropOps {
  private CropOps() {}

  static void register(Map<String, OpConverter> table) {
    table.put("CropAndResize", CropOps::cropAndResize);
  }

  /** Where the pixels of all boxes are along one axis, [boxes, pixels], and which are inside. */
  private record Places(String at, String last, String inside) {}

  private static void cropAndResize(TfNode node) {
    long[] size = node.integers(3);
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

  private static Places places(TfNode node, String images, int axis, long count) {
    String sizes = node.emit("Shape", images);
    String size = node.emit("Gather", sizes, node.scalar(DT_INT64, axis + 1));
    String last = node.emit("Sub", node.cast(size, DT_INT64, DT_FLOAT), node.scalar(DT_FLOAT, 1));
    String from = edge(node, axis);
    String to = edge(node, axis + 2);
    // Rounded in TensorFlow's order: whether a place is beyond the last pixel is a jump.
    String at;
    if (count > 1) {
      double[] numbers = IntStream.range(0, (int) count).asDoubleStream().toArray();
      String each = node.literal(Constant.of(DT_FLOAT, new long[] {1, count}, numbers));
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
