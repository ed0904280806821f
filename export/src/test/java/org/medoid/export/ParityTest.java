package org.medoid.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.medoid.export.image.ImageSize;
import org.tensorflow.ConcreteFunction;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Signature;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.nn.FusedBatchNorm;
import org.tensorflow.types.TFloat16;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.family.TType;

class ParityTest {
  private static final ImageSize IMAGE = new ImageSize(4, 5, 0);
  private static final Parity.Tolerance USUAL =
      new Parity.Tolerance(0, ModelExporter.TOLERANCE, Math.scalb(1.0, -23));
  private static final int PICTURES = 3;
  private static final float[] PIXELS = new float[PICTURES * 4 * 5 * 3];

  static {
    for (int i = 0; i < PIXELS.length; i++) {
      PIXELS[i] = (i * 37 % 101) / 101f;
    }
  }

  /** From images to what becomes of their mean colours, [batch, 3]. */
  private static FrozenGraph graph(BiFunction<Ops, Operand<TFloat32>, Operand<TFloat32>> body) {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Operand<TFloat32> x =
          tf.withName("x").placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 4, 5, 3)));
      Operand<TFloat32> mean = tf.math.mean(x, tf.constant(new int[] {1, 2}));
      tf.withName("y").identity(body.apply(tf, mean));
      return FrozenGraph.of(
          graph.toGraphDef(), Map.of("images", "x:0"), Map.of("embedding", "y:0"));
    }
  }

  private static FrozenGraph tame() {
    return graph((tf, x) -> tf.math.tanh(tf.math.mul(x, tf.constant(2f))));
  }

  @Test
  void aPictureThatDependsOnTheOthersOfItsBatchIsTheReason() {
    Parity parity = of(graph((tf, x) -> tf.math.sub(x, tf.math.mean(x, tf.constant(0)))));
    Vectors other = plus(parity.expected(), 0.1);
    assertThatIllegalStateException()
        .isThrownBy(() -> parity.compare("reference", "model before it was frozen", other))
        .withMessageEndingWith("; a picture's embedding depends on the others in its batch");
    Parity alone = of(tame());
    Vectors wrong = plus(alone.expected(), 0.1);
    assertThatIllegalStateException()
        .isThrownBy(() -> alone.compare("reference", "model before it was frozen", wrong))
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("in its batch"));
  }

  private static Parity of(FrozenGraph frozen) {
    return new Parity(frozen, PIXELS, IMAGE, USUAL);
  }

  private static Vectors plus(Vectors vectors, double difference) {
    float[] moved = vectors.values().clone();
    moved[4] += (float) difference;
    return new Vectors(moved, vectors.count(), vectors.size());
  }

  @Test
  void whatAgreesIsNotJudged() {
    Parity parity = of(tame());
    parity.compare("onnx", "ONNX file", plus(parity.expected(), 5e-6));
    assertThat(parity.differences().get("onnx")).isBetween(4e-6, 6e-6);
    assertThat(parity.notes()).isEmpty();
  }

  @Test
  void aModelWhoseEmbeddingsAreNotFiniteIsRefusedThoughAllAgree() {
    for (float divisor : new float[] {0, Float.NaN}) {
      Parity parity = of(graph((tf, x) -> tf.math.div(x, tf.constant(divisor))));
      assertThatIllegalStateException()
          .isThrownBy(() -> parity.compare("onnx", "ONNX file", parity.expected()))
          .withMessageContaining("the model's own embeddings of these pictures are not finite");
    }
  }

  @Test
  void anExportIsNotRefusedWhereTensorFlowIsWrong() {
    Vectors right = of(tame()).expected();
    Parity parity = of(tame()).expecting(plus(right, 0.25));
    parity.compare("onnx", "ONNX file", right);
    assertThat(parity.differences().get("onnx")).isLessThan(1e-6);
    assertThat(parity.notes())
        .singleElement()
        .asString()
        .contains("differ by 2.50e-01", "TensorFlow's own by 2.50e-01", "double precision")
        .contains("(which is the one told) and TensorFlow's own")
        .contains("this TensorFlow computes the network wrong", "the ONNX file is right");
  }

  @Test
  void anExportIsRefusedWhereItIsWrongAndWhichItIsIsTold() {
    Parity parity = of(tame());
    assertThatIllegalStateException()
        .isThrownBy(() -> parity.compare("onnx", "ONNX file", plus(parity.expected(), 1e-3)))
        .withMessageContaining("embeddings of the ONNX file differ by 1.00e-03")
        .withMessageContaining("those of the ONNX file differ by 1.00e-03 and TensorFlow's own by")
        .withMessageContaining("one rounding of pixels and weights moves them by");
    // Both wrong, in two ways.
    Parity both = of(tame()).expecting(plus(parity.expected(), 0.5));
    assertThatIllegalStateException()
        .isThrownBy(() -> both.compare("onnx", "ONNX file", plus(parity.expected(), -0.5)));
    Parity nan = of(tame());
    assertThatIllegalStateException()
        .isThrownBy(() -> nan.compare("onnx", "ONNX file", plus(nan.expected(), Double.NaN)));
    Vectors wide = new Vectors(new float[PICTURES * 4], PICTURES, 4);
    assertThatIllegalStateException().isThrownBy(() -> nan.compare("onnx", "ONNX file", wide));
  }

  @Test
  void aNetworkThatMagnifiesRoundingIsAllowedThatMuchAndItIsTold() {
    // A difference of numbers near 1000, of which a rounding is 6e-5.
    FrozenGraph badly =
        graph((tf, x) -> tf.math.sub(tf.math.add(x, tf.constant(1000f)), tf.constant(1000f)));
    Parity parity = of(badly);
    double noise = parity.noise();
    assertThat(noise).isBetween(2e-5, 5e-4);
    parity.compare("onnx", "ONNX file", plus(parity.expected(), 10 * noise));
    assertThat(parity.notes())
        .singleElement()
        .asString()
        .contains("one rounding of pixels and weights moves them by", "magnifies rounding");
    assertThatIllegalStateException()
        .isThrownBy(() -> parity.compare("onnx", "ONNX file", plus(parity.expected(), 30 * noise)));
    // Where rounding alone makes the values, nothing can be compared.
    Parity noisy =
        of(graph((tf, x) -> tf.math.sub(tf.math.add(x, tf.constant(1e8f)), tf.constant(1e8f))));
    Vectors exact = of(graph((tf, x) -> tf.identity(x))).expected();
    assertThatIllegalStateException()
        .isThrownBy(() -> noisy.compare("onnx", "ONNX file", plus(exact, 0.4)));
    // Whoever says how much it may be is taken at his word.
    Parity strict =
        new Parity(badly, PIXELS, IMAGE, new Parity.Tolerance(1e-7, 1e-5, Math.scalb(1.0, -23)));
    assertThatIllegalStateException()
        .isThrownBy(() -> strict.compare("onnx", "ONNX file", plus(strict.expected(), 10 * noise)));
  }

  @Test
  void withoutAKernelForDoublesTensorFlowWithoutItsOptimisersJudges() {
    FrozenGraph frozen =
        graph(
            (tf, x) -> {
              Operand<TFloat32> map =
                  tf.reshape(tf.math.tanh(x), tf.constant(new int[] {-1, 1, 1, 3}));
              Operand<TFloat32> offsets =
                  tf.zerosLike(
                      tf.slice(x, tf.constant(new int[] {0, 0}), tf.constant(new int[] {-1, 2})));
              return tf.reshape(
                  tf.image.extractGlimpse(map, tf.constant(new int[] {1, 1}), offsets),
                  tf.constant(new int[] {-1, 3}));
            });
    Vectors right = of(frozen).expected();
    Parity parity = of(frozen).expecting(plus(right, 0.25));
    parity.compare("onnx", "ONNX file", right);
    assertThat(parity.notes()).singleElement().asString().contains("without its optimisers");
  }

  @Test
  void aGraphThatThisTensorFlowDoesNotRunIsComparedWithItsRunInDoublePrecision() {
    // 2^25 + 1 is no float: the index is -1, where it is 0 in double precision.
    FrozenGraph frozen =
        graph(
            (tf, x) -> {
              Operand<TFloat32> large = tf.constant(33554432f);
              Operand<TFloat32> one = tf.math.sub(tf.math.add(large, tf.constant(1f)), large);
              Operand<TInt32> index =
                  tf.math.sub(tf.dtypes.cast(one, TInt32.class), tf.constant(1));
              return tf.gather(x, tf.reshape(index, tf.constant(new int[] {1})), tf.constant(1));
            });
    Parity parity = of(frozen);
    assertThat(parity.expected().largest()).isBetween(0.1, 1.0);
    assertThat(parity.notes())
        .singleElement()
        .asString()
        .contains(
            "this TensorFlow does not run the frozen graph", "-1 is not in", "double precision");
  }

  @Test
  void normalisationsResizingAndHalfPrecisionAreComputedInDoublePrecision() {
    FrozenGraph frozen =
        graph(
            (tf, x) -> {
              Operand<TFloat32> map = tf.reshape(x, tf.constant(new int[] {-1, 1, 1, 3}));
              Operand<TFloat32> normalised =
                  tf.nn
                      .fusedBatchNorm(
                          map,
                          tf.constant(new float[] {1, 2, 3}),
                          tf.constant(new float[] {0.5f, 0, -0.5f}),
                          tf.constant(new float[] {0.4f, 0.5f, 0.6f}),
                          tf.constant(new float[] {0.1f, 0.2f, 0.3f}),
                          FusedBatchNorm.isTraining(false),
                          FusedBatchNorm.epsilon(1e-3f))
                      .y();
              Operand<TFloat32> larger =
                  tf.image.resizeBilinear(normalised, tf.constant(new int[] {2, 3}));
              Operand<TFloat16> half = tf.dtypes.cast(larger, TFloat16.class);
              return tf.math.mean(
                  tf.dtypes.cast(tf.math.add(half, half), TFloat32.class),
                  tf.constant(new int[] {1, 2}));
            });
    Vectors single = of(frozen).expected();
    Parity parity =
        new Parity(frozen, PIXELS, IMAGE, new Parity.Tolerance(0, 1e-5, Math.scalb(1.0, -10)));
    // Doubles are not rounded to halves; a rounding of a half is what explains the difference.
    parity.expecting(plus(single, 0.5)).compare("onnx", "ONNX file", single);
    assertThat(parity.differences().get("onnx")).isLessThan(2e-3);
    assertThat(parity.notes()).singleElement().asString().contains("in double precision");
    assertThat(List.of(parity.noise())).allMatch(noise -> noise > 1e-4 && noise < 1e-2);
  }

  private static ConcreteFunction function(
      String name, BiFunction<Ops, Operand<TFloat32>, Operand<?>> result) {
    return ConcreteFunction.create(
        tf -> {
          Operand<TFloat32> x = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 3)));
          return Signature.builder(name).input("x", x).output("y", result.apply(tf, x)).build();
        });
  }

  @Test
  void aLoopIsJudgedInDoublePrecisionToo() {
    try (ConcreteFunction more =
            function(
                "more",
                (tf, x) ->
                    tf.math.greater(
                        tf.reduceMax(x, tf.constant(new int[] {0, 1})), tf.constant(1f)));
        ConcreteFunction half = function("half", (tf, x) -> tf.math.mul(x, tf.constant(0.5f)))) {
      FrozenGraph looped =
          graph(
              (tf, x) -> {
                Operand<TFloat32> some = tf.math.mul(x, tf.constant(9f));
                Operand<TType> end = tf.statelessWhile(List.of(some), more, half).iterator().next();
                return tf.dtypes.cast(end, TFloat32.class);
              });
      Parity parity =
          new Parity(looped, PIXELS, IMAGE, new Parity.Tolerance(0, 1e-5, Math.scalb(1.0, -10)));
      Vectors right = parity.expected();
      parity.expecting(plus(right, 0.5)).compare("onnx", "ONNX file", right);
      assertThat(parity.notes()).singleElement().asString().contains("in double precision");
      assertThat(parity.noise()).isBetween(1e-4, 1e-2); // the factor before the loop moves too
    }
  }
}
