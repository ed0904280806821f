package org.medoid.export.onnx;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.tensorflow.Operand;
import org.tensorflow.OperationBuilder;
import org.tensorflow.Output;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.types.TFloat32;

/** Each operation alone, in both layouts, computes what TensorFlow computes. */
class OpsTest {

  /** Builds a node of any operation. */
  private static Output<?> node(
      Ops tf, String op, Map<String, Object> attributes, Operand<?>... in) {
    OperationBuilder builder = tf.scope().env().opBuilder(op, "node_" + op, tf.scope());
    for (Operand<?> one : in) {
      builder.addInput(one.asOutput());
    }
    attributes.forEach(
        (name, value) -> {
          if (value instanceof String text) {
            builder.setAttr(name, text);
          } else if (value instanceof Boolean flag) {
            builder.setAttr(name, flag);
          } else if (value instanceof Float number) {
            builder.setAttr(name, number);
          } else if (value instanceof long[] numbers) {
            builder.setAttr(name, numbers);
          } else {
            builder.setAttr(name, (long) (Integer) value);
          }
        });
    return builder.build().output(0);
  }

  private static int[] ints(int... values) {
    return values;
  }

  @FunctionalInterface
  private interface Body {
    Operand<?> of(Ops tf, Operand<TFloat32> x);
  }

  private static final Map<String, Body> BODIES = new LinkedHashMap<>();

  static {
    for (String op :
        List.of(
            "Abs",
            "Cos",
            "Elu",
            "Erf",
            "Erfc",
            "Exp",
            "Floor",
            "Neg",
            "Reciprocal",
            "Relu",
            "Relu6",
            "Rint",
            "Selu",
            "Sigmoid",
            "Sign",
            "Sin",
            "Softplus",
            "Softsign",
            "Square",
            "Tanh",
            "Softmax",
            "LogSoftmax",
            "ZerosLike",
            "OnesLike",
            "Expm1",
            "LeakyRelu",
            "Identity",
            "Ceil",
            "Round")) {
      BODIES.put(op, (tf, x) -> node(tf, op, Map.of(), x));
    }
    for (String op : List.of("Log", "Log1p", "Sqrt", "Rsqrt")) {
      BODIES.put(
          op, (tf, x) -> node(tf, op, Map.of(), tf.math.add(tf.math.abs(x), tf.constant(0.5f))));
    }
    for (String op :
        List.of(
            "Add",
            "AddV2",
            "Sub",
            "Mul",
            "RealDiv",
            "Maximum",
            "Minimum",
            "SquaredDifference",
            "FloorMod",
            "FloorDiv",
            "Greater",
            "GreaterEqual",
            "Less",
            "LessEqual",
            "Equal",
            "NotEqual")) {
      BODIES.put(op + " vector", (tf, x) -> node(tf, op, Map.of(), x, Runs.positive(tf, 5, 4)));
      BODIES.put(op + " itself", (tf, x) -> node(tf, op, Map.of(), x, tf.math.exp(x)));
      BODIES.put(
          op + " scalar first",
          (tf, x) -> node(tf, op, Map.of(), tf.constant(0.7f), tf.math.exp(x)));
    }
    BODIES.put(
        "Pow", (tf, x) -> node(tf, "Pow", Map.of(), tf.math.exp(x), Runs.positive(tf, 5, 4)));
    BODIES.put("BiasAdd", (tf, x) -> node(tf, "BiasAdd", Map.of(), x, Runs.constant(tf, 6, 4)));
    for (int[] axes :
        List.of(
            ints(1, 2),
            ints(3),
            ints(-1),
            ints(1),
            ints(0),
            ints(0, 3),
            ints(2),
            ints(0, 1, 2, 3))) {
      for (boolean keep : new boolean[] {true, false}) {
        for (String op : List.of("Mean", "Sum", "Max", "Min", "Prod")) {
          BODIES.put(
              op + Arrays.toString(axes) + keep,
              (tf, x) -> node(tf, op, Map.of("keep_dims", keep), x, tf.constant(axes)));
        }
      }
    }
    for (int axis = 0; axis < 4; axis++) {
      int at = axis;
      BODIES.put("ArgMax " + axis, (tf, x) -> node(tf, "ArgMax", Map.of(), x, tf.constant(at)));
      BODIES.put(
          "ConcatV2 " + axis,
          (tf, x) -> tf.concat(List.of(x, tf.math.exp(x)), tf.constant(at - 4)));
      BODIES.put(
          "Split " + axis,
          (tf, x) -> at == 1 || at == 0 ? x : tf.split(tf.constant(at), x, 2L).output().get(1));
      BODIES.put(
          "Pack " + axis,
          (tf, x) ->
              tf.stack(List.of(x, tf.math.exp(x)), org.tensorflow.op.core.Stack.axis((long) at)));
      BODIES.put(
          "GatherV2 " + axis, (tf, x) -> tf.gather(x, tf.constant(ints(1, 0)), tf.constant(at)));
      BODIES.put("ExpandDims " + axis, (tf, x) -> tf.expandDims(x, tf.constant(at)));
      BODIES.put(
          "Unpack " + axis,
          (tf, x) ->
              at == 0
                  ? x
                  : tf.unstack(
                          x,
                          at == 1 ? 5L : at == 2 ? 6L : 4L,
                          org.tensorflow.op.core.Unstack.axis((long) at))
                      .output()
                      .get(2));
    }
    BODIES.put(
        "SplitV",
        (tf, x) -> tf.splitV(x, tf.constant(ints(1, -1)), tf.constant(3), 2L).output().get(1));
    int[][] pads = {{0, 0}, {1, 2}, {0, 3}, {2, 1}};
    BODIES.put("Pad", (tf, x) -> node(tf, "Pad", Map.of(), x, tf.constant(pads)));
    BODIES.put(
        "PadV2", (tf, x) -> node(tf, "PadV2", Map.of(), x, tf.constant(pads), tf.constant(3f)));
    for (String mode : List.of("REFLECT", "SYMMETRIC")) {
      BODIES.put(
          "MirrorPad " + mode,
          (tf, x) -> node(tf, "MirrorPad", Map.of("mode", mode), x, tf.constant(pads)));
    }
    BODIES.put("Reshape flat", (tf, x) -> tf.reshape(x, tf.constant(ints(-1, 120))));
    BODIES.put(
        "Reshape by its own shape",
        (tf, x) ->
            tf.reshape(
                x, tf.stack(List.of(tf.reduceProd(tf.shape(x), tf.constant(0)), tf.constant(1)))));
    BODIES.put(
        "Squeeze",
        (tf, x) ->
            tf.squeeze(
                tf.math.mean(
                    x, tf.constant(ints(1, 2)), org.tensorflow.op.math.Mean.keepDims(true)),
                org.tensorflow.op.core.Squeeze.axis(List.of(1L, 2L))));
    BODIES.put(
        "Transpose", (tf, x) -> node(tf, "Transpose", Map.of(), x, tf.constant(ints(0, 2, 3, 1))));
    BODIES.put(
        "Transpose to channels first",
        (tf, x) -> node(tf, "Transpose", Map.of(), x, tf.constant(ints(0, 3, 1, 2))));
    BODIES.put("Shape", (tf, x) -> tf.shape(x));
    BODIES.put("Size", (tf, x) -> node(tf, "Size", Map.of(), x));
    BODIES.put(
        "StridedSlice",
        (tf, x) ->
            node(
                tf,
                "StridedSlice",
                Map.of("begin_mask", 1, "end_mask", 5, "shrink_axis_mask", 8),
                x,
                tf.constant(ints(0, 1, 4, 2)),
                tf.constant(ints(0, 4, 0, 3)),
                tf.constant(ints(1, 2, -1, 1))));
    BODIES.put(
        "StridedSlice with ellipsis and new axis",
        (tf, x) ->
            node(
                tf,
                "StridedSlice",
                Map.of("ellipsis_mask", 2, "new_axis_mask", 1),
                x,
                tf.constant(ints(0, 0, 1)),
                tf.constant(ints(0, 0, -1)),
                tf.constant(ints(1, 1, 1))));
    BODIES.put(
        "Slice",
        (tf, x) -> tf.slice(x, tf.constant(ints(0, 1, 2, 0)), tf.constant(ints(-1, 2, 3, -1))));
    BODIES.put("Tile", (tf, x) -> tf.tile(x, tf.constant(ints(1, 2, 3, 1))));
    BODIES.put("Cast", (tf, x) -> tf.dtypes.cast(x, org.tensorflow.types.TInt32.class));
    BODIES.put("Fill", (tf, x) -> tf.fill(tf.shape(x), tf.constant(2f)));
    BODIES.put(
        "Range",
        (tf, x) ->
            tf.range(
                tf.constant(0),
                tf.gather(tf.shape(x), tf.constant(0), tf.constant(0)),
                tf.constant(1)));
    BODIES.put(
        "SelectV2", (tf, x) -> tf.select(tf.math.greater(x, tf.constant(0f)), x, tf.math.exp(x)));
    BODIES.put("ClipByValue", (tf, x) -> tf.clipByValue(x, tf.constant(-0.5f), tf.constant(0.3f)));
    BODIES.put(
        "SpaceToDepth",
        (tf, x) ->
            node(
                tf,
                "SpaceToDepth",
                Map.of("block_size", 2),
                tf.slice(x, tf.constant(ints(0, 0, 0, 0)), tf.constant(ints(-1, 4, 6, 4)))));
    BODIES.put("DepthToSpace", (tf, x) -> node(tf, "DepthToSpace", Map.of("block_size", 2), x));
    BODIES.put("LRN", (tf, x) -> node(tf, "LRN", Map.of("depth_radius", 1, "alpha", 0.3f), x));
    BODIES.put(
        "BatchMatMulV2",
        (tf, x) -> node(tf, "BatchMatMulV2", Map.of("adj_y", true), x, tf.math.exp(x)));
    BODIES.put(
        "hard swish",
        (tf, x) ->
            tf.math.mul(
                tf.math.mul(x, tf.nn.relu6(tf.math.add(x, tf.constant(3f)))), tf.constant(1 / 6f)));
    BODIES.put(
        "GELU",
        (tf, x) ->
            tf.math.mul(
                tf.math.mul(x, tf.constant(0.5f)),
                tf.math.erfc(tf.math.mul(x, tf.constant(-0.70710677f)))));
    for (String op : List.of("ResizeBilinear", "ResizeNearestNeighbor")) {
      for (int[] size : List.of(ints(11, 9), ints(3, 2), ints(10, 12))) {
        BODIES.put(
            op + Arrays.toString(size), (tf, x) -> node(tf, op, Map.of(), x, tf.constant(size)));
        BODIES.put(
            op + " half" + Arrays.toString(size),
            (tf, x) -> node(tf, op, Map.of("half_pixel_centers", true), x, tf.constant(size)));
        BODIES.put(
            op + " corners" + Arrays.toString(size),
            (tf, x) -> node(tf, op, Map.of("align_corners", true), x, tf.constant(size)));
      }
    }
  }

  @TestFactory
  Stream<DynamicTest> eachOperationIsTheSameInBothLayouts() {
    return BODIES.entrySet().stream()
        .map(
            entry ->
                DynamicTest.dynamicTest(
                    entry.getKey(),
                    () -> {
                      float[] x = Runs.random(3, 3, 5, 6, 4);
                      long[] unknown = {-1, 5, 6, 4};
                      Runs.same(
                          Runs.graph(unknown, tf -> in -> entry.getValue().of(tf, in)),
                          x,
                          3,
                          5,
                          6,
                          4);
                      // A pooling of one pixel brings the tensor into ONNX's layout.
                      Runs.same(
                          Runs.graph(
                              unknown,
                              tf ->
                                  in ->
                                      entry
                                          .getValue()
                                          .of(
                                              tf,
                                              tf.nn.maxPool(
                                                  in,
                                                  tf.constant(ints(1, 1, 1, 1)),
                                                  tf.constant(ints(1, 1, 1, 1)),
                                                  "VALID"))),
                          x,
                          3,
                          5,
                          6,
                          4);
                    }));
  }

  record Window(
      int height,
      int width,
      int in,
      int out,
      int kh,
      int kw,
      int stride,
      int dilation,
      String padding,
      boolean known,
      long seed) {}

  @Provide
  Arbitrary<Window> windows() {
    return Arbitraries.longs()
        .map(
            seed -> {
              Random r = new Random(seed);
              int stride = 1 + r.nextInt(3);
              int dilation = stride == 1 ? 1 + r.nextInt(2) : 1;
              return new Window(
                  6 + r.nextInt(7),
                  6 + r.nextInt(7),
                  1 + r.nextInt(4),
                  1 + r.nextInt(4),
                  1 + r.nextInt(3),
                  1 + r.nextInt(3),
                  stride,
                  dilation,
                  List.of("SAME", "VALID", "EXPLICIT").get(r.nextInt(3)),
                  r.nextBoolean(),
                  seed);
            });
  }

  private static void windowed(Window w, String op) {
    boolean pool = op.endsWith("Pool");
    String padding = w.padding().equals("EXPLICIT") && pool ? "SAME" : w.padding();
    // TensorFlow's own CPU kernel has no dilated depthwise convolution to compare with.
    int dilation = op.equals("Conv2D") ? w.dilation() : 1;
    boolean known = w.known() || w.kh() < w.stride() || w.kw() < w.stride();
    long[] shape = {-1, known ? w.height() : -1, known ? w.width() : -1, w.in()};
    long[] step = {1, w.stride(), w.stride(), 1};
    Map<String, Object> attributes = new LinkedHashMap<>();
    attributes.put("strides", step);
    attributes.put("padding", padding);
    if (pool) {
      attributes.put("ksize", new long[] {1, w.kh(), w.kw(), 1});
    } else {
      attributes.put("dilations", new long[] {1, dilation, dilation, 1});
      if (padding.equals("EXPLICIT")) {
        attributes.put("explicit_paddings", new long[] {0, 0, 1, 2, 2, 0, 0, 0});
      }
    }
    GraphDef graph =
        Runs.graph(
            shape,
            tf ->
                x ->
                    pool
                        ? node(tf, op, attributes, x)
                        : node(
                            tf,
                            op,
                            attributes,
                            x,
                            Runs.constant(tf, w.seed(), w.kh(), w.kw(), w.in(), w.out())));
    long[] full = {2, w.height(), w.width(), w.in()};
    Runs.same(graph, Runs.random(w.seed(), full), full);
  }

  @Property(tries = 60)
  void aConvolutionIsTheSame(@ForAll("windows") Window w) {
    windowed(w, "Conv2D");
  }

  @Property(tries = 40)
  void aDepthwiseConvolutionIsTheSame(@ForAll("windows") Window w) {
    windowed(w, "DepthwiseConv2dNative");
  }

  @Property(tries = 30)
  void poolingIsTheSame(@ForAll("windows") Window w) {
    windowed(w, "MaxPool");
    windowed(w, "AvgPool");
  }
}
