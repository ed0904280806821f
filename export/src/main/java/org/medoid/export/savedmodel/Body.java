package org.medoid.export.savedmodel;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;

/**
 * The nodes of a graph or of one call of a function, and the flat tensors of those that are done.
 *
 * <p>In the graph a tensor is written {@code node} or {@code node:index}. In a function it is
 * {@code node:argument:index}, where the argument is one of the outputs of the node's operation and
 * may stand for several tensors; the definitions of the operations say how many.
 */
final class Body {
  /** A call that was given no name. */
  private static final Pattern CALL = Pattern.compile("(Stateful)?PartitionedCall(_\\d+)?");

  private final String function;
  private final String prefix;
  private final Body caller;
  private final Map<String, AttrValue> attributes;
  private final Map<String, NodeDef> nodes = new HashMap<>();
  private final Map<String, List<String>> tensors = new HashMap<>();

  private Body(
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

  /** The same nodes in another round of a loop: what is done is done here, what follows is not. */
  private Body(Body outside) {
    this(outside.function, outside.prefix, outside.caller, outside.attributes, List.of());
    nodes.putAll(outside.nodes);
    tensors.putAll(outside.tensors);
  }

  /** A whole graph. */
  static Body ofGraph(List<NodeDef> nodes) {
    return new Body("", "", null, Map.of(), nodes);
  }

  /**
   * The body of a function.
   *
   * @param call the node that calls it
   * @param attributes that the call binds
   * @throws IllegalArgumentException if the call is inside that function already
   */
  Body called(NodeDef call, String name, Map<String, AttrValue> attributes, List<NodeDef> nodes) {
    for (Body outer = this; outer != null; outer = outer.caller) {
      if (outer.function.equals(name)) {
        throw new IllegalArgumentException(
            where(call) + " calls the function it is in, which cannot be flattened");
      }
    }
    // Keras wraps a network in two calls, whose names would stand before every layer's.
    boolean named = !CALL.matcher(call.getName()).matches();
    String inside = named ? prefix + call.getName() + "/" : prefix;
    return new Body(name, inside, this, attributes, nodes);
  }

  /** A copy for a round of a loop whose nodes are among these. */
  Body round() {
    return new Body(this);
  }

  /** All nodes, in the order of their names. */
  List<NodeDef> nodes() {
    return nodes.values().stream().sorted(Comparator.comparing(NodeDef::getName)).toList();
  }

  boolean isGraph() {
    return caller == null;
  }

  /** The node of that name, or null: the arguments of a function have none. */
  NodeDef node(String name) {
    return nodes.get(name);
  }

  /** What a node is called in the flat graph, as far as the name is free. */
  String flatName(NodeDef node) {
    return prefix + node.getName();
  }

  void done(String node, List<String> flat) {
    tensors.put(node, flat);
  }

  String where(NodeDef node) {
    return "node " + node.getName() + " (" + node.getOp() + ")" + place();
  }

  String place() {
    return isGraph() ? "" : " in function " + function;
  }

  /** The names of the nodes that have been done, for a walk that leaves them out. */
  Map<String, List<String>> tensors() {
    return tensors;
  }

  /**
   * The flat tensor that stands for a tensor of this body, whose node is done.
   *
   * @throws IllegalArgumentException if the node has no such output
   */
  String tensor(String tensor, Operations operations) {
    String[] part = tensor.split(":", -1);
    List<String> flat = tensors.get(part[0]);
    if (flat.size() == 1 && !Flattener.isTensor(flat.get(0))) {
      return flat.get(0);
    }
    NodeDef node = nodes.get(part[0]);
    int index;
    try {
      index = part.length == 1 ? 0 : Integer.parseInt(part[part.length - 1]);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("there is no tensor " + tensor + place(), e);
    }
    if (!isGraph() && node != null) {
      index = part.length == 3 ? index : 0;
      index += offset(node, part.length == 1 ? "" : part[1], operations);
    }
    if (index < 0 || index >= flat.size()) {
      throw new IllegalArgumentException("there is no tensor " + tensor + place());
    }
    return flat.get(index);
  }

  /** The number of a node's outputs before those that its operation calls {@code argument}. */
  private int offset(NodeDef node, String argument, Operations operations) {
    OpDef definition = operations.definition(node.getOp());
    NodeDef complete = complete(node, definition);
    int offset = argument.isEmpty() ? 0 : Operations.offset(complete, definition, argument);
    if (offset < 0) {
      throw new IllegalArgumentException(where(node) + " has no output " + argument);
    }
    return offset;
  }

  /** A node with all its attributes: what the call binds, and defaults. */
  NodeDef complete(NodeDef node, OpDef definition) {
    return Operations.complete(
        node.toBuilder().clearAttr().putAllAttr(bound(node, node.getAttrMap())).build(),
        definition);
  }

  /** Attributes with those filled in that depend on the call. */
  Map<String, AttrValue> bound(NodeDef node, Map<String, AttrValue> given) {
    Map<String, AttrValue> bound = new HashMap<>(given);
    bound.replaceAll(
        (name, value) -> {
          if (value.getValueCase() != AttrValue.ValueCase.PLACEHOLDER) {
            return value;
          }
          AttrValue filled = attributes.get(value.getPlaceholder());
          if (filled == null) {
            throw new IllegalArgumentException(
                "%s: its attribute %s depends on the call, which does not give it"
                    .formatted(where(node), name));
          }
          return filled;
        });
    return bound;
  }
}
