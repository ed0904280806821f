package org.medoid.export.savedmodel;

import java.util.HashMap;
import java.util.Map;
import org.tensorflow.TensorFlow;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;

/**
 * What the operations of a graph take and give: TensorFlow's own, and the functions in the graph's
 * library, which a node may name as its operation.
 */
final class Operations {
  /** TensorFlow's, some 1,500; asked for once, as that takes tens of milliseconds. */
  private static final Map<String, OpDef> REGISTERED = new HashMap<>();

  static {
    TensorFlow.registeredOpList().getOpList().forEach(op -> REGISTERED.put(op.getName(), op));
  }

  private final Map<String, FunctionDef> functions = new HashMap<>();

  Operations(GraphDef graph) {
    graph.getLibrary().getFunctionList().forEach(f -> functions.put(f.getSignature().getName(), f));
  }

  /** The function of that name, or null. */
  FunctionDef function(String name) {
    return functions.get(name);
  }

  /** TensorFlow's operation of that name, or null. */
  static OpDef registered(String name) {
    return REGISTERED.get(name);
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
   * How many tensors an argument of a node stands for.
   *
   * @param node with all its attributes
   * @throws IllegalArgumentException if the attribute that says it is not there
   */
  static int size(NodeDef node, OpDef.ArgDef argument) {
    if (!argument.getNumberAttr().isEmpty()) {
      return Math.toIntExact(node.getAttrOrThrow(argument.getNumberAttr()).getI());
    }
    if (!argument.getTypeListAttr().isEmpty()) {
      AttrValue types = node.getAttrOrThrow(argument.getTypeListAttr());
      return types.getList().getTypeCount();
    }
    return 1;
  }

  /** Whether an argument is a list of tensors, be it of one. */
  static boolean isList(OpDef.ArgDef argument) {
    return !argument.getNumberAttr().isEmpty() || !argument.getTypeListAttr().isEmpty();
  }
}
