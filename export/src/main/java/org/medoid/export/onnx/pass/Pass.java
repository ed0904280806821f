package org.medoid.export.onnx.pass;

import java.util.List;
import java.util.Map;
import org.tensorflow.proto.DataType;

/**
 * One kind of rewriting: sees every node of a graph once, in order of computation, and what earlier
 * visits did. A new one is a class beside this and a line in {@link Passes}.
 *
 * <p>An object serves one graph, once.
 */
abstract class Pass {
  private OnnxGraph graph;
  private Map<String, String> outputs;
  private Map<String, OnnxNode> producers;
  private Map<String, Integer> uses;

  /** Rewrites what a node computes, if it is what the pass looks for. */
  abstract void visit(OnnxNode node);

  /**
   * Visits all nodes that an output needs.
   *
   * @param outputs the tensor of each output; changed where an output comes from another node now
   */
  final void run(OnnxGraph graph, Map<String, String> outputs) {
    this.graph = graph;
    this.outputs = outputs;
    graph.prune(outputs.values());
    producers = graph.producers();
    uses = graph.uses(outputs.values());
    for (OnnxNode node : List.copyOf(graph.nodes())) {
      visit(node);
    }
  }

  /** The constant of a name, or null. */
  final Constant constant(String tensor) {
    return graph.constant(tensor);
  }

  /** The shape of a tensor as far as it is known, or null. */
  final long[] shape(String tensor) {
    return graph.shape(tensor);
  }

  /** Adds a constant of a name near the wanted one. */
  final String add(String wanted, Constant constant) {
    return graph.addConstant(wanted, constant);
  }

  /** Adds a small constant, or finds an equal one. */
  final String share(Constant constant) {
    return graph.shareConstant(constant);
  }

  /** The node behind a tensor if it is one of some operations, else null. */
  final OnnxNode producer(String tensor, String... ops) {
    OnnxNode node = producers.get(tensor);
    return node != null && node.is(ops) ? node : null;
  }

  /** The node behind a tensor, or null. */
  final OnnxNode maker(String tensor) {
    return producers.get(tensor);
  }

  /** Whether one input alone reads a tensor. */
  final boolean isSole(String tensor) {
    return uses.getOrDefault(tensor, 0) == 1;
  }

  /** Lets everything that reads one tensor read another. */
  final void replace(String tensor, String by) {
    for (OnnxNode node : graph.nodes()) {
      node.inputs.replaceAll(input -> input.equals(tensor) ? by : input);
    }
    graph.replaced(tensor, by);
    graph.setShape(by, graph.shape(tensor));
    outputs.replaceAll((name, output) -> output.equals(tensor) ? by : output);
    uses.merge(by, uses.getOrDefault(tensor, 0), Integer::sum);
    uses.remove(tensor);
  }

  final String emit(OnnxNode at, String op, String... in) {
    return emit(at, op, Map.of(), in);
  }

  /** Puts a new node where an old one is. */
  final String emit(OnnxNode at, String op, Map<String, Object> attributes, String... in) {
    return emit(at, op, List.of(in), attributes);
  }

  final String emit(OnnxNode at, String op, List<String> in, Map<String, Object> attributes) {
    OnnxNode made = graph.insert(at, op, in, attributes);
    producers.put(made.output(), made);
    in.forEach(input -> uses.merge(input, 1, Integer::sum));
    return made.output();
  }

  final void become(OnnxNode old, String op, String... in) {
    become(old, op, Map.of(), in);
  }

  /** Puts a new node in the place of an old one. */
  final void become(OnnxNode old, String op, Map<String, Object> attributes, String... in) {
    become(old, op, List.of(in), attributes);
  }

  final void become(OnnxNode old, String op, List<String> in, Map<String, Object> attributes) {
    String made = emit(old, op, in, attributes);
    graph.setShape(made, graph.shape(old.output()));
    replace(old.output(), made);
  }

  /** The value of a constant of one element, else NaN. */
  final double scalar(String tensor) {
    Constant constant = constant(tensor);
    return constant != null && constant.size() == 1 ? constant.doubles()[0] : Double.NaN;
  }

  /**
   * The value of a constant of one element beside another tensor, else NaN: a constant of a higher
   * rank would raise that of what the two make, and is no scalar.
   */
  final double scalar(String tensor, String beside) {
    Constant constant = constant(tensor);
    long[] shape = shape(beside);
    int rank = shape == null ? 0 : shape.length;
    return constant != null && constant.shape().length <= rank ? scalar(tensor) : Double.NaN;
  }

  /** Whether a tensor is a constant of one element near a value, to six digits. */
  final boolean isNear(String tensor, double value, String beside) {
    return Math.abs(scalar(tensor, beside) - value) <= 1e-6 * Math.abs(value);
  }

  /** A scalar of the type of a constant. */
  final String scalarLike(String tensor, double value) {
    DataType type = constant(tensor).type();
    return share(Constant.of(type, new long[0], new double[] {value}));
  }

  /** The other input of a node with two, or null. */
  static String other(OnnxNode node, String tensor) {
    return node.inputs.get(0).equals(tensor)
        ? node.inputs.get(1)
        : node.inputs.get(1).equals(tensor) ? node.inputs.get(0) : null;
  }

  /** The constant and the other input of a node with two inputs, or null. */
  final String[] split(OnnxNode node) {
    for (int i = 0; i < 2 && node != null && node.inputs.size() == 2; i++) {
      if (constant(node.inputs.get(i)) != null) {
        return new String[] {node.inputs.get(i), node.inputs.get(1 - i)};
      }
    }
    return null;
  }
}
