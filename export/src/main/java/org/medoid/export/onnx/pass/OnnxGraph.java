package org.medoid.export.onnx.pass;

import ai.onnx.proto.OnnxMl;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tensorflow.proto.DataType;

/** An ONNX graph under construction: nodes in order of computation and constants, by name. */
public final class OnnxGraph {
  /** An empty graph. */
  public OnnxGraph() {}

  /** The pseudo operation that stands for a node which cannot be converted. */
  public static final String UNSUPPORTED = "Unsupported";

  /** 1 / sqrt(x), one node until the patterns that it is part of have been looked for. */
  public static final String RSQRT = "tf.Rsqrt";

  /** x^2, one node as long as {@link #RSQRT}. */
  public static final String SQUARE = "tf.Square";

  /** 1 - erf(x) of floats, one node as long as {@link #RSQRT}. */
  public static final String ERFC = "tf.Erfc";

  /**
   * Blocks of the spatial axes into the batch, channels first: attributes blocks, edges (zeros in
   * front of each axis, then behind). One node until the convolution that it belongs to is found.
   */
  public static final String SPACE_TO_BATCH = "tf.SpaceToBatch";

  /** The inverse of {@link #SPACE_TO_BATCH}; edges are cut off. */
  public static final String BATCH_TO_SPACE = "tf.BatchToSpace";

  private int opset;
  private final List<OnnxNode> nodes = new ArrayList<>();
  private final Map<String, Constant> constants = new LinkedHashMap<>();
  private final Map<String, String> sharedConstants = new HashMap<>();
  private final Map<String, long[]> shapes = new HashMap<>();
  private final Map<String, String> names = new HashMap<>();
  private final Map<String, String> replaced = new HashMap<>();
  private final Set<String> taken = new HashSet<>();
  private final Set<String> nodeNames = new HashSet<>();

  /**
   * Returns the nodes, in order of computation.
   *
   * @return the list itself
   */
  public List<OnnxNode> nodes() {
    return nodes;
  }

  /**
   * Returns the constant of a name.
   *
   * @param name the name of a tensor
   * @return the constant, or null if the tensor is none
   */
  public Constant constant(String name) {
    return constants.get(name);
  }

  /**
   * Returns what is known of the shape of a tensor.
   *
   * @param tensor the name of a tensor
   * @return sizes, -1 where unknown; null if nothing is known
   */
  public long[] shape(String tensor) {
    return shapes.get(tensor);
  }

  /**
   * Notes the shape of a tensor, if none is noted.
   *
   * @param tensor the name of a tensor
   * @param shape sizes, -1 where unknown; null if even the rank is
   */
  public void setShape(String tensor, long[] shape) {
    if (shape != null) {
      shapes.putIfAbsent(tensor, shape);
    }
  }

  /**
   * Takes a name that no other tensor has.
   *
   * @param wanted a name to be near to
   * @return the name
   */
  public String fresh(String wanted) {
    return fresh(wanted, taken);
  }

  private static String fresh(String wanted, Set<String> taken) {
    String name = wanted;
    for (int i = 1; !taken.add(name); i++) {
      name = wanted + "_" + i;
    }
    return name;
  }

  /**
   * Notes that one tensor stands for another now.
   *
   * @param tensor the tensor that is gone
   * @param by the one read instead
   */
  public void replaced(String tensor, String by) {
    replaced.put(tensor, by);
  }

  /**
   * Gives a tensor, or what stands for it now, a better name in the file, if that is free.
   *
   * @param old the name of a tensor
   * @param to the better one
   */
  public void rename(String old, String to) {
    String tensor = old;
    while (replaced.containsKey(tensor)) {
      tensor = replaced.get(tensor);
    }
    if (!names.containsKey(tensor) && !to.equals(tensor) && taken.add(to)) {
      names.put(tensor, to);
    }
  }

  /**
   * Gives a tensor a name in the file that was taken for it.
   *
   * @param tensor the name of a tensor
   * @param name its name in the file
   */
  public void setName(String tensor, String name) {
    names.put(tensor, name);
  }

  /**
   * Adds a constant of its own name.
   *
   * @param wanted a name to be near to
   * @param constant the values
   * @return its name
   */
  public String addConstant(String wanted, Constant constant) {
    String name = fresh(wanted);
    constants.put(name, constant);
    setShape(name, constant.shape());
    return name;
  }

  /**
   * Adds a small constant, or finds an equal one.
   *
   * @param constant the values
   * @return its name
   */
  public String shareConstant(Constant constant) {
    String key =
        constant.type() + Arrays.toString(constant.shape()) + Arrays.toString(constant.data());
    return sharedConstants.computeIfAbsent(
        key, k -> addConstant("const_" + constants.size(), constant));
  }

  /**
   * Adds a node at the end.
   *
   * @param op the operation
   * @param wanted a name to be near to
   * @param inputs the tensors read
   * @param attributes by name: Boolean, Integer, Long, Float, Double, String, long[] or float[]
   * @param outputCount how many tensors it makes
   * @return the node
   */
  public OnnxNode add(
      String op,
      String wanted,
      List<String> inputs,
      Map<String, Object> attributes,
      int outputCount) {
    String name = fresh(wanted, nodeNames);
    List<String> outputs = new ArrayList<>();
    outputs.add(fresh(name + ":0"));
    for (int i = 1; i < outputCount; i++) {
      outputs.add(fresh(name + ":" + i));
    }
    OnnxNode node = new OnnxNode(op, name, inputs, outputs, attributes);
    nodes.add(node);
    return node;
  }

  /** Adds a node of one output before another. */
  OnnxNode insert(OnnxNode before, String op, List<String> in, Map<String, Object> attributes) {
    OnnxNode made = add(op, before.name, in, attributes, 1);
    nodes.remove(nodes.size() - 1);
    nodes.add(nodes.indexOf(before), made);
    return made;
  }

  /**
   * Drops the nodes and constants that no output needs.
   *
   * @param outputs the tensors of the outputs
   */
  public void prune(Collection<String> outputs) {
    Map<String, OnnxNode> producers = producers();
    Deque<String> open = new ArrayDeque<>(outputs);
    Set<String> seen = new HashSet<>(outputs);
    Set<OnnxNode> needed = new HashSet<>();
    while (!open.isEmpty()) {
      OnnxNode node = producers.get(open.pop());
      if (node != null && needed.add(node)) {
        node.inputs.stream().filter(seen::add).forEach(open::push);
      }
    }
    nodes.removeIf(node -> !needed.contains(node));
    constants.keySet().removeIf(name -> !seen.contains(name));
    sharedConstants.values().removeIf(name -> !constants.containsKey(name));
  }

  /** Lets nodes that read equal constants read one. */
  public void shareEqualConstants() {
    record Key(DataType type, List<Long> shape, ByteBuffer data) {}
    Map<Key, String> first = new HashMap<>();
    Map<String, String> same = new HashMap<>();
    constants.forEach(
        (name, constant) -> {
          List<Long> shape = Arrays.stream(constant.shape()).boxed().toList();
          Key key = new Key(constant.type(), shape, ByteBuffer.wrap(constant.data()));
          same.put(name, first.computeIfAbsent(key, k -> name));
        });
    nodes.forEach(node -> node.inputs.replaceAll(input -> same.getOrDefault(input, input)));
  }

  /**
   * Returns the node behind each tensor.
   *
   * @return a new map, by tensor
   */
  public Map<String, OnnxNode> producers() {
    Map<String, OnnxNode> producers = new HashMap<>();
    for (OnnxNode node : nodes) {
      node.outputs.forEach(output -> producers.put(output, node));
    }
    return producers;
  }

  /**
   * Returns how many inputs and graph outputs each tensor feeds.
   *
   * @param outputs the tensors of the outputs
   * @return a new map, by tensor
   */
  public Map<String, Integer> uses(Collection<String> outputs) {
    Map<String, Integer> uses = new HashMap<>();
    outputs.forEach(output -> uses.merge(output, 1, Integer::sum));
    nodes.forEach(node -> node.inputs.forEach(input -> uses.merge(input, 1, Integer::sum)));
    return uses;
  }

  /**
   * Says that a node is of a later version of the operator set.
   *
   * @param version the version that the model must have at least
   */
  public void needOpset(int version) {
    opset = Math.max(opset, version);
  }

  /**
   * Returns the version of the operator set that the nodes need.
   *
   * @return the version, 0 if any will do
   */
  public int opset() {
    return opset;
  }

  /**
   * Returns the bytes of all constants, those of graphs that nodes run among them.
   *
   * @return their sum
   */
  public long constantBytes() {
    long bytes = constants.values().stream().mapToLong(constant -> constant.data().length).sum();
    for (OnnxNode node : nodes) {
      for (Object attribute : node.attributes.values()) {
        bytes += attribute instanceof Subgraph inner ? inner.graph().constantBytes() : 0;
      }
    }
    return bytes;
  }

  /**
   * Writes nodes and constants.
   *
   * @param graph where to
   */
  public void write(OnnxMl.GraphProto.Builder graph) {
    new GraphWriter(this, "", Map.of()).write(graph);
  }

  /** The constants by name. */
  Map<String, Constant> constants() {
    return constants;
  }

  /** The name of a tensor in the file, if nothing is around this graph. */
  String named(String tensor) {
    return names.getOrDefault(tensor, tensor);
  }
}
