package org.medoid.export.savedmodel;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.NameAttrList;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;
import org.tensorflow.proto.TensorShapeProto;

/** Functions that loops of a flat graph run: nodes as flat as the graph's own. */
final class FlatFunction {
  private FlatFunction() {}

  /**
   * Writes a function, as yet without a name.
   *
   * @param arguments its arguments, in their order
   * @param types of the arguments, one each at least
   * @param outside arguments, by the tensors outside that nodes read by their own names
   * @param nodes each after those it depends on
   * @param results tensors of the nodes, or arguments
   * @param given the types of the results
   */
  static FunctionDef.Builder of(
      List<String> arguments,
      List<DataType> types,
      Map<String, String> outside,
      List<NodeDef> nodes,
      List<String> results,
      List<DataType> given) {
    FunctionDef.Builder function = FunctionDef.newBuilder();
    Map<String, NodeDef> byName = new HashMap<>();
    nodes.forEach(each -> byName.put(each.getName(), each));
    for (int i = 0; i < arguments.size(); i++) {
      function
          .getSignatureBuilder()
          .addInputArgBuilder()
          .setName(arguments.get(i))
          .setType(types.get(i));
    }
    for (NodeDef each : nodes) {
      NodeDef.Builder inside = each.toBuilder().clearInput();
      each.getInputList().forEach(input -> inside.addInput(inside(input, byName, outside)));
      function.addNodeDef(inside);
    }
    for (int i = 0; i < results.size(); i++) {
      function
          .getSignatureBuilder()
          .addOutputArgBuilder()
          .setName("result_" + i)
          .setType(given.get(i));
      function.putRet("result_" + i, inside(results.get(i), byName, outside));
    }
    return function;
  }

  /** How a function writes a tensor: an argument, or node:output:number. */
  private static String inside(
      String tensor, Map<String, NodeDef> nodes, Map<String, String> outside) {
    String canonical = Tensors.canonical(tensor);
    NodeDef from = nodes.get(Tensors.node(tensor));
    if (from == null) {
      return outside.getOrDefault(canonical, Tensors.node(tensor));
    }
    int number = Integer.parseInt(canonical.substring(canonical.indexOf(':') + 1));
    OpDef definition = Operations.registered(from.getOp());
    for (OpDef.ArgDef output : definition.getOutputArgList()) {
      int size = Operations.size(from, output);
      if (number < size) {
        return from.getName() + ":" + output.getName() + ":" + number;
      }
      number -= size;
    }
    throw new IllegalArgumentException("there is no tensor " + tensor);
  }

  /**
   * The loop that runs two functions, for a node that is to be named.
   *
   * @param inputs what it starts with
   * @param types of the inputs
   * @param shapes that they keep
   * @param condition the function that says whether there is another round
   * @param body the function that is a round
   */
  static NodeDef.Builder loop(
      List<String> inputs,
      List<DataType> types,
      List<TensorShapeProto> shapes,
      String condition,
      String body) {
    AttrValue.Builder kinds = AttrValue.newBuilder();
    AttrValue.Builder sizes = AttrValue.newBuilder();
    types.forEach(kinds.getListBuilder()::addType);
    shapes.forEach(sizes.getListBuilder()::addShape);
    return Nodes.node("", "StatelessWhile", inputs.toArray(String[]::new))
        .putAttr("T", kinds.build())
        .putAttr("cond", named(condition))
        .putAttr("body", named(body))
        .putAttr("output_shapes", sizes.build())
        .putAttr("parallel_iterations", Nodes.number(10));
  }

  private static AttrValue named(String name) {
    return AttrValue.newBuilder().setFunc(NameAttrList.newBuilder().setName(name)).build();
  }
}
