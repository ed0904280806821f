package org.medoid.export.savedmodel;

import java.util.HashMap;
import java.util.Map;
import org.tensorflow.Graph;
import org.tensorflow.Operation;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/** The shapes that TensorFlow infers for the tensors of a flat graph. */
final class InferredShapes {
  private final Map<String, Shape> shapes = new HashMap<>();
  private final Map<String, DataType> types = new HashMap<>();

  /**
   * Infers, for which the variables' shapes suffice.
   *
   * @throws IllegalArgumentException if the graph is not a valid one
   */
  InferredShapes(GraphDef open) {
    try (Graph graph = new Graph()) {
      graph.importGraphDef(open);
      graph.operations().forEachRemaining(this::add);
    } catch (TensorFlowException | IllegalStateException e) {
      throw new IllegalArgumentException("not a valid graph: " + VariableValues.firstLine(e), e);
    }
  }

  private void add(Operation operation) {
    for (int i = 0; i < operation.numOutputs(); i++) {
      shapes.put(operation.name() + ":" + i, operation.output(i).shape());
      types.put(operation.name() + ":" + i, operation.output(i).dataType());
    }
  }

  /** The shape of a tensor, of unknown rank where there is none. */
  Shape of(String tensor) {
    return shapes.getOrDefault(Tensors.canonical(tensor), Shape.unknown());
  }

  /** The type of a tensor; DT_INVALID where there is none. */
  DataType type(String tensor) {
    return types.getOrDefault(Tensors.canonical(tensor), DataType.DT_INVALID);
  }

  /** A graph whose placeholder of that name has another batch. */
  static GraphDef withBatch(GraphDef graph, String placeholder, long batch) {
    GraphDef.Builder other = graph.toBuilder();
    for (NodeDef.Builder node : other.getNodeBuilderList()) {
      if (node.getName().equals(placeholder)) {
        AttrValue.Builder shape = node.getAttrOrThrow("shape").toBuilder();
        shape.getShapeBuilder().getDimBuilder(0).setSize(batch);
        node.putAttr("shape", shape.build());
      }
    }
    return other.build();
  }
}
