package org.medoid.export.onnx.pass;

import java.util.List;
import org.tensorflow.proto.DataType;

/**
 * A graph that a node of another graph runs, an attribute of that node. It reads tensors of the
 * graph around it; the node has them as inputs behind its own, so that whoever rewrites the graph
 * around sees them.
 *
 * @param graph its nodes
 * @param inputs what it is given in each run
 * @param outputs what it makes
 * @param captured what its nodes call the tensors around, in the order of the node's last inputs
 */
public record Subgraph(
    OnnxGraph graph, List<Port> inputs, List<Port> outputs, List<String> captured) {

  /**
   * An input or an output.
   *
   * @param tensor its name in the graph
   * @param type its type
   * @param shape sizes, -1 where unknown; null if even the rank is
   */
  public record Port(String tensor, DataType type, long[] shape) {}
}
