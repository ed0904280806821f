package org.medoid.export.savedmodel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.StdArrays;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NameAttrList;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;
import org.tensorflow.types.TFloat32;

/**
 * Loops whose rounds can be counted are written out, and lists of tensors with them; of branches
 * that only a run decides, both sides are computed.
 */
class ControlFlowTest {
  private static final AttrValue FLOAT = Nodes.type(DataType.DT_FLOAT);
  private static final AttrValue INT = Nodes.type(DataType.DT_INT32);

  private static NodeDef.Builder node(String name, String op, String... inputs) {
    return NodeDef.newBuilder().setName(name).setOp(op).addAllInput(List.of(inputs));
  }

  private static NodeDef.Builder floats(String name, String op, String... inputs) {
    return node(name, op, inputs).putAttr("T", FLOAT);
  }

  private static NodeDef.Builder ints(String name, String op, String... inputs) {
    return node(name, op, inputs).putAttr("T", INT);
  }

  private static AttrValue function(String name) {
    return AttrValue.newBuilder().setFunc(NameAttrList.newBuilder().setName(name)).build();
  }

  private static AttrValue types(DataType... types) {
    return AttrValue.newBuilder()
        .setList(AttrValue.ListValue.newBuilder().addAllType(List.of(types)))
        .build();
  }

  /** The arguments are named a, b, ...; the results, by the names of the tensors. */
  private static FunctionDef function(
      String name, List<DataType> types, List<String> results, NodeDef.Builder... nodes) {
    FunctionDef.Builder function = FunctionDef.newBuilder();
    OpDef.Builder signature = function.getSignatureBuilder().setName(name);
    for (int i = 0; i < types.size(); i++) {
      signature
          .addInputArgBuilder()
          .setName(String.valueOf((char) ('a' + i)))
          .setType(types.get(i));
    }
    for (int i = 0; i < results.size(); i++) {
      DataType type = results.size() == 1 ? DataType.DT_BOOL : types.get(i);
      signature.addOutputArgBuilder().setName("out" + i).setType(type);
      function.putRet("out" + i, results.get(i));
    }
    for (NodeDef.Builder node : nodes) {
      function.addNodeDef(node);
    }
    return function.build();
  }

  private static final List<DataType> COUNTED = counted(DataType.DT_FLOAT);

  private static List<DataType> counted(DataType type) {
    return List.of(DataType.DT_INT32, DataType.DT_INT32, type);
  }

  private static GraphDef counted(NodeDef.Builder... rounds) {
    return counted(DataType.DT_FLOAT, "x", rounds);
  }

  /** while (a &lt; b) { c = tanh(c); a = a + 1 }, from 0 to the tensor {@code rounds}. */
  private static GraphDef counted(DataType type, String start, NodeDef.Builder... rounds) {
    List<DataType> all = counted(type);
    GraphDef.Builder graph = GraphDef.newBuilder();
    graph.addNode(Nodes.placeholder("x", DataType.DT_FLOAT, Nodes.shape(-1, 3)));
    for (NodeDef.Builder node : rounds) {
      graph.addNode(node);
    }
    graph.addNode(Nodes.constant(0).setName("zero"));
    graph.addNode(
        node("loop", "StatelessWhile", "zero", "rounds", start)
            .putAttr("T", types(all.toArray(DataType[]::new)))
            .putAttr("cond", function("fewer"))
            .putAttr("body", function("round")));
    graph
        .getLibraryBuilder()
        .addFunction(function("fewer", all, List.of("less:z:0"), ints("less", "Less", "a", "b")))
        .addFunction(
            function(
                "round",
                all,
                List.of("next:z:0", "b", "tanh:y:0"),
                Nodes.constant(1).setName("one").build().toBuilder(),
                ints("next", "AddV2", "a", "one:output:0"),
                Nodes.typed("Tanh", type, "c").setName("tanh")));
    return graph.build();
  }

  private static FlatGraph flat(GraphDef source, String tensor) {
    return flat(source, tensor, Purpose.TRAINING);
  }

  private static FlatGraph flat(GraphDef source, String tensor, Purpose purpose) {
    return FlatGraph.of(
        source,
        List.of(new FlatGraph.Port("in", "x", DataType.DT_FLOAT, Nodes.shape(-1, 3))),
        List.of(new FlatGraph.Port("out", tensor, DataType.DT_FLOAT, Nodes.shape(-1, 3))),
        purpose);
  }

  private static List<String> operations(FlatGraph flat) {
    return flat.nodes().stream().map(NodeDef::getOp).toList();
  }

  @Test
  void aLoopOfAConstantNumberOfRoundsIsWrittenOut() {
    FlatGraph flat =
        flat(counted(Nodes.constant(3).setName("rounds").build().toBuilder()), "loop:2");
    assertThat(operations(flat)).containsExactly("Placeholder", "Tanh", "Tanh", "Tanh", "Identity");
    FlatGraph none =
        flat(counted(Nodes.constant(0).setName("rounds").build().toBuilder()), "loop:2");
    assertThat(operations(none)).containsExactly("Placeholder", "Identity");
  }

  @Test
  void aNumberOfRoundsMayBeASizeThatIsKnown() {
    NodeDef.Builder shape = floats("shape", "Shape", "x").putAttr("out_type", INT);
    NodeDef.Builder slice =
        node("rounds", "StridedSlice", "shape", "from", "to", "by")
            .putAttr("T", INT)
            .putAttr("Index", INT)
            .putAttr("shrink_axis_mask", AttrValue.newBuilder().setI(1).build());
    FlatGraph flat =
        flat(
            counted(
                shape,
                slice,
                Nodes.constant(List.of(1)).setName("from").build().toBuilder(),
                Nodes.constant(List.of(2)).setName("to").build().toBuilder(),
                Nodes.constant(List.of(1)).setName("by").build().toBuilder()),
            "loop:2");
    assertThat(operations(flat)).filteredOn("Tanh"::equals).hasSize(3);
  }

  @Test
  void aLoopThatDependsOnTheBatchStaysALoopUnlessItIsToBeTrained() {
    NodeDef.Builder rounds = floats("rounds", "Size", "x").putAttr("out_type", INT);
    FlatGraph kept = flat(counted(rounds), "loop:2", Purpose.INFERENCE);
    assertThat(operations(kept))
        .filteredOn(op -> !op.equals("Const"))
        .containsExactly("Placeholder", "Size", "StatelessWhile", "Identity");
    double expected = 3;
    for (int i = 0; i < 3; i++) {
      expected = Math.tanh(expected);
    }
    assertThat(last(kept, 1)).isCloseTo((float) expected, within(1e-6f));
    // Flat once more, it is the same.
    FlatGraph again =
        FlatGraph.of(
            kept.frozen(Map.of()),
            List.of(new FlatGraph.Port("in", "in", DataType.DT_FLOAT, Nodes.shape(-1, 3))),
            List.of(new FlatGraph.Port("out", "out", DataType.DT_FLOAT, Nodes.shape(-1, 3))),
            Purpose.INFERENCE);
    assertThat(last(again, 1)).isCloseTo((float) expected, within(1e-6f));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> flat(counted(rounds), "loop:2"))
        .withMessageContaining(
            "node loop (StatelessWhile) is a loop of an unknown number of rounds");
  }

  @Test
  void aLoopThatStaysComputesInSinglePrecisionToo() {
    GraphDef.Builder graph =
        counted(
            DataType.DT_HALF,
            "half",
            floats("rounds", "Size", "x").putAttr("out_type", INT),
            Nodes.cast("x", DataType.DT_FLOAT, DataType.DT_HALF)
                .setName("half")
                .build()
                .toBuilder())
            .toBuilder();
    graph.addNode(Nodes.cast("loop:2", DataType.DT_HALF, DataType.DT_FLOAT).setName("back"));
    FlatGraph kept = flat(graph.build(), "back", Purpose.INFERENCE);
    assertThat(operations(kept)).contains("StatelessWhile");
    FlatGraph single = Precision.single(kept, Precision.of(kept, EnumSet.of(DataType.DT_FLOAT)));
    assertThat(single.frozen(Map.of()).toString()).doesNotContain("DT_HALF");
    double expected = Math.tanh(Math.tanh(Math.tanh(3)));
    assertThat(last(single, 1)).isCloseTo((float) expected, within(1e-6f));
  }

  @Test
  void aLoopThatEndsEarlierThanItsBoundIsWrittenOutToBeTrained() {
    GraphDef.Builder graph =
        counted(Nodes.constant(4).setName("rounds").build().toBuilder()).toBuilder();
    graph.getLibraryBuilder().clearFunction();
    graph
        .getLibraryBuilder()
        .addFunction(
            function(
                "fewer",
                COUNTED,
                List.of("both:z:0"),
                ints("less", "Less", "a", "b"),
                Nodes.constant(List.of(0, 1)).setName("axes").build().toBuilder(),
                floats("most", "Max", "c", "axes:output:0").putAttr("Tidx", INT),
                Nodes.constant(10f).setName("ten").build().toBuilder(),
                floats("small", "Less", "most:output:0", "ten:output:0"),
                node("both", "LogicalAnd", "small:z:0", "less:z:0")))
        .addFunction(
            function(
                "round",
                COUNTED,
                List.of("next:z:0", "b", "more:z:0"),
                Nodes.constant(1).setName("one").build().toBuilder(),
                ints("next", "AddV2", "a", "one:output:0"),
                Nodes.constant(2f).setName("two").build().toBuilder(),
                floats("more", "Mul", "c", "two:output:0")));
    FlatGraph flat = flat(graph.build(), "loop:2");
    assertThat(operations(flat)).doesNotContain("StatelessWhile");
    // 3 doubles to 12, above 10; 0.03 doubles four times.
    assertThat(last(flat, 1)).isEqualTo(12);
    assertThat(last(flat, 0.01f)).isCloseTo(0.48f, within(1e-6f));
    FlatGraph rounds =
        FlatGraph.of(
            graph.build(),
            List.of(new FlatGraph.Port("in", "x", DataType.DT_FLOAT, Nodes.shape(-1, 3))),
            List.of(new FlatGraph.Port("out", "loop:0", DataType.DT_INT32, Nodes.shape())),
            Purpose.TRAINING);
    assertThat(operations(rounds)).contains("SelectV2"); // the counter stops with the rest
  }

  /** while (i < rounds) { y = tanh(y); i = i + 1 }, as TensorFlow 1 writes it. */
  private static GraphDef framed(NodeDef.Builder... rounds) {
    GraphDef.Builder graph = counted(rounds).toBuilder();
    graph.removeNode(graph.getNodeCount() - 1).clearLibrary();
    AttrValue frame =
        AttrValue.newBuilder().setS(com.google.protobuf.ByteString.copyFromUtf8("loop")).build();
    AttrValue two = AttrValue.newBuilder().setI(2).build();
    graph.addNode(ints("i", "Enter", "zero").putAttr("frame_name", frame));
    graph.addNode(floats("y", "Enter", "x").putAttr("frame_name", frame));
    graph.addNode(
        ints("end", "Enter", "rounds")
            .putAttr("frame_name", frame)
            .putAttr("is_constant", AttrValue.newBuilder().setB(true).build()));
    graph.addNode(ints("i/merge", "Merge", "i", "i/next").putAttr("N", two));
    graph.addNode(floats("y/merge", "Merge", "y", "y/next").putAttr("N", two));
    graph.addNode(ints("less", "Less", "i/merge", "end"));
    graph.addNode(node("more", "LoopCond", "less"));
    graph.addNode(ints("i/switch", "Switch", "i/merge", "more"));
    graph.addNode(floats("y/switch", "Switch", "y/merge", "more"));
    graph.addNode(ints("i/inside", "Identity", "i/switch:1"));
    graph.addNode(Nodes.constant(1).setName("one").addInput("^i/inside"));
    graph.addNode(ints("i/add", "AddV2", "i/inside", "one"));
    graph.addNode(floats("y/tanh", "Tanh", "y/switch:1"));
    graph.addNode(ints("i/next", "NextIteration", "i/add"));
    graph.addNode(floats("y/next", "NextIteration", "y/tanh"));
    graph.addNode(floats("loop", "Exit", "y/switch"));
    return graph.build();
  }

  @Test
  void aLoopOfTheFirstTensorFlowIsWrittenOutOrStays() {
    FlatGraph flat = flat(framed(Nodes.constant(3).setName("rounds").build().toBuilder()), "loop");
    assertThat(operations(flat)).containsExactly("Placeholder", "Tanh", "Tanh", "Tanh", "Identity");
    NodeDef.Builder size = floats("rounds", "Size", "x").putAttr("out_type", INT);
    FlatGraph kept = flat(framed(size), "loop", Purpose.INFERENCE);
    assertThat(operations(kept)).contains("StatelessWhile");
    assertThat(last(kept, 1)).isCloseTo(last(flat, 1), within(1e-6f));
  }

  /** A round that writes twice what it reads at a place of a list to another, and counts. */
  /** Twice the element of a number, or that and the number, as {@code set} says. */
  private static FunctionDef doubled(List<DataType> types, List<String> results, String set) {
    return function(
        "double",
        types,
        results,
        Nodes.constant(1).setName("one").build().toBuilder(),
        Nodes.constant(-1).setName("shape").build().toBuilder(),
        ints("next", "AddV2", "a", "one:output:0"),
        node("get", "TensorListGetItem", "b", "a", "shape:output:0")
            .putAttr("element_dtype", FLOAT),
        floats("twice", "AddV2", "get:item:0", "get:item:0"),
        // So that not all rows can be computed at once.
        node("row", "Cast", "a").putAttr("SrcT", INT).putAttr("DstT", FLOAT),
        floats("more", "AddV2", "twice:z:0", "row:y:0"),
        node("set", "TensorListSetItem", "c", "a", set).putAttr("element_dtype", FLOAT));
  }

  /** As many rounds as x has rows, and an empty list of as many tensors. */
  private static GraphDef.Builder byRows() {
    NodeDef.Builder shape = floats("shape", "Shape", "x").putAttr("out_type", INT);
    NodeDef.Builder rows =
        node("rounds", "StridedSlice", "shape", "from", "to", "to")
            .putAttr("T", INT)
            .putAttr("Index", INT)
            .putAttr("shrink_axis_mask", AttrValue.newBuilder().setI(1).build());
    GraphDef.Builder graph =
        counted(
            shape,
            Nodes.constant(List.of(0)).setName("from").build().toBuilder(),
            Nodes.constant(List.of(1)).setName("to").build().toBuilder(),
            rows)
            .toBuilder();
    graph.removeNode(graph.getNodeCount() - 1).clearLibrary();
    graph.addNode(Nodes.constant(-1).setName("any"));
    graph.addNode(node("empty", "TensorListReserve", "any", "rounds").putAllAttr(list()));
    return graph;
  }

  /** While a counter is below d, a round that fills list c of what is carried on; stacks c. */
  private static void fill(
      GraphDef.Builder graph, List<DataType> types, String carried, FunctionDef round) {
    graph.addNode(
        node("fill", "While", "zero", carried, "empty", "rounds")
            .putAttr("T", types(types.toArray(DataType[]::new)))
            .putAttr("cond", function("fewer"))
            .putAttr("body", function("double")));
    graph.addNode(
        node("stack", "TensorListStack", "fill:2", "any").putAttr("element_dtype", FLOAT));
    graph
        .getLibraryBuilder()
        .addFunction(function("fewer", types, List.of("less:z:0"), ints("less", "Less", "a", "d")))
        .addFunction(round);
  }

  private static Map<String, AttrValue> list() {
    return new TreeMap<>(Map.of("element_dtype", FLOAT, "shape_type", INT));
  }

  /** A recurrent network's: state = 2 state in each round; c[i] = state, for any batch; stack c. */
  @Test
  void whatAListHoldsMayHaveTheOpenBatchOfTheState() {
    List<DataType> types =
        List.of(DataType.DT_INT32, DataType.DT_FLOAT, DataType.DT_VARIANT, DataType.DT_INT32);
    GraphDef.Builder graph = byRows();
    fill(
        graph,
        types,
        "x",
        function(
            "double",
            types,
            List.of("next:z:0", "twice:z:0", "set:output_handle:0", "d"),
            Nodes.constant(1).setName("one").build().toBuilder(),
            ints("next", "AddV2", "a", "one:output:0"),
            floats("twice", "AddV2", "b", "b"),
            node("set", "TensorListSetItem", "c", "a", "twice:z:0")
                .putAttr("element_dtype", FLOAT)));
    graph.addNode(floats("sum", "Sum", "stack", "from").putAttr("Tidx", INT));
    FlatGraph flat = flat(graph.build(), "sum", Purpose.INFERENCE);
    assertThat(operations(flat)).contains("StatelessWhile").noneMatch(op -> op.contains("List"));
    assertThat(last(flat, 3)).isEqualTo(18);
  }

  /** list = the rows of x; for each row i, d[i] = 2 list[i] + i; stack d. */
  @Test
  void aListOfOpenLengthIsATensor() {
    List<DataType> types =
        List.of(DataType.DT_INT32, DataType.DT_VARIANT, DataType.DT_VARIANT, DataType.DT_INT32);
    GraphDef.Builder graph = byRows();
    graph.addNode(node("list", "TensorListFromTensor", "x", "any").putAllAttr(list()));
    fill(
        graph,
        types,
        "list",
        doubled(types, List.of("next:z:0", "b", "set:output_handle:0", "d"), "more:z:0"));
    FlatGraph flat = flat(graph.build(), "stack", Purpose.INFERENCE);
    assertThat(operations(flat)).contains("StatelessWhile").noneMatch(op -> op.contains("List"));
    assertThat(last(flat, 2)).isEqualTo(12);
  }

  @Test
  void aLoopOfTooManyRoundsIsNamed() {
    NodeDef.Builder rounds = Nodes.constant(1_000_000).setName("rounds").build().toBuilder();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> flat(counted(rounds), "loop:2"))
        .withMessageContaining("node loop (StatelessWhile) is a loop that takes more than");
  }

  /**
   * list = the rows of x's transpose; while (a &lt; 3) { d[a] = 2 list[a]; a = a + 1 }; stack d.
   */
  @Test
  void aListThatALoopReadsAndWritesIsItsTensors() {
    List<DataType> types = List.of(DataType.DT_INT32, DataType.DT_VARIANT, DataType.DT_VARIANT);
    GraphDef.Builder graph =
        counted(Nodes.constant(3).setName("rounds").build().toBuilder()).toBuilder();
    graph.addNode(Nodes.constant(List.of(1, 0)).setName("turn"));
    graph.addNode(floats("columns", "Transpose", "x", "turn").putAttr("Tperm", INT));
    graph.addNode(Nodes.constant(-1).setName("any"));
    graph.addNode(node("list", "TensorListFromTensor", "columns", "any").putAllAttr(list()));
    graph.addNode(node("empty", "TensorListReserve", "any", "rounds").putAllAttr(list()));
    graph.addNode(
        node("fill", "While", "zero", "list", "empty")
            .putAttr("T", types(types.toArray(DataType[]::new)))
            .putAttr("cond", function("three"))
            .putAttr("body", function("double")));
    graph.addNode(
        node("stack", "TensorListStack", "fill:2", "any").putAttr("element_dtype", FLOAT));
    graph.addNode(floats("rows", "Transpose", "stack", "turn").putAttr("Tperm", INT));
    graph
        .getLibraryBuilder()
        .addFunction(
            function(
                "three",
                types,
                List.of("less:z:0"),
                Nodes.constant(3).setName("n").build().toBuilder(),
                ints("less", "Less", "a", "n:output:0")))
        .addFunction(doubled(types, List.of("next:z:0", "b", "set:output_handle:0"), "twice:z:0"));
    FlatGraph flat = flat(graph.build(), "rows");
    assertThat(operations(flat))
        .filteredOn(op -> !op.equals("Const"))
        .containsExactly(
            "Placeholder",
            "Transpose",
            "Unpack",
            "AddV2",
            "AddV2",
            "AddV2",
            "Pack",
            "Transpose",
            "Identity");
    float[][] rows = {{1, 2, 3}, {4, 5, 6}};
    try (Graph built = new Graph();
        Session session = new Session(built)) {
      built.importGraphDef(flat.frozen(Map.of()));
      try (TFloat32 x = TFloat32.tensorOf(StdArrays.ndCopyOf(rows));
          Result result = session.runner().feed("in", x).fetch("out").run()) {
        assertThat(result.get(0).shape()).isEqualTo(Shape.of(2, 3));
        assertThat(((TFloat32) result.get(0)).getFloat(1, 2)).isEqualTo(12);
      }
    }
  }

  private static final List<DataType> ONE = List.of(DataType.DT_FLOAT);

  /** A function of one float tensor to one. */
  private static FunctionDef side(String name, String op) {
    FunctionDef.Builder side =
        function(name, ONE, List.of("y:y:0"), floats("y", op, "a")).toBuilder();
    side.getSignatureBuilder().getOutputArgBuilder(0).setType(DataType.DT_FLOAT);
    return side.build();
  }

  /** Runs a flat graph on [[1, 2, 3]] times a number; gives the last value. */
  private static float last(FlatGraph flat, float times) {
    try (Graph built = new Graph();
        Session session = new Session(built)) {
      built.importGraphDef(flat.frozen(Map.of()));
      float[][] row = {{times, 2 * times, 3 * times}};
      try (TFloat32 x = TFloat32.tensorOf(StdArrays.ndCopyOf(row));
          Result result = session.runner().feed("in", x).fetch("out").run()) {
        return ((TFloat32) result.get(0)).getFloat(0, 2);
      }
    }
  }

  /** x, and "large": whether the sum of x is above 0. */
  private static GraphDef.Builder decided() {
    GraphDef.Builder graph = GraphDef.newBuilder();
    graph.addNode(Nodes.placeholder("x", DataType.DT_FLOAT, Nodes.shape(-1, 3)));
    graph.addNode(Nodes.constant(List.of(0, 1)).setName("axes"));
    graph.addNode(Nodes.constant(0f).setName("zero"));
    graph.addNode(floats("sum", "Sum", "x", "axes").putAttr("Tidx", INT));
    graph.addNode(floats("large", "Greater", "sum", "zero"));
    return graph;
  }

  /** The square of x where it is "large", else what another function makes of it. */
  private static NodeDef.Builder squareIfLarge(String otherwise) {
    return node("branch", "If", "large", "x")
        .putAttr("Tcond", Nodes.type(DataType.DT_BOOL))
        .putAttr("Tin", types(DataType.DT_FLOAT))
        .putAttr("Tout", types(DataType.DT_FLOAT))
        .putAttr("then_branch", function("square"))
        .putAttr("else_branch", function(otherwise));
  }

  @Test
  void anIfThatARunDecidesChooses() {
    GraphDef.Builder graph = decided();
    graph.addNode(squareIfLarge("negative"));
    graph
        .getLibraryBuilder()
        .addFunction(side("square", "Square"))
        .addFunction(side("negative", "Neg"));
    FlatGraph flat = flat(graph.build(), "branch");
    assertThat(last(flat, 1)).isEqualTo(9);
    assertThat(last(flat, -1)).isEqualTo(3);
    GraphDef.Builder number = graph.clone();
    number.getNodeBuilder(graph.getNodeCount() - 1).setInput(0, "sum");
    assertThat(last(flat(number.build(), "branch"), 1)).isEqualTo(9);
    assertThat(last(flat(number.build(), "branch"), 0)).isEqualTo(0);
  }

  @Test
  void aCaseThatARunDecidesChoosesAndTakesTheLastForOthers() {
    GraphDef.Builder graph = decided();
    graph.addNode(Nodes.cast("sum", DataType.DT_FLOAT, DataType.DT_INT32).setName("number"));
    AttrValue.Builder sides = AttrValue.newBuilder();
    for (String name : List.of("negative", "square", "same")) {
      sides.getListBuilder().addFunc(NameAttrList.newBuilder().setName(name));
    }
    graph.addNode(
        node("branch", "StatelessCase", "number", "x")
            .putAttr("Tin", types(DataType.DT_FLOAT))
            .putAttr("Tout", types(DataType.DT_FLOAT))
            .putAttr("branches", sides.build()));
    graph
        .getLibraryBuilder()
        .addFunction(side("square", "Square"))
        .addFunction(side("negative", "Neg"))
        .addFunction(side("same", "Tanh"));
    FlatGraph flat = flat(graph.build(), "branch");
    assertThat(last(flat, 0.1f)).isEqualTo(-0.3f);
    assertThat(last(flat, 0.25f)).isEqualTo(0.5625f);
    assertThat(last(flat, 2)).isCloseTo((float) Math.tanh(6), within(1e-6f));
    assertThat(last(flat, -2)).isCloseTo((float) Math.tanh(-6), within(1e-6f));
  }

  @Test
  void aConditionOfTheFirstTensorFlowThatARunDecidesChooses() {
    for (boolean trueFirst : new boolean[] {false, true}) {
      GraphDef.Builder graph = decided();
      graph.addNode(floats("switch", "Switch", "x", "large"));
      graph.addNode(floats("no", "Neg", "switch"));
      graph.addNode(floats("yes", "Square", "switch:1"));
      String[] sides = trueFirst ? new String[] {"yes", "no"} : new String[] {"no", "yes"};
      graph.addNode(
          floats("merge", "Merge", sides).putAttr("N", AttrValue.newBuilder().setI(2).build()));
      FlatGraph flat = flat(graph.build(), "merge");
      assertThat(last(flat, 1)).isEqualTo(9);
      assertThat(last(flat, -1)).isEqualTo(3);
    }
  }

  @Test
  void sidesOfDifferentShapesAreNamed() {
    GraphDef.Builder graph = decided();
    graph.addNode(squareIfLarge("one"));
    FunctionDef.Builder one = side("one", "Neg").toBuilder();
    one.clearNodeDef().addNodeDef(Nodes.constant(1f).setName("c")).putRet("out0", "c:output:0");
    graph.getLibraryBuilder().addFunction(side("square", "Square")).addFunction(one);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> flat(graph.build(), "branch"))
        .withMessageContaining("node branch (If) is control flow")
        .withMessageContaining("different shapes");
  }

  /** Nothing that lies before an If is imported again for it: that takes most of a minute. */
  @Test
  @Timeout(20)
  void manyIfsThatARunDecidesAreFlattenedInTheirOrder() {
    GraphDef.Builder graph = decided();
    String last = "x";
    for (int i = 0; i < 200; i++) {
      String k = String.valueOf(i);
      graph.addNode(floats("sum" + k, "Sum", last, "axes").putAttr("Tidx", INT));
      graph.addNode(floats("large" + k, "Greater", "sum" + k, "zero"));
      graph.addNode(
          squareIfLarge("negative")
              .setName("branch" + k)
              .setInput(0, "large" + k)
              .setInput(1, last));
      last = "branch" + k;
      for (int j = 0; j < 20; j++) {
        graph.addNode(floats("tanh" + k + "_" + j, "Tanh", last));
        last = "tanh" + k + "_" + j;
      }
    }
    graph
        .getLibraryBuilder()
        .addFunction(side("square", "Square"))
        .addFunction(side("negative", "Neg"));
    assertThat(operations(flat(graph.build(), last))).filteredOn("SelectV2"::equals).hasSize(200);
  }
}
