package org.medoid.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.medoid.ops.clustering.Clustering;
import org.medoid.ops.clustering.ClusteringOptions;
import org.medoid.ops.clustering.StructuredClustering;
import org.tensorflow.EagerSession;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.exceptions.TFInvalidArgumentException;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.StdArrays;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

@Timeout(120)
class FacilityLocationLossTest {
  private static final int M = 24;
  private static final int D = 5;
  private static final int C = 6;

  /** The generator of PAPER.md: any size, no ties. */
  private static double[][] points(int m, int d, int c) {
    double[][] x = new double[m][d];
    for (int i = 0; i < m; i++) {
      double norm = 0;
      for (int j = 0; j < d; j++) {
        x[i][j] =
            Math.sin(1.3 * i + 0.7 * j + 0.11 * i * j) + 0.5 * Math.cos(2.1 * (i % c) + 0.9 * j);
        norm += x[i][j] * x[i][j];
      }
      for (int j = 0; j < d; j++) {
        x[i][j] /= Math.sqrt(norm);
      }
    }
    return x;
  }

  private static long[] labels(int m, int c) {
    long[] y = new long[m];
    Arrays.setAll(y, i -> i % c);
    return y;
  }

  private static Clustering expected(double gamma) {
    double[] flat = Arrays.stream(points(M, D, C)).flatMapToDouble(Arrays::stream).toArray();
    return new StructuredClustering(ClusteringOptions.defaults())
        .solve(flat, M, D, labels(M, C), gamma);
  }

  @Test
  void givesTheKernelsResultInAGraph() {
    Clustering expected = expected(2);
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      FacilityLocationLoss<TFloat64> op =
          FacilityLocationLoss.create(
              tf.scope(), tf.constant(points(M, D, C)), tf.constant(labels(M, C)), tf.constant(2f));
      try (Result result =
          session
              .runner()
              .fetch(op.loss())
              .fetch(op.backprop())
              .fetch(op.medoids())
              .fetch(op.assignments())
              .fetch(op.facilityScore())
              .fetch(op.oracleScore())
              .fetch(op.agreement())
              .run()) {
        assertThat(((TFloat64) result.get(0)).getDouble()).isEqualTo(expected.loss());
        double[] gradient = new double[M * D];
        expected.gradient(gradient);
        double[][] backprop = StdArrays.array2dCopyOf((TFloat64) result.get(1));
        assertThat(Arrays.stream(backprop).flatMapToDouble(Arrays::stream).toArray())
            .isEqualTo(gradient);
        assertThat(StdArrays.array1dCopyOf((TInt32) result.get(2))).isEqualTo(expected.medoids());
        assertThat(StdArrays.array1dCopyOf((TInt32) result.get(3)))
            .isEqualTo(expected.assignments());
        assertThat(((TFloat64) result.get(4)).getDouble()).isEqualTo(expected.facilityScore());
        assertThat(((TFloat64) result.get(5)).getDouble()).isEqualTo(expected.oracleScore());
        assertThat(((TFloat32) result.get(6)).getFloat()).isEqualTo((float) expected.agreement());
      }
    }
  }

  @Test
  void takesFloatEmbeddingsAndInt32LabelsEagerly() {
    Clustering expected = expected(2);
    float[][] x = new float[M][D];
    double[][] wide = points(M, D, C);
    for (int i = 0; i < M; i++) {
      for (int j = 0; j < D; j++) {
        x[i][j] = (float) wide[i][j];
      }
    }
    int[] y = Arrays.stream(labels(M, C)).mapToInt(v -> (int) v).toArray();
    try (EagerSession session = EagerSession.create()) {
      Ops tf = Ops.create(session);
      FacilityLocationLoss<TFloat32> op =
          FacilityLocationLoss.create(tf.scope(), tf.constant(x), tf.constant(y), tf.constant(2f));
      assertThat((double) op.loss().asTensor().getFloat()).isCloseTo(expected.loss(), within(1e-4));
      assertThat(StdArrays.array1dCopyOf(op.medoids().asTensor())).isEqualTo(expected.medoids());
    }
  }

  @Test
  void autodiffMultipliesTheUpstreamGradientIntoTheBackprop() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Operand<TFloat64> x = tf.constant(points(M, D, C));
      Operand<TInt64> y = tf.constant(labels(M, C));
      Operand<TFloat32> gamma = tf.constant(2f);
      FacilityLocationLoss<TFloat64> op = FacilityLocationLoss.create(tf.scope(), x, y, gamma);
      Operand<TFloat64> total = tf.math.mul(op.loss(), tf.constant(3.0));
      Output<?>[] gradients =
          graph.addGradients(total.asOutput(), new Output<?>[] {x.asOutput(), gamma.asOutput()});
      try (Result result =
          session.runner().fetch(gradients[0]).fetch(op.backprop()).fetch(gradients[1]).run()) {
        double[][] got = StdArrays.array2dCopyOf((TFloat64) result.get(0));
        double[][] backprop = StdArrays.array2dCopyOf((TFloat64) result.get(1));
        for (int i = 0; i < M; i++) {
          for (int j = 0; j < D; j++) {
            assertThat(got[i][j]).isEqualTo(3 * backprop[i][j]);
          }
        }
        assertThat(((TFloat32) result.get(2)).getFloat()).isZero();
      }
    }
  }

  @Test
  void gradientThroughANormalisationAgreesWithCentralDifferences() {
    double[][] x = points(M, D, C);
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat64> raw = tf.placeholder(TFloat64.class, Placeholder.shape(Shape.of(M, D)));
      Operand<TFloat64> norm =
          tf.math.sqrt(
              tf.reduceSum(
                  tf.math.square(raw),
                  tf.constant(1),
                  org.tensorflow.op.core.ReduceSum.keepDims(true)));
      FacilityLocationLoss<TFloat64> op =
          FacilityLocationLoss.create(
              tf.scope(), tf.math.div(raw, norm), tf.constant(labels(M, C)), tf.constant(1f));
      Output<?>[] gradients = graph.addGradients(op.loss(), new Output<?>[] {raw.asOutput()});
      double[][] gradient;
      try (TFloat64 at = TFloat64.tensorOf(StdArrays.ndCopyOf(x));
          Result result = session.runner().feed(raw, at).fetch(gradients[0]).run()) {
        gradient = StdArrays.array2dCopyOf((TFloat64) result.get(0));
      }
      double h = 1e-6;
      for (int[] at : new int[][] {{0, 0}, {3, 2}, {11, 4}, {23, 1}}) {
        double[] value = new double[2];
        for (int side = 0; side < 2; side++) {
          double before = x[at[0]][at[1]];
          x[at[0]][at[1]] += side == 0 ? h : -h;
          try (TFloat64 moved = TFloat64.tensorOf(StdArrays.ndCopyOf(x));
              Result result = session.runner().feed(raw, moved).fetch(op.loss()).run()) {
            value[side] = ((TFloat64) result.get(0)).getDouble();
          }
          x[at[0]][at[1]] = before;
        }
        assertThat(gradient[at[0]][at[1]]).isCloseTo((value[0] - value[1]) / (2 * h), within(1e-6));
      }
    }
  }

  @Test
  void passesNoGradientThroughTheOtherOutputs() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Operand<TFloat64> x = tf.constant(points(M, D, C));
      FacilityLocationLoss<TFloat64> op =
          FacilityLocationLoss.create(tf.scope(), x, tf.constant(labels(M, C)), tf.constant(2f));
      Operand<TFloat64> both = tf.math.add(op.loss(), op.facilityScore());
      Output<?>[] gradients = graph.addGradients(both.asOutput(), new Output<?>[] {x.asOutput()});
      try (Result result = session.runner().fetch(gradients[0]).fetch(op.backprop()).run()) {
        assertThat(StdArrays.array2dCopyOf((TFloat64) result.get(0)))
            .isDeepEqualTo(StdArrays.array2dCopyOf((TFloat64) result.get(1)));
      }
    }
  }

  @Test
  void infersItsShapesFromWhateverIsKnown() {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      FacilityLocationLoss<TFloat32> op =
          FacilityLocationLoss.create(
              tf.scope(),
              tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 64))),
              tf.placeholder(TInt64.class, Placeholder.shape(Shape.of(128))),
              tf.constant(1f));
      assertThat(op.loss().shape().asArray()).isEmpty();
      assertThat(op.backprop().shape().asArray()).containsExactly(128, 64);
      assertThat(op.medoids().shape().asArray()).containsExactly(-1);
      assertThat(op.assignments().shape().asArray()).containsExactly(128);
      assertThat(op.agreement().shape().asArray()).isEmpty();
    }
  }

  @Test
  void itsInputsClassReadsTheNodeBack() {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      FacilityLocationLoss<TFloat64> op =
          FacilityLocationLoss.create(
              tf.scope(),
              tf.constant(points(M, D, C)),
              tf.constant(labels(M, C)),
              tf.constant(1f),
              FacilityLocationLoss.margin("ari"),
              FacilityLocationLoss.localSearch("reference").maxSweeps(7),
              FacilityLocationLoss.distance("cosine"),
              FacilityLocationLoss.start("random").seed(11));
      FacilityLocationLoss.Inputs<TFloat64> inputs =
          new FacilityLocationLoss.Inputs<>((GraphOperation) op.op());
      assertThat(inputs.margin).isEqualTo("ari");
      assertThat(inputs.localSearch).isEqualTo("reference");
      assertThat(inputs.maxSweeps).isEqualTo(7);
      assertThat(inputs.distance).isEqualTo("cosine");
      assertThat(inputs.start).isEqualTo("random");
      assertThat(inputs.seed).isEqualTo(11);
    }
  }

  @Test
  void refusesShapesThatCannotBeRightWhenTheGraphIsBuilt() {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Operand<TFloat64> x = tf.constant(points(M, D, C));
      Operand<TFloat32> gamma = tf.constant(1f);
      assertThatThrownBy(
              () ->
                  FacilityLocationLoss.create(tf.scope(), x, tf.constant(labels(M - 1, C)), gamma))
          .isInstanceOf(TFInvalidArgumentException.class)
          .hasMessageContaining("embeddings has 24 rows but labels has 23 values");
      assertThatThrownBy(
              () ->
                  FacilityLocationLoss.create(
                      tf.scope(), tf.constant(new double[] {1}), tf.constant(new long[1]), gamma))
          .isInstanceOf(TFInvalidArgumentException.class)
          .hasMessageContaining("embeddings must have rank 2");
      assertThatThrownBy(
              () ->
                  FacilityLocationLoss.create(
                      tf.scope(),
                      x,
                      tf.constant(labels(M, C)),
                      gamma,
                      FacilityLocationLoss.margin("nim")))
          .isInstanceOf(TFInvalidArgumentException.class)
          .hasMessageContaining("margin")
          .hasMessageContaining("nim")
          .hasMessageContaining("v_measure");
    }
  }

  /** Of finite float32 values: a loss or a gradient that is not would end a training in NaN. */
  @ParameterizedTest
  @CsvSource({
    "euclidean, 3e38, 'the loss of embeddings overflows float32 ('",
    "squared_euclidean, 3e19, 'the loss of embeddings overflows float32 ('",
    "cosine, 1e-39, 'the gradient of embeddings overflows float32'",
  })
  void refusesResultsBeyondFloat32(String distance, float far, String named) {
    float[][] x = {{0, far}, {0, -far}, {far / 2, far}, {far / 2, -far}};
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      FacilityLocationLoss<TFloat32> op =
          FacilityLocationLoss.create(
              tf.scope(),
              tf.constant(x),
              tf.constant(new long[] {1, 1, 2, 2}),
              tf.constant(1f),
              FacilityLocationLoss.distance(distance));
      assertThatThrownBy(() -> session.runner().fetch(op.loss()).run().close())
          .isInstanceOf(TFInvalidArgumentException.class)
          .hasMessageContaining(named)
          .hasMessageContaining("float64");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "nan, 1, 24, row 3",
    "inf, 1, 24, row 3",
    "ok, -1, 24, margin multiplier",
    "ok, NaN, 24, margin multiplier",
    "ok, Infinity, 24, margin multiplier",
    "ok, 1, 23, labels",
    "empty, 1, 0, empty",
  })
  void refusesBadValuesWhenTheGraphRuns(String kind, float gamma, int labelCount, String named) {
    double[][] x = points(M, D, C);
    if (kind.equals("nan")) {
      x[3][1] = Double.NaN;
    } else if (kind.equals("inf")) {
      x[3][1] = Double.NEGATIVE_INFINITY;
    }
    try (Graph graph = new Graph();
        Session session = new Session(graph);
        TFloat64 values =
            kind.equals("empty")
                ? TFloat64.tensorOf(Shape.of(0, D))
                : TFloat64.tensorOf(StdArrays.ndCopyOf(x));
        TInt64 y = TInt64.vectorOf(labels(labelCount, C))) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat64> embeddings = tf.placeholder(TFloat64.class);
      Placeholder<TInt64> labels = tf.placeholder(TInt64.class);
      FacilityLocationLoss<TFloat64> op =
          FacilityLocationLoss.create(tf.scope(), embeddings, labels, tf.constant(gamma));
      assertThatThrownBy(
              () ->
                  session
                      .runner()
                      .feed(embeddings, values)
                      .feed(labels, y)
                      .fetch(op.loss())
                      .run()
                      .close())
          .isInstanceOf(TFInvalidArgumentException.class)
          .hasMessageContaining(named);
    }
  }

  @Test
  void eightThreadsAndTwoSessionsGiveIdenticalResults() throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(8);
    try (Graph graph = new Graph();
        Session one = new Session(graph);
        Session two = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> x = tf.placeholder(TFloat32.class);
      FacilityLocationLoss<TFloat32> op =
          FacilityLocationLoss.create(tf.scope(), x, tf.constant(labels(128, 32)), tf.constant(1f));
      float[][] values = new float[128][64];
      double[][] wide = points(128, 64, 32);
      for (int i = 0; i < 128; i++) {
        for (int j = 0; j < 64; j++) {
          values[i][j] = (float) wide[i][j];
        }
      }
      try (TFloat32 batch = TFloat32.tensorOf(StdArrays.ndCopyOf(values))) {
        List<Callable<String>> work = new ArrayList<>();
        for (int k = 0; k < 64; k++) {
          Session session = k % 2 == 0 ? one : two;
          work.add(
              () -> {
                try (Result result =
                    session
                        .runner()
                        .feed(x, batch)
                        .fetch(op.loss())
                        .fetch(op.medoids())
                        .fetch(op.backprop())
                        .run()) {
                  return ((TFloat32) result.get(0)).getFloat()
                      + Arrays.toString(StdArrays.array1dCopyOf((TInt32) result.get(1)))
                      + Arrays.deepToString(StdArrays.array2dCopyOf((TFloat32) result.get(2)));
                }
              });
        }
        List<String> results = new ArrayList<>();
        for (Future<String> future : pool.invokeAll(work)) {
          results.add(future.get());
        }
        assertThat(results).allMatch(results.get(0)::equals);
        assertThat(results.get(0)).startsWith("20.2996");
      }
    } finally {
      pool.shutdownNow();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'points, labels, gamma', ''",
    "'wide, labels, gamma', ''",
    "'labels, points, gamma', 'TIntegral'",
    "'points, gamma, labels', 'TFloat32'",
    "'gamma, points, labels', 'TIntegral'",
    "'points, points, gamma', 'TFloat32'",
    "'points, labels, wide', 'TFloat64'",
  })
  void argumentsInAnotherOrderDoNotCompile(String arguments, String refused, @TempDir Path folder)
      throws IOException {
    Path source =
        Files.writeString(
            folder.resolve("Order.java"),
            "import org.medoid.ops.FacilityLocationLoss;\n"
                + "import org.tensorflow.Operand;\n"
                + "import org.tensorflow.op.Ops;\n"
                + "import org.tensorflow.types.*;\n"
                + "class Order {\n"
                + "  Object make(Ops tf, Operand<TFloat32> points, Operand<TFloat64> wide,\n"
                + "      Operand<TInt64> labels, Operand<TFloat32> gamma) {\n"
                + "    return FacilityLocationLoss.create(tf.scope(), "
                + arguments
                + ");\n  }\n}\n");
    ByteArrayOutputStream complaints = new ByteArrayOutputStream();
    int code =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                complaints,
                complaints,
                "-proc:none",
                "-cp",
                System.getProperty("java.class.path"),
                source.toString());
    String text = complaints.toString(StandardCharsets.UTF_8);
    assertThat(code).as(text).isEqualTo(refused.isEmpty() ? 0 : 1);
    assertThat(text).contains(refused);
  }
}
