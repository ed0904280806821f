package org.medoid.export.onnx.pass;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A convolution of every k-th pixel, between a {@code SpaceToBatchND} and its inverse, is one of
 * all pixels with dilation k. Zeros that only fill the last block are cut off again behind it: the
 * padding is what is left of the two.
 */
final class DilatedConvolution extends Pass {
  @Override
  void visit(OnnxNode node) {
    if (!node.is(OnnxGraph.BATCH_TO_SPACE)) {
      return;
    }
    // TensorFlow's convolution in one dimension is one in two, with an axis put in between.
    OnnxNode squeeze = producer(node.inputs.get(0), "Squeeze");
    OnnxNode conv = producer((squeeze == null ? node : squeeze).inputs.get(0), "Conv");
    OnnxNode unsqueeze = conv == null ? null : producer(conv.inputs.get(0), "Unsqueeze");
    OnnxNode split =
        conv == null
            ? null
            : producer(
                (unsqueeze == null ? conv : unsqueeze).inputs.get(0), OnnxGraph.SPACE_TO_BATCH);
    if (split == null
        || (squeeze == null) != (unsqueeze == null)
        || !isSole(node.inputs.get(0))
        || !isSole(conv.output())
        || !Arrays.equals(
            (long[]) split.attributes.get("blocks"), (long[]) node.attributes.get("blocks"))) {
      return;
    }
    long[] blocks = (long[]) node.attributes.get("blocks");
    long[] front = (long[]) split.attributes.get("edges");
    long[] back = (long[]) node.attributes.get("edges");
    int added = -1;
    if (squeeze != null) {
      long[] axis = axis(squeeze);
      if (axis.length != 1 || !Arrays.equals(axis, axis(unsqueeze)) || axis[0] < 2) {
        return;
      }
      added = Math.toIntExact(axis[0]) - 2;
    }
    Map<String, Object> attributes = dilated(conv, blocks, front, back, added);
    if (attributes == null) {
      return;
    }
    List<String> in = new ArrayList<>(conv.inputs);
    in.set(0, split.inputs.get(0));
    if (squeeze == null) {
      become(node, "Conv", in, attributes);
    } else {
      String axis = unsqueeze.inputs.get(1);
      in.set(0, emit(node, "Unsqueeze", split.inputs.get(0), axis));
      become(node, "Squeeze", emit(node, "Conv", in, attributes), axis);
    }
  }

  /** The attributes of the convolution of all pixels; null if there is none. */
  private static Map<String, Object> dilated(
      OnnxNode conv, long[] blocks, long[] front, long[] back, int added) {
    long[] pads = (long[]) conv.attributes.get("pads");
    long[] strides = (long[]) conv.attributes.get("strides");
    int axes = strides.length;
    if (pads == null
        || conv.attributes.containsKey("dilations")
        || Arrays.stream(strides).anyMatch(i -> i != 1)
        || axes != blocks.length + (added < 0 ? 0 : 1)) {
      return null;
    }
    long[] dilations = new long[axes];
    long[] around = new long[2 * axes];
    for (int i = 0, j = 0; i < axes; i++) {
      boolean own = i != added;
      dilations[i] = own ? blocks[j] : 1;
      for (int end = 0; end < 2; end++) {
        int at = j + end * blocks.length;
        around[i + end * axes] =
            pads[i + end * axes] * dilations[i] + (own ? front[at] - back[at] : 0);
      }
      j += own ? 1 : 0;
    }
    if (Arrays.stream(around).anyMatch(i -> i < 0)) {
      return null;
    }
    Map<String, Object> attributes = new TreeMap<>(conv.attributes);
    attributes.put("dilations", dilations);
    attributes.put("pads", around);
    return attributes;
  }

  private long[] axis(OnnxNode node) {
    Constant axes = constant(node.inputs.get(1));
    return axes == null ? new long[0] : axes.longs();
  }
}
