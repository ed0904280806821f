package org.medoid.export.onnx;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.medoid.export.onnx.pass.Shapes;
import org.medoid.export.onnx.pass.Types;
import org.tensorflow.proto.DataType;

/** Convolutions, pooling, batch normalisation, resizing: what ONNX does with channels first. */
final class ImageOps {
  private ImageOps() {}

  static void register(Map<String, OpConverter> table) {
    table.put("Conv2D", node -> convolve(node, false));
    table.put("DepthwiseConv2dNative", node -> convolve(node, true));
    for (String version : List.of("", "V2", "V3")) {
      table.put("FusedBatchNorm" + version, ImageOps::normalize);
    }
    table.put("MaxPool", node -> pool(node, "MaxPool"));
    table.put("MaxPoolV2", node -> pool(node, "MaxPool"));
    table.put("AvgPool", node -> pool(node, "AveragePool"));
    table.put("ResizeBilinear", node -> resize(node, true));
    table.put("ResizeNearestNeighbor", node -> resize(node, false));
    table.put("DepthToSpace", node -> blocks(node, "DepthToSpace", Map.of("mode", "DCR")));
    table.put("SpaceToDepth", ImageOps::spaceToDepth);
    table.put("LRN", ImageOps::localResponse);
  }

  private static boolean channelsLast(TfNode node) {
    return switch (node.text("data_format")) {
      case "NHWC" -> true;
      case "NCHW" -> false;
      default -> throw node.unsupported("data format " + node.text("data_format"));
    };
  }

  /** The two numbers of four that belong to height and width. */
  private static long[] spatial(boolean channelsLast, long[] values) {
    return channelsLast ? new long[] {values[1], values[2]} : new long[] {values[2], values[3]};
  }

  private static long channels(boolean channelsLast, long[] shape) {
    return shape == null ? -1 : shape[channelsLast ? 3 : 1];
  }

  private static String images(TfNode node, boolean channelsLast) {
    return channelsLast ? node.channelsFirst(0) : node.input(0);
  }

  private static void setImages(TfNode node, boolean channelsLast, String tensor) {
    if (channelsLast) {
      node.channelsFirstOutput(0, tensor);
    } else {
      node.output(0, tensor);
    }
  }

  /**
   * Kernel, strides, dilations and padding as attributes. Without pads and auto_pad, the padding
   * must be computed when the size of the image is seen: onnxruntime refuses SAME_UPPER with a
   * dilation, and shifts the window by a negative padding where the stride is above the kernel.
   */
  private static Map<String, Object> window(
      TfNode node, boolean channelsLast, long[] kernel, long[] strides, long[] dilations) {
    Map<String, Object> attributes = new HashMap<>();
    attributes.put("kernel_shape", kernel);
    attributes.put("strides", strides);
    if (!Arrays.equals(dilations, new long[] {1, 1})) {
      attributes.put("dilations", dilations);
    }
    long[] pads = new long[4];
    switch (node.text("padding")) {
      case "VALID" -> {}
      case "EXPLICIT" -> {
        long[] all = node.integers("explicit_paddings");
        int height = channelsLast ? 2 : 4;
        pads = new long[] {all[height], all[height + 2], all[height + 1], all[height + 3]};
      }
      default -> {
        long[] shape = node.shape(0);
        long[] sizes = shape == null ? new long[] {-1, -1} : spatial(channelsLast, shape);
        for (int i = 0; i < 2; i++) {
          long reach = (kernel[i] - 1) * dilations[i] + 1;
          long total;
          if (strides[i] == 1 || reach == 1) {
            total = reach - 1; // whatever the size
          } else if (sizes[i] >= 0) {
            long out = (sizes[i] + strides[i] - 1) / strides[i];
            total = Math.max((out - 1) * strides[i] + reach - sizes[i], 0);
          } else if (dilations[0] == 1
              && dilations[1] == 1
              && kernel[0] >= strides[0]
              && kernel[1] >= strides[1]) {
            attributes.put("auto_pad", "SAME_UPPER");
            return attributes;
          } else {
            return attributes;
          }
          pads[i] = total / 2;
          pads[i + 2] = total - total / 2;
        }
      }
    }
    attributes.put("pads", pads);
    return attributes;
  }

  /**
   * The SAME padding of an image whose size only the model sees, as the one operand of Pad: out =
   * ceil(size / stride), total = max((out - 1) stride + reach - size, 0), half of it in front.
   */
  private static String samePads(TfNode node, String size, Map<String, Object> window) {
    long[] strides = (long[]) window.get("strides");
    long[] reach = ((long[]) window.get("kernel_shape")).clone();
    long[] dilations = (long[]) window.getOrDefault("dilations", new long[] {1, 1});
    Arrays.setAll(reach, i -> (reach[i] - 1) * dilations[i] + 1);
    String last = node.emit("Div", List.of(minusOne(node, size), node.constant(strides)));
    String end = node.emit("Mul", List.of(last, node.constant(strides)));
    String missing =
        node.emit("Sub", List.of(node.emit("Add", List.of(end, node.constant(reach))), size));
    String total = node.emit("Max", List.of(missing, node.constant(0)));
    String before = node.emit("Div", List.of(total, node.constant(2)));
    String after = node.emit("Sub", List.of(total, before));
    String none = node.constant(0, 0);
    return node.emit("Concat", List.of(none, before, none, after), Map.of("axis", 0));
  }

  private static String minusOne(TfNode node, String size) {
    return node.emit("Sub", List.of(size, node.constant(1)));
  }

  private static boolean isPadded(Map<String, Object> window) {
    return window.containsKey("pads") || window.containsKey("auto_pad");
  }

  /** Height and width as a vector. */
  private static String size(TfNode node, String images) {
    List<String> slice =
        List.of(node.emit("Shape", List.of(images)), node.constant(2), node.constant(4));
    return node.emit("Slice", slice);
  }

  private static String padded(TfNode node, String x, String pads, double fill) {
    return node.emit(
        "Pad", List.of(x, pads, node.scalar(node.type(0), fill)), Map.of("mode", "constant"));
  }

  private static void convolve(TfNode node, boolean depthwise) {
    boolean last = channelsLast(node);
    long[] filter = node.shape(1);
    if (!Shapes.isKnown(filter)) {
      throw node.unsupported("the shape of its kernel is unknown");
    }
    long inputs = channels(last, node.shape(0));
    Map<String, Object> attributes =
        window(
            node,
            last,
            new long[] {filter[0], filter[1]},
            spatial(last, node.integers("strides")),
            spatial(last, node.integers("dilations")));
    String kernel;
    if (depthwise) {
      // TensorFlow: [h, w, channels, multiplier]; ONNX: [channels * multiplier, 1, h, w].
      int[] perm = {2, 3, 0, 1};
      long[] shape = {filter[2] * filter[3], 1, filter[0], filter[1]};
      kernel =
          node.isConstant(1)
              ? node.constant(1, node.known(1).transposed(perm).reshaped(shape))
              : node.emit("Reshape", List.of(transposed(node, perm), node.constant(shape)));
      attributes.put("group", filter[2]);
    } else {
      int[] perm = {3, 2, 0, 1};
      kernel =
          node.isConstant(1)
              ? node.constant(1, node.known(1).transposed(perm))
              : transposed(node, perm);
      if (inputs > filter[2]) {
        attributes.put("group", inputs / filter[2]);
      }
    }
    String x = images(node, last);
    if (!isPadded(attributes)) {
      x = padded(node, x, samePads(node, size(node, x), attributes), 0);
    }
    setImages(node, last, node.emit("Conv", List.of(x, kernel), attributes));
  }

  private static String transposed(TfNode node, int... perm) {
    return node.emit("Transpose", List.of(node.input(1)), Map.of("perm", TfNode.longs(perm)));
  }

  private static void normalize(TfNode node) {
    boolean last = channelsLast(node);
    if (node.flag("is_training")) {
      throw node.unsupported(
          "it normalises by the statistics of the batch; export a graph built for inference");
    }
    setImages(
        node,
        last,
        node.emit(
            "BatchNormalization",
            List.of(images(node, last), node.input(1), node.input(2), node.input(3), node.input(4)),
            Map.of("epsilon", node.decimal("epsilon"))));
    node.same(1, 3);
    node.same(2, 4);
  }

  private static void pool(TfNode node, String op) {
    boolean last = channelsLast(node);
    boolean operands = node.op().equals("MaxPoolV2");
    long[] size = operands ? node.integers(1) : node.integers("ksize");
    long[] step = operands ? node.integers(2) : node.integers("strides");
    if (size[0] != 1 || channels(last, size) != 1) {
      throw node.unsupported("it pools over the batch or the channels");
    }
    Map<String, Object> attributes =
        window(node, last, spatial(last, size), spatial(last, step), new long[] {1, 1});
    if (op.equals("AveragePool")) {
      attributes.put("count_include_pad", 0);
    }
    String x = images(node, last);
    String pooled;
    if (isPadded(attributes)) {
      pooled = node.emit(op, List.of(x), attributes);
    } else if (!Types.isFloating(node.type(0))) {
      throw node.unsupported(
          "SAME padding of integers, of an unknown image size, with a stride above the kernel;"
              + " fix the size");
    } else {
      String hw = size(node, x);
      String pads = samePads(node, hw, attributes);
      boolean max = op.equals("MaxPool");
      double fill = max ? Double.NEGATIVE_INFINITY : 0;
      pooled = node.emit(op, List.of(padded(node, x, pads, fill)), attributes);
      if (!max) {
        // The zeros must not count: divide by the mean of what is one inside and zero outside.
        String shape = node.emit("Concat", List.of(node.constant(1, 1), hw), Map.of("axis", 0));
        String inside = node.emit("Expand", List.of(node.scalar(node.type(0), 1), shape));
        String share = node.emit(op, List.of(padded(node, inside, pads, 0)), attributes);
        pooled = node.emit("Div", List.of(pooled, share));
      }
    }
    setImages(node, last, pooled);
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
      // Where the two programs round a position differently, a wrong pixel would be taken.
      long[] to = node.integers(1);
      for (int i = 0; i < 2; i++) {
        long[] rows = nearest(node.shape(0)[i + 1], to[i], corners, halfPixel);
        x = node.emit("Gather", List.of(x, node.constant(rows)), Map.of("axis", i + 2));
      }
      node.channelsFirstOutput(0, x);
      return;
    }
    String front =
        node.emit(
            "Slice",
            List.of(
                node.emit("Shape", List.of(x)),
                node.constant(0),
                node.constant(2),
                node.constant(0)));
    String sizes = node.emit("Concat", List.of(front, node.sizes(1)), Map.of("axis", 0));
    Map<String, Object> attributes = new HashMap<>();
    attributes.put("mode", bilinear ? "linear" : "nearest");
    attributes.put(
        "coordinate_transformation_mode",
        corners ? "align_corners" : halfPixel ? "half_pixel" : "asymmetric");
    if (!bilinear) {
      attributes.put("nearest_mode", corners || halfPixel ? "round_prefer_ceil" : "floor");
    }
    node.channelsFirstOutput(0, node.emit("Resize", List.of(x, "", "", sizes), attributes));
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

  private static void blocks(TfNode node, String op, Map<String, Object> more) {
    boolean last = channelsLast(node);
    Map<String, Object> attributes = new HashMap<>(more);
    attributes.put("blocksize", node.integer("block_size"));
    setImages(node, last, node.emit(op, List.of(images(node, last)), attributes));
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
            List.of(node.channelsFirst(0)),
            Map.of(
                "size",
                size,
                "alpha",
                node.decimal("alpha") * size,
                "beta",
                node.decimal("beta"),
                "bias",
                node.decimal("bias"))));
  }
}
