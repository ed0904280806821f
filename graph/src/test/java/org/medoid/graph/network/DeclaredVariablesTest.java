package org.medoid.graph.network;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.medoid.export.savedmodel.FlatGraph;
import org.medoid.export.savedmodel.Purpose;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.NameAttrList;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;
import org.tensorflow.proto.SavedObjectGraphOuterClass.SavedObject;
import org.tensorflow.proto.SavedObjectGraphOuterClass.SavedVariable;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;
import org.tensorflow.proto.TrackableObjectGraphOuterClass.TrackableObjectGraph.TrackableObject.ObjectReference;

/** As tf.saved_model.save writes a tf.Module: every variable is called "Variable". */
class DeclaredVariablesTest {
  private static final AttrValue FLOAT = AttrValue.newBuilder().setType(DataType.DT_FLOAT).build();

  private static NodeDef.Builder node(String name, String op, String... inputs) {
    return NodeDef.newBuilder().setName(name).setOp(op).addAllInput(List.of(inputs));
  }

  private static NodeDef.Builder keys(String name, String... keys) {
    TensorProto.Builder tensor = TensorProto.newBuilder().setDtype(DataType.DT_STRING);
    for (String key : keys) {
      tensor.addStringVal(ByteString.copyFromUtf8(key + "/.ATTRIBUTES/VARIABLE_VALUE"));
    }
    return node(name, "Const").putAttr("value", AttrValue.newBuilder().setTensor(tensor).build());
  }

  private static SavedObject variable(boolean trainable) {
    return SavedObject.newBuilder()
        .setVariable(SavedVariable.newBuilder().setName("Variable").setTrainable(trainable))
        .build();
  }

  private static ObjectReference child(String name, int node) {
    return ObjectReference.newBuilder().setLocalName(name).setNodeId(node).build();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void variablesOfOneNameAreToldApartByWhereTheyAreRestoredFrom(boolean inFunction)
      throws InvalidProtocolBufferException {
    GraphDef.Builder graph = GraphDef.newBuilder();
    graph.addNode(node("x", "Placeholder").putAttr("dtype", FLOAT));
    graph.addNode(node("mean", "VarHandleOp").putAttr("dtype", FLOAT));
    graph.addNode(node("kernel", "VarHandleOp").putAttr("dtype", FLOAT));
    graph.addNode(node("centred", "Sub", "x", "mean").putAttr("T", FLOAT));
    graph.addNode(node("y", "Mul", "centred", "kernel").putAttr("T", FLOAT));
    List<NodeDef.Builder> restore =
        List.of(
            keys("names", "layers/0/k", "a.Sb"),
            node("restore", "RestoreV2", "file", inFunction ? "names:output:0" : "names", "s"),
            node("id", "Identity", inFunction ? "restore:tensors:1" : "restore:1"),
            node("one", "AssignVariableOp", inFunction ? "first" : "mean", "id"),
            node(
                "two",
                "AssignVariableOp",
                inFunction ? "second" : "kernel",
                inFunction ? "restore:tensors:0" : "restore"));
    if (inFunction) {
      OpDef.Builder signature = OpDef.newBuilder().setName("restoring");
      for (String argument : List.of("file", "first", "second")) {
        signature.addInputArg(OpDef.ArgDef.newBuilder().setName(argument));
      }
      FunctionDef.Builder function = FunctionDef.newBuilder().setSignature(signature);
      restore.forEach(function::addNodeDef);
      graph.getLibraryBuilder().addFunction(function);
      graph.addNode(
          node("call", "StatefulPartitionedCall", "filename", "mean", "kernel")
              .putAttr(
                  "f",
                  AttrValue.newBuilder()
                      .setFunc(NameAttrList.newBuilder().setName("restoring"))
                      .build()));
    } else {
      restore.forEach(graph::addNode);
    }
    MetaGraphDef.Builder meta = MetaGraphDef.newBuilder().setGraphDef(graph);
    meta.getObjectGraphDefBuilder()
        .addNodes(
            SavedObject.newBuilder().addChildren(child("a/b", 1)).addChildren(child("layers", 2)))
        .addNodes(variable(false))
        .addNodes(SavedObject.newBuilder().addChildren(child("0", 3)))
        .addNodes(SavedObject.newBuilder().addChildren(child("k", 4)))
        .addNodes(variable(true));
    TensorShapeProto any = TensorShapeProto.newBuilder().setUnknownRank(true).build();
    FlatGraph flat =
        FlatGraph.of(
            graph.build(),
            List.of(new FlatGraph.Port("in", "x", DataType.DT_FLOAT, any)),
            List.of(new FlatGraph.Port("out", "y", DataType.DT_FLOAT, any)),
            Purpose.TRAINING);
    assertThat(new DeclaredVariables(meta.build()).trainable(flat)).containsExactly("kernel");
  }
}
