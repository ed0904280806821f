package org.medoid.graph.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.tensorflow.Graph;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.FunctionDefLibrary;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NameAttrList;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;
import org.tensorflow.proto.TensorProto;

class NodeCopierTest {

  private static final AttrValue FLOAT = AttrValue.newBuilder().setType(DataType.DT_FLOAT).build();

  private final Graph graph = new Graph();
  private final Ops tf = Ops.create(graph);
  private final List<String> variables = new ArrayList<>();

  @AfterEach
  void close() {
    graph.close();
  }

  private static NodeDef.Builder node(String name, String op, String... inputs) {
    return NodeDef.newBuilder().setName(name).setOp(op).addAllInput(List.of(inputs));
  }

  private static NodeDef.Builder floats(String name, String op, String... inputs) {
    return node(name, op, inputs).putAttr("T", FLOAT);
  }

  private static AttrValue integer(long value) {
    return AttrValue.newBuilder().setI(value).build();
  }

  private static AttrValue function(String name) {
    return AttrValue.newBuilder().setFunc(NameAttrList.newBuilder().setName(name)).build();
  }

  private static NodeDef.Builder call(String name, String function, int results, String... inputs) {
    AttrValue.ListValue.Builder types = AttrValue.ListValue.newBuilder();
    for (int i = 0; i < results; i++) {
      types.addType(DataType.DT_FLOAT);
    }
    return node(name, "StatefulPartitionedCall", inputs)
        .putAttr("f", function(function))
        .putAttr("Tout", AttrValue.newBuilder().setList(types).build());
  }

  private static FunctionDef.Builder body(String name, List<String> in, Map<String, String> out) {
    OpDef.Builder signature = OpDef.newBuilder().setName(name);
    in.forEach(a -> signature.addInputArg(OpDef.ArgDef.newBuilder().setName(a)));
    out.keySet().stream()
        .sorted()
        .forEach(a -> signature.addOutputArg(OpDef.ArgDef.newBuilder().setName(a)));
    return FunctionDef.newBuilder().setSignature(signature).putAllRet(out);
  }

  private static GraphDef graphDef(List<NodeDef.Builder> nodes, FunctionDef.Builder... functions) {
    GraphDef.Builder graph = GraphDef.newBuilder();
    nodes.forEach(graph::addNode);
    FunctionDefLibrary.Builder library = FunctionDefLibrary.newBuilder();
    for (FunctionDef.Builder function : functions) {
      library.addFunction(function);
    }
    return graph.setLibrary(library).build();
  }

  /** Copies a tensor with x = [1, 2, 3, 4], every variable 10, and evaluates it. */
  private float[] evaluate(GraphDef source, String tensor) {
    try (Session session = new Session(graph);
        Result result = session.runner().fetch(copier(source).copy(tensor)).run()) {
      return Model.floats(result.get(0));
    }
  }

  private NodeCopier copier(GraphDef source) {
    Output<?> x = tf.constant(new float[] {1, 2, 3, 4}).asOutput();
    return new NodeCopier(
        tf,
        source,
        Map.of("x", x),
        variable -> {
          variables.add(variable.getName());
          return tf.constant(10f).asOutput();
        });
  }

  @Test
  void aResourceReadInANestedFunctionIsTheVariableItself() {
    GraphDef source =
        graphDef(
            List.of(
                node("net/kernel", "VarHandleOp"),
                call("serve", "outer", 1, "x", "net/kernel", "^missing_control"),
                floats("twice", "AddV2", "serve:0", "serve:0")),
            body("outer", List.of("a", "r"), Map.of("out", "id:output:0"))
                .addNodeDef(call("inner", "inner", 1, "a", "r"))
                .addNodeDef(floats("id", "Identity", "inner:output:0", "^noop"))
                .addNodeDef(node("noop", "NoOp")),
            body("inner", List.of("b", "resource"), Map.of("y", "mul:z:0"))
                .addNodeDef(node("read", "ReadVariableOp", "resource"))
                .addNodeDef(
                    floats("mul", "Mul", "b", "read:value:0")
                        .putAttr("_class", AttrValue.newBuilder().build())));
    assertThat(evaluate(source, "twice")).containsExactly(20, 40, 60, 80);
    assertThat(variables).containsExactly("net/kernel");
    graph
        .operations()
        .forEachRemaining(op -> assertThat(op.type()).doesNotContain("Call", "VarHandle"));
  }

  @Test
  void aTensorInAFunctionIsFoundByArgumentAndIndexAmongSeveral() {
    AttrValue int32 = AttrValue.newBuilder().setType(DataType.DT_INT32).build();
    TensorProto one = TensorProto.newBuilder().setDtype(DataType.DT_INT32).addIntVal(1).build();
    FunctionDef.Builder pieces =
        body(
                "pieces",
                List.of("a"),
                Map.of("o1", "unpack:output:1", "o2", "unpack:output:3", "o3", "cast:y:0"))
            .addNodeDef(
                floats("unpack", "Unpack", "a")
                    .putAttr("num", integer(4))
                    .putAttr("axis", integer(0)))
            .addNodeDef(
                node("one", "Const")
                    .putAttr("dtype", int32)
                    .putAttr("value", AttrValue.newBuilder().setTensor(one).build()))
            .addNodeDef(floats("top", "TopKV2", "a", "one:output:0"))
            .addNodeDef(
                node("cast", "Cast", "top:indices:0")
                    .putAttr("SrcT", int32)
                    .putAttr("DstT", FLOAT));
    GraphDef source =
        graphDef(
            List.of(call("c", "pieces", 3, "x"), floats("difference", "Sub", "c:1", "c")), pieces);
    assertThat(evaluate(source, "difference:0")).containsExactly(2);
    assertThat(evaluate(source, "c:2")).containsExactly(3);
  }

  @Test
  void listsOfInputsAreTakenApartAsTheOperationWants() {
    GraphDef source =
        graphDef(
            List.of(
                floats("sum", "AddN", "x", "x", "x").putAttr("N", integer(3)),
                node("both", "IdentityN", "sum", "x"),
                node("default", "PlaceholderWithDefault", "both:1"),
                floats("out", "Sub", "both:0", "default")));
    assertThat(evaluate(source, "out")).containsExactly(2, 4, 6, 8);
  }

  @Test
  void anAttributeLeftOutHasItsDefault() {
    GraphDef source = graphDef(List.of(floats("leaky", "LeakyRelu", "x")));
    assertThat(evaluate(source, "leaky")).containsExactly(1, 2, 3, 4);
  }

  @Test
  void erfcBecomesWhatHasAGradient() {
    GraphDef source = graphDef(List.of(floats("erfc", "Erfc", "x")));
    assertThat(evaluate(source, "erfc"))
        .containsExactly(new float[] {0.157299f, 0.004678f, 0.000022f, 0}, within(1e-6f));
    graph.operations().forEachRemaining(op -> assertThat(op.type()).isNotEqualTo("Erfc"));
  }

  @Test
  void aVariableUsedTwiceIsOneVariable() {
    GraphDef source =
        graphDef(
            List.of(
                node("v", "VariableV2"),
                floats("a", "Mul", "x", "v"),
                floats("b", "Mul", "a", "v")));
    assertThat(evaluate(source, "b")).containsExactly(100, 200, 300, 400);
    assertThat(variables).containsExactly("v");
  }

  @Test
  void aChainOfTenThousandNodesDoesNotOverflowTheStack() {
    List<NodeDef.Builder> nodes = new ArrayList<>();
    nodes.add(floats("n0", "Identity", "x"));
    for (int i = 1; i <= 10_000; i++) {
      nodes.add(floats("n" + i, i % 100 == 0 ? "Relu" : "Identity", "n" + (i - 1)));
    }
    assertThat(evaluate(graphDef(nodes), "n10000")).containsExactly(1, 2, 3, 4);
  }

  @Test
  void onlyWhatTheTensorDependsOnIsCopied() {
    GraphDef source = graphDef(List.of(node("other", "Placeholder"), floats("relu", "Relu", "x")));
    assertThat(evaluate(source, "relu")).hasSize(4);
    assertThat(graph.operation("other")).isNull();
  }

  @Test
  void whatCannotBeCopiedIsNamedByNode() {
    GraphDef source =
        graphDef(
            List.of(
                node("second", "Placeholder"),
                floats("enter", "AddV2", "x", "next"),
                floats("next", "NextIteration", "enter"),
                node("strange", "NobodyKnowsThisOp", "x"),
                call("absent", "no_such_function", 1, "x"),
                call("wrong", "f", 1, "x", "x"),
                call("within", "f", 1, "x"),
                floats("few", "AddV2", "x"),
                floats("dangling", "Relu", "nowhere"),
                floats("beyond", "Relu", "x:1"),
                node("loop", "StatelessWhile", "x").putAttr("cond", function("f"))),
            body("f", List.of("a"), Map.of("y", "deep:y:0"))
                .addNodeDef(node("deep", "NorThisOp", "a")));
    refused(source, "second", "node second (Placeholder) is a second input");
    refused(source, "next", "is part of a loop");
    refused(source, "strange", "node strange (NobodyKnowsThisOp) is an operation that");
    refused(source, "absent", "node absent (StatefulPartitionedCall) calls no_such_function");
    refused(source, "wrong", "calls f with 2 arguments, it has 1");
    refused(source, "within", "node deep (NorThisOp) in function f");
    refused(source, "few", "node few (AddV2) cannot be copied");
    refused(source, "dangling", "no node nowhere");
    refused(source, "beyond", "there is no output x:1");
    refused(source, "loop", "node loop (StatelessWhile)");
  }

  private void refused(GraphDef source, String tensor, String message) {
    assertThatIllegalArgumentException()
        .as(tensor)
        .isThrownBy(() -> copier(source).copy(tensor))
        .withMessageContaining(message);
  }
}
