package org.medoid.export.onnx;

import static org.tensorflow.proto.DataType.DT_FLOAT;
import static org.tensorflow.proto.DataType.DT_INT64;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Of boxes that overlap, the ones with the highest scores. */
final class BoxOps {
  private BoxOps() {}

  static void register(Map<String, OpConverter> table) {
    for (String version : List.of("", "V2", "V3", "V4", "V5")) {
      table.put("NonMaxSuppression" + version, BoxOps::suppress);
    }
  }

  private static void suppress(TfNode node) {
    boolean soft = node.op().endsWith("V5");
    if (soft && node.decimals(5)[0] != 0) {
      throw node.unsupported("scores that fall with the overlap (soft_nms_sigma)");
    }
    boolean first = node.op().equals("NonMaxSuppression");
    if (node.outputCount() > 1 && node.flag("pad_to_max_output_size")) {
      throw node.unsupported("a result that is filled up (pad_to_max_output_size)");
    }
    String boxes = single(node, 0);
    String scores = single(node, 1);
    String most = node.emit("Reshape", node.sizes(2), node.constant(1));
    String overlap = first ? node.scalar(DT_FLOAT, node.decimal("iou_threshold")) : single(node, 3);
    List<String> tensors =
        new ArrayList<>(
            List.of(
                node.unsqueezed(boxes, 0),
                node.unsqueezed(scores, 0, 1),
                most,
                node.emit("Reshape", overlap, node.constant(1))));
    if (node.inputCount() > 4) {
      tensors.add(node.emit("Reshape", single(node, 4), node.constant(1)));
    }
    // [found, 3]: the picture, the class, the box
    String found = node.emit("NonMaxSuppression", tensors);
    String box = node.emit("Gather", Map.of("axis", 1), found, node.scalar(DT_INT64, 2));
    node.output(0, node.cast(box, DT_INT64, node.outputType(0)));
    if (soft) {
      node.output(1, node.emit("Gather", Map.of("axis", 0), node.input(1), box));
    }
    if (node.outputCount() > 1) {
      String count = node.emit("Size", box);
      int last = node.outputCount() - 1;
      node.output(last, node.cast(count, DT_INT64, node.outputType(last)));
    }
  }

  private static String single(TfNode node, int input) {
    return node.cast(node.input(input), node.type(input), DT_FLOAT);
  }
}
