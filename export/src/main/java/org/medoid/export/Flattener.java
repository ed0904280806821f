package org.medoid.export;

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
import org.tensorflow.TensorFlow;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;

/**
 * Rewrites a {@link GraphDef} to the part that some tensors depend on, without functions, variables
 * and what matters to training only:
 *
 * <ul>
 *   <li>A call of a function is replaced by the function's body, to any depth; the body's nodes get
 *       the call's name as a prefix.
 *   <li>A variable, be it a reference or a resource, becomes a constant, and reading it vanishes.
 *   <li>Identities vanish, and with them {@code StopGradient}, {@code CheckNumerics} and the like,
 *       defaults of placeholders, control dependencies, colocation and devices: what is left has no
 *       side effect to order.
 *   <li>Attributes that were left out because they have their default value are put in, for readers
 *       that do not know TensorFlow's operations.
 * </ul>
 *
 * <p>Inside a function body a tensor is written {@code node:argument:index}, where the argument is
 * one of the outputs of the node's operation and may stand for several tensors; the definitions of
 * the operations say how many.
 */
final class Flattener {
  /** Operations whose outputs are their inputs, or the first of them. */
  private static final Set<String> TRANSPARENT =
      Set.of(
          "Identity",
          "IdentityN",
          "ReadVariableOp",
          "PlaceholderWithDefault",
          "StopGradient",
          "PreventGradient",
          "CheckNumerics",
          "CheckNumericsV2",
          "Snapshot");

  private static final Set<String> CONTROL_FLOW =
      Set.of(
          "While",
          "StatelessWhile",
          "If",
          "StatelessIf",
          "Case",
          "StatelessCase",
          "For",
          "Switch",
          "Merge",
          "Enter",
          "Exit",
          "NextIteration",
          "LoopCond",
          "RefSwitch",
          "RefMerge",
          "RefEnter",
          "RefExit",
          "RefNextIteration");

  private final Map<String, OpDef> operations = new HashMap<>();
  private final Map<String, FunctionDef> functions = new HashMap<>();
  private final GraphDef source;
  private final Body graph;
  private final Map<String, String> fed = new HashMap<>();
  private final Map<String, String> inputs = new LinkedHashMap<>();
  private final Map<String, String> outputs = new LinkedHashMap<>();
  private final Map<String, NodeDef> variables = new LinkedHashMap<>();
  private final Map<String, String> variableNames = new HashMap<>();
  private final Set<String> names = new HashSet<>();
  private final List<NodeDef> flat = new ArrayList<>();

  /**
   * A tensor that goes in or comes out.
   *
   * @param name of the node that stands for it in the new graph
   * @param tensor {@code node} or {@code node:index} in the old one
   * @param type its data type
   * @param shape its shape as far as known
   */
  record Port(String name, String tensor, DataType type, TensorShapeProto shape) {}

  /** The nodes of the graph or of a function, and the tensors of those that are done. */
  private static final class Body {
    private final String function;
    private final String prefix;
    private final Body caller;
    private final Map<String, AttrValue> attributes;
    private final Map<String, NodeDef> nodes = new HashMap<>();
    private final Map<String, List<String>> tensors = new HashMap<>();

    Body(
        String function,
        String prefix,
        Body caller,
        Map<String, AttrValue> attributes,
        List<NodeDef> nodes) {
      this.function = function;
      this.prefix = prefix;
      this.caller = caller;
      this.attributes = attributes;
      nodes.forEach(node -> this.nodes.put(node.getName(), node));
    }

    String where(NodeDef node) {
      return "node " + node.getName() + " (" + node.getOp() + ")" + place();
    }

    String place() {
      return caller == null ? "" : " in function " + function;
    }
  }

  /**
   * Flattens.
   *
   * @param source what is flattened, with its library of functions
   * @param inputs what will be fed; each becomes a placeholder
   * @param outputs what is wanted; each becomes a node of that name
   * @throws IllegalArgumentException if it cannot be done, naming the node
   */
  Flattener(GraphDef source, List<Port> inputs, List<Port> outputs) {
    this.source = source;
    TensorFlow.registeredOpList().getOpList().forEach(op -> operations.put(op.getName(), op));
    source
        .getLibrary()
        .getFunctionList()
        .forEach(f -> functions.put(f.getSignature().getName(), f));
    this.graph = new Body("", "", null, Map.of(), source.getNodeList());
    for (Port input : inputs) {
      requireNode(input);
      String node = reserve(input);
      fed.put(canonical(input.tensor()), node + ":0");
      this.inputs.put(input.name(), node + ":0");
      flat.add(
          NodeDef.newBuilder()
              .setName(node)
              .setOp("Placeholder")
              .putAttr("dtype", type(input.type()))
              .putAttr("shape", AttrValue.newBuilder().setShape(input.shape()).build())
              .build());
    }
    List<String> ends = new ArrayList<>();
    for (Port output : outputs) {
      requireNode(output);
      ends.add(reserve(output));
    }
    List<String> tensors = resolve(graph, outputs.stream().map(Port::tensor).toList());
    for (int i = 0; i < tensors.size(); i++) {
      Port output = outputs.get(i);
      String node = ends.get(i);
      this.outputs.put(output.name(), node + ":0");
      flat.add(
          NodeDef.newBuilder()
              .setName(node)
              .setOp("Identity")
              .addInput(shortened(tensors.get(i)))
              .putAttr("T", type(output.type()))
              .build());
    }
  }

  /** The node that bears a port's name, as far as TensorFlow allows the name for a node. */
  private String reserve(Port port) {
    String name = port.name().replaceAll("[^A-Za-z0-9_.\\-/]", "_").replaceFirst("^[_/-]", ".$0");
    if (name.isEmpty() || !names.add(name)) {
      throw new IllegalArgumentException(
          "two inputs or outputs are named '" + port.name() + "', or the name is empty");
    }
    return name;
  }

  private void requireNode(Port port) {
    if (!graph.nodes.containsKey(nodeName(port.tensor()))) {
      throw new IllegalArgumentException(
          "there is no node " + nodeName(port.tensor()) + " for " + port.name());
    }
  }

  /**
   * Returns the variables that are needed.
   *
   * @return their nodes in the old graph
   */
  List<NodeDef> variables() {
    return List.copyOf(variables.values());
  }

  /**
   * Builds the new graph.
   *
   * @param values of each of {@link #variables}, by name
   * @return the graph, its nodes after their inputs
   * @throws IllegalArgumentException if it gets larger than a protocol buffer can be
   */
  FrozenGraph frozen(Map<String, TensorProto> values) {
    List<NodeDef> nodes = new ArrayList<>();
    for (String name : variables.keySet()) {
      TensorProto value = values.get(name);
      nodes.add(
          NodeDef.newBuilder()
              .setName(variableNames.get(name))
              .setOp("Const")
              .putAttr("dtype", type(value.getDtype()))
              .putAttr("value", AttrValue.newBuilder().setTensor(value).build())
              .build());
    }
    nodes.addAll(flat);
    long bytes = nodes.stream().mapToLong(NodeDef::getSerializedSize).sum();
    if (bytes > Variables.LARGEST) {
      throw new IllegalArgumentException(
          "the frozen graph takes %d MB, a protocol buffer holds 2048 MB at most"
              .formatted(bytes >> 20));
    }
    return new FrozenGraph(
        GraphDef.newBuilder().setVersions(source.getVersions()).addAllNode(nodes).build(),
        inputs,
        outputs);
  }

  private List<String> resolve(Body body, List<String> tensors) {
    // Not recursive along the depth of the network: a thousand layers would be several thousand
    // frames. Only functions nest.
    for (NodeDef node : inOrder(body, tensors)) {
      List<String> inputs = new ArrayList<>();
      for (String input : dataInputs(node)) {
        inputs.add(tensor(body, input));
      }
      body.tensors.put(node.getName(), flatten(body, node, inputs));
    }
    return tensors.stream().map(tensor -> tensor(body, tensor)).toList();
  }

  /** The nodes that tensors need and that are not done yet, each after its inputs. */
  private Iterable<NodeDef> inOrder(Body body, List<String> tensors) {
    Set<NodeDef> ordered = new LinkedHashSet<>();
    Set<String> finished = new HashSet<>(body.tensors.keySet());
    Set<String> open = new HashSet<>();
    Deque<String> path = new ArrayDeque<>();
    needed(body, tensors).forEach(path::push);
    while (!path.isEmpty()) {
      String name = path.peek();
      NodeDef node = body.nodes.get(name);
      if (finished.contains(name)) {
        path.pop();
      } else if (node == null) {
        throw new IllegalArgumentException("there is no node " + name + body.place());
      } else if (!open.add(name)) {
        path.pop();
        finished.add(name);
        ordered.add(node);
      } else {
        for (String from : needed(body, dataInputs(node))) {
          if (open.contains(from) && !finished.contains(from)) {
            throw new IllegalArgumentException(
                body.where(node) + " is part of a cycle, which cannot be exported");
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
      if (body != graph || !fed.containsKey(canonical(tensor))) {
        nodes.add(nodeName(tensor));
      }
    }
    Collections.reverse(nodes);
    return nodes;
  }

  private List<String> flatten(Body body, NodeDef node, List<String> inputs) {
    String op = node.getOp();
    if (CONTROL_FLOW.contains(op)) {
      throw new IllegalArgumentException(
          body.where(node) + " is control flow, which cannot be exported");
    }
    if (TRANSPARENT.contains(op)) {
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
      case "PartitionedCall", "StatefulPartitionedCall" -> {
        AttrValue f = node.getAttrOrDefault("f", AttrValue.getDefaultInstance());
        yield call(body, node, f.getFunc().getName(), f.getFunc().getAttrMap(), inputs);
      }
      default ->
          functions.containsKey(op)
              ? call(body, node, op, node.getAttrMap(), inputs)
              : operation(body, node, inputs);
    };
  }

  private String variable(Body body, NodeDef node) {
    if (body != graph) {
      throw new IllegalArgumentException(
          body.where(node) + " is a variable inside a function, whose value cannot be had");
    }
    variables.put(node.getName(), node);
    return variableNames.computeIfAbsent(node.getName(), this::unique) + ":0";
  }

  private List<String> call(
      Body body,
      NodeDef node,
      String name,
      Map<String, AttrValue> attributes,
      List<String> inputs) {
    FunctionDef function = functions.get(name);
    if (function == null) {
      throw new IllegalArgumentException(
          body.where(node) + " calls " + name + ", which is not in the graph's library");
    }
    for (Body caller = body; caller != null; caller = caller.caller) {
      if (caller.function.equals(name)) {
        throw new IllegalArgumentException(
            body.where(node) + " calls the function it is in, which cannot be exported");
      }
    }
    OpDef signature = function.getSignature();
    if (signature.getInputArgCount() != inputs.size()) {
      throw new IllegalArgumentException(
          "%s calls %s with %d arguments, it has %d"
              .formatted(body.where(node), name, inputs.size(), signature.getInputArgCount()));
    }
    Body called =
        new Body(
            name,
            body.prefix + node.getName() + "/",
            body,
            bound(body, node, attributes),
            function.getNodeDefList());
    for (int i = 0; i < inputs.size(); i++) {
      called.tensors.put(signature.getInputArg(i).getName(), List.of(inputs.get(i)));
    }
    List<String> returned = new ArrayList<>();
    signature
        .getOutputArgList()
        .forEach(a -> returned.add(function.getRetOrDefault(a.getName(), a.getName())));
    return resolve(called, returned);
  }

  private List<String> operation(Body body, NodeDef node, List<String> inputs) {
    OpDef definition = operations.get(node.getOp());
    if (definition == null) {
      throw new IllegalArgumentException(
          body.where(node) + " is an operation that this TensorFlow does not have");
    }
    NodeDef complete = complete(body, node, definition);
    Map<String, AttrValue> attributes = new HashMap<>(complete.getAttrMap());
    for (OpDef.AttrDef attribute : definition.getAttrList()) {
      AttrValue value = attributes.get(attribute.getName());
      if (value == null) {
        throw new IllegalArgumentException(
            body.where(node) + " lacks the attribute " + attribute.getName());
      }
      if (value.getValueCase() == AttrValue.ValueCase.FUNC) {
        throw new IllegalArgumentException(
            "%s runs function %s, which cannot be exported"
                .formatted(body.where(node), value.getFunc().getName()));
      }
    }
    int taken = 0;
    for (OpDef.ArgDef argument : definition.getInputArgList()) {
      refuseState(body, node, argument);
      taken += size(complete, argument);
    }
    if (taken != inputs.size()) {
      throw new IllegalArgumentException(
          "%s has %d inputs, it needs %d".formatted(body.where(node), inputs.size(), taken));
    }
    int given = 0;
    for (OpDef.ArgDef argument : definition.getOutputArgList()) {
      refuseState(body, node, argument);
      given += size(complete, argument);
    }
    // _class colocates with nodes that are not here, _output_shapes and others are hints.
    attributes.keySet().removeIf(name -> name.startsWith("_"));
    String name = unique(body.prefix + node.getName());
    flat.add(
        NodeDef.newBuilder()
            .setName(name)
            .setOp(node.getOp())
            .addAllInput(inputs.stream().map(Flattener::shortened).toList())
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

  /** A node with all its attributes: those with their default value may be left out in a file. */
  private static NodeDef complete(Body body, NodeDef node, OpDef definition) {
    Map<String, AttrValue> attributes = new HashMap<>(bound(body, node, node.getAttrMap()));
    for (OpDef.AttrDef attribute : definition.getAttrList()) {
      if (attribute.hasDefaultValue()) {
        attributes.putIfAbsent(attribute.getName(), attribute.getDefaultValue());
      }
    }
    return node.toBuilder().clearAttr().putAllAttr(attributes).build();
  }

  /** Attributes with those filled in that depend on the call of the function they are in. */
  private static Map<String, AttrValue> bound(
      Body body, NodeDef node, Map<String, AttrValue> attributes) {
    Map<String, AttrValue> bound = new HashMap<>(attributes);
    bound.replaceAll(
        (name, value) -> {
          if (value.getValueCase() != AttrValue.ValueCase.PLACEHOLDER) {
            return value;
          }
          AttrValue given = body.attributes.get(value.getPlaceholder());
          if (given == null) {
            throw new IllegalArgumentException(
                "%s: its attribute %s depends on the call, which does not give it"
                    .formatted(body.where(node), name));
          }
          return given;
        });
    return bound;
  }

  private String tensor(Body body, String tensor) {
    if (body == graph && fed.containsKey(canonical(tensor))) {
      return fed.get(canonical(tensor));
    }
    String[] part = tensor.split(":", -1);
    List<String> tensors = body.tensors.get(part[0]);
    NodeDef node = body.nodes.get(part[0]);
    int index;
    try {
      index = part.length == 1 ? 0 : Integer.parseInt(part[part.length - 1]);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("there is no tensor " + tensor + body.place(), e);
    }
    if (body != graph && node != null) {
      index = part.length == 3 ? index : 0;
      index += offset(body, node, part.length == 1 ? "" : part[1]);
    }
    if (index < 0 || index >= tensors.size()) {
      throw new IllegalArgumentException("there is no tensor " + tensor + body.place());
    }
    return tensors.get(index);
  }

  /** The number of a node's outputs before those that its operation calls {@code argument}. */
  private int offset(Body body, NodeDef node, String argument) {
    FunctionDef function = functions.get(node.getOp());
    OpDef definition = function == null ? operations.get(node.getOp()) : function.getSignature();
    NodeDef complete = complete(body, node, definition);
    int offset = 0;
    for (OpDef.ArgDef output : definition.getOutputArgList()) {
      if (argument.isEmpty() || output.getName().equals(argument)) {
        return offset;
      }
      offset += size(complete, output);
    }
    throw new IllegalArgumentException(body.where(node) + " has no output " + argument);
  }

  /** How many tensors an argument stands for. */
  private static int size(NodeDef node, OpDef.ArgDef argument) {
    if (!argument.getNumberAttr().isEmpty()) {
      return Math.toIntExact(node.getAttrOrThrow(argument.getNumberAttr()).getI());
    }
    if (!argument.getTypeListAttr().isEmpty()) {
      return node.getAttrOrThrow(argument.getTypeListAttr()).getList().getTypeCount();
    }
    return 1;
  }

  private String unique(String wanted) {
    String name = wanted;
    for (int i = 1; !names.add(name); i++) {
      name = wanted + "_" + i;
    }
    return name;
  }

  private static AttrValue type(DataType type) {
    return AttrValue.newBuilder().setType(type).build();
  }

  private static List<String> dataInputs(NodeDef node) {
    return node.getInputList().stream().filter(input -> !input.startsWith("^")).toList();
  }

  /** Without {@code :0}, as TensorFlow writes a first output. */
  private static String shortened(String tensor) {
    return tensor.endsWith(":0") ? tensor.substring(0, tensor.length() - 2) : tensor;
  }

  private static String canonical(String tensor) {
    return tensor.contains(":") ? tensor : tensor + ":0";
  }

  private static String nodeName(String tensor) {
    int colon = tensor.indexOf(':');
    return colon < 0 ? tensor : tensor.substring(0, colon);
  }
}
