package org.medoid.export.savedmodel;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
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

  /** What is computed from the shape of its input alone. */
  private static final Set<String> OF_SHAPES = Set.of("Shape", "ShapeN", "Rank", "Size");

  private static final Set<DataType> FLOATS =
      EnumSet.of(DataType.DT_FLOAT, DataType.DT_DOUBLE, DataType.DT_HALF, DataType.DT_BFLOAT16);

  /** The type and shape of a tensor. */
  private record Made(DataType type, Shape shape) {}

  /** What each node makes that was imported. */
  private final Map<String, List<Made>> seen = new HashMap<>();

  /** Those of them whose values depend on what is fed. */
  private final Set<String> fed = new HashSet<>();

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

  /** Forgets what it knew of nodes that are gone. */
  void forget() {
    seen.clear();
    fed.clear();
  }

  /** The type of a tensor; DT_INVALID if the graph is not valid. */
  DataType type(String tensor) {
    Made made = made(tensor);
    return made == null ? DataType.DT_INVALID : made.type;
  }

  /** The shape of a tensor, unknown if the graph is not valid. */
  Shape shape(String tensor) {
    Made made = made(tensor);
    return made == null ? Shape.unknown() : made.shape;
  }

  private Made made(String tensor) {
    String[] parts = Tensors.canonical(tensor).split(":", -1);
    if (!seen.containsKey(parts[0])) {
      try (Graph graph = new Graph()) {
        imported(graph, tensor);
      } catch (TensorFlowException | IllegalArgumentException | IllegalStateException e) {
        return null;
      }
    }
    List<Made> outputs = seen.get(parts[0]);
    int number = Integer.parseInt(parts[1]);
    return number < outputs.size() ? outputs.get(number) : null;
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
    return new InferredShapes(part(names, Set.of()));
  }

  /**
   * Part of the graph.
   *
   * @param stands those of the nodes in whose place a placeholder says as much
   */
  private GraphDef part(Set<String> needed, Set<String> stands) {
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
    for (NodeDef node : nodes.values()) {
      if (stands.contains(node.getName())) {
        Made made = seen.get(node.getName()).get(0);
        part.addNode(Nodes.placeholder(node.getName(), made.type, Nodes.shape(made.shape)));
      } else if (needed.contains(node.getName())) {
        part.addNode(node);
      }
    }
    return part.build();
  }

  /**
   * What a tensor depends on, in a graph. Once seen, floats that no constants determine are what
   * their shape says: nothing behind them is imported again, or each branch of a long network would
   * read all before it.
   */
  private Output<?> imported(Graph graph, String tensor) {
    String root = Tensors.node(tensor);
    if (!nodes.containsKey(root) && !variables.containsKey(root)) {
      throw new IllegalArgumentException(tensor + " is no tensor of a node");
    }
    Set<String> needed = new HashSet<>();
    Set<String> stands = new HashSet<>();
    Deque<String> open = new ArrayDeque<>(List.of(root));
    while (!open.isEmpty()) {
      String name = open.pop();
      NodeDef node = nodes.get(name);
      if (node != null && !name.equals(root) && isSettled(name)) {
        stands.add(name);
      } else if (needed.add(name) && node != null) {
        node.getInputList().forEach(input -> open.push(Tensors.node(input)));
      }
    }
    GraphDef part = part(needed, stands);
    graph.importGraphDef(part);
    part.getNodeList().forEach(node -> note(graph, node));
    String[] parts = Tensors.canonical(tensor).split(":", -1);
    return graph.operation(parts[0]).output(Integer.parseInt(parts[1]));
  }

  private boolean isSettled(String name) {
    List<Made> outputs = seen.get(name);
    return outputs != null
        && outputs.size() == 1
        && fed.contains(name)
        && FLOATS.contains(outputs.get(0).type);
  }

  private void note(Graph graph, NodeDef node) {
    if (seen.containsKey(node.getName())) {
      return;
    }
    GraphOperation operation = graph.operation(node.getName());
    List<Made> outputs = new ArrayList<>();
    for (int i = 0; i < operation.numOutputs(); i++) {
      outputs.add(new Made(operation.output(i).dataType(), operation.output(i).shape()));
    }
    seen.put(node.getName(), outputs);
    boolean reads = node.getInputList().stream().map(Tensors::node).anyMatch(fed::contains);
    if (node.getOp().equals("Placeholder") || (reads && !OF_SHAPES.contains(node.getOp()))) {
      fed.add(node.getName());
    }
  }
}
