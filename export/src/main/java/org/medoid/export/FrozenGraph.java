package org.medoid.export;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.medoid.export.savedmodel.FlatGraph;
import org.medoid.export.savedmodel.ModelSignature;
import org.medoid.export.savedmodel.OriginalModel;
import org.medoid.export.savedmodel.Purpose;
import org.medoid.export.savedmodel.SavedModel;
import org.medoid.export.savedmodel.VariableValues;
import org.tensorflow.Graph;
import org.tensorflow.Output;
import org.tensorflow.Session;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;

/**
 * A graph that computes outputs from inputs and nothing else: no variables, no functions, no
 * training.
 *
 * <p>Every input is a {@code Placeholder} and every output an {@code Identity}, named as the maps
 * say; all other nodes are what lies between, each after those it depends on, with every attribute
 * that their operation has. Variables have become {@code Const} nodes with the values they had.
 *
 * @param graph the graph; at most 2 GB, as a protocol buffer cannot be larger
 * @param inputs public names and the tensors that are fed, {@code images} and {@code images:0}
 * @param outputs public names and the tensors that are fetched
 */
public record FrozenGraph(GraphDef graph, Map<String, String> inputs, Map<String, String> outputs) {

  /** With the number of its nodes: the graph itself would print all weights. */
  @Override
  public String toString() {
    return "FrozenGraph[%s nodes, inputs=%s, outputs=%s]"
        .formatted(String.valueOf(graph.getNodeCount()), inputs, outputs);
  }

  /**
   * Checks and copies.
   *
   * @param graph the graph
   * @param inputs public names and the tensors that are fed
   * @param outputs public names and the tensors that are fetched
   */
  public FrozenGraph {
    inputs = Collections.unmodifiableMap(new LinkedHashMap<>(inputs));
    outputs = Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
    if (inputs.isEmpty() || outputs.isEmpty()) {
      throw new IllegalArgumentException("a frozen graph has an input and an output at least");
    }
  }

  /**
   * Freezes a graph with the values its variables have in a session.
   *
   * <p>The graph may hold more, the training of the network for instance: it is left behind. A
   * resource variable that nothing in the graph reads gets an operation that does; else the graph
   * stays as it is. Costs a copy of all variables.
   *
   * @param session with values for the variables that the outputs need
   * @param graph the session's graph
   * @param inputs public names and tensors, {@code node} or {@code node:index}; any tensor can be
   *     an input, what lies before it is left behind
   * @param outputs public names and tensors
   * @return the frozen graph
   * @throws IllegalArgumentException if it cannot be frozen, naming the node: it is not there, is a
   *     further input, is control flow, is part of a cycle, is an operation that this TensorFlow
   *     does not have, changes a state, or the graph gets larger than 2 GB
   * @throws IllegalStateException if a variable has no value
   */
  public static FrozenGraph of(
      Session session, Graph graph, Map<String, String> inputs, Map<String, String> outputs) {
    FlatGraph flat =
        FlatGraph.of(
            graph.toGraphDef(), ports(graph, inputs), ports(graph, outputs), Purpose.INFERENCE);
    return frozen(flat, VariableValues.read(session, graph, flat.variables()));
  }

  /**
   * Cuts what is needed out of a graph without variables, a frozen one of TensorFlow 1 for
   * instance.
   *
   * @param graph the graph
   * @param inputs public names and tensors
   * @param outputs public names and tensors
   * @return the frozen graph
   * @throws IllegalArgumentException as {@link #of(Session, Graph, Map, Map)}, or if there is a
   *     variable
   */
  public static FrozenGraph of(
      GraphDef graph, Map<String, String> inputs, Map<String, String> outputs) {
    try (Graph imported = new Graph()) {
      imported.importGraphDef(graph);
      FlatGraph flat =
          FlatGraph.of(graph, ports(imported, inputs), ports(imported, outputs), Purpose.INFERENCE);
      if (!flat.variables().isEmpty()) {
        throw new IllegalArgumentException(
            "node %s is a variable, whose value is in no session"
                .formatted(flat.variables().get(0).node().getName()));
      }
      return frozen(flat, Map.of());
    } catch (TensorFlowException e) {
      throw new IllegalArgumentException("not a valid graph: " + VariableValues.firstLine(e), e);
    }
  }

  /**
   * Freezes a signature of a SavedModel: of TensorFlow 1 or 2, from Keras, TensorFlow Java or
   * another writer. Calls of functions, which hold the network in those of TensorFlow 2, are
   * replaced by the functions' bodies.
   *
   * @param folder with {@code saved_model.pb}
   * @param signature the signature's name; null for {@code serving_default} or, if there is none,
   *     the only one there is
   * @return the frozen graph; its public names are those of the signature
   * @throws java.nio.file.NoSuchFileException if there is no SavedModel
   * @throws IOException if it is damaged, has no such signature, or holds what cannot be frozen,
   *     naming the file and the node
   */
  public static FrozenGraph ofSavedModel(Path folder, String signature) throws IOException {
    SavedModel model = SavedModel.open(folder);
    FlatGraph flat = model.flat(signature, Purpose.INFERENCE);
    return frozen(model, flat, model.values(flat));
  }

  /**
   * Freezes the way from images to features in a SavedModel.
   *
   * @param signature which way, and how its images are fed
   * @return from {@value ModelSignature#IMAGES}, float32 [batch, height, width, 3] in [0, 1], to
   *     {@value ModelSignature#FEATURES}, float32 [batch, features]
   * @throws IOException if the variables cannot be read, or {@link ModelSignature#served} refuses
   */
  public static FrozenGraph of(ModelSignature signature) throws IOException {
    FlatGraph flat = served(signature);
    return frozen(signature.model(), flat, signature.values(flat));
  }

  /**
   * The same of a SavedModel that is loaded already.
   *
   * @param signature which way, and how its images are fed
   * @param original what {@link ModelSignature#original} gave for it
   * @return as {@link #of(ModelSignature)}
   * @throws IOException if the variables cannot be read, or {@link ModelSignature#served} refuses
   */
  public static FrozenGraph of(ModelSignature signature, OriginalModel original)
      throws IOException {
    FlatGraph flat = served(signature);
    return frozen(signature.model(), flat, original.values(flat));
  }

  private static FlatGraph served(ModelSignature signature) throws IOException {
    try {
      return signature.served();
    } catch (IllegalArgumentException e) {
      throw new IOException(signature.model().folder() + " cannot be served: " + e.getMessage(), e);
    }
  }

  private static FrozenGraph frozen(
      SavedModel model, FlatGraph flat, Map<String, TensorProto> values) throws IOException {
    try {
      return frozen(flat, values);
    } catch (IllegalArgumentException e) {
      throw new IOException(model.folder() + " cannot be frozen: " + e.getMessage(), e);
    }
  }

  private static FrozenGraph frozen(FlatGraph flat, Map<String, TensorProto> values) {
    return new FrozenGraph(flat.frozen(values), flat.inputs(), flat.outputs());
  }

  /**
   * Gives inputs and outputs other public names.
   *
   * @param names public names now and to be; those that are not among them stay
   * @return the same graph, in which the placeholders and identities have the new names
   * @throws IllegalArgumentException if two would have one name
   */
  public FrozenGraph renamed(Map<String, String> names) {
    return of(graph, renamed(inputs, names), renamed(outputs, names));
  }

  private static Map<String, String> renamed(
      Map<String, String> tensors, Map<String, String> names) {
    Map<String, String> renamed = new LinkedHashMap<>();
    tensors.forEach((name, tensor) -> renamed.put(names.getOrDefault(name, name), tensor));
    if (renamed.size() < tensors.size()) {
      throw new IllegalArgumentException("two of " + tensors.keySet() + " would have one name");
    }
    return renamed;
  }

  private static List<FlatGraph.Port> ports(Graph graph, Map<String, String> tensors) {
    List<FlatGraph.Port> ports = new ArrayList<>();
    tensors.forEach((name, tensor) -> ports.add(port(graph, name, tensor)));
    return ports;
  }

  private static FlatGraph.Port port(Graph graph, String name, String tensor) {
    try {
      Output<?> output = graph.output(tensor);
      if (output != null) {
        return new FlatGraph.Port(name, tensor, output.dataType(), proto(output.shape()));
      }
    } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
      // The node has no such output, or what is behind the colon is no number.
    }
    throw new IllegalArgumentException(
        "there is no tensor " + tensor + " for " + name + " in the graph");
  }

  private static TensorShapeProto proto(Shape shape) {
    TensorShapeProto.Builder proto = TensorShapeProto.newBuilder();
    if (shape.isUnknown()) {
      return proto.setUnknownRank(true).build();
    }
    for (long size : shape.asArray()) {
      proto.addDimBuilder().setSize(size);
    }
    return proto.build();
  }
}
