package org.medoid.graph.network;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.tensorflow.Operation;
import org.tensorflow.OperationBuilder;
import org.tensorflow.Output;
import org.tensorflow.TensorFlow;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;
import org.tensorflow.types.TFloat32;

/**
 * Copies the part of a {@link GraphDef} that a tensor depends on into a graph under construction,
 * node by node, with four changes that make it trainable there:
 *
 * <ul>
 *   <li>A call of a function is replaced by the function's body, to any depth: a gradient does not
 *       pass a call in TensorFlow Java.
 *   <li>A variable, be it a reference or a resource, is replaced by what the caller gives for it,
 *       and reading it by the variable itself.
 *   <li>Identities vanish, and so do control dependencies, colocation and devices: what is left has
 *       no side effect to order.
 *   <li>{@code Erfc}, which has no gradient, becomes 1 - {@code Erf}, which has one.
 * </ul>
 *
 * <p>Importing the GraphDef as a whole does none of that, nor can its input be an operand of the
 * graph.
 *
 * <p>Inside a function body a tensor is written {@code node:argument:index}, where the argument is
 * one of the outputs of the node's operation and may stand for several tensors; the definitions of
 * the operations say how many.
 */
final class NodeCopier {

  private static final Map<String, OpDef> OPERATIONS = new HashMap<>();

  static {
    TensorFlow.registeredOpList().getOpList().forEach(op -> OPERATIONS.put(op.getName(), op));
  }

  private final Ops tf;
  private final Map<String, FunctionDef> functions = new HashMap<>();
  private final Function<NodeDef, Output<?>> variables;
  private final Body graph;
  private final Map<String, List<String>> copied = new LinkedHashMap<>();
  private final Set<Output<?>> batchStatistics = new HashSet<>();

  /** The nodes of the graph or of a function, and the outputs of those copied so far. */
  private static final class Body {
    private final String function;
    private final Map<String, NodeDef> nodes = new HashMap<>();
    private final Map<String, List<Output<?>>> outputs = new HashMap<>();

    Body(String function, List<NodeDef> nodes) {
      this.function = function;
      nodes.forEach(node -> this.nodes.put(node.getName(), node));
    }

    String where(NodeDef node) {
      String place = function.isEmpty() ? "" : " in function " + function;
      return "node " + node.getName() + " (" + node.getOp() + ")" + place;
    }
  }

  /**
   * Prepares to copy.
   *
   * @param tf where the copies go
   * @param graph what is copied, with its library of functions
   * @param fed names of nodes and what stands for their first output
   * @param variables gives the output that stands for a variable's node; called once for each
   */
  NodeCopier(
      Ops tf, GraphDef graph, Map<String, Output<?>> fed, Function<NodeDef, Output<?>> variables) {
    this.tf = tf;
    this.variables = variables;
    this.graph = new Body("", graph.getNodeList());
    fed.forEach((node, output) -> this.graph.outputs.put(node, List.of(output)));
    graph.getLibrary().getFunctionList().forEach(f -> functions.put(f.getSignature().getName(), f));
  }

  /**
   * Copies what a tensor depends on.
   *
   * @param tensor {@code node} or {@code node:index} in the graph
   * @return the copy
   * @throws IllegalArgumentException if it cannot be copied, naming the node
   */
  Output<?> copy(String tensor) {
    return resolve(graph, List.of(tensor)).get(0);
  }

  /**
   * Returns where each kind of operation was copied from.
   *
   * @return by operation, a description of every node
   */
  Map<String, List<String>> copied() {
    return copied;
  }

  /**
   * Returns what went into batch normalisation as mean or variance.
   *
   * @return outputs in the new graph
   */
  Set<Output<?>> batchStatistics() {
    return batchStatistics;
  }

  private List<Output<?>> resolve(Body body, List<String> tensors) {
    // Not recursive along the depth of the network: a thousand layers would be several thousand
    // frames. Only functions nest.
    for (NodeDef node : inOrder(body, tensors)) {
      List<Output<?>> inputs = new ArrayList<>();
      for (String input : dataInputs(node)) {
        inputs.add(output(body, input));
      }
      body.outputs.put(node.getName(), copy(body, node, inputs));
    }
    List<Output<?>> resolved = new ArrayList<>();
    tensors.forEach(tensor -> resolved.add(output(body, tensor)));
    return resolved;
  }

  /** The nodes that tensors need and that are not copied yet, each after its inputs. */
  private static Iterable<NodeDef> inOrder(Body body, List<String> tensors) {
    Set<NodeDef> ordered = new LinkedHashSet<>();
    Set<String> finished = new HashSet<>(body.outputs.keySet());
    Set<String> open = new HashSet<>();
    Deque<String> path = new ArrayDeque<>();
    tensors.forEach(tensor -> path.push(nodeName(tensor)));
    while (!path.isEmpty()) {
      String name = path.peek();
      NodeDef node = body.nodes.get(name);
      if (finished.contains(name)) {
        path.pop();
      } else if (node == null) {
        throw new IllegalArgumentException("there is no node " + name + " " + body.function);
      } else if (!open.add(name)) {
        path.pop();
        finished.add(name);
        ordered.add(node);
      } else {
        for (String input : dataInputs(node)) {
          String from = nodeName(input);
          if (open.contains(from) && !finished.contains(from)) {
            throw new IllegalArgumentException(
                body.where(node) + " is part of a loop, which cannot be trained");
          }
          path.push(from);
        }
      }
    }
    return ordered;
  }

  private List<Output<?>> copy(Body body, NodeDef node, List<Output<?>> inputs) {
    return switch (node.getOp()) {
      case "VarHandleOp", "VariableV2", "Variable" -> List.of(variables.apply(node));
      case "Identity", "IdentityN", "ReadVariableOp", "PlaceholderWithDefault" -> inputs;
      case "Placeholder" ->
          throw new IllegalArgumentException(
              body.where(node) + " is a second input: only one, the images, can be fed");
      case "PartitionedCall", "StatefulPartitionedCall" ->
          call(body, node, node.getAttrOrThrow("f").getFunc().getName(), inputs);
      case "Erfc" -> List.of(erfc(inputs.get(0).expect(TFloat32.class)));
      default ->
          functions.containsKey(node.getOp())
              ? call(body, node, node.getOp(), inputs)
              : operation(body, node, inputs);
    };
  }

  private List<Output<?>> call(Body body, NodeDef node, String name, List<Output<?>> inputs) {
    FunctionDef function = functions.get(name);
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
    Body called = new Body(name, function.getNodeDefList());
    for (int i = 0; i < inputs.size(); i++) {
      called.outputs.put(signature.getInputArg(i).getName(), List.of(inputs.get(i)));
    }
    List<String> returned = new ArrayList<>();
    signature.getOutputArgList().forEach(a -> returned.add(function.getRetOrThrow(a.getName())));
    return resolve(called, returned);
  }

  /**
   * 1 - erf(x): Keras writes its GELU with Erfc, which has no gradient where Erf has one. The
   * difference has the absolute error of a number near 1, 6e-8.
   */
  private Output<TFloat32> erfc(Output<TFloat32> x) {
    return tf.math.sub(tf.constant(1f), tf.math.erf(x)).asOutput();
  }

  private List<Output<?>> operation(Body body, NodeDef node, List<Output<?>> inputs) {
    OpDef definition = OPERATIONS.get(node.getOp());
    if (definition == null) {
      throw new IllegalArgumentException(
          body.where(node) + " is an operation that this TensorFlow does not have");
    }
    copied.computeIfAbsent(node.getOp(), op -> new ArrayList<>()).add(body.where(node));
    if (node.getOp().startsWith("FusedBatchNorm") && inputs.size() == 5) {
      batchStatistics.addAll(inputs.subList(3, 5));
    }
    try {
      OperationBuilder builder = tf.scope().opBuilder(node.getOp(), simpleName(node));
      int next = 0;
      for (OpDef.ArgDef argument : definition.getInputArgList()) {
        int count = size(node, definition, argument);
        List<Output<?>> tensors = inputs.subList(next, next + count);
        next += count;
        if (isList(argument)) {
          builder.addInputList(tensors.toArray(new Output<?>[0]));
        } else {
          builder.addInput(tensors.get(0));
        }
      }
      node.getAttrMap().forEach((name, value) -> set(builder, name, value));
      Operation operation = builder.build();
      List<Output<?>> outputs = new ArrayList<>();
      for (int i = 0; i < operation.numOutputs(); i++) {
        outputs.add(operation.output(i));
      }
      return outputs;
    } catch (IllegalArgumentException | IndexOutOfBoundsException | TensorFlowException e) {
      throw new IllegalArgumentException(
          body.where(node) + " cannot be copied: " + e.getMessage(), e);
    }
  }

  private static void set(OperationBuilder builder, String name, AttrValue value) {
    if (value.getValueCase() == AttrValue.ValueCase.FUNC) {
      throw new IllegalArgumentException("it runs function " + value.getFunc().getName());
    }
    if (value.getValueCase() == AttrValue.ValueCase.PLACEHOLDER) {
      throw new IllegalArgumentException("its attribute " + name + " depends on the call");
    }
    // _class colocates with nodes that are not here, _output_shapes and others are hints.
    if (!name.startsWith("_")) {
      builder.setAttr(name, value);
    }
  }

  private Output<?> output(Body body, String tensor) {
    String[] part = tensor.split(":", -1);
    List<Output<?>> outputs = body.outputs.get(part[0]);
    NodeDef node = body.nodes.get(part[0]);
    int index = part.length == 1 ? 0 : Integer.parseInt(part[part.length - 1]);
    if (!body.function.isEmpty() && node != null) {
      index = part.length == 3 ? index : 0;
      index += offset(body, node, part.length == 1 ? "" : part[1]);
    }
    if (index >= outputs.size()) {
      throw new IllegalArgumentException("there is no output " + tensor + " " + body.function);
    }
    return outputs.get(index);
  }

  /** The number of a node's outputs before those that its operation calls {@code argument}. */
  private int offset(Body body, NodeDef node, String argument) {
    FunctionDef function = functions.get(node.getOp());
    OpDef definition = function == null ? OPERATIONS.get(node.getOp()) : function.getSignature();
    int offset = 0;
    for (OpDef.ArgDef output : definition.getOutputArgList()) {
      if (argument.isEmpty() || output.getName().equals(argument)) {
        return offset;
      }
      offset += size(node, definition, output);
    }
    throw new IllegalArgumentException(body.where(node) + " has no output " + argument);
  }

  private static boolean isList(OpDef.ArgDef argument) {
    return !argument.getNumberAttr().isEmpty() || !argument.getTypeListAttr().isEmpty();
  }

  /** How many tensors an argument stands for. */
  private static int size(NodeDef node, OpDef definition, OpDef.ArgDef argument) {
    if (!argument.getNumberAttr().isEmpty()) {
      return Math.toIntExact(attribute(node, definition, argument.getNumberAttr()).getI());
    }
    if (!argument.getTypeListAttr().isEmpty()) {
      return attribute(node, definition, argument.getTypeListAttr()).getList().getTypeCount();
    }
    return 1;
  }

  /**
   * An attribute of a node; those that have their default value may be left out in a SavedModel.
   */
  private static AttrValue attribute(NodeDef node, OpDef definition, String name) {
    return node.containsAttr(name)
        ? node.getAttrOrThrow(name)
        : definition.getAttrList().stream()
            .filter(a -> a.getName().equals(name))
            .findFirst()
            .orElseThrow()
            .getDefaultValue();
  }

  private static List<String> dataInputs(NodeDef node) {
    return node.getInputList().stream().filter(input -> !input.startsWith("^")).toList();
  }

  private static String nodeName(String tensor) {
    int colon = tensor.indexOf(':');
    return colon < 0 ? tensor : tensor.substring(0, colon);
  }

  /**
   * The last part of a node's name, as a scope accepts it, without its number: the scope numbers
   * names itself, and would run into one that came with a number.
   */
  private static String simpleName(NodeDef node) {
    String last = node.getName().substring(node.getName().lastIndexOf('/') + 1);
    String safe = last.replaceAll("[^A-Za-z0-9_.\\-]", "_").replaceFirst("(_\\d+)+$", "");
    return safe.matches("[A-Za-z0-9.].*") ? safe : "node" + safe;
  }
}
