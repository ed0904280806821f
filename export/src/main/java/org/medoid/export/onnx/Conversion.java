package org.medoid.export.onnx;

import ai.onnx.proto.OnnxMl;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.medoid.export.onnx.pass.OnnxGraph;
import org.medoid.export.onnx.pass.OnnxNode;
import org.medoid.export.onnx.pass.Passes;
import org.medoid.export.onnx.pass.Types;

/** One run of {@link OnnxConverter}. */
final class Conversion {
  private final Source source;
  private final Map<String, Source.TensorName> inputs;
  private final Map<String, Source.TensorName> outputs;
  private final OnnxGraph graph = new OnnxGraph();
  private final Map<Source.TensorName, Value> values = new LinkedHashMap<>();
  private final Map<String, Source.Unsupported> unsupported = new LinkedHashMap<>();
  private final Map<String, String> outputTensors = new TreeMap<>();

  Conversion(
      Source source,
      Map<String, Source.TensorName> inputs,
      Map<String, Source.TensorName> outputs,
      Map<String, OpConverter> converters,
      int opset) {
    this.source = source;
    this.inputs = inputs;
    this.outputs = outputs;
    inputs.keySet().forEach(name -> graph.setName(graph.fresh(name), name));
    outputs.keySet().forEach(graph::fresh);
    Set<Source.TensorName> images = Layouts.channelsFirstInputs(source);
    inputs.forEach(
        (name, tensor) -> {
          Source.Node node = source.node(tensor.node());
          if (!node.op().startsWith("Placeholder")) {
            throw new IllegalArgumentException(
                "input " + name + ": " + node + " is not a placeholder");
          }
          Value value = new Value(graph, tensor.node(), source.info(tensor), null);
          value.setPlain(name);
          if (images.contains(tensor)) {
            value.channelsFirst();
          }
          values.put(tensor, value);
        });
    for (Source.Node node : source.nodes()) {
      if (!values.containsKey(new Source.TensorName(node.name(), 0))) {
        convert(node, converters.get(node.op()));
      }
    }
    outputs.forEach((name, tensor) -> outputTensors.put(name, value(tensor).plain()));
    graph.prune(outputTensors.values());
    refuseUnsupported();
    OnnxConverter.checkSize(graph.constantBytes());
    Passes.apply(graph, outputTensors, opset);
    nameOutputs();
  }

  private Value value(Source.TensorName tensor) {
    return values
        .computeIfAbsent(
            tensor, t -> new Value(graph, t.toString(), source.info(t), source.constant(t)))
        .resolved();
  }

  private void convert(Source.Node node, OpConverter converter) {
    List<Value> read = node.inputs().stream().map(this::value).toList();
    List<Value> made = new ArrayList<>();
    for (int i = 0; i < source.outputCount(node); i++) {
      made.add(value(new Source.TensorName(node.name(), i)));
    }
    TfNode context = new TfNode(node, source.definition(node), graph, read, made);
    try {
      if (node.op().startsWith("Placeholder") && converter == null) {
        throw context.unsupported("a placeholder that is not among the inputs");
      }
      if (converter == null) {
        throw context.unsupported("no converter");
      }
      for (Value value : made) {
        if (!Types.known(value.type())) {
          throw context.unsupported("ONNX has no type for " + value.type());
        }
      }
      converter.convert(context);
    } catch (NodeFacts.UnsupportedException e) {
      // A stand-in with all the node's inputs: whether it matters shows when the rest is there.
      List<String> tensors = new ArrayList<>();
      for (Value value : read) {
        if (Types.known(value.type())) {
          tensors.add(value.plain());
        }
      }
      OnnxNode standIn =
          graph.add(
              OnnxGraph.UNSUPPORTED, node.name(), tensors, Map.of(), Math.max(1, made.size()));
      unsupported.put(standIn.name, new Source.Unsupported(node, e.getMessage()));
      for (int i = 0; i < made.size(); i++) {
        made.get(i).setPlain(standIn.outputs.get(i));
      }
    }
  }

  private void refuseUnsupported() {
    List<Source.Unsupported> needed =
        graph.nodes().stream()
            .filter(node -> node.op.equals(OnnxGraph.UNSUPPORTED))
            .map(node -> unsupported.get(node.name))
            .toList();
    if (!needed.isEmpty()) {
      throw OnnxConverter.unsupported(needed);
    }
  }

  /** The outputs' own names: a tensor takes one if it is free to, else an Identity copies it. */
  private void nameOutputs() {
    // Their own already: a tensor that an input stands for shall not give it another.
    inputs.keySet().forEach(name -> graph.setName(name, name));
    Map<String, OnnxNode> producers = graph.producers();
    Set<String> named = new HashSet<>();
    outputTensors.forEach(
        (name, tensor) -> {
          OnnxNode producer = producers.get(tensor);
          if (producer != null && named.add(tensor)) {
            graph.setName(tensor, name);
          } else {
            OnnxNode copy = graph.add("Identity", name, List.of(tensor), Map.of(), 1);
            graph.setName(copy.output(), name);
          }
        });
    values
        .values()
        .forEach(value -> value.names().forEach(name -> graph.rename(name, value.toString())));
  }

  OnnxMl.ModelProto model(OnnxConverter.Options options) {
    OnnxMl.GraphProto.Builder out = OnnxMl.GraphProto.newBuilder().setName(options.graphName());
    graph.write(out);
    boolean batched = false;
    for (Map.Entry<String, Source.TensorName> input : inputs.entrySet()) {
      Source.Info info = source.info(input.getValue());
      out.addInput(valueInfo(input.getKey(), info, true));
      batched |= info.shape() != null && info.shape().length > 0 && info.shape()[0] < 0;
    }
    for (Map.Entry<String, Source.TensorName> output : outputs.entrySet()) {
      out.addOutput(valueInfo(output.getKey(), source.info(output.getValue()), batched));
    }
    OnnxMl.ModelProto.Builder model =
        OnnxMl.ModelProto.newBuilder()
            .setIrVersion(OnnxConverter.IR)
            .setProducerName(options.producerName())
            .setProducerVersion(options.producerVersion())
            .addOpsetImport(
                OnnxMl.OperatorSetIdProto.newBuilder()
                    .setVersion(Math.max(options.opset(), graph.opset())))
            .setGraph(out);
    new TreeMap<>(options.metadata())
        .forEach(
            (key, value) ->
                model.addMetadataProps(
                    OnnxMl.StringStringEntryProto.newBuilder().setKey(key).setValue(value)));
    return model.build();
  }

  private static OnnxMl.ValueInfoProto valueInfo(String name, Source.Info info, boolean batched) {
    OnnxMl.TypeProto.Tensor.Builder type =
        OnnxMl.TypeProto.Tensor.newBuilder().setElemType(Types.onnx(info.type()).getNumber());
    if (info.shape() != null) {
      OnnxMl.TensorShapeProto.Builder shape = type.getShapeBuilder();
      for (int i = 0; i < info.shape().length; i++) {
        long size = info.shape()[i];
        OnnxMl.TensorShapeProto.Dimension.Builder dimension = shape.addDimBuilder();
        if (size >= 0) {
          dimension.setDimValue(size);
        } else {
          dimension.setDimParam(i == 0 && batched ? "batch" : name + "_" + i);
        }
      }
    }
    return OnnxMl.ValueInfoProto.newBuilder()
        .setName(name)
        .setType(OnnxMl.TypeProto.newBuilder().setTensorType(type))
        .build();
  }
}
