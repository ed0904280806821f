package org.medoid.export.onnx;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.medoid.export.onnx.pass.Constant;
import org.tensorflow.proto.DataType;

/** What is done to the colours of pixels, the last axis of an image, and to their values' steps. */
final class ColourOps {
  private ColourOps() {}

  static void register(Map<String, OpConverter> table) {
    table.put("RGBToHSV", node -> join(node, hueSaturationValue(node, parts(node))));
    table.put("HSVToRGB", node -> join(node, redGreenBlue(node, parts(node))));
    table.put("AdjustHue", ColourOps::hue);
    table.put("AdjustSaturation", ColourOps::saturation);
    table.put("AdjustContrastv2", ColourOps::contrast);
    for (String op : List.of("Args", "Vars", "VarsPerChannel")) {
      table.put("FakeQuantWithMinMax" + op, ColourOps::quantise);
    }
    for (String version : List.of("V2", "V3", "V4")) {
      table.put("QuantizeAndDequantize" + version, ColourOps::quantiseEvenly);
    }
  }

  private static int axis(TfNode node) {
    return node.isChannelsFirst(0) ? 1 : node.rank(0) - 1;
  }

  /** The three colours, each with an axis of size 1. */
  private static List<String> parts(TfNode node) {
    return node.emit(
        "Split", List.of(node.input(0, node.isChannelsFirst(0))), Map.of("axis", axis(node)), 3);
  }

  private static void join(TfNode node, List<String> parts) {
    node.output(0, node.isChannelsFirst(0), node.emit("Concat", parts, Map.of("axis", axis(node))));
  }

  private static String scalar(TfNode node, double value) {
    return node.scalar(node.type(0), value);
  }

  /** All in [0, 1]. */
  private static List<String> hueSaturationValue(TfNode node, List<String> c) {
    String value = node.emit("Max", c);
    String range = node.emit("Sub", value, node.emit("Min", c));
    String zero = scalar(node, 0);
    String one = scalar(node, 1);
    String bright = node.emit("Greater", value, zero);
    String saturation =
        node.emit(
            "Where", bright, node.emit("Div", range, node.emit("Where", bright, value, one)), zero);
    return List.of(angle(node, c, value, range), saturation, value);
  }

  /** The hue: where on the circle of colours they are. */
  private static String angle(TfNode node, List<String> c, String value, String range) {
    String zero = scalar(node, 0);
    String one = scalar(node, 1);
    String coloured = node.emit("Greater", range, zero);
    String six = node.emit("Mul", node.emit("Where", coloured, range, one), scalar(node, 6));
    // The largest of red, green and blue says in which third of the circle the hue is.
    String blue = third(node, c.get(0), c.get(1), six, scalar(node, 4 / 6.0));
    String green = third(node, c.get(2), c.get(0), six, scalar(node, 2 / 6.0));
    String red = third(node, c.get(1), c.get(2), six, zero);
    String hue = node.emit("Where", node.emit("Equal", value, c.get(1)), green, blue);
    hue = node.emit("Where", node.emit("Equal", value, c.get(0)), red, hue);
    hue = node.emit("Where", coloured, hue, zero);
    String round = node.emit("Add", hue, one);
    return node.emit("Where", node.emit("Less", hue, zero), round, hue);
  }

  private static String third(TfNode node, String a, String b, String six, String from) {
    String part = node.emit("Div", node.emit("Sub", a, b), six);
    return node.emit("Add", part, from);
  }

  /** (1 - s + s d) v for each colour. */
  private static List<String> redGreenBlue(TfNode node, List<String> hsv) {
    String pale = node.emit("Sub", scalar(node, 1), hsv.get(1));
    return ramps(node, hsv.get(0)).stream().map(d -> colour(node, hsv, pale, d)).toList();
  }

  /** What rises and falls along the circle of hues, from 0 to 1, for each colour. */
  private static List<String> ramps(TfNode node, String hue) {
    String sixth = node.emit("Mul", hue, scalar(node, 6));
    return List.of(
        ramp(node, sixth, 3, 1, -1), ramp(node, sixth, 2, -1, 2), ramp(node, sixth, 4, -1, 2));
  }

  private static String ramp(TfNode node, String sixth, double at, double sign, double from) {
    String far = node.emit("Abs", node.emit("Sub", sixth, scalar(node, at)));
    String signed = node.emit("Mul", far, scalar(node, sign));
    String moved = node.emit("Add", signed, scalar(node, from));
    return between(node, moved, scalar(node, 0), scalar(node, 1));
  }

  private static String between(TfNode node, String x, String least, String most) {
    return node.emit("Min", node.emit("Max", x, least), most);
  }

  private static String colour(TfNode node, List<String> hsv, String pale, String d) {
    String strong = node.emit("Mul", hsv.get(1), d);
    return node.emit("Mul", node.emit("Add", pale, strong), hsv.get(2));
  }

  /** The largest and the smallest stay: below zero there is no saturation to go by. */
  private static void hue(TfNode node) {
    List<String> c = parts(node);
    String value = node.emit("Max", c);
    String least = node.emit("Min", c);
    String range = node.emit("Sub", value, least);
    String turned = node.emit("Add", angle(node, c, value, range), node.input(1));
    turned = node.emit("Sub", turned, node.emit("Floor", turned));
    join(
        node,
        ramps(node, turned).stream()
            .map(d -> node.emit("Add", least, node.emit("Mul", range, d)))
            .toList());
  }

  private static void saturation(TfNode node) {
    List<String> hsv = hueSaturationValue(node, parts(node));
    String strength =
        between(
            node, node.emit("Mul", hsv.get(1), node.input(1)), scalar(node, 0), scalar(node, 1));
    join(node, redGreenBlue(node, List.of(hsv.get(0), strength, hsv.get(2))));
  }

  /** Away from the mean of each channel of each image. */
  private static void contrast(TfNode node) {
    boolean first = node.isChannelsFirst(0);
    int rank = node.rank(0);
    if (first && rank != 4) {
      throw node.unsupported("images of rank " + rank);
    }
    String x = node.input(0, first);
    // A runtime moves a Transpose through a ReduceMean: the mean is then of the last axis, and
    // taking it away from one pixel after the other took 15 times as long.
    long[] places = first ? new long[] {2, 3} : new long[] {rank - 3, rank - 2};
    String mean =
        first && node.type(0) == DataType.DT_FLOAT
            ? node.emit("GlobalAveragePool", x)
            : node.emit("ReduceMean", Map.of("axes", places, "keepdims", true), x);
    String far = node.emit("Sub", x, mean);
    node.output(0, first, node.emit("Add", node.emit("Mul", far, node.input(1)), mean));
  }

  /**
   * Rounded to the steps of whole numbers between two bounds, which move so that zero is one of
   * them: TensorFlow's fake_quant_ops_functor.h.
   */
  private static void quantise(TfNode node) {
    boolean told = node.op().endsWith("Args");
    double[] least = told ? new double[] {node.decimal("min")} : node.decimals(1);
    double[] most = told ? new double[] {node.decimal("max")} : node.decimals(2);
    float from = node.flag("narrow_range") ? 1 : 0;
    float to = (1 << node.integer("num_bits")) - 1;
    int n = least.length;
    double[] steps = new double[n];
    double[] inverse = new double[n];
    double[] low = new double[n];
    double[] high = new double[n];
    for (int i = 0; i < n; i++) {
      float step = ((float) most[i] - (float) least[i]) / (to - from);
      float zero = from - (float) least[i] / step;
      float nudged = zero < from ? from : zero > to ? to : Math.round(zero);
      steps[i] = step;
      inverse[i] = 1 / step;
      low[i] = (from - nudged) * step;
      high[i] = (to - nudged) * step;
    }
    String bottom = vector(node, low);
    String top = vector(node, high);
    // A vector is along the last axis, as in TensorFlow's layout.
    boolean one = n == 1;
    String x =
        one
            ? node.emit("Clip", node.aligned(0).get(0), bottom, top)
            : between(node, node.input(0), bottom, top);
    String above = node.emit("Mul", node.emit("Sub", x, bottom), vector(node, inverse));
    String whole = node.emit("Floor", node.emit("Add", above, scalar(node, 0.5)));
    String y = node.emit("Add", node.emit("Mul", whole, vector(node, steps)), bottom);
    node.output(0, one && node.isAlignedChannelsFirst(), y);
  }

  /**
   * Rounded to the steps of whole numbers, zero being one of them, between bounds of which the
   * wider one counts: TensorFlow's quantize_and_dequantize_op.h.
   */
  private static void quantiseEvenly(TfNode node) {
    if (!node.flag("range_given") || node.integer("axis") != -1) {
      throw node.unsupported(
          node.flag("range_given")
              ? "bounds for each place of an axis"
              : "bounds that are computed from the input (range_given false)");
    }
    float least = (float) node.decimals(1)[0];
    float most = (float) node.decimals(2)[0];
    boolean third = node.op().endsWith("V3"); // whose bits are an input, and which rounds to even
    int bits = (int) (third ? node.integers(3)[0] : node.integer("num_bits"));
    boolean signed = node.flag("signed_input");
    float low = signed ? -(1 << (bits - 1)) + (node.flag("narrow_range") ? 1 : 0) : 0;
    float high = signed ? (1 << (bits - 1)) - 1 : (1 << bits) - 1;
    float below = low * least > 0 ? low / least : Float.MAX_VALUE;
    float above = high * most > 0 ? high / most : Float.MAX_VALUE;
    boolean byLeast = below < above;
    float step = byLeast ? least / low : most / high;
    String bottom = scalar(node, byLeast ? least : low * step);
    String top = scalar(node, byLeast ? high * step : most);
    String x = between(node, node.input(0), bottom, top);
    String whole = node.emit("Mul", x, scalar(node, byLeast ? below : above));
    String rounded =
        !third && node.text("round_mode").equals("HALF_UP")
            ? node.emit("Floor", node.emit("Add", whole, scalar(node, 0.5)))
            : node.emit("Round", whole);
    node.output(0, node.emit("Mul", rounded, scalar(node, step)));
  }

  /** One value for all, or one for each channel. */
  private static String vector(TfNode node, double[] values) {
    boolean equal = Arrays.stream(values).distinct().count() == 1;
    return equal
        ? scalar(node, values[0])
        : node.literal(Constant.of(DataType.DT_FLOAT, new long[] {values.length}, values));
  }
}
