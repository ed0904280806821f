package org.medoid.export.savedmodel;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorProto;

/**
 * Frees the batch of a network that was written for a fixed one: the sizes that its reshapes hold
 * as constants are replaced by -1 where they count the pictures.
 */
final class FreeBatch {
  private FreeBatch() {}

  /**
   * Tries it.
   *
   * @param flat with one input, a placeholder whose batch is open, and one output
   * @param batch that the network was written for
   * @return the freed graph, or null if its output would not have a row for each picture
   */
  static FlatGraph of(FlatGraph flat, long batch) {
    String images = Tensors.node(flat.inputs().values().iterator().next());
    String output = flat.outputs().values().iterator().next();
    InferredShapes fixed = new InferredShapes(InferredShapes.withBatch(flat.open(), images, batch));
    FlatGraph freed = flat.with(reshaped(flat, images, batch, fixed), flat.variables()).pruned();
    GraphDef open = freed.open();
    try {
      for (long other : new long[] {batch + 1, 3 * batch + 2}) {
        Shape rows = new InferredShapes(InferredShapes.withBatch(open, images, other)).of(output);
        if (rows.isUnknown() || (rows.get(0) != other && rows.get(0) >= 0)) {
          return null;
        }
      }
      Shape any = new InferredShapes(open).of(output);
      return any.isUnknown() || any.get(0) < 0 ? freed : null;
    } catch (IllegalArgumentException e) {
      // Somewhere another size than that of the batch does not fit.
      return null;
    }
  }

  private static List<NodeDef> reshaped(
      FlatGraph flat, String images, long batch, InferredShapes fixed) {
    Map<String, NodeDef> constants = new HashMap<>();
    Set<String> behind = new HashSet<>(Set.of(images));
    Names names = new Names();
    flat.nodes().forEach(node -> names.take(node.getName()));
    List<NodeDef> nodes = new ArrayList<>();
    for (NodeDef node : flat.nodes()) {
      if (node.getOp().equals("Const")) {
        constants.put(node.getName(), node);
      }
      NodeDef kept = node;
      if (node.getInputList().stream().map(Tensors::node).anyMatch(behind::contains)) {
        behind.add(node.getName());
        NodeDef shape =
            node.getOp().equals("Reshape") ? constants.get(Tensors.node(node.getInput(1))) : null;
        List<Integer> sizes = shape == null ? null : sizes(shape, fixed.of(node.getName()), batch);
        if (sizes != null) {
          String name = names.unique(shape.getName() + "/free");
          nodes.add(Nodes.constant(sizes).setName(name).build());
          kept = node.toBuilder().setInput(1, name).putAttr("Tshape", Nodes.INT).build();
        }
      }
      nodes.add(kept);
    }
    return nodes;
  }

  /** The sizes with -1 for the batch; null if they do not begin with it, or are not known. */
  private static List<Integer> sizes(NodeDef shape, Shape inferred, long batch) {
    TensorProto given = shape.getAttrOrThrow("value").getTensor();
    if (inferred.isUnknown()
        || inferred.numDimensions() == 0
        || inferred.get(0) % batch != 0
        || Constants.first(given) == null
        || Constants.first(given) < 0) {
      return null;
    }
    List<Integer> sizes = new ArrayList<>(List.of(-1));
    for (int axis = 1; axis < inferred.numDimensions(); axis++) {
      if (inferred.get(axis) < 0) {
        return null;
      }
      sizes.add(Math.toIntExact(inferred.get(axis)));
    }
    return sizes;
  }
}
