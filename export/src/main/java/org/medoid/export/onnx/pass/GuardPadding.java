package org.medoid.export.onnx.pass;

import org.tensorflow.proto.DataType;

/**
 * onnxruntime takes zeros in front of a pooling for the pooling's own padding, which they are not:
 * a maximum never sees its own, a mean does not count it, and it must be below the kernel. A Max
 * with minus infinity between the two changes no number and keeps them apart.
 */
final class GuardPadding extends Pass {
  @Override
  void visit(OnnxNode node) {
    if (!node.is("MaxPool", "AveragePool")) {
      return;
    }
    // It moves a Transpose out of the way first.
    OnnxNode moved = producer(node.inputs.get(0), "Transpose");
    OnnxNode pad = producer((moved == null ? node : moved).inputs.get(0), "Pad");
    if (pad != null
        && "constant".equals(pad.attributes.get("mode"))
        && (pad.inputs.size() < 3 || scalar(pad.inputs.get(2)) == 0)) {
      DataType type =
          pad.inputs.size() < 3 ? DataType.DT_FLOAT : constant(pad.inputs.get(2)).type();
      String least = share(Constant.of(type, new long[0], new double[] {Double.NEGATIVE_INFINITY}));
      node.inputs.set(0, emit(node, "Max", node.inputs.get(0), least));
    }
  }
}
