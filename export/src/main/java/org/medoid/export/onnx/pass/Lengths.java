package org.medoid.export.onnx.pass;

import java.util.Map;

/** x * rsqrt(max(sum(x^2), e)) is x / max(norm(x), sqrt(e)), and sqrt(sum(x^2)) is the norm. */
final class Lengths extends Pass {
  @Override
  void visit(OnnxNode node) {
    if (node.is("Sqrt")) {
      OnnxNode sum = producer(node.inputs.get(0), "ReduceSum");
      String x = squared(sum);
      if (x != null) {
        replace(node.output(), norm(node, sum, x));
      }
      return;
    }
    for (int i = 0; i < 2 && node.is("Mul"); i++) {
      String x = node.inputs.get(1 - i);
      OnnxNode rsqrt = producer(node.inputs.get(i), OnnxGraph.RSQRT);
      OnnxNode max = rsqrt == null ? null : producer(rsqrt.inputs.get(0), "Max");
      String[] parts = split(max);
      OnnxNode sum = parts == null ? null : producer(parts[1], "ReduceSum");
      if (x.equals(squared(sum))
          && scalar(parts[0], parts[1]) > 0
          && Boolean.TRUE.equals(sum.attributes.get("keepdims"))) {
        String e = scalarLike(parts[0], Math.sqrt(scalar(parts[0])));
        String length = emit(node, "Max", norm(node, sum, x), e);
        become(node, "Div", x, length);
        return;
      }
    }
  }

  /** The x of a sum of x^2 over known axes, else null. */
  private String squared(OnnxNode sum) {
    OnnxNode square = sum == null ? null : producer(sum.inputs.get(0), OnnxGraph.SQUARE, "Mul");
    if (square == null || sum.inputs.size() < 2 || constant(sum.inputs.get(1)) == null) {
      return null;
    }
    String x = square.inputs.get(0);
    return square.inputs.stream().allMatch(x::equals) ? x : null;
  }

  private String norm(OnnxNode at, OnnxNode sum, String x) {
    long[] axes = constant(sum.inputs.get(1)).longs();
    return emit(
        at,
        "ReduceL2",
        Map.of("axes", axes, "keepdims", sum.attributes.getOrDefault("keepdims", true)),
        x);
  }
}
