package org.medoid.export.onnx.pass;

import org.tensorflow.proto.DataType;

/**
 * A product with a constant of a product with a constant is one: pixels that are scaled by who
 * reads them and again by the network. Of what is one behind the other nothing is left, as of 255
 * and 1 / 255.
 */
final class MergeProducts extends Pass {
  @Override
  void visit(OnnxNode node) {
    String[] outer = product(node);
    String[] inner = outer == null || !isSole(outer[1]) ? null : product(maker(outer[1]));
    if (inner == null) {
      return;
    }
    Constant a = constant(outer[0]);
    Constant b = constant(inner[0]);
    // One for all beside any other, so that what they make is spread like that.
    Constant wide = a.size() > 1 || b.shape().length < a.shape().length ? a : b;
    Constant one = wide == a ? b : a;
    if (one.size() != 1 || one.shape().length > wide.shape().length) {
      return;
    }
    double by = factor(wide == a ? maker(outer[1]) : node, one.doubles()[0]);
    double[] values = wide.doubles();
    for (int i = 0; i < values.length; i++) {
      values[i] = by * factor(wide == a ? node : maker(outer[1]), values[i]);
      if (!(Math.abs(values[i]) >= Float.MIN_NORMAL && Math.abs(values[i]) <= Float.MAX_VALUE)) {
        return;
      }
    }
    if (wide.shape().length == 0 && (float) values[0] == 1) {
      replace(node.output(), inner[1]);
    } else {
      String both = add(node.name + "/factor", Constant.of(wide.type(), wide.shape(), values));
      become(node, "Mul", inner[1], both);
    }
  }

  /** The constant and the other factor of a product; null if it is none. */
  private String[] product(OnnxNode node) {
    String[] parts = node != null && node.is("Mul", "Div") ? split(node) : null;
    if (parts == null || (node.is("Div") && !parts[0].equals(node.inputs.get(1)))) {
      return null;
    }
    return constant(parts[0]).type() == DataType.DT_FLOAT ? parts : null;
  }

  private static double factor(OnnxNode node, double constant) {
    return node.is("Div") ? 1 / constant : constant;
  }
}
