package org.medoid.export.onnx;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.medoid.export.onnx.pass.OnnxGraph;
import org.medoid.export.onnx.pass.OnnxNode;
import org.medoid.export.onnx.pass.Types;
import org.medoid.export.savedmodel.Operations;

/**
 * Puts the nodes of one source into an ONNX graph: those of the graph that is converted, or of a
 * function that a loop in it runs.
 */
final class Translation {
  private final Source source;
  private final OnnxGraph graph;
  private final Map<String, OpConverter> converters;
  private final Map<OnnxNode, Source.Unsupported> unsupported;
  private final Map<Source.TensorName, Value> values = new LinkedHashMap<>();

  /**
   * Of a source.
   *
   * @param graph where its nodes go
   * @param unsupported filled in: the stand-ins for what cannot be converted
   */
  Translation(
      Source source,
      OnnxGraph graph,
      Map<String, OpConverter> converters,
      Map<OnnxNode, Source.Unsupported> unsupported) {
    this.source = source;
    this.graph = graph;
    this.converters = converters;
    this.unsupported = unsupported;
  }

  Source source() {
    return source;
  }

  OnnxGraph graph() {
    return graph;
  }

  /** Translates a function, with what stands for its arguments, into a graph. */
  Translation of(Source function, OnnxGraph into, Map<Source.TensorName, Value> arguments) {
    Translation inner = new Translation(function, into, converters, unsupported);
    inner.values.putAll(arguments);
    inner.run();
    return inner;
  }

  /** Says what stands for a tensor. */
  void set(Source.TensorName tensor, Value value) {
    values.put(tensor, value);
  }

  /** Adds the nodes, but for those that something stands for. */
  void run() {
    for (Source.Node node : source.nodes()) {
      if (!values.containsKey(new Source.TensorName(node.name(), 0))) {
        convert(node, converters.get(node.op()));
      }
    }
  }

  Value value(Source.TensorName tensor) {
    return values
        .computeIfAbsent(
            tensor, t -> new Value(graph, t.toString(), source.info(t), source.constant(t)))
        .resolved();
  }

  /** Gives the tensors, in the file, the names that they have in the source. */
  void nameTensors() {
    values.values().stream()
        .filter(value -> value.isOf(graph))
        .forEach(value -> value.names().forEach(name -> graph.rename(name, value.toString())));
  }

  private void convert(Source.Node node, OpConverter converter) {
    List<Value> read = node.inputs().stream().map(this::value).toList();
    List<Value> made = new ArrayList<>();
    for (int i = 0; i < source.outputCount(node); i++) {
      made.add(value(new Source.TensorName(node.name(), i)));
    }
    TfNode context = new TfNode(node, Operations.registered(node.op()), graph, read, made);
    try {
      if (node.op().startsWith("Placeholder") && converter == null) {
        throw context.unsupported("a placeholder that is not among the inputs");
      }
      if (converter == null && Loop.is(node)) {
        new Loop(this, node, context, read, made).convert();
        return;
      }
      if (converter == null) {
        throw context.unsupported(
            "no converter"
                + (node.op().contains("Random")
                    ? " for random numbers: leave the augmentation of images out of the model"
                    : ""));
      }
      for (Value value : made) {
        if (!Types.known(value.type())) {
          throw context.unsupported("ONNX has no type for " + value.type());
        }
      }
      convert(context, converter);
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
      unsupported.put(standIn, new Source.Unsupported(node, e.getMessage()));
      for (int i = 0; i < made.size(); i++) {
        made.get(i).setPlain(standIn.outputs.get(i));
      }
    }
  }

  /** Names the node where a converter, which may be a user's, fails. */
  private static void convert(TfNode node, OpConverter converter) {
    try {
      converter.convert(node);
    } catch (NodeFacts.UnsupportedException | NodeFacts.ConverterException e) {
      throw e;
    } catch (RuntimeException e) {
      String why = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
      throw new NodeFacts.ConverterException(
          "the converter of %s fails at node %s: %s"
              .formatted(node.op(), node.name(), why.lines().findFirst().orElse("")),
          e);
    }
  }
}
