package org.medoid.export.savedmodel;

import java.util.List;
import java.util.Map;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.NodeDef;

/**
 * Quantisation in training, of which TensorFlow's C++ has no gradient: the values are the rounded
 * ones, the gradient is that of values cut off at the bounds ("straight through"; Jacob et al.,
 * arXiv 1712.05877). The bounds are moved so that zero is one of the steps, as the operation does.
 */
final class StraightThrough {
  private StraightThrough() {}

  static void register(Map<String, Differentiable.Rule> table) {
    for (String given : List.of("Args", "Vars", "VarsPerChannel")) {
      table.put("FakeQuantWithMinMax" + given, StraightThrough::of);
    }
  }

  private static String of(Anew n) {
    NodeDef node = n.node();
    boolean given = node.getOp().endsWith("Args");
    String low = given ? n.scalar(decimal(node, "min", -6)) : n.input(1);
    String high = given ? n.scalar(decimal(node, "max", 6)) : n.input(2);
    AttrValue eight = Nodes.number(8);
    float least = n.flag("narrow_range") ? 1 : 0;
    float most = (1 << node.getAttrOrDefault("num_bits", eight).getI()) - 1;
    String step = n.add("RealDiv", n.add("Sub", high, low), n.scalar(most - least));
    String zero = n.add("Sub", n.scalar(least), n.add("RealDiv", low, step));
    zero = n.add("Floor", n.add("AddV2", zero, n.scalar(0.5f)));
    zero = n.add("Minimum", n.add("Maximum", zero, n.scalar(least)), n.scalar(most));
    String bottom = moved(n, low, n.add("Mul", n.add("Sub", n.scalar(least), zero), step));
    String top = moved(n, high, n.add("Mul", n.add("Sub", n.scalar(most), zero), step));
    String cut = n.add("Minimum", n.add("Maximum", n.input(0), bottom), top);
    return moved(n, cut, n.itself());
  }

  /** Another value with the gradient that it had. */
  private static String moved(Anew n, String value, String to) {
    return n.add("AddV2", value, n.still(n.add("Sub", to, value)));
  }

  private static float decimal(NodeDef node, String attribute, float usual) {
    return node.containsAttr(attribute) ? node.getAttrOrThrow(attribute).getF() : usual;
  }
}
