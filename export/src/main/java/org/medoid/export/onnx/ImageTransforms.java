package org.medoid.export.onnx;

import static org.tensorflow.proto.DataType.DT_FLOAT;
import static org.tensorflow.proto.DataType.DT_INT64;

import java.util.List;
import java.util.Map;
import org.tensorflow.proto.DataType;

/**
 * Images turned, sheared and seen from aside: eight numbers say where each pixel of the result is
 * in the image. It is the nearest there, or mixed of four. TensorFlow's image_ops.h.
 */
final class ImageTransforms {
  private final TfNode node;
  private final String images;
  private final DataType type;
  private final String fill;

  /** The images' height and width, each a scalar. */
  private final String[] sizes = new String[2];

  private ImageTransforms(TfNode node, boolean mixed) {
    this.node = node;
    // What is mixed is of floats; what is only moved stays as it is.
    type = mixed ? DT_FLOAT : node.type(0);
    images = node.cast(node.input(0), node.type(0), type);
    fill = node.inputCount() > 3 ? node.cast(node.input(3), DT_FLOAT, type) : node.scalar(type, 0);
    String shape = node.emit("Shape", images);
    for (int i = 0; i < 2; i++) {
      String size = node.emit("Gather", shape, node.scalar(DT_INT64, i + 1));
      sizes[i] = node.cast(size, DT_INT64, DT_FLOAT);
    }
  }

  static void register(Map<String, OpConverter> table) {
    table.put("ImageProjectiveTransformV2", ImageTransforms::convert);
    table.put("ImageProjectiveTransformV3", ImageTransforms::convert);
  }

  private static void convert(TfNode node) {
    boolean mixed = node.text("interpolation").equals("BILINEAR");
    ImageTransforms transforms = new ImageTransforms(node, mixed);
    String y = transforms.transformed(mixed);
    node.output(0, node.cast(y, transforms.type, node.type(0)));
  }

  private String number(double value) {
    return node.scalar(DT_FLOAT, value);
  }

  private String transformed(boolean mixed) {
    String down = node.unsqueezed(places(0), -1);
    String along = places(1);
    String scale = sum(down, along, 6, number(1));
    String x = node.emit("Div", sum(down, along, 0, part(2)), scale);
    String y = node.emit("Div", sum(down, along, 3, part(5)), scale);
    x = within(x, sizes[1]);
    y = within(y, sizes[0]);
    String pixels = mixed ? mixed(y, x) : pixels(rounded(y), rounded(x));
    String none = node.unsqueezed(node.emit("Equal", scale, number(0)), -1);
    return node.emit("Where", none, fill, pixels);
  }

  /** The numbers of the result's rows, or columns. */
  private String places(int axis) {
    String size = node.emit("Gather", node.sizes(2), node.scalar(DT_INT64, axis));
    return node.cast(IndexOps.numbers(node, size), DT_INT64, DT_FLOAT);
  }

  /** One of the eight numbers, [images, 1, 1]. */
  private String part(int number) {
    String column =
        node.emit(
            "Slice",
            node.input(1),
            node.constant(number),
            node.constant(number + 1),
            node.constant(1));
    return node.unsqueezed(column, 2);
  }

  private String sum(String down, String along, int first, String last) {
    String x = node.emit("Mul", part(first), along);
    String y = node.emit("Mul", part(first + 1), down);
    return node.emit("Add", node.emit("Add", x, y), last);
  }

  /** Where a place beyond the edge is looked for. */
  private String within(String at, String size) {
    String mode = node.text("fill_mode");
    if (mode.equals("CONSTANT")) {
      return at;
    }
    String last = node.emit("Sub", size, number(1));
    String inside =
        switch (mode) {
          case "NEAREST" -> at;
          case "REFLECT" -> reflected(at, size, last);
          case "WRAP" -> wrapped(at, size, last);
          default -> throw node.unsupported("fill mode " + mode);
        };
    return node.emit("Min", node.emit("Max", inside, number(0)), last);
  }

  /** abcd goes on as dcba on either side. */
  private String reflected(String at, String size, String last) {
    String twice = node.emit("Mul", size, number(2));
    String below = node.emit("Less", at, number(0));
    String whole = times(node.emit("Abs", at), twice, twice);
    String up = node.emit("Add", at, whole);
    String mirrored = node.emit("Sub", node.emit("Neg", up), number(1));
    String far = node.emit("Less", up, node.emit("Neg", size));
    String before = node.emit("Where", far, node.emit("Add", up, twice), mirrored);
    String down = node.emit("Sub", at, whole);
    String back = node.emit("Sub", node.emit("Sub", twice, down), number(1));
    String behind = node.emit("Where", node.emit("GreaterOrEqual", down, size), back, down);
    String above = node.emit("Greater", at, last);
    return node.emit("Where", below, before, node.emit("Where", above, behind, at));
  }

  /** abcd goes on as abcd. TensorFlow counts periods by one pixel less. */
  private String wrapped(String at, String size, String last) {
    String period = node.emit("Max", last, number(1));
    String whole = times(node.emit("Abs", at), period, size);
    String before = node.emit("Add", node.emit("Add", at, whole), size);
    String behind = node.emit("Sub", at, whole);
    String above = node.emit("Greater", at, last);
    String inside = node.emit("Where", above, behind, at);
    return node.emit("Where", node.emit("Less", at, number(0)), before, inside);
  }

  /** How often a period is in a number, times something. */
  private String times(String x, String period, String by) {
    return node.emit("Mul", node.emit("Floor", node.emit("Div", x, period)), by);
  }

  /** Half away from zero; ONNX's Round takes the even one. */
  private String rounded(String x) {
    String half = node.emit("Add", node.emit("Abs", x), number(0.5));
    return node.emit("Mul", node.emit("Sign", x), node.emit("Floor", half));
  }

  private String mixed(String y, String x) {
    String top = node.emit("Floor", y);
    String left = node.emit("Floor", x);
    String bottom = node.emit("Add", top, number(1));
    String right = node.emit("Add", left, number(1));
    String above = between(pixels(top, left), pixels(top, right), x, left, right);
    String below = between(pixels(bottom, left), pixels(bottom, right), x, left, right);
    return between(above, below, y, top, bottom);
  }

  private String between(String first, String second, String at, String low, String high) {
    String most = node.unsqueezed(node.emit("Sub", high, at), -1);
    String more = node.unsqueezed(node.emit("Sub", at, low), -1);
    return node.emit("Add", node.emit("Mul", most, first), node.emit("Mul", more, second));
  }

  /** The pixels at whole places; beyond the edges the colour that is told. */
  private String pixels(String y, String x) {
    String inside = node.emit("And", isInside(y, sizes[0]), isInside(x, sizes[1]));
    List<String> both = List.of(index(inside, y), index(inside, x));
    String places = node.emit("Concat", both, Map.of("axis", -1));
    // One transform may be for all images.
    String count =
        node.emit("Slice", node.emit("Shape", images), node.constant(0), node.constant(1));
    String all = node.emit("Concat", Map.of("axis", 0), count, node.constant(1, 1, 1));
    places = node.emit("Expand", places, all);
    String found = node.emit("GatherND", Map.of("batch_dims", 1), images, places);
    return node.emit("Where", node.unsqueezed(inside, -1), found, fill);
  }

  private String isInside(String at, String size) {
    return node.emit(
        "And", node.emit("GreaterOrEqual", at, number(0)), node.emit("Less", at, size));
  }

  private String index(String inside, String at) {
    String place = node.emit("Where", inside, at, number(0));
    return node.unsqueezed(node.cast(place, DT_FLOAT, DT_INT64), -1);
  }
}
