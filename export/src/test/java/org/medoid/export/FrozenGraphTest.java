package org.medoid.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.medoid.export.savedmodel.FlatGraph;
import org.medoid.export.savedmodel.Purpose;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.Signature;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.VarHandleOp;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NameAttrList;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;
import org.tensorflow.proto.TensorShapeProto;
import org.tensorflow.types.TFloat32;

class FrozenGraphTest {
  private static final AttrValue FLOAT = AttrValue.newBuilder().setType(DataType.DT_FLOAT).build();

  @TempDir private Path folder;

  private static NodeDef.Builder node(String name, String op, String... inputs) {
    return NodeDef.newBuilder().setName(name).setOp(op).addAllInput(List.of(inputs));
  }

  private static NodeDef.Builder floats(String name, String op, String... inputs) {
    return node(name, op, inputs).putAttr("T", FLOAT);
  }

  private static GraphDef.Builder graph(NodeDef.Builder... nodes) {
    GraphDef.Builder graph = GraphDef.newBuilder();
    graph.addNode(node("x", "Placeholder").putAttr("dtype", FLOAT));
    for (NodeDef.Builder node : nodes) {
      graph.addNode(node);
    }
    return graph;
  }

  private static FrozenGraph flat(GraphDef.Builder graph, String output) {
    TensorShapeProto unknown = TensorShapeProto.newBuilder().setUnknownRank(true).build();
    FlatGraph flat =
        FlatGraph.of(
            graph.build(),
            List.of(new FlatGraph.Port("in", "x:0", DataType.DT_FLOAT, unknown)),
            List.of(new FlatGraph.Port("out", output, DataType.DT_FLOAT, unknown)),
            Purpose.INFERENCE);
    return new FrozenGraph(flat.frozen(Map.of()), flat.inputs(), flat.outputs());
  }

  private static float[] run(FrozenGraph frozen, float... x) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      graph.importGraphDef(frozen.graph());
      try (TFloat32 in = TFloat32.vectorOf(x);
          Result result =
              session
                  .runner()
                  .feed(frozen.inputs().values().iterator().next(), in)
                  .fetch(frozen.outputs().values().iterator().next())
                  .run()) {
        TFloat32 out = (TFloat32) result.get(0);
        float[] values = new float[(int) out.size()];
        out.copyTo(org.tensorflow.ndarray.buffer.DataBuffers.of(values, false, false));
        return values;
      }
    }
  }

  @Test
  void aTrainingGraphIsCutToTheNetworkWithItsVariablesAsConstants() {
    try (SmallModel model = new SmallModel(Shape.of(-1, 16, 16, 3))) {
      FrozenGraph frozen = model.frozen();
      assertThat(frozen.inputs()).containsExactly(Map.entry("images", "images:0"));
      assertThat(frozen.outputs()).containsExactly(Map.entry("embedding", "embedding:0"));
      assertThat(frozen.graph().getNodeList())
          .extracting(NodeDef::getOp)
          .doesNotContain("VariableV2", "Assign", "ApplyGradientDescent", "Conv2DBackpropInput")
          .containsOnlyOnce("Identity", "Placeholder", "Conv2D", "MatMul");
      assertThat(frozen.graph().getNodeList())
          .allMatch(n -> n.getAttrMap().keySet().stream().noneMatch(a -> a.startsWith("_")));
      assertThat(frozen.renamed(Map.of("images", "embedding", "embedding", "images")).inputs())
          .containsExactly(Map.entry("embedding", "embedding:0"));
    }
  }

  @Test
  void resourceVariablesAreReadWhetherTheGraphReadsThemOrNot() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> x = tf.withName("x").placeholder(TFloat32.class);
      VarHandleOp w = tf.varHandleOp(TFloat32.class, Shape.scalar(), VarHandleOp.sharedName("w"));
      Operand<TFloat32> y = tf.withName("y").math.mul(x, tf.readVariableOp(w, TFloat32.class));
      assertThatIllegalStateException()
          .isThrownBy(() -> FrozenGraph.of(session, graph, Map.of("a", "x"), Map.of("b", "y")))
          .withMessageContaining("cannot be read");
      for (String none : List.of("y:1", "y:-1", "y:x", "z", "z:0")) {
        assertThatIllegalArgumentException()
            .isThrownBy(() -> FrozenGraph.of(session, graph, Map.of("a", "x"), Map.of("b", none)))
            .withMessage("there is no tensor " + none + " for b in the graph");
      }
      session.run(tf.assignVariableOp(w, tf.constant(3f)));
      FrozenGraph frozen =
          FrozenGraph.of(session, graph, Map.of("a", "x"), Map.of("b", y.op().name() + ":0"));
      assertThat(run(frozen, 1, 2)).containsExactly(3, 6);
    }
  }

  @Test
  void functionsAreInlinedToAnyDepthAndSideWaysFoldedAway() {
    FunctionDef inner = body("inner", "b", "twice:z:0", floats("twice", "AddV2", "b", "b")).build();
    FunctionDef outer =
        body(
                "outer",
                "a",
                "id:output:0",
                call("again", "inner", "a"),
                floats("id", "Identity", "again:output:0", "^noop"),
                node("noop", "NoOp"))
            .build();
    GraphDef.Builder graph =
        graph(
            call("f", "outer", "x"),
            floats("stop", "StopGradient", "f", "^missing"),
            floats("y", "Neg", "stop:0"));
    graph.getLibraryBuilder().addFunction(inner).addFunction(outer);
    FrozenGraph frozen = flat(graph, "y");
    assertThat(frozen.graph().getNodeList())
        .extracting(NodeDef::getName)
        .containsExactly("in", "f/again/twice", "y", "out");
    assertThat(run(frozen, 1, 2)).containsExactly(-2, -4);
  }

  private static FunctionDef.Builder body(
      String name, String in, String result, NodeDef.Builder... nodes) {
    FunctionDef.Builder body =
        FunctionDef.newBuilder()
            .setSignature(
                OpDef.newBuilder()
                    .setName(name)
                    .addInputArg(OpDef.ArgDef.newBuilder().setName(in))
                    .addOutputArg(OpDef.ArgDef.newBuilder().setName("r")))
            .putRet("r", result);
    for (NodeDef.Builder node : nodes) {
      body.addNodeDef(node);
    }
    return body;
  }

  private static NodeDef.Builder call(String name, String function, String input) {
    return node(name, "StatefulPartitionedCall", input)
        .putAttr(
            "f",
            AttrValue.newBuilder().setFunc(NameAttrList.newBuilder().setName(function)).build())
        .putAttr(
            "Tout",
            AttrValue.newBuilder()
                .setList(AttrValue.ListValue.newBuilder().addType(DataType.DT_FLOAT))
                .build());
  }

  @Test
  void whatCannotBeFrozenIsNamed() {
    refused(graph(floats("y", "Neg", "z"), floats("z", "Neg", "y")), "part of a cycle", "(Neg)");
    refused(graph(node("y", "MyOp", "x")), "node y (MyOp)", "does not have");
    refused(
        graph(node("y", "StatelessWhile", "x")),
        "node y (StatelessWhile)",
        "not in the graph's library");
    refused(graph(floats("y", "Neg", "gone")), "no node gone");
    refused(graph(floats("m", "Neg", "x"), floats("y", "Neg", "m:3a")), "no tensor m:3a");
    refused(graph(floats("y", "Neg", "x", "x")), "node y (Neg) has 2 inputs, it needs 1");
    refused(graph(node("y", "Neg", "x")), "node y (Neg) lacks the attribute T");
    refused(
        graph(node("p", "Placeholder").putAttr("dtype", FLOAT), floats("y", "AddV2", "x", "p")),
        "node p (Placeholder) is an input too");
    refused(graph(call("y", "missing", "x")), "calls missing");
    GraphDef.Builder endless = graph(call("y", "f", "x"));
    endless
        .getLibraryBuilder()
        .addFunction(body("f", "a", "again:output:0", call("again", "f", "a")));
    refused(endless, "node again", "calls the function it is in");
  }

  private static void refused(GraphDef.Builder graph, String... reasons) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> flat(graph, "y"))
        .satisfies(e -> assertThat(e.getMessage()).contains(reasons));
  }

  @Test
  void moreThanTwoGigabytesAreRefusedBeforeAnythingIsRead() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> x = tf.withName("x").placeholder(TFloat32.class);
      tf.withName("y")
          .math
          .mul(x, tf.withName("huge").variable(Shape.of(1 << 15, 1 << 15), TFloat32.class));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> FrozenGraph.of(session, graph, Map.of("a", "x"), Map.of("b", "y")))
          .withMessageContaining("4096 MB")
          .withMessageContaining("2048 MB");
    }
  }

  @Test
  void aDamagedSavedModelIsNamed() throws IOException {
    assertThatExceptionOfType(NoSuchFileException.class)
        .isThrownBy(() -> FrozenGraph.ofSavedModel(folder, null))
        .withMessageContaining("saved_model.pb");
    try (SmallModel model = new SmallModel(Shape.of(-1, 16, 16, 3))) {
      Signature signature =
          Signature.builder("features")
              .input("pictures", model.images)
              .output("vector", model.embedding)
              .build();
      SavedModelBundle.exporter(folder.toString())
          .withSession(model.session)
          .withSignature(signature)
          .export();
      FrozenGraph again = FrozenGraph.ofSavedModel(folder, null);
      assertThat(again.inputs()).containsOnlyKeys("pictures");
      assertThat(again.graph().getNodeCount()).isEqualTo(model.frozen().graph().getNodeCount());
    }
    assertThatIOException()
        .isThrownBy(() -> FrozenGraph.ofSavedModel(folder, "other"))
        .withMessageContaining("no signature other")
        .withMessageContaining("it has features");
    Path file = folder.resolve("saved_model.pb");
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length / 2));
    assertThatIOException()
        .isThrownBy(() -> FrozenGraph.ofSavedModel(folder, null))
        .withMessageContaining("saved_model.pb is damaged");
    Files.write(file, whole);
    Files.delete(folder.resolve("variables").resolve("variables.data-00000-of-00001"));
    assertThatIOException()
        .isThrownBy(() -> FrozenGraph.ofSavedModel(folder, null))
        .withMessageContaining("copy the whole folder")
        .withMessageContaining("variables.data-00000-of-*");
  }
}
