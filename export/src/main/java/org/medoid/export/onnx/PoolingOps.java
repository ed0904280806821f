package org.medoid.export.onnx;

import static org.tensorflow.proto.DataType.DT_INT64;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.medoid.export.onnx.pass.Constant;
import org.medoid.export.onnx.pass.Shapes;
import org.medoid.export.onnx.pass.Types;

/** Maxima and means of windows. */
final class PoolingOps {
  private PoolingOps() {}

  static void register(Map<String, OpConverter> table) {
    for (String op : List.of("MaxPool", "MaxPoolV2", "MaxPool3D")) {
      table.put(op, node -> pool(node, "MaxPool"));
    }
    for (String op : List.of("AvgPool", "AvgPool3D")) {
      table.put(op, node -> pool(node, "AveragePool"));
    }
    table.put("MaxPoolWithArgmax", PoolingOps::places);
    table.put("Dilation2D", PoolingOps::dilate);
  }

  /** The largest of the window's places, each with its own number of the filter added. */
  private static void dilate(TfNode node) {
    long[] filter = node.shape(1);
    if (!Shapes.isKnown(filter) || !Types.isFloating(node.type(0))) {
      throw node.unsupported("a filter of unknown size, or of whole numbers");
    }
    long[] side = Arrays.copyOf(filter, 2);
    long[] strides = Window.spatial(true, node.integers("strides"));
    long[] rates = Window.spatial(true, node.integers("rates"));
    Window window = Window.of(node, true, side, strides, rates);
    String x = window.images(node);
    String pads =
        window.attributes().get("pads") instanceof long[] p
            ? node.constant(0, 0, p[0], p[1], 0, 0, p[2], p[3])
            : window.samePads(node, window.size(node, x));
    String lowest = SegmentOps.extreme(node, true);
    x = node.emit("Pad", Map.of("mode", "constant"), x, pads, lowest);
    String numbers = node.emit("Transpose", Map.of("perm", new long[] {2, 0, 1}), node.input(1));
    List<String> sums = new ArrayList<>();
    for (long i = 0; i < side[0]; i++) {
      for (long j = 0; j < side[1]; j++) {
        String from = node.constant(i * rates[0], j * rates[1]);
        String to =
            node.constant(end((side[0] - 1 - i) * rates[0]), end((side[1] - 1 - j) * rates[1]));
        String at = node.constant(2, 3);
        String part = node.emit("Slice", x, from, to, at, node.constant(strides));
        String number =
            node.emit(
                "Slice",
                numbers,
                node.constant(i, j),
                node.constant(i + 1, j + 1),
                node.constant(1, 2));
        sums.add(node.emit("Add", part, number));
      }
    }
    window.setImages(node, node.emit("Max", sums));
  }

  /** The end of an axis of which so many of the last are left out. */
  private static long end(long less) {
    return less == 0 ? Integer.MAX_VALUE : -less;
  }

  /**
   * The largest and where they are. ONNX counts through the batch with channels first, TensorFlow
   * through a picture, or the batch, with channels last.
   */
  private static void places(TfNode node) {
    long[] shape = node.shape(0);
    long[] kernel = Window.spatial(true, node.integers("ksize"));
    long[] step = Window.spatial(true, node.integers("strides"));
    Window window = Window.of(node, true, kernel, step, new long[] {1, 1});
    if (shape == null || shape[1] < 0 || shape[2] < 0 || shape[3] < 0 || !window.isPadded()) {
      throw node.unsupported("the places in pictures of unknown size; fix the size");
    }
    List<String> x = List.of(window.images(node));
    List<String> found = node.emit("MaxPool", x, window.attributes(), 2);
    window.setImages(node, found.get(0));
    String pixels = node.scalar(DT_INT64, (double) (shape[1] * shape[2]));
    String place = node.emit("Mod", found.get(1), pixels);
    String channels = node.scalar(DT_INT64, (double) shape[3]);
    long[] numbers = LongStream.range(0, shape[3]).toArray();
    Constant each = Constant.integers(numbers).reshaped(1, shape[3], 1, 1);
    place = node.emit("Mul", place, channels);
    place = node.emit("Add", place, node.literal(each));
    if (node.flag("include_batch_in_index")) {
      String all = node.scalar(DT_INT64, (double) (shape[1] * shape[2] * shape[3]));
      String picture = node.emit("Div", found.get(1), all);
      place = node.emit("Add", place, node.emit("Mul", picture, all));
    }
    node.channelsFirstOutput(1, node.cast(place, DT_INT64, node.outputType(1)));
  }

  /** The largest of so many channels each, side by side. */
  private static void overChannels(TfNode node, long count, long[] step) {
    long[] shape = node.shape(0);
    long all = shape == null ? -1 : shape[shape.length - 1];
    boolean beside = step[step.length - 1] == count && all > 0 && all % count == 0;
    if (!beside || Arrays.stream(step).filter(i -> i != 1).count() != 1) {
      throw node.unsupported("it pools over channels, but not over all of them once");
    }
    long[] split = new long[shape.length + 1]; // zeros: sizes that stay
    split[shape.length - 1] = all / count;
    split[shape.length] = count;
    String x = node.emit("Reshape", Map.of("allowzero", 0), node.input(0), node.constant(split));
    node.output(0, node.emit("ReduceMax", Map.of("axes", new long[] {-1}, "keepdims", false), x));
  }

  private static void pool(TfNode node, String op) {
    boolean last = Window.channelsLast(node);
    boolean operands = node.op().equals("MaxPoolV2");
    long[] size = operands ? node.integers(1) : node.integers("ksize");
    long[] step = operands ? node.integers(2) : node.integers("strides");
    long channels = Window.channels(last, size);
    if (op.equals("MaxPool")
        && last
        && channels > 1
        && Arrays.stream(size).filter(i -> i != 1).count() == 1) {
      overChannels(node, channels, step);
      return;
    }
    if (size[0] != 1 || channels != 1) {
      throw node.unsupported("it pools over the batch or the channels");
    }
    long[] kernel = Window.spatial(last, size);
    long[] ones = TfNode.ones(kernel.length);
    Window window = Window.of(node, last, kernel, Window.spatial(last, step), ones);
    Map<String, Object> attributes = window.attributes();
    if (op.equals("AveragePool")) {
      attributes.put("count_include_pad", 0);
    }
    String x = window.images(node);
    String pooled;
    if (window.isPadded()) {
      pooled = node.emit(op, attributes, x);
    } else {
      String hw = window.size(node, x);
      String pads = window.samePads(node, hw);
      boolean max = op.equals("MaxPool");
      double fill = max ? Double.NEGATIVE_INFINITY : 0;
      pooled = node.emit(op, attributes, Window.padded(node, x, pads, fill));
      if (!max) {
        // The zeros must not count: divide by the mean of what is one inside and zero outside.
        String shape = node.emit("Concat", Map.of("axis", 0), node.constant(1, 1), hw);
        String inside = node.emit("Expand", node.scalar(node.type(0), 1), shape);
        String share = node.emit(op, attributes, Window.padded(node, inside, pads, 0));
        pooled = node.emit("Div", pooled, share);
      }
    }
    window.setImages(node, pooled);
  }
}
