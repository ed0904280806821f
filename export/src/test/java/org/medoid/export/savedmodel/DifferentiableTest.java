package org.medoid.export.savedmodel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.nn.Conv2d;
import org.tensorflow.op.nn.TopK;
import org.tensorflow.op.quantization.FakeQuantWithMinMaxVarsGradient;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.types.TFloat32;

class DifferentiableTest {
  private static final Shape IMAGES = Shape.of(2, 9, 9, 6);

  /** What a network makes of images and a weight. */
  private interface Part {
    Operand<TFloat32> of(Ops tf, Operand<TFloat32> images, Operand<TFloat32> weight);
  }

  private static Arguments part(String operation, Shape weight, Part part) {
    return Arguments.of(operation, weight, part);
  }

  private static Operand<TFloat32> patches(Ops tf, Operand<TFloat32> x, long rate, String padding) {
    return tf.image.extractImagePatches(
        x, List.of(1L, 3L, 2L, 1L), List.of(1L, 2L, 1L, 1L), List.of(1L, rate, rate, 1L), padding);
  }

  private static Part convolution(long down, long across, String padding) {
    return convolution(down, across, 1, 1, padding);
  }

  private static Part convolution(
      long down, long across, long rows, long columns, String padding, Long... explicit) {
    return (tf, x, w) ->
        tf.nn.conv2d(
            x,
            w,
            List.of(1L, down, across, 1L),
            padding,
            Conv2d.dilations(List.of(1L, rows, columns, 1L)),
            Conv2d.explicitPaddings(List.of(explicit)));
  }

  static Stream<Arguments> parts() {
    return Stream.of(
        part("OnesLike", IMAGES, (tf, x, w) -> tf.math.add(w, tf.onesLike(tf.math.mul(x, w)))),
        part(
            "TopKV2",
            Shape.of(6),
            (tf, x, w) ->
                tf.nn.topK(tf.math.mul(x, w), tf.constant(2), new TopK.Options[0]).values()),
        part(
            "ExtractImagePatches",
            Shape.of(6),
            (tf, x, w) -> patches(tf, mul(tf, x, w), 1, "SAME")),
        part(
            "ExtractImagePatches",
            Shape.of(6),
            (tf, x, w) -> patches(tf, mul(tf, x, w), 2, "VALID")),
        part(
            "MatrixDiagPartV3",
            Shape.of(6),
            (tf, x, w) ->
                tf.linalg.matrixDiagPartV3(
                    tf.linalg.transpose(mul(tf, x, w), tf.constant(new int[] {0, 3, 1, 2})),
                    tf.constant(0),
                    tf.constant(0f))),
        part("Conv2D", Shape.of(3, 3, 6, 4), convolution(1, 1, 2, 2, "SAME")),
        part("Conv2D", Shape.of(2, 3, 6, 4), convolution(1, 1, 3, 2, "SAME")),
        part("Conv2D", Shape.of(3, 3, 6, 4), convolution(1, 1, 2, 1, "VALID")),
        part("Conv2D", Shape.of(3, 3, 6, 4), convolution(2, 2, 2, 3, "SAME")),
        part("Conv2D", Shape.of(3, 2, 6, 4), convolution(2, 1, 2, 2, "VALID")),
        part(
            "Conv2D",
            Shape.of(3, 3, 6, 4),
            convolution(2, 2, 1, 1, "EXPLICIT", 0L, 0L, 2L, 1L, 0L, 1L, 0L, 0L)),
        part(
            "Conv2D",
            Shape.of(3, 3, 6, 4),
            convolution(1, 1, 2, 2, "EXPLICIT", 0L, 0L, 2L, 1L, 0L, 1L, 0L, 0L)),
        part("Conv2D", Shape.of(3, 3, 1, 12), convolution(2, 2, "SAME")),
        part("Conv2D", Shape.of(3, 3, 1, 12), convolution(2, 1, "SAME")),
        part("Conv2D", Shape.of(3, 3, 2, 9), convolution(2, 1, "VALID")),
        part("Conv2D", Shape.of(1, 1, 3, 4), convolution(1, 1, "SAME")));
  }

  private static Operand<TFloat32> mul(Ops tf, Operand<TFloat32> x, Operand<TFloat32> w) {
    return tf.math.mul(x, w);
  }

  private static FlatGraph flat(Shape weight, Part part) {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> x =
          tf.withName("x").placeholder(TFloat32.class, Placeholder.shape(IMAGES));
      Operand<TFloat32> w = tf.withName("w").variable(weight, TFloat32.class);
      tf.withName("y").identity(part.of(tf, x, w));
      return FlatGraph.of(
          graph.toGraphDef(),
          List.of(
              new FlatGraph.Port("images", "x", DataType.DT_FLOAT, Nodes.shape(IMAGES.asArray()))),
          List.of(new FlatGraph.Port("features", "y", DataType.DT_FLOAT, Nodes.shape())),
          Purpose.TRAINING);
    }
  }

  private static float[] random(Shape shape, long seed) {
    Random random = new Random(seed);
    float[] values = new float[Math.toIntExact(shape.size())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static TFloat32 tensor(Shape shape, float[] values) {
    return TFloat32.tensorOf(shape, DataBuffers.of(values));
  }

  /**
   * The features, and if asked for the gradient of Σ features · weights, of images and a weight.
   */
  private static List<float[]> run(FlatGraph flat, float[] weight, Shape of, float[] weights) {
    GraphDef open = flat.open();
    try (Graph graph = new Graph()) {
      graph.importGraphDef(open);
      Output<TFloat32> y = graph.operation("features").<TFloat32>output(0);
      List<Operand<?>> wanted = new ArrayList<>(List.of(y));
      if (weights != null) {
        Ops tf = Ops.create(graph);
        Operand<TFloat32> factors = tf.reshape(tf.constant(weights), tf.shape(y));
        Operand<TFloat32> sum =
            tf.sum(
                tf.reshape(tf.math.mul(y, factors), tf.constant(new int[] {-1})), tf.constant(0));
        wanted.add(
            graph
                .addGradients(sum.asOutput(), new Output<?>[] {graph.operation("w").output(0)})[0]);
      }
      try (Session session = new Session(graph);
          TFloat32 images = tensor(IMAGES, random(IMAGES, 1));
          TFloat32 w = tensor(of, weight)) {
        Session.Runner runner = session.runner().feed("images", images).feed("w", w);
        return Fetched.floats(runner, wanted);
      }
    }
  }

  /**
   * Values are rounded, gradients those of values cut off: TensorFlow's own operation says which.
   */
  @Test
  void quantisationHasTheGradientThatTensorFlowDefines() {
    Shape of = Shape.of(6);
    FlatGraph before =
        flat(
            of,
            (tf, x, w) ->
                tf.quantization.fakeQuantWithMinMaxVars(
                    mul(tf, x, w), tf.constant(-0.7f), tf.constant(1.1f)));
    FlatGraph after = Differentiable.of(before);
    float[] w = random(of, 2);
    float[] expected = run(before, w, of, null).get(0);
    float[] factors = random(Shape.of(expected.length), 3);
    List<float[]> found = run(after, w, of, factors);
    for (int i = 0; i < expected.length; i++) {
      assertThat(found.get(0)[i]).isCloseTo(expected[i], within(1e-6f));
    }
    float[] images = random(IMAGES, 1);
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Operand<TFloat32> x = tf.reshape(tf.constant(images), tf.constant(IMAGES));
      Operand<TFloat32> y = mul(tf, x, tf.constant(w));
      FakeQuantWithMinMaxVarsGradient theirs =
          tf.quantization.fakeQuantWithMinMaxVarsGradient(
              tf.reshape(tf.constant(factors), tf.constant(IMAGES)),
              y,
              tf.constant(-0.7f),
              tf.constant(1.1f));
      Operand<TFloat32> sum =
          tf.sum(mul(tf, theirs.backpropsWrtInput(), x), tf.constant(new int[] {0, 1, 2}));
      try (Result result = session.runner().fetch(sum).run()) {
        float[] gradient = new float[6];
        ((TFloat32) result.get(0)).copyTo(DataBuffers.of(gradient, false, false));
        assertThat(found.get(1)).containsExactly(gradient, within(1e-4f));
      }
    }
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("parts")
  void givesTheSameNumbersAndHasTheGradientOfDifferences(String operation, Shape of, Part part) {
    FlatGraph before = flat(of, part);
    FlatGraph after = Differentiable.of(before);
    assertThat(before.nodes()).extracting(NodeDef::getOp).contains(operation);
    assertThat(after.nodes()).isNotEqualTo(before.nodes());

    float[] w = random(of, 2);
    float[] expected = run(before, w, of, null).get(0);
    float[] factors = random(Shape.of(expected.length), 3);
    List<float[]> found = run(after, w, of, factors);
    assertThat(found.get(0)).hasSameSizeAs(expected);
    for (int i = 0; i < expected.length; i++) {
      assertThat(found.get(0)[i]).isCloseTo(expected[i], within(1e-5f));
    }
    // All of these are linear in the weight nearby.
    float[] direction = random(of, 4);
    float[] up = w.clone();
    float[] down = w.clone();
    for (int i = 0; i < w.length; i++) {
      up[i] += direction[i] / 4096;
      down[i] -= direction[i] / 4096;
    }
    double slope =
        2048
            * (dot(run(before, up, of, null).get(0), factors)
                - dot(run(before, down, of, null).get(0), factors));
    assertThat(dot(found.get(1), direction))
        .isCloseTo(slope, within(2e-2 * Math.sqrt(expected.length)));
  }

  @Test
  void whatNoVariableIsBeforeStaysAsItIs() {
    FlatGraph before =
        flat(
            Shape.of(9, 8, 36),
            (tf, x, w) ->
                tf.math.mul(
                    tf.reduceMax(patches(tf, x, 1, "SAME"), tf.constant(1)),
                    tf.reduceMax(w, tf.constant(new int[] {0, 1, 2}))));
    assertThat(Differentiable.of(before).nodes()).isEqualTo(before.nodes());
  }
}
