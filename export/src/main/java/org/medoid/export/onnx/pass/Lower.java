package org.medoid.export.onnx.pass;

import java.util.List;
import java.util.Map;
import org.tensorflow.proto.DataType;

/** What no pattern took of the operations that ONNX has not. */
final class Lower extends Pass {
  @Override
  void visit(OnnxNode node) {
    switch (node.op) {
      case OnnxGraph.SQUARE -> {
        String x = node.inputs.get(0);
        become(node, "Mul", List.of(x, x), Map.of());
      }
      case OnnxGraph.RSQRT -> {
        String root = emit(node, "Sqrt", node.inputs, Map.of());
        become(node, "Reciprocal", List.of(root), Map.of());
      }
      case OnnxGraph.ERFC -> {
        String erf = emit(node, "Erf", node.inputs, Map.of());
        String one = share(Constant.of(DataType.DT_FLOAT, new long[0], new double[] {1}));
        become(node, "Sub", List.of(one, erf), Map.of());
      }
      default -> {}
    }
  }
}
