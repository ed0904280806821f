package org.medoid.export.onnx;

import java.util.Collections;
import java.util.List;
import java.util.Map;
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
  }

  private static void pool(TfNode node, String op) {
    boolean last = Window.channelsLast(node);
    boolean operands = node.op().equals("MaxPoolV2");
    long[] size = operands ? node.integers(1) : node.integers("ksize");
    long[] step = operands ? node.integers(2) : node.integers("strides");
    if (size[0] != 1 || Window.channels(last, size) != 1) {
      throw node.unsupported("it pools over the batch or the channels");
    }
    long[] kernel = Window.spatial(last, size);
    long[] ones = Collections.nCopies(kernel.length, 1L).stream().mapToLong(i -> i).toArray();
    Window window = Window.of(node, last, kernel, Window.spatial(last, step), ones);
    Map<String, Object> attributes = window.attributes();
    if (op.equals("AveragePool")) {
      attributes.put("count_include_pad", 0);
    }
    String x = window.images(node);
    String pooled;
    if (window.isPadded()) {
      pooled = node.emit(op, List.of(x), attributes);
    } else if (!Types.isFloating(node.type(0))) {
      throw node.unsupported(
          "SAME padding of integers, of an unknown image size, with a stride above the kernel;"
              + " fix the size");
    } else {
      String hw = window.size(node, x);
      String pads = window.samePads(node, hw);
      boolean max = op.equals("MaxPool");
      double fill = max ? Double.NEGATIVE_INFINITY : 0;
      pooled = node.emit(op, List.of(Window.padded(node, x, pads, fill)), attributes);
      if (!max) {
        // The zeros must not count: divide by the mean of what is one inside and zero outside.
        String shape = node.emit("Concat", List.of(node.constant(1, 1), hw), Map.of("axis", 0));
        String inside = node.emit("Expand", List.of(node.scalar(node.type(0), 1), shape));
        String share = node.emit(op, List.of(Window.padded(node, inside, pads, 0)), attributes);
        pooled = node.emit("Div", List.of(pooled, share));
      }
    }
    window.setImages(node, pooled);
  }
}
