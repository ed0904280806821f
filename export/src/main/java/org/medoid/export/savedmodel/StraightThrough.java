package org.medoid.export.savedmodel;

import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;

/**
 * Quantisation in training, of which TensorFlow's C++ has no gradient: the values are the rounded
 * ones, the gradient is that of values cut off at the bounds ("straight through"; Jacob et al.,
 * arXiv 1712.05877). The bounds are moved so that zero is one of the steps, as the operation does.
 */
final class StraightThrough {
  private final NodeWriter writer;
  private final NodeDef node;

  private StraightThrough(NodeWriter writer, NodeDef node) {
    this.writer = writer;
    this.node = node;
  }

  /** Whether a node is one of these. */
  static boolean is(NodeDef node) {
    return node.getOp().startsWith("FakeQuantWithMinMax") && !node.getOp().endsWith("Gradient");
  }

  /**
   * Writes a quantisation anew.
   *
   * @return what bears its name now
   */
  static NodeDef of(NodeWriter writer, NodeDef node) {
    return new StraightThrough(writer, node).written();
  }

  private NodeDef written() {
    boolean given = node.getOp().endsWith("Args");
    String low = given ? scalar(decimal("min", -6)) : node.getInput(1);
    String high = given ? scalar(decimal("max", 6)) : node.getInput(2);
    AttrValue none = AttrValue.getDefaultInstance();
    AttrValue eight = Nodes.number(8);
    float least = node.getAttrOrDefault("narrow_range", none).getB() ? 1 : 0;
    float most = (1 << node.getAttrOrDefault("num_bits", eight).getI()) - 1;
    String step = add("RealDiv", add("Sub", high, low), scalar(most - least));
    String zero = add("Sub", scalar(least), add("RealDiv", low, step));
    zero = add("Floor", add("AddV2", zero, scalar(0.5f)));
    zero = add("Minimum", add("Maximum", zero, scalar(least)), scalar(most));
    String bottom = moved(low, add("Mul", add("Sub", scalar(least), zero), step));
    String top = moved(high, add("Mul", add("Sub", scalar(most), zero), step));
    String cut = add("Minimum", add("Maximum", node.getInput(0), bottom), top);
    String rounded = writer.add(node, "rounded", node.toBuilder());
    return single("AddV2", cut, still(add("Sub", rounded, cut))).setName(node.getName()).build();
  }

  /** Another value with a bound's gradient. */
  private String moved(String bound, String to) {
    return add("AddV2", bound, still(add("Sub", to, bound)));
  }

  private String still(String x) {
    return add("StopGradient", x);
  }

  private float decimal(String attribute, float usual) {
    return node.containsAttr(attribute) ? node.getAttrOrThrow(attribute).getF() : usual;
  }

  private String scalar(float value) {
    return writer.add(node, "number", Nodes.constant("", value));
  }

  private String add(String op, String... inputs) {
    return writer.add(node, op, single(op, inputs));
  }

  private static NodeDef.Builder single(String op, String... inputs) {
    return Nodes.node("", op, inputs).putAttr("T", Nodes.type(DataType.DT_FLOAT));
  }
}
