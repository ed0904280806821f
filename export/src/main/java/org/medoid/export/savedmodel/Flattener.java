package org.medoid.export.savedmodel;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NameAttrList;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;

/**
 * Walks from some tensors back to what is fed and writes down the nodes on the way, one flat list
 * without functions, branches and what has no effect on a value; {@link FlatGraph} says what
 * changes.
 *
 * <p>Two words stand in place of a flat tensor where there is none. {@value #DEAD}: it is never
 * computed, the branch that holds it is not taken. {@code !}<i>n</i>: it cannot be flattened, for
 * the n-th reason; whether that matters is known only when the walk has arrived, since the branch
 * that trains a network may hold what one that serves never sees.
 */
final class Flattener implements Border.Nodebook {
  private static final String DEAD = "~";
  private static final String REFUSED = "!";

  /** Operations whose outputs are their inputs, or the first of them. */
  private static final Set<String> TRANSPARENT =
      Set.of(
          "Identity",
          "IdentityN",
          "ReadVariableOp",
          "PlaceholderWithDefault",
          "CheckNumerics",
          "CheckNumericsV2",
          "Snapshot");

  /** Transparent too, where no gradient is to be had. */
  private static final Set<String> BARRIERS = Set.of("StopGradient", "PreventGradient");

  private static final Set<String> LOOPS =
      Set.of(
          "While",
          "StatelessWhile",
          "For",
          "Enter",
          "Exit",
          "NextIteration",
          "LoopCond",
          "RefEnter",
          "RefExit",
          "RefNextIteration");

  private static final AttrValue NONE = AttrValue.getDefaultInstance();

  private final Purpose purpose;
  private final Operations operations;
  private final Body graph;
  private final Map<String, String> fed = new HashMap<>();
  private final Map<String, NodeDef> variables = new LinkedHashMap<>();
  private final List<String> refusals = new ArrayList<>();
  private final Set<String> names = new HashSet<>();
  private final Map<String, NodeDef> flat = new LinkedHashMap<>();
  private final Constants constants = new Constants(flat);

  Flattener(GraphDef source, Purpose purpose) {
    this.purpose = purpose;
    this.operations = new Operations(source);
    this.graph = Body.ofGraph(source.getNodeList());
  }

  /** Whether a flat tensor is one, and not a word in place of it. */
  static boolean isTensor(String tensor) {
    return !tensor.startsWith(DEAD) && !tensor.startsWith(REFUSED);
  }

  /** A name that no flat node has yet; from now on it is taken. */
  @Override
  public String unique(String wanted) {
    String name = wanted;
    for (int i = 1; !names.add(name); i++) {
      name = wanted + "_" + i;
    }
    return name;
  }

  /** Adds a node of the caller's own to the flat graph, under a name from {@link #unique}. */
  @Override
  public void add(NodeDef node) {
    flat.put(node.getName(), node);
  }

  /**
   * Lets a flat tensor stand for a tensor of the source.
   *
   * @throws IllegalArgumentException if the source has no such node
   */
  void feed(String tensor, String standing) {
    requireNode(tensor);
    fed.put(Tensors.canonical(tensor), standing);
  }

  /** The flat graph's nodes so far, each after its inputs. */
  List<NodeDef> nodes() {
    return List.copyOf(flat.values());
  }

  /** The variables met so far: the nodes of the source, by what stands for them. */
  Map<String, NodeDef> variables() {
    return variables;
  }

  /**
   * Writes down what tensors of the source depend on.
   *
   * @return the flat tensors that stand for them
   * @throws IllegalArgumentException if that cannot be done, naming the node
   */
  List<String> flatten(List<String> tensors) {
    tensors.forEach(this::requireNode);
    List<String> flattened = resolve(graph, tensors);
    for (String tensor : flattened) {
      if (tensor.startsWith(REFUSED)) {
        throw new IllegalArgumentException(refusals.get(Integer.parseInt(tensor.substring(1))));
      }
      if (tensor.equals(DEAD)) {
        throw new IllegalArgumentException(
            tensors.get(flattened.indexOf(tensor)) + " lies in a branch that is never taken");
      }
    }
    return flattened;
  }

  private void requireNode(String tensor) {
    if (graph.node(Tensors.node(tensor)) == null) {
      throw new IllegalArgumentException("there is no node for the tensor " + tensor);
    }
  }

  private List<String> resolve(Body body, List<String> tensors) {
    // Not recursive along the depth of the network: a thousand layers would be several thousand
    // frames. Only functions nest.
    for (NodeDef node : inOrder(body, tensors)) {
      List<String> inputs = new ArrayList<>();
      for (String input : isLoop(node) ? List.<String>of() : Tensors.data(node)) {
        inputs.add(tensor(body, input));
      }
      boolean dead = inputs.contains(DEAD) || controls(body, node).stream().anyMatch(isDead(body));
      List<String> done;
      if (dead && !isMerge(node)) {
        done = List.of(DEAD);
      } else {
        try {
          done = flatten(body, node, inputs);
        } catch (IllegalArgumentException e) {
          refusals.add(e.getMessage());
          done = List.of(REFUSED + (refusals.size() - 1));
        }
      }
      body.done(node.getName(), done);
    }
    return tensors.stream().map(tensor -> tensor(body, tensor)).toList();
  }

  private static Predicate<String> isDead(Body body) {
    return node -> body.tensors().get(node).contains(DEAD);
  }

  private static boolean isSwitch(NodeDef node) {
    return node.getOp().equals("Switch") || node.getOp().equals("RefSwitch");
  }

  private static boolean isMerge(NodeDef node) {
    return node.getOp().equals("Merge") || node.getOp().equals("RefMerge");
  }

  /**
   * The nodes that say by a control dependency in which branch a node is: a constant in {@code
   * tf.cond} of TensorFlow 1 has no other sign of it. All further control dependencies order side
   * effects, and what is left has none.
   */
  private static List<String> controls(Body body, NodeDef node) {
    List<String> pivots = new ArrayList<>();
    for (String input : node.getInputList()) {
      NodeDef from = input.startsWith("^") ? body.node(input.substring(1)) : null;
      if (from != null && from.getOp().equals("Identity")) {
        NodeDef before = body.node(Tensors.node(from.getInput(0)));
        if (before != null && isSwitch(before)) {
          pivots.add(from.getName());
        }
      }
    }
    return pivots;
  }

  /** The nodes that tensors need and that are not done yet, each after its inputs. */
  private Iterable<NodeDef> inOrder(Body body, List<String> tensors) {
    Set<NodeDef> ordered = new LinkedHashSet<>();
    Set<String> finished = new HashSet<>(body.tensors().keySet());
    Set<String> open = new HashSet<>();
    Deque<String> path = new ArrayDeque<>();
    needed(body, tensors).forEach(path::push);
    while (!path.isEmpty()) {
      String name = path.peek();
      NodeDef node = body.node(name);
      if (finished.contains(name)) {
        path.pop();
      } else if (node == null) {
        throw new IllegalArgumentException("there is no node " + name + body.place());
      } else if (!open.add(name)) {
        path.pop();
        finished.add(name);
        ordered.add(node);
      } else if (!isLoop(node)) {
        List<String> before = needed(body, Tensors.data(node));
        before.addAll(controls(body, node));
        for (String from : before) {
          if (open.contains(from) && !finished.contains(from)) {
            throw new IllegalArgumentException(
                body.where(node) + " is part of a cycle, which cannot be flattened");
          }
          path.push(from);
        }
      }
    }
    return ordered;
  }

  /** The nodes behind tensors, without what is fed; the first comes last, to be done first. */
  private List<String> needed(Body body, List<String> tensors) {
    List<String> nodes = new ArrayList<>();
    for (String tensor : tensors) {
      if (!body.isGraph() || !fed.containsKey(Tensors.canonical(tensor))) {
        nodes.add(Tensors.node(tensor));
      }
    }
    Collections.reverse(nodes);
    return nodes;
  }

  private boolean isLoop(NodeDef node) {
    return LOOPS.contains(node.getOp());
  }

  private List<String> flatten(Body body, NodeDef node, List<String> inputs) {
    String op = node.getOp();
    if (isLoop(node)) {
      throw new IllegalArgumentException(
          body.where(node) + " is a loop, control flow that cannot be flattened");
    }
    if (isMerge(node)) {
      return merge(body, node, inputs);
    }
    for (String input : inputs) {
      if (!isTensor(input) && !isCall(op)) {
        return List.of(input);
      }
    }
    if (TRANSPARENT.contains(op) || (purpose == Purpose.INFERENCE && BARRIERS.contains(op))) {
      if (inputs.isEmpty()) {
        throw new IllegalArgumentException(body.where(node) + " has no input");
      }
      return inputs;
    }
    return switch (op) {
      case "VarHandleOp", "VariableV2", "Variable" -> List.of(variable(body, node));
      case "Placeholder", "PlaceholderV2" ->
          throw new IllegalArgumentException(
              body.where(node) + " is an input too, but not among those that will be fed");
      case "Switch", "RefSwitch" -> {
        boolean taken = decided(body, node, inputs.get(1)) != 0;
        yield List.of(taken ? DEAD : inputs.get(0), taken ? inputs.get(0) : DEAD);
      }
      case "PartitionedCall", "StatefulPartitionedCall" ->
          call(body, node, node.getAttrOrDefault("f", NONE), inputs);
      case "If", "StatelessIf" -> {
        boolean taken = decided(body, node, inputs.get(0)) != 0;
        AttrValue branch = node.getAttrOrDefault(taken ? "then_branch" : "else_branch", NONE);
        yield call(body, node, branch, inputs.subList(1, inputs.size()));
      }
      case "Case", "StatelessCase" -> {
        double index = decided(body, node, inputs.get(0));
        List<NameAttrList> branches =
            node.getAttrOrDefault("branches", NONE).getList().getFuncList();
        boolean listed = index >= 0 && index < branches.size();
        AttrValue branch =
            AttrValue.newBuilder()
                .setFunc(branches.get(listed ? (int) index : branches.size() - 1))
                .build();
        yield call(body, node, branch, inputs.subList(1, inputs.size()));
      }
      default ->
          operations.function(op) != null
              ? call(body, node, op, node.getAttrMap(), inputs)
              : operation(body, node, inputs);
    };
  }

  /** Whether an operation may leave some of its inputs unused, so that they need not exist. */
  private boolean isCall(String op) {
    return op.endsWith("PartitionedCall")
        || op.endsWith("If")
        || op.endsWith("Case")
        || op.equals("IdentityN")
        || operations.function(op) != null;
  }

  /** The value that decides about branches. */
  private double decided(Body body, NodeDef node, String predicate) {
    Double value = isTensor(predicate) ? constants.scalar(predicate) : null;
    if (value == null) {
      throw new IllegalArgumentException(
          body.where(node)
              + " is control flow that cannot be flattened, as its condition is not a constant");
    }
    return value;
  }

  private List<String> merge(Body body, NodeDef node, List<String> inputs) {
    List<String> alive = inputs.stream().filter(input -> !input.equals(DEAD)).toList();
    if (alive.isEmpty()) {
      return List.of(DEAD);
    }
    if (alive.size() == 1) {
      String number = unique(body.flatName(node) + "/value_index");
      add(Nodes.constant(number, inputs.indexOf(alive.get(0))));
      return List.of(alive.get(0), number + ":0");
    }
    for (String input : alive) {
      if (!isTensor(input)) {
        return List.of(input);
      }
    }
    throw new IllegalArgumentException(
        body.where(node) + " is control flow that cannot be flattened");
  }

  private String variable(Body body, NodeDef node) {
    if (!body.isGraph()) {
      throw new IllegalArgumentException(
          body.where(node) + " is a variable inside a function, whose value cannot be had");
    }
    String name = unique(node.getName());
    variables.put(name, node);
    return name + ":0";
  }

  private List<String> call(Body body, NodeDef node, AttrValue unbound, List<String> inputs) {
    AttrValue f = body.bound(node, Map.of("f", unbound)).get("f");
    return call(body, node, f.getFunc().getName(), f.getFunc().getAttrMap(), inputs);
  }

  private List<String> call(
      Body body,
      NodeDef node,
      String name,
      Map<String, AttrValue> attributes,
      List<String> inputs) {
    FunctionDef function = operations.function(name);
    if (function == null) {
      throw new IllegalArgumentException(
          body.where(node) + " calls " + name + ", which is not in the graph's library");
    }
    OpDef signature = function.getSignature();
    if (signature.getInputArgCount() != inputs.size()) {
      throw new IllegalArgumentException(
          "%s calls %s with %d arguments, it has %d"
              .formatted(body.where(node), name, inputs.size(), signature.getInputArgCount()));
    }
    Body called = body.called(node, name, body.bound(node, attributes), function.getNodeDefList());
    for (int i = 0; i < inputs.size(); i++) {
      called.done(signature.getInputArg(i).getName(), List.of(inputs.get(i)));
    }
    List<String> returned = new ArrayList<>();
    signature
        .getOutputArgList()
        .forEach(a -> returned.add(function.getRetOrDefault(a.getName(), a.getName())));
    return resolve(called, returned);
  }

  private List<String> operation(Body body, NodeDef node, List<String> inputs) {
    OpDef definition = Operations.registered(node.getOp());
    if (definition == null) {
      throw new IllegalArgumentException(
          body.where(node) + " is an operation that this TensorFlow does not have");
    }
    NodeDef complete = body.complete(node, definition);
    Map<String, AttrValue> attributes = new HashMap<>(complete.getAttrMap());
    for (OpDef.AttrDef attribute : definition.getAttrList()) {
      AttrValue value = attributes.get(attribute.getName());
      if (value == null) {
        throw new IllegalArgumentException(
            body.where(node) + " lacks the attribute " + attribute.getName());
      }
      if (value.getValueCase() == AttrValue.ValueCase.FUNC) {
        throw new IllegalArgumentException(
            "%s runs function %s, which cannot be flattened"
                .formatted(body.where(node), value.getFunc().getName()));
      }
    }
    int taken = 0;
    for (OpDef.ArgDef argument : definition.getInputArgList()) {
      refuseState(body, node, argument);
      taken += Operations.size(complete, argument);
    }
    if (taken != inputs.size()) {
      throw new IllegalArgumentException(
          "%s has %d inputs, it needs %d".formatted(body.where(node), inputs.size(), taken));
    }
    int given = 0;
    for (OpDef.ArgDef argument : definition.getOutputArgList()) {
      refuseState(body, node, argument);
      given += Operations.size(complete, argument);
    }
    // _class colocates with nodes that are not here, _output_shapes and others are hints.
    attributes.keySet().removeIf(name -> name.startsWith("_"));
    String name = unique(body.flatName(node));
    add(
        NodeDef.newBuilder()
            .setName(name)
            .setOp(node.getOp())
            .addAllInput(inputs.stream().map(Tensors::shortened).toList())
            .putAllAttr(attributes)
            .build());
    List<String> outputs = new ArrayList<>();
    for (int i = 0; i < given; i++) {
      outputs.add(name + ":" + i);
    }
    return outputs;
  }

  private static void refuseState(Body body, NodeDef node, OpDef.ArgDef argument) {
    if (argument.getIsRef() || argument.getType() == DataType.DT_RESOURCE) {
      throw new IllegalArgumentException(
          body.where(node)
              + " keeps or changes a state other than reading a variable, which cannot be frozen");
    }
  }

  private String tensor(Body body, String tensor) {
    String standing = body.isGraph() ? fed.get(Tensors.canonical(tensor)) : null;
    return standing != null ? standing : body.tensor(tensor, operations);
  }
}
