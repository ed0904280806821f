package org.medoid.export.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.medoid.export.onnx.OpsTest.ints;
import static org.medoid.export.onnx.OpsTest.longs;
import static org.medoid.export.onnx.OpsTest.one;

import ai.onnx.proto.OnnxMl;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.assertj.core.api.ListAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/** What networks are written as takes few nodes, and says the same. */
class SmallGraphsTest {
  private static final long[] IMAGES = {2, 5, 6, 3};

  private static ListAssert<String> ops(
      long[] shape, BiFunction<Ops, Operand<TFloat32>, Operand<?>> y) {
    return assertThat(Runs.ops(Runs.same(graph(shape, y), Runs.random(3, shape), shape)));
  }

  private static GraphDef graph(long[] shape, BiFunction<Ops, Operand<TFloat32>, Operand<?>> y) {
    long[] known = shape.clone();
    known[0] = -1;
    return Runs.graph(known, tf -> x -> y.apply(tf, x));
  }

  private static Operand<TFloat32> conv(Ops tf, Operand<TFloat32> x, long in, long out) {
    Map<String, Object> attributes = Map.of("strides", longs(1, 1, 1, 1), "padding", "SAME");
    return Runs.node(tf, "Conv2D", attributes, x, Runs.constant(tf, 7, 3, 3, in, out)).output();
  }

  /** As tf.tensordot writes it. */
  private static Operand<TFloat32> dense(Ops tf, Operand<TFloat32> x, int rank, long in, long out) {
    int[] free = new int[rank - 1];
    int[] perm = new int[rank];
    for (int i = 0; i < rank; i++) {
      perm[i] = i;
      if (i < rank - 1) {
        free[i] = i;
      }
    }
    Operand<?> shape = tf.shape(x);
    Operand<?> rows = one(tf, "GatherV2", shape, tf.constant(free), tf.constant(0));
    Operand<?> columns = one(tf, "GatherV2", shape, tf.constant(ints(rank - 1)), tf.constant(0));
    Operand<?> flat =
        Runs.node(
                tf,
                "Pack",
                Map.of(),
                List.of(),
                List.of(
                    one(tf, "Prod", rows, tf.constant(ints(0))),
                    one(tf, "Prod", columns, tf.constant(ints(0)))))
            .output();
    Operand<TFloat32> moved = one(tf, "Transpose", x, tf.constant(perm));
    Operand<TFloat32> product =
        one(tf, "MatMul", one(tf, "Reshape", moved, flat), Runs.constant(tf, 8, in, out));
    Operand<?> to =
        Runs.node(
                tf,
                "ConcatV2",
                Map.of(),
                List.of(tf.constant(0)),
                List.of(rows, tf.constant(ints((int) out))))
            .operation()
            .output(0);
    return one(tf, "BiasAdd", one(tf, "Reshape", product, to), Runs.constant(tf, 9, out));
  }

  @Test
  void aDenseOnRowsIsOneProduct() {
    ops(longs(2, 5, 4), (tf, x) -> dense(tf, dense(tf, x, 3, 4, 6), 3, 6, 2))
        .containsExactly("MatMul", "Add", "MatMul", "Add");
  }

  @Test
  void aDenseOnImagesIsAConvolutionOfOnePixel() {
    ops(
            IMAGES,
            (tf, x) -> {
              Operand<TFloat32> y = dense(tf, conv(tf, x, 3, 4), 4, 4, 6);
              return conv(tf, dense(tf, tf.nn.relu(y), 4, 6, 3), 3, 2);
            })
        .containsExactly("Transpose", "Conv", "Conv", "Relu", "Conv", "Conv", "Transpose");
  }

  @Test
  void aShapeOfTwoOpenSizesIsComputed() {
    long[] shape = {2, 5, 4};
    GraphDef graph = Runs.graph(longs(-1, -1, 4), tf -> x -> dense(tf, x, 3, 4, 6));
    assertThat(Runs.ops(Runs.same(graph, Runs.random(3, shape), shape))).contains("Reshape");
  }

  @Test
  void equalNodesAreOne() {
    ops(
            IMAGES,
            (tf, x) -> {
              Operand<TFloat32> a = tf.math.mul(tf.math.tanh(x), tf.constant(2f));
              Operand<TFloat32> b = tf.math.mul(tf.math.tanh(x), tf.constant(2f));
              Operand<TFloat32> c = tf.math.mul(tf.math.tanh(x), tf.constant(3f));
              return tf.math.sub(tf.math.mul(a, b), c);
            })
        .containsExactly("Tanh", "Mul", "Mul", "Mul", "Sub");
  }

  @Test
  void timesOneAndPlusZeroGo() {
    ops(
            IMAGES,
            (tf, x) -> {
              Operand<TFloat32> y = tf.math.mul(tf.math.tanh(x), tf.constant(1f));
              y = tf.math.add(tf.constant(new float[3]), y);
              y = tf.math.div(y, tf.constant(new float[][] {{1, 1, 1}}));
              return tf.math.exp(tf.math.sub(y, tf.constant(0f)));
            })
        .containsExactly("Tanh", "Exp");
    ops(IMAGES, (tf, x) -> tf.math.div(tf.constant(1f), tf.math.exp(x))).contains("Div");
    ops(IMAGES, (tf, x) -> tf.math.sub(tf.constant(0f), tf.math.exp(x))).contains("Sub");
    // A one that makes the tensor larger stays.
    ops(longs(2, 1), (tf, x) -> tf.math.mul(tf.math.tanh(x), tf.constant(new float[] {1, 1, 1})))
        .containsExactly("Tanh", "Mul");
  }

  /** As tf.nn.batch_normalization writes it. */
  private static Operand<TFloat32> layerNormalization(Ops tf, Operand<TFloat32> x, int channels) {
    Operand<TFloat32> mean =
        Runs.node(tf, "Mean", Map.of("keep_dims", true), x, tf.constant(ints(-1))).output();
    Operand<TFloat32> variance =
        Runs.node(
                tf,
                "Mean",
                Map.of("keep_dims", true),
                tf.math.squaredDifference(x, one(tf, "StopGradient", mean)),
                tf.constant(ints(-1)))
            .output();
    Operand<TFloat32> scale =
        tf.math.mul(
            tf.math.rsqrt(tf.math.add(variance, tf.constant(1e-3f))),
            Runs.positive(tf, 5, 1, 1, channels));
    Operand<TFloat32> shift =
        tf.math.add(tf.math.mul(tf.math.neg(mean), scale), Runs.constant(tf, 6, 1, 1, channels));
    return tf.math.add(tf.math.mul(x, scale), shift);
  }

  @Test
  void aLayerNormalizationIsInTheFormThatRuntimesKnow() {
    long[] shape = {2, 5, 4};
    ops(shape, (tf, x) -> layerNormalization(tf, x, 4))
        .containsExactly(
            "ReduceMean", "Sub", "Mul", "ReduceMean", "Add", "Sqrt", "Div", "Mul", "Add");
    GraphDef graph = graph(shape, (tf, x) -> layerNormalization(tf, x, 4));
    OnnxMl.ModelProto later =
        OnnxConverter.convert(
            graph,
            Map.of("x", "x:0"),
            Map.of("y", "y:0"),
            OnnxConverter.Options.defaults().withOpset(17));
    Runs.same(graph, later, 1e-5, Runs.random(3, shape), shape);
    assertThat(Runs.ops(later)).containsExactly("LayerNormalization");
  }

  @Test
  void whatCannotBeConvertedIsALineForEachOperation() {
    GraphDef graph =
        graph(
            longs(2, 4),
            (tf, x) -> {
              Operand<TFloat32> y = tf.withName("first").math.lgamma(x);
              return tf.math.digamma(tf.math.lgamma(tf.math.exp(y)));
            });
    assertThatThrownBy(() -> Runs.convert(graph))
        .hasMessageContaining("3 nodes cannot be converted to ONNX")
        .hasMessageContaining("\n  Lgamma, 2 nodes, the first is first: no converter;\n")
        .hasMessageContaining("\n  Digamma (Digamma): no converter;\n");
  }

  /** Each shape is known by the one before it: read anew for each, they take minutes. */
  @Test
  @Timeout(40)
  void manyDensesInARowAreFoundAtOnce() {
    GraphDef graph =
        graph(
            longs(2, 5, 4),
            (tf, x) -> {
              Operand<TFloat32> y = x;
              for (int i = 0; i < 120; i++) {
                y = dense(tf, y, 3, 4, 4);
              }
              return y;
            });
    assertThat(Runs.ops(Runs.convert(graph))).containsOnly("MatMul", "Add").hasSize(240);
  }

  private static Operand<?> joined(Ops tf, Operand<?>... parts) {
    return Runs.node(tf, "ConcatV2", Map.of(), List.of(tf.constant(0)), List.of(parts)).output();
  }

  @Test
  void sizesCutOutOfAShapeAreKnown() {
    int[] last = ints(2, 1, 0);
    List<BiFunction<Ops, Operand<TFloat32>, Operand<?>>> forms =
        List.of(
            (tf, x) -> {
              Operand<?> s = tf.shape(x);
              Operand<?> some = one(tf, "Slice", s, tf.constant(ints(1)), tf.constant(ints(2)));
              Operand<?> rest = one(tf, "Slice", s, tf.constant(ints(3)), tf.constant(ints(-1)));
              Operand<?> batch = one(tf, "Slice", s, tf.constant(ints(0)), tf.constant(ints(1)));
              return joined(tf, batch, one(tf, "Maximum", some, tf.constant(ints(1, 1))), rest);
            },
            (tf, x) -> {
              Runs.Made parts =
                  Runs.node(tf, "Split", Map.of("num_split", 2), tf.constant(0), tf.shape(x));
              Operand<?> pixels = one(tf, "Prod", parts.<TInt32>output(1), tf.constant(ints(0)));
              return joined(tf, parts.output(0), one(tf, "Reshape", pixels, tf.constant(ints(1))));
            },
            (tf, x) -> {
              Runs.Made parts =
                  Runs.node(
                      tf,
                      "SplitV",
                      Map.of("num_split", 3),
                      tf.shape(x),
                      tf.constant(ints(1, -1, 1)),
                      tf.constant(0));
              Operand<?> turned =
                  one(tf, "GatherV2", parts.output(1), tf.constant(ints(1, 0)), tf.constant(0));
              return joined(tf, parts.output(0), turned, parts.output(2));
            },
            (tf, x) -> {
              Map<String, Object> all = Map.of("begin_mask", 1, "end_mask", 1);
              Operand<?> zero = tf.constant(ints(0));
              Operand<?> back =
                  Runs.node(tf, "StridedSlice", all, tf.shape(x), zero, zero, tf.constant(ints(-1)))
                      .output();
              Operand<?> rest = one(tf, "GatherV2", back, tf.constant(last), tf.constant(0));
              Operand<?> batch = one(tf, "GatherV2", back, tf.constant(ints(3)), tf.constant(0));
              return joined(tf, batch, rest);
            });
    for (BiFunction<Ops, Operand<TFloat32>, Operand<?>> form : forms) {
      ops(IMAGES, (tf, x) -> one(tf, "Reshape", tf.math.tanh(x), form.apply(tf, x)))
          .as("form %d", forms.indexOf(form))
          .doesNotContain("Shape");
    }
  }

  @Test
  void axesThatAreCountedByTheRankAreKnown() {
    ops(
            IMAGES,
            (tf, x) ->
                one(
                    tf,
                    "Mean",
                    x,
                    one(tf, "Range", tf.constant(1), one(tf, "Rank", x), tf.constant(1))))
        .containsExactly("ReduceMean");
  }
}
