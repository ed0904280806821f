package org.medoid.export.onnx;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The window of a convolution or pooling: how large it is, how it moves, and what is around the
 * image. Images have any number of spatial axes.
 *
 * @param channelsLast whether the node's data format has the channels at the end
 * @param attributes kernel_shape, strides, dilations and pads or auto_pad, as ONNX names them
 */
record Window(boolean channelsLast, Map<String, Object> attributes) {

  /** The data format of a node, and whether its channels are last. */
  static boolean channelsLast(TfNode node) {
    return switch (node.text("data_format")) {
      case "NHWC", "NDHWC" -> true;
      case "NCHW", "NCDHW" -> false;
      default -> throw node.unsupported("data format " + node.text("data_format"));
    };
  }

  /** Of one number for each axis, those of the spatial axes. */
  static long[] spatial(boolean channelsLast, long[] values) {
    int from = channelsLast ? 1 : 2;
    return Arrays.copyOfRange(values, from, from + values.length - 2);
  }

  /** Of one number for each axis, that of the channels; -1 for null. */
  static long channels(boolean channelsLast, long[] values) {
    return values == null ? -1 : values[channelsLast ? values.length - 1 : 1];
  }

  /**
   * Reads the padding of a node. Without pads and auto_pad, the padding must be computed when the
   * size of the image is seen: onnxruntime refuses SAME_UPPER with a dilation, and shifts the
   * window by a negative padding where the stride is above the kernel.
   */
  static Window of(
      TfNode node, boolean channelsLast, long[] kernel, long[] strides, long[] dilations) {
    int axes = kernel.length;
    Map<String, Object> attributes = new HashMap<>();
    attributes.put("kernel_shape", kernel);
    attributes.put("strides", strides);
    boolean dilated = Arrays.stream(dilations).anyMatch(i -> i != 1);
    if (dilated) {
      attributes.put("dilations", dilations);
    }
    long[] pads = new long[2 * axes];
    switch (node.text("padding")) {
      case "VALID" -> {}
      case "EXPLICIT" -> {
        long[] all = node.integers("explicit_paddings");
        int first = channelsLast ? 2 : 4;
        for (int i = 0; i < axes; i++) {
          pads[i] = all[first + 2 * i];
          pads[i + axes] = all[first + 2 * i + 1];
        }
      }
      default -> {
        long[] shape = node.shape(0);
        for (int i = 0; i < axes; i++) {
          long size = shape == null ? -1 : spatial(channelsLast, shape)[i];
          long reach = (kernel[i] - 1) * dilations[i] + 1;
          long total;
          if (strides[i] == 1 || reach == 1) {
            total = reach - 1; // whatever the size
          } else if (size >= 0) {
            long out = (size + strides[i] - 1) / strides[i];
            total = Math.max((out - 1) * strides[i] + reach - size, 0);
          } else {
            boolean within = true;
            for (int j = 0; j < axes; j++) {
              within &= kernel[j] >= strides[j];
            }
            if (!dilated && within) {
              attributes.put("auto_pad", "SAME_UPPER");
            }
            return new Window(channelsLast, attributes);
          }
          pads[i] = total / 2;
          pads[i + axes] = total - total / 2;
        }
      }
    }
    attributes.put("pads", pads);
    return new Window(channelsLast, attributes);
  }

  private int axes() {
    return ((long[]) attributes.get("strides")).length;
  }

  /** Whether the padding is known, or the runtime's to work out. */
  boolean isPadded() {
    return attributes.containsKey("pads") || attributes.containsKey("auto_pad");
  }

  /** The images that a node reads, channels first. */
  String images(TfNode node) {
    return node.input(0, channelsLast);
  }

  /** Sets the images that a node makes, given with channels first. */
  void setImages(TfNode node, String tensor) {
    node.output(0, channelsLast, tensor);
  }

  /** The spatial sizes of images as a vector. */
  String size(TfNode node, String images) {
    List<String> slice =
        List.of(node.emit("Shape", images), node.constant(2), node.constant(2 + axes()));
    return node.emit("Slice", slice);
  }

  /**
   * The SAME padding of images whose size only the model sees, as the one operand of Pad: out =
   * ceil(size / stride), total = max((out - 1) stride + reach - size, 0), half of it in front.
   */
  String samePads(TfNode node, String size) {
    long[] strides = (long[]) attributes.get("strides");
    long[] reach = ((long[]) attributes.get("kernel_shape")).clone();
    long[] ones = TfNode.ones(axes());
    long[] dilations = (long[]) attributes.getOrDefault("dilations", ones);
    Arrays.setAll(reach, i -> (reach[i] - 1) * dilations[i] + 1);
    String less = node.emit("Sub", size, node.constant(1));
    String last = node.emit("Div", less, node.constant(strides));
    String end = node.emit("Mul", last, node.constant(strides));
    String missing = node.emit("Sub", node.emit("Add", end, node.constant(reach)), size);
    String total = node.emit("Max", missing, node.constant(0));
    String before = node.emit("Div", total, node.constant(2));
    String after = node.emit("Sub", total, before);
    String none = node.constant(0, 0);
    return node.emit("Concat", Map.of("axis", 0), none, before, none, after);
  }

  /** Images with something around them. */
  static String padded(TfNode node, String images, String pads, double fill) {
    return node.emit(
        "Pad", Map.of("mode", "constant"), images, pads, node.scalar(node.type(0), fill));
  }
}
