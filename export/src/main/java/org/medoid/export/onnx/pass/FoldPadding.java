package org.medoid.export.onnx.pass;

import java.util.Arrays;

/** Zeros around a convolution's input are the convolution's own padding. */
final class FoldPadding extends Pass {
  @Override
  void visit(OnnxNode node) {
    long[] pads = (long[]) node.attributes.get("pads");
    OnnxNode pad = node.inputs.isEmpty() ? null : producer(node.inputs.get(0), "Pad");
    if (!node.is("Conv", "MaxPool")
        || pads == null
        || pad == null
        || !"constant".equals(pad.attributes.get("mode"))
        || (pad.inputs.size() > 2 && scalar(pad.inputs.get(2)) != 0)) {
      return;
    }
    Constant constant = constant(pad.inputs.get(1));
    long[] more = constant == null ? new long[0] : constant.longs();
    if (more.length != 8
        || more[0] != 0
        || more[1] != 0
        || more[4] != 0
        || more[5] != 0
        || Arrays.stream(more).anyMatch(i -> i < 0)) {
      return;
    }
    long[] sum = {pads[0] + more[2], pads[1] + more[3], pads[2] + more[6], pads[3] + more[7]};
    if (node.is("MaxPool")) {
      // Its own padding is minus infinity: the same where nothing is below zero and each window
      // reaches into the image.
      long[] kernel = (long[]) node.attributes.get("kernel_shape");
      boolean inside = Arrays.stream(pads).allMatch(i -> i == 0);
      for (int i = 0; i < 4; i++) {
        inside &= sum[i] < kernel[i % 2];
      }
      OnnxNode source = producer(pad.inputs.get(0), "Relu", "Clip", "Sigmoid");
      if (!inside
          || source == null
          || (source.is("Clip") && !(scalar(source.inputs.get(1)) >= 0))) {
        return;
      }
    }
    node.inputs.set(0, pad.inputs.get(0));
    node.attributes.put("pads", sum);
    visit(node); // one Pad may stand behind another
  }
}
