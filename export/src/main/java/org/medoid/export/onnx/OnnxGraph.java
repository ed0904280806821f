package org.medoid.export.onnx;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
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
import java.util.TreeMap;
import org.tensorflow.proto.DataType;

/** An ONNX graph under construction: nodes in order of computation and constants, by name. */
final class OnnxGraph {
  /** The pseudo operation that stands for a node which cannot be converted. */
  static final String UNSUPPORTED = "Unsupported";

  /** A node; its inputs may change while the graph is rewritten. */
  static final class Node {
    final String op;
    final String name;
    final List<String> inputs;
    final List<String> outputs;
    final Map<String, Object> attributes;

    Node(
        String op,
        String name,
        List<String> inputs,
        List<String> outputs,
        Map<String, Object> attributes) {
      this.op = op;
      this.name = name;
      this.inputs = new ArrayList<>(inputs);
      this.outputs = new ArrayList<>(outputs);
      this.attributes = new TreeMap<>(attributes);
    }

    boolean is(String... ops) {
      return Arrays.asList(ops).contains(op);
    }

    String output() {
      return outputs.get(0);
    }
  }

  private final List<Node> nodes = new ArrayList<>();
  private final Map<String, Constant> constants = new LinkedHashMap<>();
  private final Map<String, String> sharedConstants = new HashMap<>();
  private final Map<String, long[]> shapes = new HashMap<>();
  private final Map<String, String> names = new HashMap<>();
  private final Map<String, String> replaced = new HashMap<>();
  private final Set<String> taken = new HashSet<>();
  private final Set<String> nodeNames = new HashSet<>();

  List<Node> nodes() {
    return nodes;
  }

  /** The constant of a name, or null. */
  Constant constant(String name) {
    return constants.get(name);
  }

  /** The shape of a tensor as far as it is known, or null. */
  long[] shape(String tensor) {
    return shapes.get(tensor);
  }

  void setShape(String tensor, long[] shape) {
    if (shape != null) {
      shapes.putIfAbsent(tensor, shape);
    }
  }

  /** A name that no other tensor has, near the wanted one. */
  String fresh(String wanted) {
    return fresh(wanted, taken);
  }

  private static String fresh(String wanted, Set<String> taken) {
    String name = wanted;
    for (int i = 1; !taken.add(name); i++) {
      name = wanted + "_" + i;
    }
    return name;
  }

  /** Notes that one tensor stands for another now. */
  void replaced(String tensor, String by) {
    replaced.put(tensor, by);
  }

  /** Gives a tensor, or what stands for it now, a better name in the file, if that is free. */
  void rename(String old, String to) {
    String tensor = old;
    while (replaced.containsKey(tensor)) {
      tensor = replaced.get(tensor);
    }
    if (!names.containsKey(tensor) && !to.equals(tensor) && taken.add(to)) {
      names.put(tensor, to);
    }
  }

  /** Gives a tensor a name that was taken for it. */
  void setName(String tensor, String name) {
    names.put(tensor, name);
  }

  /** The final name of a tensor. */
  private String named(String tensor) {
    return names.getOrDefault(tensor, tensor);
  }

  /** Adds a constant of its own name. */
  String addConstant(String wanted, Constant constant) {
    String name = fresh(wanted);
    constants.put(name, constant);
    setShape(name, constant.shape());
    return name;
  }

  /** Adds a small constant, or finds an equal one. */
  String shareConstant(Constant constant) {
    String key =
        constant.type() + Arrays.toString(constant.shape()) + Arrays.toString(constant.data());
    return sharedConstants.computeIfAbsent(
        key, k -> addConstant("const_" + sharedConstants.size(), constant));
  }

  Node add(
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
    Node node = new Node(op, name, inputs, outputs, attributes);
    nodes.add(node);
    return node;
  }

  /** Drops the nodes and constants that no output needs. */
  void prune(Collection<String> outputs) {
    Map<String, Node> producers = producers();
    Deque<String> open = new ArrayDeque<>(outputs);
    Set<String> seen = new HashSet<>(outputs);
    Set<Node> needed = new HashSet<>();
    while (!open.isEmpty()) {
      Node node = producers.get(open.pop());
      if (node != null && needed.add(node)) {
        node.inputs.stream().filter(seen::add).forEach(open::push);
      }
    }
    nodes.removeIf(node -> !needed.contains(node));
    constants.keySet().removeIf(name -> !seen.contains(name));
  }

  /** Lets nodes that read equal constants read one. */
  void shareEqualConstants() {
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

  /** The node behind each tensor. */
  Map<String, Node> producers() {
    Map<String, Node> producers = new HashMap<>();
    for (Node node : nodes) {
      node.outputs.forEach(output -> producers.put(output, node));
    }
    return producers;
  }

  /** How many inputs and graph outputs each tensor feeds. */
  Map<String, Integer> uses(Collection<String> outputs) {
    Map<String, Integer> uses = new HashMap<>();
    outputs.forEach(output -> uses.merge(output, 1, Integer::sum));
    nodes.forEach(node -> node.inputs.forEach(input -> uses.merge(input, 1, Integer::sum)));
    return uses;
  }

  /** The bytes of all constants. */
  long constantBytes() {
    return constants.values().stream().mapToLong(constant -> constant.data().length).sum();
  }

  /** Writes nodes and constants. */
  void write(OnnxMl.GraphProto.Builder graph) {
    for (Node node : nodes) {
      OnnxMl.NodeProto.Builder out =
          OnnxMl.NodeProto.newBuilder().setOpType(node.op).setName(node.name);
      node.inputs.forEach(input -> out.addInput(named(input)));
      node.outputs.forEach(output -> out.addOutput(named(output)));
      node.attributes.forEach((name, value) -> out.addAttribute(attribute(name, value)));
      graph.addNode(out);
    }
    constants.forEach(
        (name, constant) -> {
          OnnxMl.TensorProto.Builder out =
              OnnxMl.TensorProto.newBuilder()
                  .setName(named(name))
                  .setDataType(Types.onnx(constant.type()).getNumber())
                  .setRawData(UnsafeByteOperations.unsafeWrap(constant.data()));
          Arrays.stream(constant.shape()).forEach(out::addDims);
          graph.addInitializer(out);
        });
  }

  private static OnnxMl.AttributeProto attribute(String name, Object value) {
    OnnxMl.AttributeProto.Builder out = OnnxMl.AttributeProto.newBuilder().setName(name);
    if (value instanceof Boolean flag) {
      out.setType(OnnxMl.AttributeProto.AttributeType.INT).setI(flag ? 1 : 0);
    } else if (value instanceof Integer || value instanceof Long) {
      out.setType(OnnxMl.AttributeProto.AttributeType.INT).setI(((Number) value).longValue());
    } else if (value instanceof Float || value instanceof Double) {
      out.setType(OnnxMl.AttributeProto.AttributeType.FLOAT).setF(((Number) value).floatValue());
    } else if (value instanceof String text) {
      out.setType(OnnxMl.AttributeProto.AttributeType.STRING).setS(ByteString.copyFromUtf8(text));
    } else if (value instanceof long[] values) {
      out.setType(OnnxMl.AttributeProto.AttributeType.INTS);
      Arrays.stream(values).forEach(out::addInts);
    } else if (value instanceof float[] values) {
      out.setType(OnnxMl.AttributeProto.AttributeType.FLOATS);
      for (float one : values) {
        out.addFloats(one);
      }
    } else {
      throw new IllegalArgumentException(
          "attribute " + name + " is a " + value.getClass().getName());
    }
    return out.build();
  }
}
