package org.medoid.export.savedmodel;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tensorflow.Graph;
import org.tensorflow.Output;
import org.tensorflow.RawTensor;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.ndarray.buffer.ByteDataBuffer;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;

/** Reads the values that variables have in a session. */
public final class VariableValues {
  private static final Pattern NODE = Pattern.compile("\\{\\{node ([^}]+)}}");

  private VariableValues() {}

  /**
   * Reads values. Costs a copy of all of them.
   *
   * @param session with the values
   * @param graph of the session; gets operations that read resource variables which none reads yet
   * @param variables of a graph that was flattened from this one
   * @return by name in the flat graph, in order, each of the type that the flat graph wants
   * @throws IllegalArgumentException if they are more than fits a protocol buffer, or one is of
   *     strings
   * @throws IllegalStateException if one has no value
   */
  public static Map<String, TensorProto> read(
      Session session, Graph graph, List<FlatGraph.Variable> variables) {
    Map<String, TensorProto> values = new LinkedHashMap<>();
    if (variables.isEmpty()) {
      return values;
    }
    refuseTooLarge(variables);
    Map<String, Output<?>> reads = reads(graph);
    Session.Runner runner = session.runner();
    for (FlatGraph.Variable variable : variables) {
      NodeDef node = variable.node();
      runner.fetch(
          fetchable(graph, reads.computeIfAbsent(node.getName(), name -> read(graph, node))));
    }
    try (Result result = runner.run()) {
      int i = 0;
      for (FlatGraph.Variable variable : variables) {
        TensorProto value = proto(variable.node(), result.get(i++).asRawTensor());
        values.put(variable.name(), Precision.converted(value, variable.type()));
      }
    } catch (TensorFlowException e) {
      throw new IllegalStateException("a variable cannot be read: " + firstLine(e), e);
    }
    return values;
  }

  /**
   * Returns a tensor that TensorFlow Java can fetch: it has no class for some types, and takes
   * their bits as numbers of another.
   *
   * @param graph of the tensor; may get an operation
   * @param tensor of any type
   * @return the tensor, or one of the same bytes
   */
  public static Output<?> fetchable(Graph graph, Output<?> tensor) {
    DataType as =
        switch (tensor.dataType()) {
          case DT_INT8 -> DataType.DT_UINT8;
          case DT_INT16 -> DataType.DT_UINT16;
          case DT_UINT32 -> DataType.DT_INT32;
          case DT_UINT64, DT_COMPLEX64 -> DataType.DT_INT64;
          default -> null;
        };
    return as == null
        ? tensor
        : Ops.create(graph)
            .scope()
            .opBuilder("Bitcast", "Bitcast")
            .addInput(tensor)
            .setAttr("type", as)
            .build()
            .output(0);
  }

  /**
   * Gives those variables of a loaded SavedModel their values that it does not restore itself.
   *
   * <p>{@code tf.saved_model.save} of a Keras 3 model writes two variables for each of the model's:
   * the one that the signatures read, and a copy of it, which alone is restored. Python's loader
   * knows by the model's objects that they are one; a graph shows it by the copy's initial value.
   *
   * @param bundle just loaded; its graph gets operations that assign
   */
  static void restoreOriginals(SavedModelBundle bundle) {
    Map<String, NodeDef> nodes = new LinkedHashMap<>();
    bundle.metaGraphDef().getGraphDef().getNodeList().forEach(n -> nodes.put(n.getName(), n));
    NodeDef restore = nodes.get(bundle.metaGraphDef().getSaverDef().getRestoreOpName());
    Set<String> restored = restore == null ? Set.of() : new HashSet<>(restore.getInputList());
    Ops tf = Ops.create(bundle.graph());
    List<Op> assignments = new ArrayList<>();
    for (NodeDef node : nodes.values()) {
      if (node.getOp().equals("AssignVariableOp") && restored.contains(node.getInput(0))) {
        NodeDef read = nodes.get(node.getInput(1));
        if (read != null
            && read.getOp().equals("ReadVariableOp")
            && !restored.contains(read.getInput(0))) {
          assignments.add(
              tf.assignVariableOp(
                  bundle.graph().outputOrThrow(read.getInput(0)),
                  read(bundle.graph(), nodes.get(node.getInput(0)))));
        }
      }
    }
    if (!assignments.isEmpty()) {
      Session.Runner runner = bundle.session().runner();
      assignments.forEach(runner::addTarget);
      runner.run().close();
    }
  }

  /**
   * Shortens what TensorFlow says, several lines with its own call stack.
   *
   * @param e of TensorFlow
   * @return the first line, with the node that is named in a later one
   */
  public static String firstLine(Exception e) {
    String message = String.valueOf(e.getMessage());
    String line = message.lines().findFirst().orElse("");
    Matcher node = NODE.matcher(message.substring(line.length()));
    return node.find() ? line + " (node " + node.group(1) + ")" : line;
  }

  private static void refuseTooLarge(List<FlatGraph.Variable> variables) {
    long bytes = 0;
    for (FlatGraph.Variable variable : variables) {
      long size = bytes(variable.type());
      for (TensorShapeProto.Dim dim : variable.shape().getDimList()) {
        // In double, as shapes out of a file may overflow a long.
        size = (long) Math.min((double) size * Math.max(0, dim.getSize()), 1e18);
      }
      bytes = Math.min(bytes + size, Long.MAX_VALUE / 2);
    }
    if (bytes > FlatGraph.LARGEST) {
      throw new IllegalArgumentException(
          "its variables take %d MB, a protocol buffer holds 2048 MB at most"
              .formatted(bytes >> 20));
    }
  }

  /** The size of an element. */
  static long bytes(DataType type) {
    return switch (type) {
      case DT_COMPLEX128 -> 16;
      case DT_DOUBLE, DT_INT64, DT_UINT64, DT_COMPLEX64 -> 8;
      case DT_FLOAT, DT_INT32, DT_UINT32 -> 4;
      case DT_HALF, DT_BFLOAT16, DT_INT16, DT_UINT16 -> 2;
      default -> 1;
    };
  }

  /** The outputs that read variables, by the variable's name. */
  private static Map<String, Output<?>> reads(Graph graph) {
    Map<String, Output<?>> reads = new LinkedHashMap<>();
    graph
        .operations()
        .forEachRemaining(
            operation -> {
              if (operation.type().equals("ReadVariableOp")) {
                reads.putIfAbsent(operation.input(0).op().name(), operation.output(0));
              }
            });
    return reads;
  }

  private static Output<?> read(Graph graph, NodeDef variable) {
    Output<?> handle = graph.outputOrThrow(variable.getName());
    if (!variable.getOp().equals("VarHandleOp")) {
      return handle;
    }
    return Ops.create(graph)
        .scope()
        .opBuilder("ReadVariableOp", "ReadVariableOp")
        .addInput(handle)
        .setAttr("dtype", variable.getAttrOrThrow("dtype").getType())
        .build()
        .output(0);
  }

  private static TensorProto proto(NodeDef variable, RawTensor value) {
    DataType type = Nodes.type(variable, "dtype"); // the value may be of another, see fetchable
    if (type == DataType.DT_STRING) {
      throw new IllegalArgumentException(
          "variable " + variable.getName() + " is of strings, which cannot be frozen");
    }
    TensorProto.Builder proto = TensorProto.newBuilder().setDtype(type);
    for (long size : value.shape().asArray()) {
      proto.getTensorShapeBuilder().addDimBuilder().setSize(size);
    }
    // Even a scalar has a shape, of no dimensions.
    proto.getTensorShapeBuilder();
    return proto.setTensorContent(content(value)).build();
  }

  private static ByteString content(RawTensor value) {
    ByteDataBuffer data = value.data();
    byte[] bytes = new byte[Math.toIntExact(data.size())];
    data.read(bytes);
    return UnsafeByteOperations.unsafeWrap(bytes);
  }
}
