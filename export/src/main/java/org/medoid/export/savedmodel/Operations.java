package org.medoid.export.savedmodel;

import static org.tensorflow.internal.c_api.global.tensorflow.TF_GetCode;
import static org.tensorflow.internal.c_api.global.tensorflow.TF_GraphGetOpDef;
import static org.tensorflow.internal.c_api.global.tensorflow.TF_OK;

import com.google.protobuf.InvalidProtocolBufferException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.tensorflow.TensorFlow;
import org.tensorflow.internal.c_api.TF_Buffer;
import org.tensorflow.internal.c_api.TF_Graph;
import org.tensorflow.internal.c_api.TF_Status;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;

/**
 * What the operations of a graph take and give: TensorFlow's own, and the functions in the graph's
 * library, which a node may name as its operation.
 */
public final class Operations {
  /** Those of TensorFlow's that were asked for. */
  private static final Map<String, OpDef> REGISTERED = new ConcurrentHashMap<>();

  private final Map<String, FunctionDef> functions = new HashMap<>();

  Operations(GraphDef graph) {
    graph.getLibrary().getFunctionList().forEach(f -> functions.put(f.getSignature().getName(), f));
  }

  /** The function of that name, or null. */
  FunctionDef function(String name) {
    return functions.get(name);
  }

  /**
   * Looks up an operation that TensorFlow has, or a library that was loaded into it.
   *
   * @param name the operation's
   * @return null if there is none of that name
   */
  public static OpDef registered(String name) {
    return REGISTERED.computeIfAbsent(name, Operations::ask);
  }

  /**
   * TensorFlow Java lists all 1,500, in tens of milliseconds; the C interface knows them by name.
   */
  private static OpDef ask(String name) {
    TensorFlow.version(); // loads the native library
    try (TF_Graph graph = TF_Graph.newGraph();
        TF_Buffer definition = TF_Buffer.newBuffer();
        TF_Status status = TF_Status.newStatus()) {
      TF_GraphGetOpDef(graph, name, definition, status);
      return TF_GetCode(status) == TF_OK ? OpDef.parseFrom(definition.copyData()) : null;
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("the definition of " + name + " cannot be read", e);
    }
  }

  /** The signature of an operation or a function, or null. */
  OpDef definition(String op) {
    FunctionDef function = functions.get(op);
    return function == null ? registered(op) : function.getSignature();
  }

  /** A node's attributes with the defaults of those that were left out, as a file may do. */
  static NodeDef complete(NodeDef node, OpDef definition) {
    NodeDef.Builder complete = node.toBuilder();
    for (OpDef.AttrDef attribute : definition.getAttrList()) {
      if (attribute.hasDefaultValue() && !node.containsAttr(attribute.getName())) {
        complete.putAttr(attribute.getName(), attribute.getDefaultValue());
      }
    }
    return complete.build();
  }

  /**
   * Counts the tensors that an argument of a node stands for.
   *
   * @param node with all its attributes
   * @param argument of its operation, an input or an output
   * @return 1 for one that is no list
   * @throws IllegalArgumentException if the attribute that says it is not there
   */
  public static int size(NodeDef node, OpDef.ArgDef argument) {
    if (!argument.getNumberAttr().isEmpty()) {
      return Math.toIntExact(node.getAttrOrThrow(argument.getNumberAttr()).getI());
    }
    if (!argument.getTypeListAttr().isEmpty()) {
      AttrValue types = node.getAttrOrThrow(argument.getTypeListAttr());
      return types.getList().getTypeCount();
    }
    return 1;
  }

  /**
   * Tells whether an argument is a list of tensors, be it of one.
   *
   * @param argument an input or an output of an operation
   * @return false if it is a single tensor
   */
  public static boolean isList(OpDef.ArgDef argument) {
    return !argument.getNumberAttr().isEmpty() || !argument.getTypeListAttr().isEmpty();
  }

  /**
   * Counts the outputs that a node has before those of one name.
   *
   * @param node with all its attributes
   * @param definition its operation
   * @param output what its operation calls them
   * @return -1 if there is no such output
   */
  public static int offset(NodeDef node, OpDef definition, String output) {
    int offset = 0;
    for (OpDef.ArgDef each : definition.getOutputArgList()) {
      if (each.getName().equals(output)) {
        return offset;
      }
      offset += size(node, each);
    }
    return -1;
  }

  /** The definition of a node's operation, which any program with this TensorFlow can run. */
  static OpDef required(Body body, NodeDef node) {
    if (node.getOp().matches("PyFunc|PyFuncStateless|EagerPyFunc")) {
      throw new IllegalArgumentException(
          body.where(node) + " calls Python code (tf.numpy_function), which no SavedModel holds");
    }
    OpDef definition = registered(node.getOp());
    if (definition == null) {
      throw new IllegalArgumentException(
          body.where(node) + " is an operation that this TensorFlow does not have");
    }
    return definition;
  }

  /**
   * Names the tensor that a function gives.
   *
   * @param function any
   * @param number which of its results
   * @return an argument's name, or {@code node:output:number}
   */
  public static String returned(FunctionDef function, int number) {
    String name = function.getSignature().getOutputArg(number).getName();
    return function.getRetOrDefault(name, name);
  }

  /**
   * Tells whether a function gives its argument of a number as its result of that number, so that
   * what a loop's body is given stays as it is.
   *
   * @param function of as many arguments as results
   * @param number of both
   * @return false if it is computed
   */
  public static boolean handsOn(FunctionDef function, int number) {
    Map<String, NodeDef> nodes = new HashMap<>();
    function.getNodeDefList().forEach(node -> nodes.put(node.getName(), node));
    String tensor = Tensors.node(returned(function, number));
    while (nodes.containsKey(tensor) && nodes.get(tensor).getOp().equals("Identity")) {
      tensor = Tensors.node(nodes.get(tensor).getInput(0));
    }
    return tensor.equals(function.getSignature().getInputArg(number).getName());
  }
}
