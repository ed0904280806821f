package org.medoid.export.onnx;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.medoid.export.onnx.pass.Constant;
import org.medoid.export.onnx.pass.OnnxGraph;
import org.medoid.export.onnx.pass.Shapes;
import org.tensorflow.proto.DataType;

/** Convolutions and what they are made of. */
final class ConvolutionOps {
  private ConvolutionOps() {}

  static void register(Map<String, OpConverter> table) {
    table.put("Conv2D", node -> convolve(node, false));
    table.put("Conv3D", node -> convolve(node, false));
    table.put("DepthwiseConv2dNative", node -> convolve(node, true));
    table.put("Conv2DBackpropInput", ConvolutionOps::transposed);
    table.put("Conv3DBackpropInputV2", ConvolutionOps::transposed);
    table.put("DepthwiseConv2dNativeBackpropInput", ConvolutionOps::transposed);
    table.put("SpaceToBatchND", node -> toBatch(node, OnnxGraph.SPACE_TO_BATCH));
    table.put("BatchToSpaceND", node -> toBatch(node, OnnxGraph.BATCH_TO_SPACE));
    table.put("ExtractImagePatches", ConvolutionOps::patches);
  }

  private static void convolve(TfNode node, boolean depthwise) {
    boolean last = Window.channelsLast(node);
    long[] filter = node.shape(1);
    if (!Shapes.isKnown(filter)) {
      throw node.unsupported("the shape of its kernel is unknown");
    }
    int axes = filter.length - 2;
    long inputs = Window.channels(last, node.shape(0));
    Window window =
        Window.of(
            node,
            last,
            Arrays.copyOf(filter, axes),
            Window.spatial(last, node.integers("strides")),
            Window.spatial(last, node.integers("dilations")));
    Map<String, Object> attributes = window.attributes();
    String kernel;
    if (depthwise) {
      kernel = depthwise(node, attributes);
    } else {
      kernel = outputsFirst(node, axes);
      if (inputs > filter[axes]) {
        attributes.put("group", inputs / filter[axes]);
      }
    }
    String x = window.images(node);
    if (!window.isPadded()) {
      x = Window.padded(node, x, window.samePads(node, window.size(node, x)), 0);
    }
    window.setImages(node, node.emit("Conv", attributes, x, kernel));
  }

  /** A kernel [h, w, channels, multiplier] as [channels * multiplier, 1, h, w], and its groups. */
  private static String depthwise(TfNode node, Map<String, Object> attributes) {
    long[] filter = node.shape(1);
    long[] shape = {filter[2] * filter[3], 1, filter[0], filter[1]};
    attributes.put("group", filter[2]);
    return node.isConstant(1)
        ? node.constant(1, node.known(1).transposed(2, 3, 0, 1).reshaped(shape))
        : node.emit("Reshape", kernel(node, 2, 3, 0, 1), node.constant(shape));
  }

  /** A kernel [sizes, in, out] as [out, in, sizes]. */
  private static String outputsFirst(TfNode node, int axes) {
    return kernel(
        node, IntStream.concat(IntStream.of(axes + 1, axes), IntStream.range(0, axes)).toArray());
  }

  private static String kernel(TfNode node, int... perm) {
    return node.isConstant(1)
        ? node.constant(1, node.known(1).transposed(perm))
        : node.emit("Transpose", Map.of("perm", TfNode.longs(perm)), node.input(1));
  }

  /**
   * The gradient of a convolution by its input, which networks use to enlarge images. The node says
   * how large the result is: of a convolution with a stride, several sizes have the same output.
   */
  private static void transposed(TfNode node) {
    boolean last = Window.channelsLast(node);
    long[] filter = node.shape(1);
    if (!Shapes.isKnown(filter)) {
      throw node.unsupported("the shape of its kernel is unknown");
    }
    int axes = filter.length - 2;
    long channels = Window.channels(last, node.shape(2));
    boolean depthwise = node.op().startsWith("Depthwise");
    if (!depthwise && channels >= 0 && channels != filter[axes + 1]) {
      throw node.unsupported("a transposed convolution in groups");
    }
    long[] strides = Window.spatial(last, node.integers("strides"));
    long[] dilations = Window.spatial(last, node.integers("dilations"));
    Map<String, Object> attributes = new HashMap<>();
    attributes.put("kernel_shape", Arrays.copyOf(filter, axes));
    attributes.put("strides", strides);
    attributes.put("dilations", dilations);
    String x = node.input(2, last);
    String kernel = depthwise ? depthwise(node, attributes) : outputsFirst(node, axes);
    long[] in = Window.spatial(last, sized(node.shape(2), axes));
    long[] out = Window.spatial(last, sized(node.outputShape(0), axes));
    long[] pads = new long[2 * axes];
    long[] more = new long[axes];
    boolean known = true;
    boolean within = true;
    for (int i = 0; i < axes; i++) {
      known &= in[i] >= 0 && out[i] >= 0;
      long full = (in[i] - 1) * strides[i] + (filter[i] - 1) * dilations[i] + 1;
      long total = Math.max(full - out[i], 0);
      switch (node.text("padding")) {
        case "SAME" -> {
          pads[i] = total / 2;
          pads[i + axes] = total - total / 2;
        }
        case "EXPLICIT" -> {
          long[] all = node.integers("explicit_paddings");
          pads[i] = all[(last ? 2 : 4) + 2 * i];
          pads[i + axes] = total - pads[i];
        }
        default -> {}
      }
      more[i] = out[i] - (full - pads[i] - pads[i + axes]);
      within &= more[i] >= 0 && more[i] < Math.max(strides[i], dilations[i]) && pads[i + axes] >= 0;
    }
    String y;
    if (known && within) {
      attributes.put("pads", pads);
      attributes.put("output_padding", more);
      y = node.emit("ConvTranspose", attributes, x, kernel);
    } else {
      y = cut(node, node.emit("ConvTranspose", attributes, x, kernel), last);
    }
    node.output(0, last, y);
  }

  /** The sizes of images; all unknown if even their number is. */
  private static long[] sized(long[] shape, int axes) {
    if (shape != null) {
      return shape;
    }
    long[] unknown = new long[axes + 2];
    Arrays.fill(unknown, -1);
    return unknown;
  }

  /** The part of a whole transposed convolution that a node of computed size wants. */
  private static String cut(TfNode node, String whole, boolean last) {
    String padding = node.text("padding");
    if (padding.equals("EXPLICIT")) {
      throw node.unsupported("explicit padding of images of unknown size; fix the size");
    }
    if (node.op().equals("Conv3DBackpropInputV2")) {
      throw node.unsupported("a volume of unknown size; fix the size");
    }
    int from = last ? 1 : 2;
    String wanted = node.emit("Slice", node.sizes(0), node.constant(from), node.constant(from + 2));
    String has = node.emit("Slice", node.emit("Shape", whole), node.constant(2), node.constant(4));
    String zero = node.constant(0);
    String lack = node.emit("Max", node.emit("Sub", wanted, has), zero);
    String pads = node.emit("Concat", Map.of("axis", 0), node.constant(new long[6]), lack);
    String padded =
        node.emit(
            "Pad", Map.of("mode", "constant"), whole, pads, node.scalar(node.outputType(0), 0));
    String start = node.constant(0, 0);
    if (padding.equals("SAME")) {
      String extra = node.emit("Max", node.emit("Sub", has, wanted), zero);
      start = node.emit("Div", extra, node.constant(2));
    }
    String end = node.emit("Add", start, wanted);
    return node.emit("Slice", padded, start, end, node.constant(2, 3));
  }

  /**
   * Parts of an image into the batch and back: how TensorFlow writes dilated convolutions. One node
   * until it is known whether it belongs to one.
   */
  private static void toBatch(TfNode node, String op) {
    int rank = node.rank(0);
    long[] block = node.integers(1);
    long[] pairs = node.integers(2);
    if (rank < 3 || block.length > rank - 2) {
      throw node.unsupported("blocks of " + block.length + " axes of a tensor of rank " + rank);
    }
    long[] blocks = TfNode.ones(rank - 2);
    long[] edges = new long[2 * (rank - 2)];
    for (int i = 0; i < block.length; i++) {
      blocks[i] = block[i];
      edges[i] = pairs[2 * i];
      edges[i + rank - 2] = pairs[2 * i + 1];
    }
    node.channelsFirstOutput(
        0, node.emit(op, Map.of("blocks", blocks, "edges", edges), node.channelsFirst(0)));
  }

  /**
   * Patches side by side are blocks of space in depth. Others are a convolution of each channel
   * whose kernels hold one one each, with the channels in another order.
   */
  private static void patches(TfNode node) {
    long[] size = Window.spatial(true, node.integers("ksizes"));
    long[] strides = Window.spatial(true, node.integers("strides"));
    long[] rates = Window.spatial(true, node.integers("rates"));
    long[] shape = node.shape(0);
    if (shape == null || shape[3] < 0) {
      throw node.unsupported("the number of channels is unknown");
    }
    DataType type = node.type(0);
    String x = node.cast(node.channelsFirst(0), type, DataType.DT_FLOAT);
    boolean beside =
        Arrays.equals(size, strides)
            && size[0] == size[1]
            && Arrays.equals(rates, new long[] {1, 1})
            && shape[1] > 0
            && shape[2] > 0
            && (node.text("padding").equals("VALID")
                || (shape[1] % size[0] == 0 && shape[2] % size[0] == 0));
    String y;
    if (beside) {
      long[] ends = {shape[1] / size[0] * size[0], shape[2] / size[0] * size[0]};
      if (ends[0] < shape[1] || ends[1] < shape[2]) {
        x = node.emit("Slice", x, node.constant(0, 0), node.constant(ends), node.constant(2, 3));
      }
      y = node.emit("SpaceToDepth", Map.of("blocksize", size[0]), x);
    } else {
      int each = Math.toIntExact(size[0] * size[1]);
      int channels = Math.toIntExact(shape[3]);
      double[] ones = new double[Math.multiplyExact(channels, Math.multiplyExact(each, each))];
      long[] order = new long[channels * each];
      for (int i = 0; i < channels * each; i++) {
        ones[i * each + i % each] = 1;
        order[i % each * channels + i / each] = i;
      }
      Window window = Window.of(node, true, size, strides, rates);
      Map<String, Object> attributes = window.attributes();
      attributes.put("group", shape[3]);
      if (!window.isPadded()) {
        x = padded(node, x, window);
      }
      String kernel =
          node.literal(
              Constant.of(
                  DataType.DT_FLOAT,
                  new long[] {(long) channels * each, 1, size[0], size[1]},
                  ones));
      y = node.emit("Conv", attributes, x, kernel);
      y = node.emit("Gather", Map.of("axis", 1), y, node.constant(order));
    }
    node.channelsFirstOutput(0, node.cast(y, DataType.DT_FLOAT, type));
  }

  private static String padded(TfNode node, String x, Window window) {
    return node.emit(
        "Pad",
        Map.of("mode", "constant"),
        x,
        window.samePads(node, window.size(node, x)),
        node.scalar(DataType.DT_FLOAT, 0));
  }
}
