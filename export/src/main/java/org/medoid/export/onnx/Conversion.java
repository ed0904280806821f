package org.medoid.export.onnx;

import ai.onnx.proto.OnnxMl;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.medoid.export.onnx.pass.OnnxGraph;
import org.medoid.export.onnx.pass.OnnxNode;
import org.medoid.export.onnx.pass.Passes;
import org.medoid.export.onnx.pass.Subgraph;
import org.medoid.export.onnx.pass.Types;

/** One run of {@link OnnxConverter}. */
final class Conversion {
  private final Source source;
  private final Map<String, Source.TensorName> inputs;
  private final Map<String, Source.TensorName> outputs;
  private final OnnxGraph graph = new OnnxGraph();
  private final Map<OnnxNode, Source.Unsupported> unsupported = new HashMap<>();
  private final Translation translation;
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
    this.translation = new Translation(source, graph, converters, unsupported);
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
          translation.set(tensor, value);
        });
    translation.run();
    outputs.forEach((name, tensor) -> outputTensors.put(name, translation.value(tensor).plain()));
    graph.prune(outputTensors.values());
    refuseUnsupported();
    OnnxConverter.checkSize(graph.constantBytes());
    Passes.apply(graph, outputTensors, opset);
    nameOutputs();
  }

  private void refuseUnsupported() {
    List<Source.Unsupported> needed = new ArrayList<>();
    collect(graph, needed);
    if (!needed.isEmpty()) {
      throw OnnxConverter.unsupported(needed);
    }
  }

  private void collect(OnnxGraph in, List<Source.Unsupported> needed) {
    for (OnnxNode node : in.nodes()) {
      if (node.op.equals(OnnxGraph.UNSUPPORTED)) {
        needed.add(unsupported.get(node));
      }
      for (Object attribute : node.attributes.values()) {
        if (attribute instanceof Subgraph inner) {
          collect(inner.graph(), needed);
        }
      }
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
    translation.nameTensors();
  }

  OnnxMl.ModelProto model(OnnxConverter.Options options) {
    OnnxMl.GraphProto.Builder out = OnnxMl.GraphProto.newBuilder().setName("medoid");
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
            .setProducerName("medoid")
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
