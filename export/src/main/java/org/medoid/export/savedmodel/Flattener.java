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
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
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
  static final String DEAD = "~";
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
          "DeepCopy",
          "GuaranteeConst",
          "Print",
          "Snapshot");

  /** Transparent too, where no gradient is to be had. */
  private static final Set<String> BARRIERS = Set.of("StopGradient", "PreventGradient");

  private final Purpose purpose;
  private final Operations operations;
  private final Body graph;
  private final Map<String, String> fed = new HashMap<>();
  private final Map<String, NodeDef> variables = new LinkedHashMap<>();
  private final List<String> refusals = new ArrayList<>();
  private final Names names = new Names();
  private final Map<String, NodeDef> flat = new LinkedHashMap<>();
  private final Names functionNames = new Names();
  private final Map<String, FunctionDef> functions = new LinkedHashMap<>();
  private final InferredScalars inferred = new InferredScalars(flat, variables, functions);
  private final Constants constants = new Constants(flat, this, inferred);
  private final EncodedPictures pictures = new EncodedPictures(this);
  private final TensorLists lists = new TensorLists(this, pictures, constants, inferred);
  private final CertainDraws draws = new CertainDraws(this);
  private final ControlFlow controlFlow;

  Flattener(GraphDef source, Purpose purpose) {
    this.purpose = purpose;
    this.operations = new Operations(source);
    this.graph = Body.ofGraph(source.getNodeList());
    Loops loops = new Loops(this, lists, constants, inferred, purpose);
    this.controlFlow = new ControlFlow(this, operations, constants, inferred, loops);
  }

  /** Whether a flat tensor is one, and not a word in place of it. */
  static boolean isTensor(String tensor) {
    return !tensor.startsWith(DEAD) && !tensor.startsWith(REFUSED);
  }

  /** A name that no flat node has yet; from now on it is taken. */
  @Override
  public String unique(String wanted) {
    return names.unique(wanted);
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

  /** The strings that pixels stand for. */
  EncodedPictures pictures() {
    return pictures;
  }

  /** The shapes and types of all tensors so far. */
  InferredShapes shapes() {
    return inferred.all();
  }

  /** A word in place of a tensor, with the reason why there is none. */
  String refused(String reason) {
    refusals.add(reason);
    return REFUSED + (refusals.size() - 1);
  }

  /** Why there is no tensor but a word. */
  String reason(String refused) {
    return refusals.get(Integer.parseInt(refused.substring(REFUSED.length())));
  }

  /** How many nodes the flat graph has so far. */
  int size() {
    return flat.size();
  }

  /**
   * Takes the newest nodes away again.
   *
   * @return these nodes
   */
  List<NodeDef> forget(int size) {
    List<NodeDef> newest = nodes().subList(size, flat.size());
    Set<String> freed = new HashSet<>();
    for (NodeDef node : newest) {
      flat.remove(node.getName());
      pictures.forget(node);
      // An argument of a loop keeps its name for the next trial.
      if (!node.getOp().equals("Placeholder")) {
        freed.add(node.getName());
      }
    }
    names.free(freed);
    constants.forget();
    return newest;
  }

  /** The node of that name in the flat graph so far, or null. */
  NodeDef node(String name) {
    return flat.get(name);
  }

  /** Keeps a function that a node of the flat graph runs; returns the name it has here. */
  String keep(String wanted, FunctionDef.Builder function) {
    String name = functionNames.unique(wanted);
    function.getSignatureBuilder().setName(name);
    functions.put(name, function.build());
    return name;
  }

  /** What the loops of the flat graph run. */
  List<FunctionDef> functions() {
    return List.copyOf(functions.values());
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
        throw new IllegalArgumentException(reason(tensor));
      }
      if (tensor.equals(DEAD) || TensorLists.isList(tensor)) {
        String why =
            tensor.equals(DEAD) ? " lies in a branch that is never taken" : " is a list of tensors";
        throw new IllegalArgumentException(tensors.get(flattened.indexOf(tensor)) + why);
      }
    }
    return flattened;
  }

  private void requireNode(String tensor) {
    if (graph.node(Tensors.node(tensor)) == null) {
      throw new IllegalArgumentException("there is no node for the tensor " + tensor);
    }
  }

  /** The flat tensors for tensors of a body, whose nodes are done then. */
  List<String> resolve(Body body, List<String> tensors) {
    // Not recursive along the depth of the network: a thousand layers would be several thousand
    // frames. Only functions nest.
    for (NodeDef node : inOrder(body, tensors)) {
      List<String> inputs = new ArrayList<>();
      for (String input : ControlFlow.isFrame(node) ? List.<String>of() : Tensors.data(node)) {
        inputs.add(tensor(body, input));
      }
      boolean dead =
          inputs.contains(DEAD)
              || ControlFlow.pivots(body, node).stream()
                  .anyMatch(pivot -> body.tensors().get(pivot).contains(DEAD));
      List<String> done;
      if (dead && !ControlFlow.isMerge(node)) {
        done = List.of(DEAD);
      } else {
        try {
          done = flatten(body, node, inputs);
        } catch (IllegalArgumentException e) {
          done = List.of(refused(e.getMessage()));
        }
      }
      body.done(node.getName(), done);
    }
    return tensors.stream().map(tensor -> tensor(body, tensor)).toList();
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
      } else if (!ControlFlow.isFrame(node)) {
        List<String> before = needed(body, Tensors.data(node));
        before.addAll(ControlFlow.pivots(body, node));
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

  private List<String> flatten(Body body, NodeDef node, List<String> inputs) {
    String op = node.getOp();
    if (ControlFlow.isFrame(node)) {
      return controlFlow.frame(body, node);
    }
    if (ControlFlow.isMerge(node)) {
      return controlFlow.branches().merged(body, node, inputs);
    }
    if (controlFlow.isCall(node)) {
      return controlFlow.flatten(body, node, inputs);
    }
    for (String input : inputs) {
      if (!isTensor(input) && !op.equals("IdentityN")) {
        return List.of(input);
      }
    }
    if (TRANSPARENT.contains(op) || (purpose == Purpose.INFERENCE && BARRIERS.contains(op))) {
      if (inputs.isEmpty()) {
        throw new IllegalArgumentException(body.where(node) + " has no input");
      }
      return inputs;
    }
    if (TensorLists.isOperation(node)) {
      return lists.flatten(body, node, inputs);
    }
    List<String> undecoded = pictures.flatten(body, node, inputs);
    if (undecoded != null) {
      return undecoded;
    }
    return switch (op) {
      case "VarHandleOp", "VariableV2", "Variable" -> List.of(variable(body, node));
      case "Placeholder", "PlaceholderV2" ->
          throw new IllegalArgumentException(
              body.where(node) + " is an input too, but not among those that will be fed");
      case "ResourceGather", "ResourceGatherNd" -> {
        VariableGather read = VariableGather.of(this, body, node, inputs);
        yield operation(body, read.node(), read.inputs());
      }
      case "Switch", "RefSwitch" -> controlFlow.branches().switched(node, inputs);
      default -> {
        String certain = draws.outcome(op, inputs);
        yield certain == null ? operation(body, node, inputs) : List.of(certain);
      }
    };
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

  private List<String> operation(Body body, NodeDef node, List<String> inputs) {
    OpDef definition = Operations.required(body, node);
    for (String input : inputs) {
      if (TensorLists.isList(input)) {
        throw new IllegalArgumentException(
            body.where(node) + " reads a list of tensors, which cannot be flattened");
      }
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
    NodeDef.Builder flat = NodeDef.newBuilder().setName(name).setOp(node.getOp());
    inputs.forEach(input -> flat.addInput(Tensors.shortened(input)));
    add(SpelledPadding.before(flat.putAllAttr(attributes).build(), this));
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

  /** The flat tensor for a tensor of a body, whose node is done. */
  String tensor(Body body, String tensor) {
    String standing = body.isGraph() ? fed.get(Tensors.canonical(tensor)) : null;
    return standing != null ? standing : body.tensor(tensor, operations);
  }
}
