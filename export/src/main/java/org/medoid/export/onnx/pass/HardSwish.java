package org.medoid.export.onnx.pass;

/** x * relu6(x + 3) / 6, the factors in any order. */
final class HardSwish extends Pass {
  @Override
  void visit(OnnxNode node) {
    if (!node.is("Mul", "Div")) {
      return;
    }
    // Either (x * relu6) * c, (x * relu6) / 6, or x * (relu6 * c), x * (relu6 / 6).
    String[] parts = sixth(node);
    if (parts != null) {
      OnnxNode product = producer(parts[1], "Mul");
      if (product != null) {
        swish(node, product.inputs.get(0), product.inputs.get(1));
      }
    } else if (node.is("Mul")) {
      for (int i = 0; i < 2; i++) {
        parts = sixth(producer(node.inputs.get(i), "Mul", "Div"));
        if (parts != null && swish(node, node.inputs.get(1 - i), parts[1])) {
          return;
        }
      }
    }
  }

  private String[] sixth(OnnxNode node) {
    if (node != null && node.is("Mul", "Div")) {
      String[] parts = split(node);
      if (parts != null
          && (node.is("Mul")
              ? isNear(parts[0], 1 / 6.0, parts[1])
              : isNear(parts[0], 6, parts[1]) && parts[0].equals(node.inputs.get(1)))) {
        return parts;
      }
    }
    return null;
  }

  private boolean swish(OnnxNode node, String a, String b) {
    for (String[] order : new String[][] {{a, b}, {b, a}}) {
      OnnxNode clip = producer(order[1], "Clip");
      String[] sum =
          clip != null
                  && scalar(clip.inputs.get(1)) == 0
                  && isNear(clip.inputs.get(2), 6, clip.inputs.get(0))
              ? split(producer(clip.inputs.get(0), "Add"))
              : null;
      if (sum != null && sum[1].equals(order[0]) && isNear(sum[0], 3, sum[1])) {
        become(node, "HardSwish", order[0]);
        return true;
      }
    }
    return false;
  }
}
