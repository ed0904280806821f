package org.medoid.export.onnx;

import com.google.protobuf.ByteString;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.medoid.export.onnx.pass.Constant;
import org.medoid.export.savedmodel.Operations;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;

/**
 * Functions of a TensorFlow graph as graphs: a placeholder for an argument, a node for a result.
 */
final class Functions {
  private Functions() {}

  /** The node of a result; no node of the function can be called so. */
  static Source.TensorName result(int number) {
    return new Source.TensorName(".result/" + number, 0);
  }

  /** The node of an argument. */
  static Source.TensorName argument(FunctionDef function, int number) {
    return new Source.TensorName(function.getSignature().getInputArg(number).getName(), 0);
  }

  /**
   * The graph.
   *
   * @param infos types and shapes of the arguments
   * @param constants their values, null for those that are fed
   */
  static GraphDef graph(FunctionDef function, Source.Info[] infos, Constant[] constants) {
    GraphDef.Builder graph = GraphDef.newBuilder();
    for (int i = 0; i < infos.length; i++) {
      String name = argument(function, i).node();
      graph.addNode(
          constants[i] == null ? placeholder(name, infos[i]) : constant(name, constants[i]));
    }
    Map<String, NodeDef> nodes = new HashMap<>();
    function.getNodeDefList().forEach(node -> nodes.put(node.getName(), node));
    for (NodeDef node : function.getNodeDefList()) {
      NodeDef.Builder flat = node.toBuilder().clearInput();
      for (String input : node.getInputList()) {
        if (!input.startsWith("^")) {
          flat.addInput(flat(input, nodes));
        }
      }
      graph.addNode(flat);
    }
    for (int i = 0; i < function.getSignature().getOutputArgCount(); i++) {
      graph.addNode(
          NodeDef.newBuilder()
              .setName(result(i).node())
              .setOp("Identity")
              .addInput(flat(Operations.returned(function, i), nodes))
              .putAttr("T", type(function.getSignature().getOutputArg(i).getType())));
    }
    return graph.build();
  }

  /** An argument, or node:output:number, as node:number. */
  private static String flat(String tensor, Map<String, NodeDef> nodes) {
    String[] part = tensor.split(":", -1);
    NodeDef node = nodes.get(part[0]);
    if (node == null || part.length < 2) {
      return part[0];
    }
    int number = part.length > 2 ? Integer.parseInt(part[2]) : 0;
    OpDef definition = Operations.registered(node.getOp());
    if (definition != null) { // else the graph that this becomes is refused
      int before = Operations.offset(node, definition, part[1]);
      if (before < 0) {
        throw new IllegalArgumentException("there is no tensor " + tensor);
      }
      number += before;
    }
    return part[0] + ":" + number;
  }

  static AttrValue type(org.tensorflow.proto.DataType type) {
    return AttrValue.newBuilder().setType(type).build();
  }

  static NodeDef placeholder(String name, Source.Info info) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    if (info.shape() == null) {
      shape.setUnknownRank(true);
    } else {
      Arrays.stream(info.shape()).forEach(size -> shape.addDimBuilder().setSize(size));
    }
    return NodeDef.newBuilder()
        .setName(name)
        .setOp("Placeholder")
        .putAttr("dtype", type(info.type()))
        .putAttr("shape", AttrValue.newBuilder().setShape(shape).build())
        .build();
  }

  static NodeDef constant(String name, Constant value) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setDtype(value.type())
            .setTensorContent(ByteString.copyFrom(value.data()));
    tensor.getTensorShapeBuilder();
    Arrays.stream(value.shape())
        .forEach(size -> tensor.getTensorShapeBuilder().addDimBuilder().setSize(size));
    return NodeDef.newBuilder()
        .setName(name)
        .setOp("Const")
        .putAttr("dtype", type(value.type()))
        .putAttr("value", AttrValue.newBuilder().setTensor(tensor).build())
        .build();
  }
}
