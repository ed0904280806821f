package org.medoid.export.onnx;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.medoid.export.onnx.pass.Constant;
import org.medoid.export.onnx.pass.Shapes;
import org.medoid.export.onnx.pass.Types;
import org.medoid.export.savedmodel.AsWritten;
import org.medoid.export.savedmodel.Operations;
import org.medoid.export.savedmodel.VariableValues;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Output;
import org.tensorflow.RawTensor;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/**
 * What is converted: the nodes that the outputs depend on, in order of computation, with the types
 * and shapes that TensorFlow infers, and the values of all tensors that depend on constants alone,
 * computed by TensorFlow.
 */
final class Source {

  /** A tensor that depends on constants is computed at most up to this size beyond its inputs'. */
  private static final long LARGEST_GROWTH = 16 << 20;

  /**
   * Products that stay in the model even of constants; the runtime computes them once, when it
   * loads the file. TensorFlow 2.18's oneDNN, on by default where a processor has AVX512_VNNI, has
   * batches of matrix products wrong and fails on a convolution behind a padding of channels.
   */
  private static final Set<String> NOT_FOLDED =
      Set.of("BatchMatMul", "BatchMatMulV2", "BatchMatMulV3", "Conv2D", "DepthwiseConv2dNative");

  /** Output {@code index} of a node. */
  record TensorName(String node, int index) {
    /** Reads {@code node}, {@code node:0}. */
    static TensorName parse(String text) {
      int colon = text.lastIndexOf(':');
      if (colon < 0 || !text.substring(colon + 1).matches("[0-9]{1,9}")) {
        return new TensorName(text, 0);
      }
      return new TensorName(text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
    }

    @Override
    public String toString() {
      return index == 0 ? node : node + ":" + index;
    }
  }

  /** The type of a tensor and what is known of its shape. */
  record Info(DataType type, long[] shape) {}

  /** A node with its data inputs. */
  record Node(NodeDef definition, List<TensorName> inputs) {
    String name() {
      return definition.getName();
    }

    String op() {
      return definition.getOp();
    }

    @Override
    public String toString() {
      return name() + " (" + op() + ")";
    }
  }

  /** A node that cannot be converted, and why. */
  record Unsupported(Node node, String why) {}

  /** The version of graphs from which on a placeholder of rank 0 is a scalar, and not anything. */
  private static final int SCALARS = 24;

  private final Set<String> supported;
  private final Map<String, FunctionDef> functions = new TreeMap<>();
  private final Map<String, Node> nodes = new LinkedHashMap<>();
  private final Map<String, Info[]> outputs = new HashMap<>();
  private final Map<TensorName, Constant> constants = new HashMap<>();
  private final Set<String> folded = new LinkedHashSet<>();

  /**
   * Reads a graph.
   *
   * @param graph the graph
   * @param roots the tensors wanted
   * @param also nodes that are read too, the inputs
   * @param supported tells what can be converted, to list everything that cannot when the graph
   *     holds what TensorFlow does not know
   * @throws IllegalArgumentException if the graph has a cycle, lacks a node, or is no valid graph
   */
  Source(
      GraphDef graph,
      Collection<TensorName> roots,
      Collection<TensorName> also,
      Set<String> supported) {
    this.supported = supported;
    graph.getLibrary().getFunctionList().forEach(f -> functions.put(f.getSignature().getName(), f));
    nodes.putAll(NodeOrder.of(graph, roots, also));
    refuseUnknown(supported);
    keep(ComplexPairs.apply(known(graph), graph.getVersions(), roots, supported), roots, also);
    try (Graph imported = new Graph()) {
      GraphDef.Builder plain = GraphDef.newBuilder().setVersions(graph.getVersions());
      plain.getLibraryBuilder().addAllFunction(functions.values());
      nodes.values().forEach(node -> plain.addNode(plain(node)));
      try {
        imported.importGraphDef(plain.build());
      } catch (TensorFlowException | IllegalArgumentException e) {
        throw new IllegalArgumentException("not a valid TensorFlow graph: " + e.getMessage(), e);
      }
      for (Node node : nodes.values()) {
        outputs.put(node.name(), infos(imported.operation(node.name())));
      }
      nodes.values().stream()
          .flatMap(node -> node.inputs().stream())
          .forEach(this::info); // the numbers of the outputs exist
      roots.forEach(this::info);
      nodes.values().stream().filter(this::isConstant).forEach(node -> folded.add(node.name()));
      evaluate(imported, roots);
    }
  }

  private void refuseUnknown(Set<String> supported) {
    if (nodes.values().stream().anyMatch(node -> Operations.registered(node.op()) == null)) {
      throw OnnxConverter.unsupported(
          nodes.values().stream()
              .filter(node -> !node.op().equals("Placeholder") && !node.op().equals("Const"))
              .filter(
                  node ->
                      !supported.contains(node.op()) || Operations.registered(node.op()) == null)
              .map(
                  node ->
                      new Unsupported(
                          node,
                          Operations.registered(node.op()) != null
                              ? "no converter"
                              : "TensorFlow does not know this operation; load its library first"))
              .toList());
    }
  }

  /** The nodes with the arithmetic of sizes done; unchanged if the graph is not valid. */
  private Map<String, Node> known(GraphDef graph) {
    try {
      return KnownSizes.apply(nodes, graph.getVersions());
    } catch (TensorFlowException | IllegalArgumentException e) {
      return nodes; // the import of the whole graph tells what is wrong
    }
  }

  /** Keeps of the nodes what the outputs depend on. */
  private void keep(
      Map<String, Node> from, Collection<TensorName> roots, Collection<TensorName> also) {
    Set<String> needed = new HashSet<>();
    Deque<TensorName> open = new ArrayDeque<>(roots);
    open.addAll(also);
    while (!open.isEmpty()) {
      String name = open.pop().node();
      if (needed.add(name) && from.containsKey(name)) {
        open.addAll(from.get(name).inputs());
      }
    }
    Map<String, Node> kept = new LinkedHashMap<>(from);
    kept.keySet().retainAll(needed);
    nodes.clear();
    nodes.putAll(kept);
  }

  /** Types and shapes of what an operation makes. */
  static Info[] infos(GraphOperation operation) {
    Info[] infos = new Info[operation.numOutputs()];
    for (int i = 0; i < infos.length; i++) {
      Output<?> output = operation.output(i);
      infos[i] = new Info(output.dataType(), Shapes.of(output.shape()));
    }
    return infos;
  }

  static NodeDef plain(Node node) {
    NodeDef.Builder plain = node.definition().toBuilder().clearInput().clearDevice();
    node.inputs().forEach(input -> plain.addInput(input.node() + ":" + input.index()));
    // _class names nodes to be placed beside, which may be gone; no operation needs its like.
    List<String> internal =
        node.definition().getAttrMap().keySet().stream().filter(a -> a.startsWith("_")).toList();
    internal.forEach(plain::removeAttr);
    return plain.build();
  }

  private boolean isConstant(Node node) {
    Info[] infos = outputs.get(node.name());
    for (Info info : infos) {
      if (!Types.known(info.type())) {
        return false;
      }
    }
    if (node.op().equals("Const")) {
      return true;
    }
    if (node.inputs().isEmpty()
        || Operations.registered(node.op()).getIsStateful()
        || NOT_FOLDED.contains(node.op())
        || !node.inputs().stream().allMatch(input -> folded.contains(input.node()))) {
      return false;
    }
    long size = 0;
    for (Info info : infos) {
      size += bytes(info);
    }
    return size <= LARGEST_GROWTH + node.inputs().stream().mapToLong(i -> bytes(info(i))).sum();
  }

  private static long bytes(Info info) {
    return Shapes.isKnown(info.shape())
        ? Math.multiplyExact(Shapes.size(info.shape()), Types.bytes(info.type()))
        : 0;
  }

  private void evaluate(Graph imported, Collection<TensorName> roots) {
    Set<TensorName> wanted = new LinkedHashSet<>();
    for (Node node : nodes.values()) {
      if (!folded.contains(node.name())) {
        node.inputs().stream().filter(i -> folded.contains(i.node())).forEach(wanted::add);
      }
    }
    roots.stream().filter(root -> folded.contains(root.node())).forEach(wanted::add);
    if (wanted.isEmpty()) {
      return;
    }
    try (Session session = new Session(imported, AsWritten.CONFIG)) {
      Session.Runner runner = session.runner();
      for (TensorName tensor : wanted) {
        Output<?> output = imported.operation(tensor.node()).output(tensor.index());
        runner.fetch(VariableValues.fetchable(imported, output));
      }
      try (Result values = runner.run()) {
        int i = 0;
        for (TensorName tensor : wanted) {
          RawTensor value = values.get(i++).asRawTensor();
          byte[] data = new byte[Math.toIntExact(value.numBytes())];
          if (data.length > 0) {
            value.data().read(data);
          }
          constants.put(tensor, new Constant(info(tensor).type(), value.shape().asArray(), data));
        }
      }
    } catch (TensorFlowException e) {
      throw new IllegalArgumentException(
          "computing the constants of the graph failed: " + e.getMessage(), e);
    }
  }

  /** The nodes in order of computation, without those that only compute constants. */
  List<Node> nodes() {
    return nodes.values().stream().filter(node -> !folded.contains(node.name())).toList();
  }

  /** A node by name, or null. */
  Node node(String name) {
    return nodes.get(name);
  }

  int outputCount(Node node) {
    return outputs.get(node.name()).length;
  }

  /** Type and shape of a tensor. */
  Info info(TensorName tensor) {
    Info[] infos = outputs.get(tensor.node());
    if (tensor.index() >= infos.length) {
      throw new IllegalArgumentException(
          "node " + tensor.node() + " has no output " + tensor.index());
    }
    return infos[tensor.index()];
  }

  /** The values of a tensor that depends on constants alone, else null. */
  Constant constant(TensorName tensor) {
    return constants.get(tensor);
  }

  /** The functions that loops run, by name. */
  Map<String, FunctionDef> functions() {
    return functions;
  }

  /** One of these functions, as {@link Functions} writes it, with all of the others. */
  Source function(GraphDef graph) {
    GraphDef.Builder whole = graph.toBuilder();
    whole.getVersionsBuilder().setProducer(SCALARS);
    whole.getLibraryBuilder().addAllFunction(functions.values());
    List<TensorName> roots = new ArrayList<>();
    List<TensorName> arguments = new ArrayList<>();
    for (NodeDef node : graph.getNodeList()) {
      TensorName name = new TensorName(node.getName(), 0);
      if (name.equals(Functions.result(roots.size()))) {
        roots.add(name);
      } else if (node.getOp().equals("Placeholder")) {
        arguments.add(name);
      }
    }
    return new Source(whole.build(), roots, arguments, supported);
  }
}
