package org.medoid.export.savedmodel;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;
import org.tensorflow.proto.VersionDef;

/**
 * The part of a graph that some tensors depend on, one list of nodes without calls, variables and
 * what matters to the order of execution only:
 *
 * <ul>
 *   <li>A call of a function is replaced by the function's body, to any depth; the body's nodes get
 *       the call's name as a prefix.
 *   <li>A branch whose condition is a constant is replaced by the side that is taken, be it written
 *       by {@code Switch} and {@code Merge} or by {@code If} and {@code Case}. A default of a
 *       placeholder that is not fed counts as a constant: networks of TensorFlow 1 choose so
 *       between training and serving.
 *   <li>A loop that computes each row by itself, as {@code map_fn} over pictures, is computed for
 *       all rows at once where each operation of its body has a rule for that, see {@link
 *       MappedLoop}.
 *   <li>A loop whose number of rounds is a constant, or a size that is known, is replaced by as
 *       many copies of its body; the lists of tensors that it reads and writes, by the tensors. Any
 *       other loop stays, as a {@code StatelessWhile} whose functions are flat too and whose lists
 *       are tensors; not for {@link Purpose#TRAINING}, as no gradient goes through it: there one
 *       that has a bound is written out up to that.
 *   <li>A variable, be it a reference or a resource, is not among the nodes, and reading it
 *       vanishes: its name stands for its value, see {@link #variables}.
 *   <li>Identities vanish, and with them {@code CheckNumerics} and the like, control dependencies,
 *       colocation and devices; {@link Purpose} says what else.
 *   <li>Attributes that were left out because they have their default value are put in, for readers
 *       that do not know TensorFlow's operations.
 * </ul>
 *
 * <p>Every input is a {@code Placeholder} and every output an {@code Identity}.
 */
public final class FlatGraph {
  /** The largest protocol buffer, 2 GB. */
  static final long LARGEST = Integer.MAX_VALUE;

  private final VersionDef versions;
  private final List<NodeDef> nodes;
  private final List<Variable> variables;
  private final List<FunctionDef> functions;
  private final Map<String, String> inputs;
  private final Map<String, String> outputs;

  /**
   * A tensor that goes in or comes out.
   *
   * @param name its public name
   * @param tensor {@code node} or {@code node:index} in the graph that is flattened
   * @param type its data type
   * @param shape its shape as far as known
   */
  public record Port(String name, String tensor, DataType type, TensorShapeProto shape) {}

  /**
   * A variable that the outputs need.
   *
   * @param name what the nodes of the flat graph call its value
   * @param node the variable in the graph that was flattened
   * @param type of its value in the flat graph, which may be wider than the variable's own
   */
  public record Variable(String name, NodeDef node, DataType type) {
    /**
     * Its shape.
     *
     * @return as the graph declares it
     */
    public TensorShapeProto shape() {
      return Nodes.attribute(node, "shape").getShape();
    }
  }

  FlatGraph(
      VersionDef versions,
      List<NodeDef> nodes,
      List<Variable> variables,
      List<FunctionDef> functions,
      Map<String, String> inputs,
      Map<String, String> outputs) {
    this.versions = versions;
    this.nodes = List.copyOf(nodes);
    this.variables = List.copyOf(variables);
    this.functions = List.copyOf(functions);
    this.inputs = Collections.unmodifiableMap(new LinkedHashMap<>(inputs));
    this.outputs = Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
  }

  /**
   * Flattens.
   *
   * @param source what is flattened, with its library of functions
   * @param inputs what will be fed; each becomes a placeholder
   * @param outputs what is wanted; each becomes a node of that name
   * @param purpose what the flat graph is for
   * @return the flat graph
   * @throws IllegalArgumentException if it cannot be done, naming the node: it is not there, is a
   *     further input, is a loop or a branch of a form that cannot be flattened, is part of a
   *     cycle, is an operation that this TensorFlow does not have, or changes a state
   */
  public static FlatGraph of(
      GraphDef source, List<Port> inputs, List<Port> outputs, Purpose purpose) {
    Flattener flattener = new Flattener(source, purpose);
    Map<String, String> in = new LinkedHashMap<>();
    for (Port input : inputs) {
      String node = reserve(flattener, input.name());
      flattener.add(Nodes.placeholder(node, input.type(), input.shape()));
      flattener.feed(input.tensor(), node + ":0");
      in.put(input.name(), node + ":0");
    }
    List<String> ends = new ArrayList<>();
    outputs.forEach(output -> ends.add(reserve(flattener, output.name())));
    List<String> tensors = flattener.flatten(outputs.stream().map(Port::tensor).toList());
    Map<String, String> out = new LinkedHashMap<>();
    for (int i = 0; i < tensors.size(); i++) {
      flattener.add(Nodes.identity(ends.get(i), tensors.get(i), outputs.get(i).type()));
      out.put(outputs.get(i).name(), ends.get(i) + ":0");
    }
    return of(source.getVersions(), flattener, in, out);
  }

  /** What a flattener has written down, without what no output needs. */
  static FlatGraph of(
      VersionDef versions,
      Flattener flattener,
      Map<String, String> inputs,
      Map<String, String> outputs) {
    List<Variable> variables = new ArrayList<>();
    flattener
        .variables()
        .forEach(
            (name, node) -> variables.add(new Variable(name, node, Nodes.type(node, "dtype"))));
    return new FlatGraph(
            versions, flattener.nodes(), variables, flattener.functions(), inputs, outputs)
        .pruned();
  }

  /** The node that bears a port's name, as far as TensorFlow allows the name for a node. */
  private static String reserve(Flattener flattener, String port) {
    String name = port.replaceAll("[^A-Za-z0-9_.\\-/]", "_").replaceFirst("^[_/-]", ".$0");
    if (name.isEmpty() || !flattener.unique(name).equals(name)) {
      throw new IllegalArgumentException(
          "two inputs or outputs are named '" + port + "', or the name is empty");
    }
    return name;
  }

  /** The same without nodes and variables that no output needs; inputs stay. */
  FlatGraph pruned() {
    Set<String> needed = new HashSet<>();
    outputs.values().forEach(tensor -> needed.add(Tensors.node(tensor)));
    inputs.values().forEach(tensor -> needed.add(Tensors.node(tensor)));
    List<NodeDef> kept = new ArrayList<>();
    for (int i = nodes.size() - 1; i >= 0; i--) {
      NodeDef node = nodes.get(i);
      if (needed.contains(node.getName())) {
        node.getInputList().forEach(input -> needed.add(Tensors.node(input)));
        kept.add(node);
      }
    }
    Collections.reverse(kept);
    List<Variable> read = variables.stream().filter(v -> needed.contains(v.name())).toList();
    return new FlatGraph(versions, kept, read, called(kept), inputs, outputs);
  }

  /** The functions that nodes need, and those that these need. */
  private List<FunctionDef> called(List<NodeDef> by) {
    Set<String> names = new HashSet<>();
    Deque<NodeDef> open = new ArrayDeque<>(by);
    while (!open.isEmpty()) {
      for (AttrValue value : open.pop().getAttrMap().values()) {
        String name = value.getFunc().getName();
        if (!name.isEmpty() && names.add(name)) {
          functions.stream()
              .filter(function -> function.getSignature().getName().equals(name))
              .forEach(function -> open.addAll(function.getNodeDefList()));
        }
      }
    }
    return functions.stream().filter(f -> names.contains(f.getSignature().getName())).toList();
  }

  /** The part of the graph that other tensors of it, by public name, depend on. */
  FlatGraph to(Map<String, String> others) {
    return new FlatGraph(versions, nodes, variables, functions, inputs, others).pruned();
  }

  /** The same inputs and outputs by other nodes, which may need fewer variables. */
  FlatGraph with(List<NodeDef> others, List<Variable> otherVariables) {
    return with(others, otherVariables, functions);
  }

  /** The same, with other functions too. */
  FlatGraph with(
      List<NodeDef> others, List<Variable> otherVariables, List<FunctionDef> otherFunctions) {
    return new FlatGraph(versions, others, otherVariables, otherFunctions, inputs, outputs);
  }

  /**
   * Returns what the loops among the nodes run.
   *
   * @return a condition and a body for each loop
   */
  public List<FunctionDef> functions() {
    return functions;
  }

  /**
   * Returns the nodes, variables apart.
   *
   * @return each after those it depends on
   */
  public List<NodeDef> nodes() {
    return nodes;
  }

  /**
   * Returns the variables that the outputs need.
   *
   * @return in the order in which they are met
   */
  public List<Variable> variables() {
    return variables;
  }

  /**
   * Returns the inputs.
   *
   * @return tensors, {@code node:0}, by public name
   */
  public Map<String, String> inputs() {
    return inputs;
  }

  /**
   * Returns the outputs.
   *
   * @return tensors, {@code node:0}, by public name
   */
  public Map<String, String> outputs() {
    return outputs;
  }

  /**
   * Builds a graph that holds the values of the variables as constants.
   *
   * @param values of each of {@link #variables}, by its name here
   * @return the graph, its nodes after their inputs
   * @throws IllegalArgumentException if it gets larger than a protocol buffer can be
   */
  public GraphDef frozen(Map<String, TensorProto> values) {
    List<NodeDef> all = new ArrayList<>();
    variables.forEach(v -> all.add(Nodes.constant(values.get(v.name())).setName(v.name()).build()));
    all.addAll(nodes);
    long bytes = all.stream().mapToLong(NodeDef::getSerializedSize).sum();
    if (bytes > LARGEST) {
      throw new IllegalArgumentException(
          "the frozen graph takes %d MB, a protocol buffer holds 2048 MB at most"
              .formatted(bytes >> 20));
    }
    return empty().addAllNode(all).build();
  }

  /** The graph with placeholders in place of the variables, to learn its shapes. */
  GraphDef open() {
    GraphDef.Builder open = empty();
    variables.forEach(v -> open.addNode(Nodes.placeholder(v.name(), v.type(), v.shape())));
    return open.addAllNode(nodes).build();
  }

  private GraphDef.Builder empty() {
    GraphDef.Builder graph = GraphDef.newBuilder().setVersions(versions);
    // None at all where there is none: the same bytes as ever.
    if (!functions.isEmpty()) {
      graph.getLibraryBuilder().addAllFunction(functions);
    }
    return graph;
  }
}
