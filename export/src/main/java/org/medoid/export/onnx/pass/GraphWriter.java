package org.medoid.export.onnx.pass;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Writes a graph as ONNX has it, and the graphs that its nodes run.
 *
 * @param prefix in front of every name, where the graph is inside another
 * @param around the names of tensors of the graph around it, by their names in this one
 */
record GraphWriter(OnnxGraph graph, String prefix, Map<String, String> around) {
  void write(OnnxMl.GraphProto.Builder out) {
    graph.nodes().forEach(node -> out.addNode(node(node)));
    graph
        .constants()
        .forEach(
            (name, constant) -> {
              OnnxMl.TensorProto.Builder values =
                  OnnxMl.TensorProto.newBuilder()
                      .setName(named(name))
                      .setDataType(Types.onnx(constant.type()).getNumber())
                      .setRawData(UnsafeByteOperations.unsafeWrap(constant.data()));
              Arrays.stream(constant.shape()).forEach(values::addDims);
              out.addInitializer(values);
            });
  }

  private OnnxMl.NodeProto.Builder node(OnnxNode node) {
    OnnxMl.NodeProto.Builder out =
        OnnxMl.NodeProto.newBuilder().setOpType(node.op).setName(prefix + node.name);
    int own = node.inputs.size();
    for (Map.Entry<String, Object> attribute : node.attributes.entrySet()) {
      if (attribute.getValue() instanceof Subgraph inner) {
        own -= inner.captured().size();
        out.addAttribute(subgraph(attribute.getKey(), inner, node, own));
      } else {
        out.addAttribute(attribute(attribute.getKey(), attribute.getValue()));
      }
    }
    node.inputs.subList(0, own).forEach(input -> out.addInput(named(input)));
    node.outputs.forEach(output -> out.addOutput(named(output)));
    return out;
  }

  /** The final name of a tensor. */
  private String named(String tensor) {
    if (around.containsKey(tensor)) {
      return around.get(tensor);
    }
    // No name in a graph may be that of a tensor around it; no tensor's own has two colons.
    return tensor.isEmpty() ? tensor : prefix + graph.named(tensor);
  }

  private OnnxMl.AttributeProto subgraph(String name, Subgraph inner, OnnxNode node, int own) {
    Map<String, String> captured = new HashMap<>();
    for (int i = 0; i < inner.captured().size(); i++) {
      captured.put(inner.captured().get(i), named(node.inputs.get(own + i)));
    }
    GraphWriter writer = new GraphWriter(inner.graph(), prefix + node.name + "::", captured);
    OnnxMl.GraphProto.Builder out = OnnxMl.GraphProto.newBuilder().setName(node.name);
    inner.inputs().forEach(port -> out.addInput(writer.info(port)));
    inner.outputs().forEach(port -> out.addOutput(writer.info(port)));
    writer.write(out);
    return OnnxMl.AttributeProto.newBuilder()
        .setName(name)
        .setType(OnnxMl.AttributeProto.AttributeType.GRAPH)
        .setG(out)
        .build();
  }

  private OnnxMl.ValueInfoProto info(Subgraph.Port port) {
    OnnxMl.TypeProto.Tensor.Builder type =
        OnnxMl.TypeProto.Tensor.newBuilder().setElemType(Types.onnx(port.type()).getNumber());
    if (port.shape() != null) {
      type.getShapeBuilder();
      for (long size : port.shape()) {
        OnnxMl.TensorShapeProto.Dimension.Builder dimension =
            type.getShapeBuilder().addDimBuilder();
        if (size >= 0) {
          dimension.setDimValue(size);
        }
      }
    }
    return OnnxMl.ValueInfoProto.newBuilder()
        .setName(named(port.tensor()))
        .setType(OnnxMl.TypeProto.newBuilder().setTensorType(type))
        .build();
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
