package org.medoid.export.savedmodel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NameAttrList;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;
import org.tensorflow.types.TFloat32;

class FlatGraphTest {
  private static final AttrValue FLOAT = AttrValue.newBuilder().setType(DataType.DT_FLOAT).build();
  private static final AttrValue BOOL = AttrValue.newBuilder().setType(DataType.DT_BOOL).build();
  private static final TensorShapeProto UNKNOWN =
      TensorShapeProto.newBuilder().setUnknownRank(true).build();

  private static NodeDef.Builder node(String name, String op, String... inputs) {
    return NodeDef.newBuilder().setName(name).setOp(op).addAllInput(List.of(inputs));
  }

  private static NodeDef.Builder floats(String name, String op, String... inputs) {
    return node(name, op, inputs).putAttr("T", FLOAT);
  }

  private static NodeDef.Builder variable(String name, String op) {
    return node(name, op).putAttr("dtype", FLOAT);
  }

  private static NodeDef.Builder bools(String name, String op, String... inputs) {
    return node(name, op, inputs).putAttr("T", BOOL);
  }

  private static AttrValue integer(long value) {
    return AttrValue.newBuilder().setI(value).build();
  }

  private static AttrValue function(String name) {
    return AttrValue.newBuilder().setFunc(NameAttrList.newBuilder().setName(name)).build();
  }

  private static NodeDef.Builder constant(String name, float value) {
    return Nodes.constant(value).setName(name).build().toBuilder();
  }

  private static AttrValue types(int floats) {
    AttrValue.ListValue.Builder types = AttrValue.ListValue.newBuilder();
    for (int i = 0; i < floats; i++) {
      types.addType(DataType.DT_FLOAT);
    }
    return AttrValue.newBuilder().setList(types).build();
  }

  private static NodeDef.Builder call(String name, String function, int results, String... inputs) {
    return node(name, "StatefulPartitionedCall", inputs)
        .putAttr("f", function(function))
        .putAttr("Tout", types(results));
  }

  private static FunctionDef.Builder body(
      String name, List<String> in, Map<String, String> out, NodeDef.Builder... nodes) {
    OpDef.Builder signature = OpDef.newBuilder().setName(name);
    in.forEach(a -> signature.addInputArg(OpDef.ArgDef.newBuilder().setName(a)));
    out.keySet().stream()
        .sorted()
        .forEach(a -> signature.addOutputArg(OpDef.ArgDef.newBuilder().setName(a)));
    FunctionDef.Builder body = FunctionDef.newBuilder().setSignature(signature).putAllRet(out);
    for (NodeDef.Builder node : nodes) {
      body.addNodeDef(node);
    }
    return body;
  }

  private static GraphDef graph(List<NodeDef.Builder> nodes, FunctionDef.Builder... functions) {
    GraphDef.Builder graph = GraphDef.newBuilder();
    graph.addNode(node("x", "Placeholder").putAttr("dtype", FLOAT));
    nodes.forEach(graph::addNode);
    for (FunctionDef.Builder function : functions) {
      graph.getLibraryBuilder().addFunction(function);
    }
    return graph.build();
  }

  private static FlatGraph flat(GraphDef source, String tensor, Purpose purpose) {
    return FlatGraph.of(
        source,
        List.of(new FlatGraph.Port("in", "x", DataType.DT_FLOAT, UNKNOWN)),
        List.of(new FlatGraph.Port("out", tensor, DataType.DT_FLOAT, UNKNOWN)),
        purpose);
  }

  private static List<String> operations(FlatGraph flat) {
    return flat.nodes().stream().map(NodeDef::getOp).toList();
  }

  /** Flattens a tensor and evaluates it with x = [1, 2, 3, 4], every variable 10. */
  private static float[] evaluate(GraphDef source, String tensor) {
    FlatGraph flat = flat(source, tensor, Purpose.INFERENCE);
    Map<String, TensorProto> values = new LinkedHashMap<>();
    for (FlatGraph.Variable variable : flat.variables()) {
      values.put(
          variable.name(),
          TensorProto.newBuilder()
              .setDtype(DataType.DT_FLOAT)
              .setTensorShape(TensorShapeProto.getDefaultInstance())
              .addFloatVal(10)
              .build());
    }
    return evaluate(flat, values);
  }

  private static float[] evaluate(FlatGraph flat, Map<String, TensorProto> values) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      graph.importGraphDef(flat.frozen(values));
      try (TFloat32 x = TFloat32.vectorOf(1, 2, 3, 4);
          Result result = session.runner().feed("in", x).fetch("out").run()) {
        float[] out = new float[Math.toIntExact(result.get(0).size())];
        result.get(0).asRawTensor().data().asFloats().read(out);
        return out;
      }
    }
  }

  @Test
  void aResourceReadInANestedFunctionIsTheVariableItself() {
    GraphDef source =
        graph(
            List.of(
                variable("net/kernel", "VarHandleOp"),
                call("serve", "outer", 1, "x", "net/kernel", "^missing_control"),
                floats("twice", "AddV2", "serve:0", "serve:0")),
            body(
                "outer",
                List.of("a", "r"),
                Map.of("out", "id:output:0"),
                call("inner", "inner", 1, "a", "r"),
                floats("id", "Identity", "inner:output:0", "^noop"),
                node("noop", "NoOp")),
            body(
                "inner",
                List.of("b", "resource"),
                Map.of("y", "mul:z:0"),
                node("read", "ReadVariableOp", "resource"),
                floats("mul", "Mul", "b", "read:value:0")
                    .putAttr("_class", AttrValue.getDefaultInstance())));
    assertThat(evaluate(source, "twice")).containsExactly(20, 40, 60, 80);
    FlatGraph flat = flat(source, "twice", Purpose.INFERENCE);
    assertThat(flat.variables()).extracting(v -> v.node().getName()).containsExactly("net/kernel");
    assertThat(operations(flat)).containsExactly("Placeholder", "Mul", "AddV2", "Identity");
    assertThat(flat.nodes().get(1).getName()).isEqualTo("serve/inner/mul");
    assertThat(flat.nodes().get(1).getAttrMap()).containsOnlyKeys("T");
  }

  /** Keras calls a network from within two such calls; errors and viewers name its layers. */
  @Test
  void nodesHaveNamesWithoutThoseOfUnnamedCalls() {
    GraphDef source =
        graph(
            List.of(
                call("PartitionedCall", "half", 1, "x"),
                call("StatefulPartitionedCall_1", "half", 1, "PartitionedCall:0")),
            body(
                "half",
                List.of("a"),
                Map.of("y", "net/add:z:0"),
                floats("net/add", "AddV2", "a", "a")));
    FlatGraph flat = flat(source, "StatefulPartitionedCall_1", Purpose.INFERENCE);
    assertThat(flat.nodes())
        .extracting(NodeDef::getName)
        .containsExactly("in", "net/add", "net/add_1", "out");
    assertThat(evaluate(source, "StatefulPartitionedCall_1")).containsExactly(4, 8, 12, 16);
  }

  @Test
  void placesOfAResourceAreGatheredFromItsValue() {
    TensorShapeProto table = Nodes.shape(2, 3);
    AttrValue places = Nodes.type(DataType.DT_INT32);
    GraphDef source =
        graph(
            List.of(
                variable("table", "VarHandleOp")
                    .putAttr("shape", AttrValue.newBuilder().setShape(table).build()),
                call("serve", "serve", 2, "x", "table"),
                floats("both", "AddV2", "serve:0", "serve:1")),
            body(
                "serve",
                List.of("a", "r"),
                Map.of("rows", "rows:output:0", "single", "single:output:0"),
                Nodes.constant(1).setName("row").build().toBuilder(),
                Nodes.constant(List.of(0, 2)).setName("place").build().toBuilder(),
                node("rows", "ResourceGather", "r", "row:output:0")
                    .putAttr("dtype", FLOAT)
                    .putAttr("Tindices", places)
                    .putAttr("validate_indices", Nodes.flag(true)),
                node("single", "ResourceGatherNd", "r", "place:output:0")
                    .putAttr("dtype", FLOAT)
                    .putAttr("Tindices", places)));
    TensorProto values =
        TensorProto.newBuilder()
            .setDtype(DataType.DT_FLOAT)
            .setTensorShape(table)
            .addAllFloatVal(List.of(1f, 2f, 3f, 4f, 5f, 6f))
            .build();
    for (Purpose purpose : Purpose.values()) {
      FlatGraph flat = flat(source, "both", purpose);
      assertThat(operations(flat)).contains("GatherV2", "GatherNd");
      assertThat(evaluate(flat, Map.of("table", values))).containsExactly(7, 8, 9);
    }
  }

  @Test
  void aTensorInAFunctionIsFoundByArgumentAndIndexAmongSeveral() {
    FunctionDef.Builder pieces =
        body(
            "pieces",
            List.of("a"),
            Map.of("o1", "unpack:output:1", "o2", "unpack:output:3", "o3", "cast:y:0"),
            floats("unpack", "Unpack", "a").putAttr("num", integer(4)).putAttr("axis", integer(0)),
            Nodes.constant(1).setName("one").build().toBuilder(),
            floats("top", "TopKV2", "a", "one:output:0"),
            Nodes.cast("", DataType.DT_INT32, DataType.DT_FLOAT).setName("cast").build().toBuilder()
                .setInput(0, "top:indices:0"));
    GraphDef source =
        graph(
            List.of(call("c", "pieces", 3, "x"), floats("difference", "Sub", "c:1", "c")), pieces);
    assertThat(evaluate(source, "difference:0")).containsExactly(2);
    assertThat(evaluate(source, "c:2")).containsExactly(3);
  }

  @Test
  void listsOfInputsAreTakenApartAsTheOperationWants() {
    GraphDef source =
        graph(
            List.of(
                floats("sum", "AddN", "x", "x", "x").putAttr("N", integer(3)),
                node("both", "IdentityN", "sum", "x"),
                node("default", "PlaceholderWithDefault", "both:1"),
                floats("out", "Sub", "both:0", "default")));
    assertThat(evaluate(source, "out")).containsExactly(2, 4, 6, 8);
  }

  @Test
  void anAttributeThatTheCallBindsOrThatWasLeftOutIsFilledIn() {
    NodeDef.Builder bound = call("c", "f", 1, "x");
    bound.putAttr(
        "f",
        AttrValue.newBuilder()
            .setFunc(NameAttrList.newBuilder().setName("f").putAttr("type", FLOAT))
            .build());
    FunctionDef.Builder f =
        body(
            "f",
            List.of("a"),
            Map.of("y", "leaky:activations:0"),
            node("leaky", "LeakyRelu", "a")
                .putAttr("T", AttrValue.newBuilder().setPlaceholder("type").build()));
    GraphDef source = graph(List.of(bound, call("unbound", "f", 1, "x")), f);
    assertThat(evaluate(source, "c")).containsExactly(1, 2, 3, 4);
    assertThat(flat(source, "c", Purpose.INFERENCE).nodes().get(1).getAttrMap())
        .containsOnlyKeys("T", "alpha");
    refused(source, "unbound", "its attribute T depends on the call, which does not give it");
  }

  @Test
  void whatStopsAGradientStaysForTrainingOnly() {
    GraphDef source =
        graph(List.of(floats("stop", "StopGradient", "x"), floats("y", "Neg", "stop")));
    assertThat(operations(flat(source, "y", Purpose.TRAINING))).contains("StopGradient");
    assertThat(operations(flat(source, "y", Purpose.INFERENCE))).doesNotContain("StopGradient");
  }

  @Test
  void dropoutThatKeepsEverythingDrawsNothing() {
    GraphDef source =
        graph(
            List.of(
                Nodes.constant(1f).setName("one").build().toBuilder(),
                node("keep", "PlaceholderWithDefault", "one"),
                Nodes.constant(List.of(4)).setName("size").build().toBuilder(),
                node("draw", "RandomUniform", "size")
                    .putAttr("dtype", FLOAT)
                    .putAttr("T", Nodes.type(DataType.DT_INT32)),
                floats("lifted", "AddV2", "keep", "draw"),
                floats("kept", "Floor", "lifted"),
                floats("old", "Mul", "x", "kept"),
                floats("rate", "Sub", "one", "keep"),
                floats("mask", "GreaterEqual", "draw", "rate"),
                floats("new", "SelectV2", "mask", "x", "rate"),
                Nodes.constant(0.5f).setName("half").build().toBuilder(),
                floats("some", "GreaterEqual", "draw", "half"),
                floats("random", "SelectV2", "some", "x", "rate")));
    for (Purpose purpose : Purpose.values()) {
      assertThat(operations(flat(source, "old", purpose))).doesNotContain("RandomUniform");
      assertThat(operations(flat(source, "new", purpose))).doesNotContain("RandomUniform");
      assertThat(operations(flat(source, "random", purpose))).contains("RandomUniform");
    }
    assertThat(evaluate(source, "old")).containsExactly(1, 2, 3, 4);
    assertThat(evaluate(source, "new")).containsExactly(1, 2, 3, 4);
  }

  @Test
  void aVariableUsedTwiceIsOneVariable() {
    GraphDef source =
        graph(
            List.of(
                variable("v", "VariableV2"),
                floats("a", "Mul", "x", "v"),
                floats("b", "Mul", "a", "v")));
    assertThat(evaluate(source, "b")).containsExactly(100, 200, 300, 400);
    assertThat(flat(source, "b", Purpose.TRAINING).variables()).hasSize(1);
  }

  @ParameterizedTest
  @EnumSource
  void aChainOfTenThousandNodesDoesNotOverflowTheStack(Purpose purpose) {
    List<NodeDef.Builder> nodes = new ArrayList<>();
    nodes.add(floats("n0", "Identity", "x"));
    for (int i = 1; i <= 10_000; i++) {
      nodes.add(floats("n" + i, i % 100 == 0 ? "Relu" : "Identity", "n" + (i - 1)));
    }
    assertThat(flat(graph(nodes), "n10000", purpose).nodes()).hasSize(102);
  }

  @Test
  void aFunctionIsNotInlinedForAnArgumentThatNothingReads() {
    GraphDef source =
        graph(
            List.of(
                variable("unread", "VariableV2"),
                node("strange", "NobodyKnowsThisOp", "x"),
                call("c", "f", 1, "x", "unread", "strange")),
            body("f", List.of("a", "b", "c"), Map.of("y", "neg:y:0"), floats("neg", "Neg", "a")));
    FlatGraph flat = flat(source, "c", Purpose.INFERENCE);
    assertThat(operations(flat)).containsExactly("Placeholder", "Neg", "Identity");
    assertThat(flat.variables()).isEmpty();
  }

  /** As tf.cond of TensorFlow 1 writes it, on a placeholder that is false by default. */
  private static List<NodeDef.Builder> switched(boolean trains) {
    return new ArrayList<>(
        List.of(
            Nodes.constant(trains).setName("default").build().toBuilder(),
            bools("phase", "PlaceholderWithDefault", "default"),
            bools("cond/Switch", "Switch", "phase", "phase"),
            bools("cond/switch_t", "Identity", "cond/Switch:1"),
            bools("cond/switch_f", "Identity", "cond/Switch"),
            bools("cond/pred_id", "Identity", "phase"),
            floats("cond/one/Switch", "Switch", "x", "cond/pred_id"),
            node("cond/random", "NobodyKnowsThisOp", "cond/one/Switch:1"),
            constant("cond/five", 5).addInput("^cond/switch_f"),
            floats("cond/two/Switch", "Switch", "x", "cond/pred_id"),
            floats("cond/plus", "AddV2", "cond/two/Switch", "cond/five"),
            floats("cond/Merge", "Merge", "cond/plus", "cond/random").putAttr("N", integer(2))));
  }

  @Test
  void theBranchThatServesStaysAndTheOtherMayHoldAnything() {
    List<NodeDef.Builder> nodes = switched(false);
    nodes.add(floats("y", "Neg", "cond/Merge"));
    nodes.add(
        Nodes.cast("cond/Merge:1", DataType.DT_INT32, DataType.DT_FLOAT)
            .setName("taken")
            .build()
            .toBuilder());
    assertThat(evaluate(graph(nodes), "y")).containsExactly(-6, -7, -8, -9);
    assertThat(evaluate(graph(nodes), "taken")).containsExactly(0);
    assertThat(operations(flat(graph(nodes), "y", Purpose.TRAINING)))
        .containsExactly("Placeholder", "Const", "AddV2", "Neg", "Identity");
    refused(graph(switched(true)), "cond/Merge", "node cond/random (NobodyKnowsThisOp)");
    refused(graph(nodes), "cond/one/Switch:1", "in a branch that is never taken");
  }

  @Test
  void aConstantInEitherBranchBelongsToItByItsControlDependencyAlone() {
    List<NodeDef.Builder> nodes = switched(false);
    nodes.add(constant("cond/left", 7).addInput("^cond/switch_t"));
    nodes.add(constant("cond/right", 8).addInput("^cond/switch_f"));
    nodes.add(floats("constants", "Merge", "cond/right", "cond/left").putAttr("N", integer(2)));
    assertThat(evaluate(graph(nodes), "constants")).containsExactly(8);
  }

  @Test
  void aConditionWithinABranchAndOneThatIsComputedAreFolded() {
    List<NodeDef.Builder> nodes = switched(false);
    nodes.add(bools("inner/pred", "Switch", "phase", "cond/pred_id"));
    nodes.add(node("inner/not", "LogicalNot", "inner/pred"));
    nodes.add(floats("inner/data", "Switch", "cond/plus", "inner/not"));
    nodes.add(floats("inner/neg", "Neg", "inner/data:1"));
    nodes.add(floats("inner/Merge", "Merge", "inner/data", "inner/neg").putAttr("N", integer(2)));
    nodes.add(floats("outer", "Merge", "inner/Merge", "cond/random").putAttr("N", integer(2)));
    assertThat(evaluate(graph(nodes), "outer")).containsExactly(-6, -7, -8, -9);
  }

  @ParameterizedTest
  @ValueSource(strings = {"If", "StatelessIf"})
  void anIfOnAConstantBecomesTheFunctionThatIsTaken(String op) {
    NodeDef.Builder choice =
        node("choice", op, "phase", "x", "held")
            .putAttr("Tcond", BOOL)
            .putAttr("Tin", types(2))
            .putAttr("Tout", types(1))
            .putAttr("then_branch", function("train"))
            .putAttr("else_branch", function("serve"));
    FunctionDef.Builder serve =
        body("serve", List.of("a", "b"), Map.of("y", "neg:y:0"), floats("neg", "Neg", "a"));
    FunctionDef.Builder train =
        body("train", List.of("a", "b"), Map.of("y", "r:y:0"), node("r", "NobodyKnowsThisOp", "b"));
    NodeDef.Builder held = variable("held", "VariableV2");
    GraphDef source =
        graph(
            List.of(
                Nodes.constant(false).setName("default").build().toBuilder(),
                bools("phase", "PlaceholderWithDefault", "default"),
                held,
                choice),
            serve,
            train);
    assertThat(evaluate(source, "choice")).containsExactly(-1, -2, -3, -4);
    assertThat(flat(source, "choice", Purpose.TRAINING).variables()).isEmpty();
    refused(
        graph(
            List.of(bools("phase", "IsFinite", "x").putAttr("T", FLOAT), held, choice),
            serve,
            train),
        "choice",
        "node choice (" + op + ") is control flow",
        "not a constant");
  }

  @Test
  void aCaseOnAConstantTakesTheLastFunctionForAnIndexThatThereIsNot() {
    NodeDef.Builder choice =
        node("choice", "Case", "index", "x")
            .putAttr("Tin", types(1))
            .putAttr("Tout", types(1))
            .putAttr(
                "branches",
                AttrValue.newBuilder()
                    .setList(
                        AttrValue.ListValue.newBuilder()
                            .addFunc(NameAttrList.newBuilder().setName("f0"))
                            .addFunc(NameAttrList.newBuilder().setName("f1")))
                    .build());
    FunctionDef.Builder[] functions = {
      body("f0", List.of("a"), Map.of("y", "f:y:0"), floats("f", "Neg", "a")),
      body("f1", List.of("a"), Map.of("y", "f:y:0"), floats("f", "Square", "a"))
    };
    for (int index : new int[] {0, 1, 7}) {
      GraphDef source =
          graph(
              List.of(Nodes.constant(index).setName("index").build().toBuilder(), choice),
              functions);
      assertThat(evaluate(source, "choice")[1]).isEqualTo(index == 0 ? -2 : 4);
    }
  }

  @Test
  void whatCannotBeFlattenedIsNamedByNode() {
    GraphDef source =
        graph(
            List.of(
                node("second", "Placeholder"),
                floats("round", "AddV2", "x", "trip"),
                floats("trip", "Neg", "round"),
                floats("enter", "Enter", "x"),
                floats("merge", "Merge", "enter", "next").putAttr("N", integer(2)),
                floats("next", "NextIteration", "merge"),
                node("strange", "NobodyKnowsThisOp", "x"),
                call("absent", "no_such_function", 1, "x"),
                call("wrong", "f", 1, "x", "x"),
                call("within", "f", 1, "x"),
                call("endless", "g", 1, "x"),
                floats("few", "AddV2", "x"),
                floats("dangling", "Relu", "nowhere"),
                floats("one", "Relu", "x"),
                floats("beyond", "Relu", "one:1"),
                node("loop", "StatelessWhile", "x").putAttr("cond", function("f")),
                floats("other", "Relu", "x"),
                floats("lonely", "Merge", "x", "other").putAttr("N", integer(2))),
            body("f", List.of("a"), Map.of("y", "deep:y:0"), node("deep", "NorThisOp", "a")),
            body("g", List.of("a"), Map.of("y", "again:output:0"), call("again", "g", 1, "a")));
    refused(source, "second", "node second (Placeholder) is an input too");
    refused(source, "trip", "is part of a cycle");
    refused(source, "merge", "node enter (Enter) is part of a loop");
    refused(source, "strange", "node strange (NobodyKnowsThisOp) is an operation that");
    refused(source, "absent", "node absent (StatefulPartitionedCall) calls no_such_function");
    refused(source, "wrong", "calls f with 2 arguments, it has 1");
    refused(source, "within", "node deep (NorThisOp) in function f");
    refused(source, "endless", "node again", "calls the function it is in");
    refused(source, "few", "node few (AddV2) has 1 inputs, it needs 2");
    refused(source, "dangling", "no node nowhere");
    refused(source, "beyond", "there is no tensor one:1");
    refused(source, "loop", "node loop (StatelessWhile) is a loop of an unknown number of rounds");
    refused(source, "lonely", "node lonely (Merge) is control flow");
    refused(source, "gone", "no node for the tensor gone");
  }

  private static void refused(GraphDef source, String tensor, String... messages) {
    assertThatIllegalArgumentException()
        .as(tensor)
        .isThrownBy(() -> flat(source, tensor, Purpose.TRAINING))
        .satisfies(e -> assertThat(e.getMessage()).contains(messages));
  }
}
