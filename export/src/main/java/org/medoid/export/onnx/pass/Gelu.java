package org.medoid.export.onnx.pass;

import java.util.Map;
import org.tensorflow.proto.DataType;

/** erfc(-x) is 1 + erf(x): the form of GELU that runtimes have one kernel for. */
final class Gelu extends Pass {
  @Override
  void visit(OnnxNode node) {
    if (!node.is(OnnxGraph.ERFC)) {
      return;
    }
    String x = node.inputs.get(0);
    OnnxNode product = producer(x, "Mul", "Neg", "Div");
    String positive = null;
    if (product != null && product.is("Neg")) {
      positive = product.inputs.get(0);
    } else if (product != null) {
      String[] parts = split(product);
      if (parts != null && scalar(parts[0], parts[1]) < 0) {
        positive =
            emit(
                node,
                product.op,
                product.inputs.stream()
                    .map(i -> i.equals(parts[0]) ? scalarLike(i, -scalar(i)) : i)
                    .toList(),
                Map.of());
      } else if (parts != null && producer(parts[1], "Neg") != null) {
        String inner = producer(parts[1], "Neg").inputs.get(0);
        positive =
            emit(
                node,
                product.op,
                product.inputs.stream().map(i -> i.equals(parts[1]) ? inner : i).toList(),
                Map.of());
      }
    }
    if (positive != null) {
      String one = share(Constant.of(DataType.DT_FLOAT, new long[0], new double[] {1}));
      String erf = emit(node, "Erf", positive);
      become(node, "Add", erf, one);
    }
  }
}
