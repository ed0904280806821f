package org.medoid.export.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.medoid.export.onnx.OpsTest.ints;
import static org.medoid.export.onnx.OpsTest.longs;
import static org.medoid.export.onnx.OpsTest.one;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.medoid.export.Reference;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.types.TFloat32;

/** Of whole numbers and truth values onnxruntime has fewer kernels than ONNX has operations. */
class NarrowTypesTest {
  private static final long[] SHAPE = {2, 4, 4, 4};

  private static final Map<String, BiFunction<Ops, Operand<?>, Operand<?>>> ANY =
      new LinkedHashMap<>();
  private static final Map<String, BiFunction<Ops, Operand<?>, Operand<?>>> NUMBERS =
      new LinkedHashMap<>();

  /** What refuses whole numbers of 64 bits: floating-point numbers hold those of 53. */
  private static final Map<String, BiFunction<Ops, Operand<?>, Operand<?>>> POOLS =
      new LinkedHashMap<>();

  private static Operand<?> like(Ops tf, Operand<?> x, float value) {
    return OpsTest.cast(tf, tf.constant(value), x.asOutput().dataType());
  }

  private static Operand<?> other(Ops tf, Operand<?> x) {
    return one(tf, "ReverseV2", x, tf.constant(ints(1, 3)));
  }

  private static Operand<?> small(Ops tf, Operand<?> x) {
    return one(tf, "Slice", x, tf.constant(ints(0, 0, 0, 0)), tf.constant(ints(1, 1, 4, 4)));
  }

  static {
    ANY.put(
        "OneHot",
        (tf, x) ->
            one(
                tf,
                "OneHot",
                tf.constant(ints(0, 2)),
                tf.constant(3),
                first(tf, x),
                like(tf, x, 0)));
    ANY.put("MatrixDiag", (tf, x) -> one(tf, "MatrixDiag", x));
    ANY.put("MatrixDiagPart", (tf, x) -> one(tf, "MatrixDiagPart", x));
    ANY.put(
        "MatrixSetDiag",
        (tf, x) -> one(tf, "MatrixSetDiag", x, one(tf, "MatrixDiagPart", other(tf, x))));
    ANY.put(
        "MatrixBandPart", (tf, x) -> one(tf, "MatrixBandPart", x, tf.constant(1), tf.constant(0)));
    ANY.put("Pad", (tf, x) -> one(tf, "Pad", x, tf.constant(new int[4][2])));
    ANY.put(
        "SelectV2",
        (tf, x) -> one(tf, "SelectV2", one(tf, "Equal", x, first(tf, x)), x, other(tf, x)));
    ANY.put("Equal", (tf, x) -> one(tf, "Equal", x, other(tf, x)));
    ANY.put("NotEqual", (tf, x) -> one(tf, "NotEqual", x, other(tf, x)));
    ANY.put("GatherV2", (tf, x) -> one(tf, "GatherV2", x, tf.constant(ints(1, 0)), tf.constant(2)));
    ANY.put("GatherNd", (tf, x) -> one(tf, "GatherNd", x, tf.constant(new int[][] {{1, 0}})));
    ANY.put("Tile", (tf, x) -> one(tf, "Tile", x, tf.constant(ints(1, 2, 1, 1))));
    ANY.put("Transpose", (tf, x) -> one(tf, "Transpose", x, tf.constant(ints(1, 0, 3, 2))));
    ANY.put("Roll", (tf, x) -> one(tf, "Roll", x, tf.constant(ints(1)), tf.constant(ints(1))));
    ANY.put("ZerosLike", (tf, x) -> one(tf, "ZerosLike", x));
    ANY.put("OnesLike", (tf, x) -> one(tf, "OnesLike", x));
    ANY.put("Fill", (tf, x) -> one(tf, "Fill", tf.constant(ints(2, 2)), first(tf, x)));
    ANY.put(
        "BroadcastTo",
        (tf, x) -> one(tf, "BroadcastTo", small(tf, x), tf.constant(ints(2, 4, 4, 4))));
    ANY.put("Unpack", (tf, x) -> Runs.node(tf, "Unpack", Map.of("num", 2), x).output());
    POOLS.put(
        "SpaceToDepth",
        (tf, x) -> Runs.node(tf, "SpaceToDepth", Map.of("block_size", 2), x).output());
    POOLS.put(
        "DepthToSpace",
        (tf, x) -> Runs.node(tf, "DepthToSpace", Map.of("block_size", 2), x).output());
    ANY.put(
        "ResizeNearestNeighbor",
        (tf, x) ->
            Runs.node(
                    tf,
                    "ResizeNearestNeighbor",
                    Map.of("half_pixel_centers", true),
                    x,
                    tf.constant(ints(7, 6)))
                .output());
    for (String op :
        List.of(
            "AddV2",
            "Sub",
            "Mul",
            "Maximum",
            "Minimum",
            "Greater",
            "LessEqual",
            "SquaredDifference")) {
      NUMBERS.put(op, (tf, x) -> one(tf, op, x, other(tf, x)));
    }
    for (String op : List.of("FloorMod", "TruncateMod", "FloorDiv", "Div")) {
      NUMBERS.put(op, (tf, x) -> one(tf, op, x, one(tf, "Maximum", other(tf, x), like(tf, x, 1))));
    }
    NUMBERS.put(
        "ClipByValue", (tf, x) -> one(tf, "ClipByValue", x, like(tf, x, 20), like(tf, x, 70)));
    for (String op : List.of("Abs", "Sign", "Neg", "Square", "Relu", "Relu6")) {
      NUMBERS.put(op, (tf, x) -> one(tf, op, x));
    }
    NUMBERS.put(
        "AddN",
        (tf, x) ->
            Runs.node(tf, "AddN", Map.of(), List.of(), List.of(x, other(tf, x), x)).output());
    for (String op : List.of("Sum", "Mean", "Max", "Min", "Prod")) {
      NUMBERS.put(op, (tf, x) -> one(tf, op, x, tf.constant(ints(1, 2))));
    }
    for (String op : List.of("ArgMax", "ArgMin")) {
      ANY.put(op, (tf, x) -> one(tf, op, x, tf.constant(3)));
    }
    for (String op : List.of("Cumsum", "Cumprod")) {
      NUMBERS.put(op, (tf, x) -> one(tf, op, x, tf.constant(1)));
    }
    NUMBERS.put("TopKV2", (tf, x) -> one(tf, "TopKV2", x, tf.constant(2)));
    NUMBERS.put(
        "Range", (tf, x) -> one(tf, "Range", first(tf, x), like(tf, x, 120), like(tf, x, 3)));
    long[] two = longs(1, 2, 2, 1);
    POOLS.put(
        "MaxPoolV2",
        (tf, x) ->
            Runs.node(
                    tf,
                    "MaxPoolV2",
                    Map.of("padding", "SAME"),
                    x,
                    tf.constant(ints(1, 1, 1, 1)),
                    tf.constant(ints(1, 2, 2, 1)))
                .output());
    POOLS.put(
        "MaxPool",
        (tf, x) ->
            Runs.node(tf, "MaxPool", Map.of("ksize", two, "strides", two, "padding", "SAME"), x)
                .output());
    NUMBERS.put(
        "ScatterNd",
        (tf, x) ->
            one(
                tf,
                "ScatterNd",
                tf.constant(new int[][] {{1}, {1}}),
                x,
                tf.constant(ints(2, 4, 4, 4))));
    NUMBERS.put(
        "UnsortedSegmentSum",
        (tf, x) -> one(tf, "UnsortedSegmentSum", x, tf.constant(ints(1, 1)), tf.constant(3)));
    NUMBERS.put(
        "MirrorPad",
        (tf, x) ->
            Runs.node(
                    tf,
                    "MirrorPad",
                    Map.of("mode", "REFLECT"),
                    x,
                    tf.constant(new int[][] {{0, 0}, {1, 0}, {0, 2}, {0, 0}}))
                .output());
    NUMBERS.put(
        "CropAndResize",
        (tf, x) ->
            one(
                tf,
                "CropAndResize",
                x,
                tf.constant(new float[][] {{0, 0, 1, 1}}),
                tf.constant(ints(1)),
                tf.constant(ints(3, 3))));
    NUMBERS.put(
        "ResizeBilinear",
        (tf, x) ->
            Runs.node(
                    tf,
                    "ResizeBilinear",
                    Map.of("half_pixel_centers", true),
                    x,
                    tf.constant(ints(7, 6)))
                .output());
  }

  private static Operand<?> first(Ops tf, Operand<?> x) {
    return tf.reshape(
        one(tf, "Slice", x, tf.constant(ints(0, 0, 0, 0)), tf.constant(ints(1, 1, 1, 1))),
        tf.constant(ints()));
  }

  @ParameterizedTest
  @EnumSource(
      value = DataType.class,
      names = {"DT_UINT8", "DT_INT8", "DT_INT16", "DT_UINT16", "DT_INT32", "DT_INT64", "DT_BOOL"})
  void computesAsTensorFlow(DataType type) {
    Map<String, BiFunction<Ops, Operand<?>, Operand<?>>> all = new LinkedHashMap<>(ANY);
    if (type != DataType.DT_BOOL) {
      all.putAll(NUMBERS);
    }
    if (type != DataType.DT_INT64) {
      all.putAll(POOLS);
    }
    List<String> compared = new ArrayList<>();
    List<String> failed = new ArrayList<>();
    all.forEach(
        (op, body) -> {
          GraphDef graph;
          float[] values = Runs.random(op.hashCode(), SHAPE);
          try {
            graph =
                Runs.graph(
                    new long[] {-1, 4, 4, 4},
                    tf ->
                        x -> {
                          Operand<TFloat32> some =
                              tf.math.add(OpsTest.times(tf, x, 30), tf.constant(50f));
                          some =
                              tf.math.minimum(
                                  tf.math.maximum(some, tf.constant(0f)), tf.constant(120f));
                          Operand<?> whole =
                              type == DataType.DT_BOOL
                                  ? one(tf, "Greater", some, tf.constant(50f))
                                  : OpsTest.cast(tf, some, type);
                          return OpsTest.cast(tf, body.apply(tf, whole), DataType.DT_FLOAT);
                        });
            new Reference(graph, values, SHAPE).exact();
          } catch (RuntimeException e) {
            return; // TensorFlow has no kernel either
          }
          try {
            compared.add(op);
            Runs.same(graph, values, SHAPE);
          } catch (AssertionError | RuntimeException e) {
            failed.add(op + ": " + e.getMessage().lines().findFirst().orElse(""));
          }
        });
    assertThat(failed).isEmpty();
    assertThat(compared).hasSizeGreaterThan(all.size() - 9);
  }

  @ParameterizedTest
  @ValueSource(strings = {"SpaceToDepth", "DepthToSpace", "MaxPool"})
  void refusesWhatFloatsDoNotHold(String op) {
    GraphDef graph =
        Runs.graph(
            new long[] {-1, 4, 4, 4},
            tf -> x -> POOLS.get(op).apply(tf, OpsTest.cast(tf, x, DataType.DT_INT64)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Runs.convert(graph))
        .withMessageContaining("whole numbers of 64 bits");
  }
}
