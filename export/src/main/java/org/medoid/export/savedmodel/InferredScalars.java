package org.medoid.export.savedmodel;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TNumber;

/**
 * Whole numbers that TensorFlow knows without running a graph: how many rows a batch has that was
 * reshaped, the largest of some constants. Its inference of shapes computes them wherever they are
 * sizes, so each is made the size of a tensor, and looked up.
 */
final class InferredScalars {
  /** Types that sizes may have, after a cast. */
  static final Set<DataType> TYPES =
      EnumSet.of(DataType.DT_INT32, DataType.DT_INT64, DataType.DT_BOOL);

  /** The version of graphs from which on a placeholder of rank 0 is a scalar, and not anything. */
  private static final int SCALARS = 24;

  private final Map<String, NodeDef> nodes;
  private final Map<String, NodeDef> variables;
  private final Map<String, FunctionDef> functions;

  /**
   * Of a graph that grows.
   *
   * @param nodes its nodes so far, by name
   * @param variables its variables so far, by name
   * @param functions of its loops so far, by name
   */
  InferredScalars(
      Map<String, NodeDef> nodes,
      Map<String, NodeDef> variables,
      Map<String, FunctionDef> functions) {
    this.nodes = nodes;
    this.variables = variables;
    this.functions = functions;
  }

  /** The type of a tensor; DT_INVALID if the graph is not valid. */
  DataType type(String tensor) {
    try (Graph graph = new Graph()) {
      return imported(graph, tensor).dataType();
    } catch (TensorFlowException | IllegalArgumentException | IllegalStateException e) {
      return DataType.DT_INVALID;
    }
  }

  /** The shape of a tensor, unknown if the graph is not valid. */
  Shape shape(String tensor) {
    try (Graph graph = new Graph()) {
      return imported(graph, tensor).shape();
    } catch (TensorFlowException | IllegalArgumentException | IllegalStateException e) {
      return Shape.unknown();
    }
  }

  /** The value of a scalar of whole numbers, not negative, or a truth value; null if unknown. */
  @SuppressWarnings("unchecked")
  Integer of(String tensor) {
    try (Graph graph = new Graph()) {
      Output<?> scalar = imported(graph, tensor);
      if (!TYPES.contains(scalar.dataType()) || scalar.shape().numDimensions() != 0) {
        return null;
      }
      Ops tf = Ops.create(graph);
      Operand<? extends TNumber> size =
          scalar.dataType() == DataType.DT_BOOL
              ? tf.select((Output<TBool>) scalar, tf.constant(1), tf.constant(0))
              : (Output<TNumber>) scalar;
      Operand<TFloat32> sized = tf.fill(tf.expandDims(size, tf.constant(0)), tf.constant(0f));
      long value = sized.shape().numDimensions() == 1 ? sized.shape().get(0) : -1;
      return value < 0 || value > Integer.MAX_VALUE ? null : (int) value;
    } catch (TensorFlowException | IllegalArgumentException | IllegalStateException e) {
      return null; // a graph that is not valid is told by its import
    }
  }

  /**
   * The shapes and types of all tensors.
   *
   * @throws IllegalArgumentException if the graph is not valid
   */
  InferredShapes all() {
    Set<String> names = new HashSet<>(nodes.keySet());
    names.addAll(variables.keySet());
    return new InferredShapes(part(names));
  }

  private GraphDef part(Set<String> needed) {
    GraphDef.Builder part = GraphDef.newBuilder();
    part.getVersionsBuilder().setProducer(SCALARS);
    part.getLibraryBuilder().addAllFunction(functions.values());
    variables.forEach(
        (name, node) -> {
          if (needed.contains(name)) {
            part.addNode(
                Nodes.placeholder(
                    name, Nodes.type(node, "dtype"), node.getAttrOrThrow("shape").getShape()));
          }
        });
    nodes.values().stream().filter(node -> needed.contains(node.getName())).forEach(part::addNode);
    return part.build();
  }

  /** What a tensor depends on, in a graph. */
  private Output<?> imported(Graph graph, String tensor) {
    String root = Tensors.node(tensor);
    if (!nodes.containsKey(root) && !variables.containsKey(root)) {
      throw new IllegalArgumentException(tensor + " is no tensor of a node");
    }
    Set<String> needed = new HashSet<>();
    Deque<String> open = new ArrayDeque<>(List.of(root));
    while (!open.isEmpty()) {
      String name = open.pop();
      NodeDef node = nodes.get(name);
      if (needed.add(name) && node != null) {
        node.getInputList().forEach(input -> open.push(Tensors.node(input)));
      }
    }
    graph.importGraphDef(part(needed));
    String[] parts = Tensors.canonical(tensor).split(":", -1);
    return graph.operation(parts[0]).output(Integer.parseInt(parts[1]));
  }
}
