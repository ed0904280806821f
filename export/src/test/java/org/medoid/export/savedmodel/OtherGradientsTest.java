package org.medoid.export.savedmodel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.OperationBuilder;
import org.tensorflow.Output;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.nn.LocalResponseNormalization;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/** Operations without a gradient in C++, smooth near where they are, against differences. */
class OtherGradientsTest {
  private static final Shape WEIGHT = Shape.of(2, 4, 4, 6);
  private static final DataType COMPLEX = DataType.DT_COMPLEX64;

  private static final float[][] DIAGONAL = new float[6][6];

  static {
    for (int i = 0; i < 6; i++) {
      DIAGONAL[i][i] = i + 1;
    }
  }

  /** What a network makes of a weight. */
  private interface Part {
    Operand<?> of(Ops tf, Operand<TFloat32> weight);
  }

  private static Arguments part(String operation, Part part) {
    return Arguments.of(operation, part);
  }

  private static Output<?> node(Ops tf, String op, Map<String, ?> attributes, Operand<?>... in) {
    return node(tf, op, 0, attributes, in);
  }

  private static Output<?> node(
      Ops tf, String op, int output, Map<String, ?> attributes, Operand<?>... in) {
    OperationBuilder builder = tf.scope().opBuilder(op, op);
    for (Operand<?> one : in) {
      builder.addInput(one.asOutput());
    }
    attributes.forEach(
        (name, value) -> {
          if (value instanceof Boolean flag) {
            builder.setAttr(name, flag);
          } else if (value instanceof long[] numbers) {
            builder.setAttr(name, numbers);
          } else if (value instanceof DataType type) {
            builder.setAttr(name, type);
          } else {
            builder.setAttr(name, (String) value);
          }
        });
    return builder.build().output(output);
  }

  private static Operand<?> complex(Ops tf, Operand<TFloat32> w) {
    return node(tf, "Complex", Map.of("Tout", COMPLEX), w, tf.math.sin(tf.math.mul(w, two(tf))));
  }

  private static Operand<TFloat32> two(Ops tf) {
    return tf.constant(2f);
  }

  /** Both halves of complex numbers. */
  private static Operand<TFloat32> real(Ops tf, Operand<?> z) {
    Map<String, DataType> type = Map.of("Tout", DataType.DT_FLOAT);
    return tf.math.add(
        node(tf, "Real", type, z).expect(TFloat32.class),
        tf.math.mul(node(tf, "Imag", type, z).expect(TFloat32.class), two(tf)));
  }

  /** Symmetric, positive matrices [2, 4, 6, 6]. */
  private static Operand<TFloat32> square(Ops tf, Operand<TFloat32> w) {
    Operand<TFloat32> product =
        node(tf, "BatchMatMulV2", Map.of("adj_x", true), w, w).expect(TFloat32.class);
    return tf.math.add(product, tf.constant(DIAGONAL));
  }

  private static Part spectrum(String op, int... lengths) {
    return (tf, w) ->
        switch (op.charAt(0)) {
          case 'R' -> real(tf, node(tf, op, Map.of(), w, tf.constant(lengths)));
          default ->
              lengths.length > 0
                  ? node(tf, op, Map.of(), complex(tf, w), tf.constant(lengths))
                  : real(tf, node(tf, op, Map.of(), complex(tf, w)));
        };
  }

  private static Part volume(long stride, String padding) {
    return (tf, w) ->
        tf.nn.conv3d(
            tf.math.tanh(tf.reshape(w, tf.constant(new int[] {1, 4, 4, 4, 3}))),
            tf.reshape(tf.math.sin(w), tf.constant(new int[] {2, 4, 2, 3, 4})),
            List.of(1L, stride, 2L, 1L, 1L),
            padding);
  }

  private static Part transposedVolume(int stride, String padding, int... sizes) {
    return (tf, w) ->
        node(
            tf,
            "Conv3DBackpropInputV2",
            Map.of("strides", new long[] {1, stride, 2, 1, 1}, "padding", padding),
            tf.constant(sizes),
            tf.reshape(tf.math.sin(w), tf.constant(new int[] {2, 4, 2, 4, 3})),
            tf.math.tanh(tf.reshape(w, tf.constant(new int[] {1, 4, 4, 4, 3}))));
  }

  private static Part dilation(long stride, long rate, String padding) {
    return (tf, w) ->
        node(
            tf,
            "Dilation2D",
            Map.of(
                "strides", new long[] {1, stride, 1, 1},
                "rates", new long[] {1, rate, 2, 1},
                "padding", padding),
            w,
            tf.reshape(tf.slice(w, zeros(tf), tf.constant(new int[] {1, 2, 2, 6})), ends(tf)));
  }

  private static Operand<TInt32> zeros(Ops tf) {
    return tf.constant(new int[4]);
  }

  private static Operand<TInt32> ends(Ops tf) {
    return tf.constant(new int[] {2, 2, 6});
  }

  private static Part scattered(String op) {
    return (tf, w) ->
        node(
            tf,
            op,
            Map.of(),
            w,
            tf.constant(new int[][] {{0, 1}, {1, 3}, {1, 0}}),
            tf.math.sin(
                tf.reshape(
                    tf.slice(w, zeros(tf), tf.constant(new int[] {1, 3, 4, 6})),
                    tf.constant(new int[] {3, 4, 6}))));
  }

  private static Part segments(String op) {
    return (tf, w) ->
        node(
            tf,
            op,
            Map.of(),
            tf.reshape(w, tf.constant(new int[] {8, 24})),
            tf.constant(new int[] {0, 0, 1, 1, 1, 3, 3, 3}));
  }

  /** Of matrices [2, 4, 6, 6] and others [2, 4, 6, 4]. */
  private static Part solved(String op, Map<String, ?> attributes) {
    return (tf, w) ->
        node(
            tf,
            op,
            attributes,
            square(tf, w),
            node(tf, "Transpose", Map.of(), w, tf.constant(new int[] {0, 1, 3, 2})));
  }

  private static Part diagonals(String op, int shift) {
    return (tf, w) -> {
      Operand<?> k = tf.constant(shift);
      return switch (op) {
        case "MatrixDiagV3" ->
            node(tf, op, Map.of(), w, k, tf.constant(-1), tf.constant(-1), tf.constant(0f));
        case "MatrixDiagPartV3" -> node(tf, op, Map.of(), w, k, tf.constant(0f));
        default ->
            node(
                tf,
                op,
                Map.of(),
                w,
                tf.reduceMax(
                    tf.slice(
                        w, zeros(tf), tf.constant(new int[] {2, 4, 4, shift > 2 ? 6 - shift : 4})),
                    tf.constant(2)),
                k);
      };
    };
  }

  static Stream<Arguments> parts() {
    return Stream.of(
        part(
            "ComplexAbs",
            (tf, w) -> node(tf, "ComplexAbs", Map.of("Tout", DataType.DT_FLOAT), complex(tf, w))),
        part("FFT", spectrum("FFT")),
        part("IFFT", spectrum("IFFT")),
        part("FFT2D", spectrum("FFT2D")),
        part("IFFT2D", spectrum("IFFT2D")),
        part("RFFT", spectrum("RFFT", 6)),
        part("RFFT", spectrum("RFFT", 5)),
        part("RFFT2D", spectrum("RFFT2D", 4, 6)),
        part("RFFT2D", spectrum("RFFT2D", 3, 5)),
        part("IRFFT", spectrum("IRFFT", 10)),
        part("IRFFT", spectrum("IRFFT", 7)),
        part("IRFFT2D", spectrum("IRFFT2D", 4, 10)),
        part("IRFFT2D", spectrum("IRFFT2D", 3, 9)),
        part(
            "ConjugateTranspose",
            (tf, w) ->
                real(
                    tf,
                    node(
                        tf,
                        "ConjugateTranspose",
                        Map.of(),
                        complex(tf, w),
                        tf.constant(new int[] {0, 2, 3, 1})))),
        part("Conv3D", volume(1, "SAME")),
        part("Conv3D", volume(2, "SAME")),
        part("Conv3D", volume(1, "VALID")),
        part("Conv3D", volume(2, "VALID")),
        part("Conv3DBackpropInputV2", transposedVolume(1, "SAME", 1, 4, 8, 4, 4)),
        part("Conv3DBackpropInputV2", transposedVolume(2, "SAME", 1, 8, 8, 4, 4)),
        part("Conv3DBackpropInputV2", transposedVolume(2, "SAME", 1, 7, 7, 4, 4)),
        part("Conv3DBackpropInputV2", transposedVolume(2, "VALID", 1, 8, 10, 5, 4)),
        part("Conv3DBackpropInputV2", transposedVolume(3, "VALID", 1, 12, 10, 5, 4)),
        part(
            "LRN",
            (tf, w) ->
                tf.nn.localResponseNormalization(
                    w,
                    LocalResponseNormalization.depthRadius(2L),
                    LocalResponseNormalization.alpha(0.3f),
                    LocalResponseNormalization.beta(0.75f),
                    LocalResponseNormalization.bias(1.5f))),
        part("Split", (tf, w) -> tf.math.square(tf.split(tf.constant(3), w, 1L).iterator().next())),
        part("LogSoftmax", (tf, w) -> tf.nn.logSoftmax(w)),
        part("Dilation2D", dilation(1, 1, "SAME")),
        part("Dilation2D", dilation(2, 2, "SAME")),
        part("Dilation2D", dilation(2, 1, "VALID")),
        part(
            "MaxPoolWithArgmax",
            (tf, w) ->
                node(
                    tf,
                    "MaxPoolWithArgmax",
                    Map.of(
                        "ksize", new long[] {1, 3, 2, 1},
                        "strides", new long[] {1, 2, 1, 1},
                        "padding", "SAME"),
                    w)),
        part(
            "MaxPool",
            (tf, w) ->
                node(
                    tf,
                    "MaxPool",
                    Map.of(
                        "ksize", new long[] {1, 3, 2, 1},
                        "strides", new long[] {1, 2, 1, 1},
                        "padding", "EXPLICIT",
                        "explicit_paddings", new long[] {0, 0, 1, 0, 0, 1, 0, 0}),
                    w)),
        part("TensorScatterUpdate", scattered("TensorScatterUpdate")),
        part("TensorScatterAdd", scattered("TensorScatterAdd")),
        part("TensorScatterSub", scattered("TensorScatterSub")),
        part("SegmentMean", segments("SegmentMean")),
        part("SegmentMax", segments("SegmentMax")),
        part("SegmentMin", segments("SegmentMin")),
        part("NthElement", (tf, w) -> node(tf, "NthElement", Map.of(), w, tf.constant(2))),
        part("Cumprod", (tf, w) -> node(tf, "Cumprod", Map.of(), w, tf.constant(3))),
        part(
            "Cumprod",
            (tf, w) ->
                node(tf, "Cumprod", Map.of("exclusive", true, "reverse", true), w, tf.constant(1))),
        part(
            "EuclideanNorm",
            (tf, w) -> node(tf, "EuclideanNorm", Map.of(), w, tf.constant(new int[] {1, 2}))),
        part(
            "EuclideanNorm",
            (tf, w) ->
                node(
                    tf, "EuclideanNorm", Map.of("keep_dims", true), w, tf.constant(new int[] {3}))),
        part(
            "FloorMod",
            (tf, w) ->
                node(
                    tf, "FloorMod", Map.of(), w, tf.math.add(tf.math.sigmoid(w), tf.constant(3f)))),
        part("Xlogy", (tf, w) -> node(tf, "Xlogy", Map.of(), w, tf.math.exp(w))),
        part("Xlog1py", (tf, w) -> node(tf, "Xlog1py", Map.of(), w, tf.math.exp(w))),
        part("Xdivy", (tf, w) -> node(tf, "Xdivy", Map.of(), w, tf.math.exp(tf.math.sin(w)))),
        part(
            "Cross",
            (tf, w) -> {
              Operand<TFloat32> rows = tf.reshape(w, tf.constant(new int[] {64, 3}));
              return node(tf, "Cross", Map.of(), rows, tf.math.sin(rows));
            }),
        part("EnsureShape", (tf, w) -> tf.math.square(tf.ensureShape(w, Shape.of(-1, 4, 4, 6)))),
        part(
            "BiasAddV1",
            (tf, w) ->
                node(
                    tf,
                    "BiasAddV1",
                    Map.of(),
                    w,
                    tf.reduceMax(w, tf.constant(new int[] {0, 1, 2})))),
        part(
            "Gather",
            (tf, w) ->
                node(
                    tf,
                    "Gather",
                    Map.of(),
                    tf.math.square(w),
                    tf.constant(new int[] {1, 0, 1, 1}))),
        part("MatrixInverse", (tf, w) -> node(tf, "MatrixInverse", Map.of(), square(tf, w))),
        part(
            "MatrixInverse",
            (tf, w) -> node(tf, "MatrixInverse", Map.of("adjoint", true), square(tf, w))),
        part("MatrixSolve", solved("MatrixSolve", Map.of())),
        part("MatrixSolve", solved("MatrixSolve", Map.of("adjoint", true))),
        part("MatrixTriangularSolve", solved("MatrixTriangularSolve", Map.of())),
        part(
            "MatrixTriangularSolve",
            solved("MatrixTriangularSolve", Map.of("lower", false, "adjoint", true))),
        part("Cholesky", (tf, w) -> node(tf, "Cholesky", Map.of(), square(tf, w))),
        part(
            "LogMatrixDeterminant",
            (tf, w) -> node(tf, "LogMatrixDeterminant", 1, Map.of(), square(tf, w))),
        part(
            "MatrixDeterminant",
            (tf, w) ->
                node(
                    tf,
                    "MatrixDeterminant",
                    Map.of(),
                    tf.math.mul(square(tf, w), tf.constant(0.2f)))),
        part(
            "SelfAdjointEigV2",
            (tf, w) -> node(tf, "SelfAdjointEigV2", Map.of("compute_v", true), square(tf, w))),
        part(
            "SelfAdjointEigV2",
            (tf, w) ->
                // A sign is free.
                tf.math.square(
                    node(tf, "SelfAdjointEigV2", 1, Map.of("compute_v", true), square(tf, w))
                        .expect(TFloat32.class))),
        part("MatrixDiagV3", diagonals("MatrixDiagV3", 0)),
        part("MatrixDiagV3", diagonals("MatrixDiagV3", 2)),
        part("MatrixDiagV3", diagonals("MatrixDiagV3", -1)),
        part("MatrixDiagPartV3", diagonals("MatrixDiagPartV3", 0)),
        part("MatrixDiagPartV3", diagonals("MatrixDiagPartV3", 4)),
        part("MatrixDiagPartV3", diagonals("MatrixDiagPartV3", -2)),
        part("MatrixSetDiagV3", diagonals("MatrixSetDiagV3", 0)),
        part("MatrixSetDiagV3", diagonals("MatrixSetDiagV3", 1)),
        part("MatrixSetDiagV3", diagonals("MatrixSetDiagV3", 4)));
  }

  private static FlatGraph flat(Part part) {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> x =
          tf.withName("x").placeholder(TFloat32.class, Placeholder.shape(Shape.scalar()));
      Operand<TFloat32> w = tf.withName("w").variable(WEIGHT, TFloat32.class);
      Operand<TFloat32> y = part.of(tf, w).asOutput().expect(TFloat32.class);
      tf.withName("y").identity(tf.math.mul(y, x));
      return FlatGraph.of(
          graph.toGraphDef(),
          List.of(new FlatGraph.Port("images", "x", DataType.DT_FLOAT, Nodes.shape())),
          List.of(new FlatGraph.Port("features", "y", DataType.DT_FLOAT, Nodes.shape())),
          Purpose.TRAINING);
    }
  }

  private static float[] random(int count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** The features, and if asked for the gradient of Σ features · weights in the variable. */
  private static List<float[]> run(FlatGraph flat, float[] weight, float[] weights) {
    try (Graph graph = new Graph()) {
      graph.importGraphDef(flat.open());
      Output<TFloat32> y = graph.operation("features").<TFloat32>output(0);
      List<Operand<?>> wanted = new ArrayList<>(List.of(y));
      if (weights != null) {
        Ops tf = Ops.create(graph);
        Operand<TFloat32> flatFeatures = tf.reshape(y, tf.constant(new int[] {-1}));
        Operand<TFloat32> sum =
            tf.sum(tf.math.mul(flatFeatures, tf.constant(weights)), tf.constant(0));
        Output<?>[] variable = {graph.operation("w").output(0)};
        wanted.add(graph.addGradients(sum.asOutput(), variable)[0]);
      }
      try (Session session = new Session(graph);
          TFloat32 one = TFloat32.scalarOf(1);
          TFloat32 w = TFloat32.tensorOf(WEIGHT, DataBuffers.of(weight))) {
        Session.Runner runner = session.runner().feed("images", one).feed("w", w);
        return Fetched.floats(runner, wanted);
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
  void givesTheSameNumbersAndHasTheGradientOfDifferences(String operation, Part part) {
    FlatGraph before = flat(part);
    assertThat(before.nodes()).extracting(NodeDef::getOp).contains(operation);
    FlatGraph after = Differentiable.of(before);
    int size = Math.toIntExact(WEIGHT.size());
    float[] w = random(size, 2);
    float[] expected = run(before, w, null).get(0);
    float[] factors = random(expected.length, 3);
    List<float[]> found = run(after, w, factors);
    double largest = 1;
    assertThat(found.get(0)).hasSameSizeAs(expected);
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      assertThat(found.get(0)[i]).isCloseTo(expected[i], within((float) (1e-5 * largest)));
    }
    float[] direction = random(size, 4);
    double[] slopes = new double[2];
    // Four points: what is left of a smooth function is of the fifth order.
    for (int i = 0; i < 2; i++) {
      float[] up = w.clone();
      float[] down = w.clone();
      for (int j = 0; j < w.length; j++) {
        up[j] += direction[j] * (i + 1) / 4096;
        down[j] -= direction[j] * (i + 1) / 4096;
      }
      slopes[i] =
          2048.0
              / (i + 1)
              * (dot(run(before, up, null).get(0), factors)
                  - dot(run(before, down, null).get(0), factors));
    }
    double slope = (4 * slopes[0] - slopes[1]) / 3;
    assertThat(dot(found.get(1), direction))
        .isCloseTo(slope, within(3e-2 * largest * Math.sqrt(expected.length)));
    // And it is no accident of a gradient that is missing.
    assertThat(dot(found.get(1), found.get(1))).isPositive();
  }

  @Test
  void noGradientGoesThroughWholeNumbersAndRounding() {
    Part steps =
        (tf, w) -> {
          Operand<?> thirds = node(tf, "Rint", Map.of(), tf.math.mul(w, tf.constant(3f)));
          Operand<?> places = node(tf, "ArgMax", Map.of(), w, tf.constant(3));
          Operand<?> halves =
              node(
                  tf,
                  "Cast",
                  Map.of("DstT", DataType.DT_FLOAT),
                  node(tf, "FloorDiv", Map.of(), places, tf.constant(2L)));
          return tf.math.add(
              tf.math.mul(w, thirds.asOutput().expect(TFloat32.class)),
              tf.expandDims(halves.asOutput().expect(TFloat32.class), tf.constant(-1)));
        };
    FlatGraph before = flat(steps);
    float[] w = random(Math.toIntExact(WEIGHT.size()), 2);
    float[] ones = new float[w.length];
    Arrays.fill(ones, 1);
    List<float[]> found = run(Differentiable.of(before), w, ones);
    assertThat(found.get(0)).containsExactly(run(before, w, null).get(0));
    for (int i = 0; i < w.length; i++) {
      assertThat(found.get(1)[i]).isEqualTo((float) Math.rint(3 * w[i]));
    }
  }
}
