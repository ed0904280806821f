package org.medoid.export.savedmodel;

import java.util.ArrayList;
import java.util.List;
import org.tensorflow.proto.NodeDef;

/**
 * The read of some places of a variable, as {@code tf.gather} and Keras's Embedding write it: in a
 * flat graph the handle stands for the value, and it gathers from that.
 *
 * @param node the operation on values
 * @param inputs what it reads
 */
record VariableGather(NodeDef node, List<String> inputs) {

  /** A {@code ResourceGather} or {@code ResourceGatherNd} with its flat inputs. */
  static VariableGather of(Border.Nodebook book, Body body, NodeDef node, List<String> inputs) {
    NodeDef.Builder plain =
        node.toBuilder()
            .putAttr("Tparams", node.getAttrOrThrow("dtype"))
            .removeAttr("dtype")
            .removeAttr("validate_indices");
    if (node.getOp().equals("ResourceGatherNd")) {
      return new VariableGather(plain.setOp("GatherNd").build(), inputs);
    }
    int axis = (int) node.getAttrOrDefault("batch_dims", Nodes.number(0)).getI();
    List<String> all = new ArrayList<>(inputs);
    all.add(new FlatNodes(book).number(body.flatName(node) + "/axis", axis));
    plain.setOp("GatherV2").putAttr("Taxis", Nodes.INT);
    return new VariableGather(plain.build(), all);
  }
}
