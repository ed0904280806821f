package org.medoid.export.onnx.pass;

import java.io.ByteArrayOutputStream;
import org.tensorflow.proto.DataType;

/**
 * What only gives a constant other axes is a constant, and so are vectors of constants that are
 * joined: the known among sizes that are computed.
 */
final class FoldSizes extends Pass {
  @Override
  void visit(OnnxNode node) {
    if (!node.is("Unsqueeze", "Concat")
        || !node.inputs.stream().allMatch(input -> constant(input) != null)) {
      return;
    }
    Constant folded = node.is("Concat") ? joined(node) : raised(node);
    if (folded != null) {
      replace(node.output(), share(folded));
    }
  }

  private Constant raised(OnnxNode node) {
    Constant x = constant(node.inputs.get(0));
    long[] axes = constant(node.inputs.get(1)).longs();
    long[] shape = new long[x.shape().length + axes.length];
    for (long axis : axes) {
      shape[Math.toIntExact(axis < 0 ? axis + shape.length : axis)] = 1;
    }
    for (int i = 0, next = 0; i < shape.length; i++) {
      shape[i] = shape[i] == 1 ? 1 : x.shape()[next++];
    }
    return x.reshaped(shape);
  }

  private Constant joined(OnnxNode node) {
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    for (String input : node.inputs) {
      if (constant(input).shape().length != 1) {
        return null;
      }
      data.writeBytes(constant(input).data());
    }
    DataType type = constant(node.inputs.get(0)).type();
    return new Constant(type, new long[] {data.size() / Types.bytes(type)}, data.toByteArray());
  }
}
