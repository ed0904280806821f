package org.medoid.graph.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.medoid.graph.loss.LossGraph.Evaluation;
import org.medoid.graph.loss.Rivals.Batch;
import org.medoid.graph.loss.Rivals.Rival;
import org.medoid.graph.loss.TripletSemiHard.Negatives;
import org.medoid.graph.network.Layers;
import org.tensorflow.EagerSession;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.exceptions.TFInvalidArgumentException;
import org.tensorflow.framework.losses.Loss;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.StdArrays;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

@Timeout(120)
class RivalsTest {
  static List<Rival> rivals() {
    return Rivals.all();
  }

  @ParameterizedTest
  @MethodSource("rivals")
  void equalsItsDefinition(Rival rival) {
    try (LossGraph graph = new LossGraph(rival)) {
      for (int seed = 0; seed < 8; seed++) {
        Batch batch = Batch.random(seed, 12 + seed, 4, 5);
        double expected = rival.definition().value(batch.x(), batch.labels(), batch.proxies());
        assertThat(graph.value(batch))
            .as("seed %d", seed)
            .isCloseTo(expected, within(1e-10 * (1 + Math.abs(expected))));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("rivals")
  void itsGradientsAreThoseOfItsValue(Rival rival) {
    try (LossGraph graph = new LossGraph(rival)) {
      Batch batch = Batch.random(3, 10, 3, 4);
      Evaluation at = graph.evaluate(batch);
      assertThat(at.value()).isNotZero();
      check(graph, batch, batch.x(), at.gradient());
      if (rival.hasProxies()) {
        check(graph, batch, batch.proxies(), at.proxyGradient());
      }
    }
  }

  /** Compares with central differences, moving one coordinate of a part of the batch in place. */
  private static void check(LossGraph graph, Batch batch, double[][] part, double[][] gradient) {
    double largest =
        Arrays.stream(gradient).flatMapToDouble(Arrays::stream).map(Math::abs).max().orElse(0);
    assertThat(largest).isPositive();
    double step = 1e-5;
    for (int i = 0; i < part.length; i++) {
      for (int j = 0; j < part[i].length; j++) {
        double here = part[i][j];
        part[i][j] = here + step;
        double above = graph.value(batch);
        part[i][j] = here - step;
        double below = graph.value(batch);
        part[i][j] = here;
        assertThat(gradient[i][j])
            .as("[%d, %d]", i, j)
            .isCloseTo((above - below) / (2 * step), within(1e-7 * (1 + largest)));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("rivals")
  void staysFiniteOnDegenerateBatches(Rival rival) {
    int m = 8;
    double[][] random = Batch.random(1, m, 3, 3).x();
    double[][] proxies = Batch.random(2, m, 3, m).proxies();
    long[] mixed = {0, 0, 1, 1, 2, 2, 3, 4};
    double[][] equal = new double[m][3];
    Arrays.fill(equal, new double[] {0.6, 0.8, 0});
    double[][] twins = new double[m][];
    Arrays.setAll(twins, i -> random[i / 2 * 2]);
    double[][] atProxies = new double[m][];
    Arrays.setAll(atProxies, i -> proxies[(int) mixed[i]]);
    List<Batch> batches =
        List.of(
            new Batch(random, new long[m], proxies), // one class
            new Batch(random, LongStream.range(0, m).toArray(), proxies), // all different
            new Batch(equal, mixed, proxies), // one point
            new Batch(twins, mixed, proxies), // every pair the same point
            new Batch(twins, new long[] {0, 1, 0, 1, 2, 3, 2, 3}, proxies), // across classes
            new Batch(new double[m][3], mixed, proxies), // zeros
            new Batch(atProxies, mixed, proxies));
    try (LossGraph graph = new LossGraph(rival)) {
      for (int i = 0; i < batches.size(); i++) {
        Evaluation got = graph.evaluate(batches.get(i));
        assertThat(got.value()).as("batch %d", i).isFinite();
        assertFinite(got.gradient());
        if (rival.hasProxies()) {
          assertFinite(got.proxyGradient());
        }
      }
    }
  }

  private static void assertFinite(double[][] values) {
    assertThat(Arrays.stream(values).flatMapToDouble(Arrays::stream))
        .allSatisfy(v -> assertThat(v).isFinite());
  }

  @ParameterizedTest
  @MethodSource("rivals")
  void doesNotDependOnTheOrderOfTheBatchNorOnTheNamesOfTheClasses(Rival rival) {
    Batch batch = Batch.random(5, 14, 3, 4);
    int m = batch.labels().length;
    int n = batch.proxies().length;
    // Pairs of N-pairs are the first two of a class in the batch, so their order stays.
    int[] order =
        rival.name().startsWith("n-pairs")
            ? IntStream.range(0, m)
                .boxed()
                .sorted((a, b) -> Long.compare(batch.labels()[b], batch.labels()[a]))
                .mapToInt(i -> i)
                .toArray()
            : IntStream.range(0, m).map(i -> (5 * i + 3) % m).toArray();
    double[][] x = new double[m][];
    long[] labels = new long[m];
    double[][] proxies = new double[n][];
    for (int i = 0; i < m; i++) {
      x[i] = batch.x()[order[i]];
      labels[i] = n - 1 - batch.labels()[order[i]];
    }
    Arrays.setAll(proxies, c -> batch.proxies()[n - 1 - c]);
    try (LossGraph graph = new LossGraph(rival)) {
      double expected = graph.value(batch);
      assertThat(graph.value(new Batch(x, labels, proxies)))
          .isCloseTo(expected, within(1e-12 * (1 + Math.abs(expected))));
    }
  }

  @Test
  void floatEmbeddingsThatAreNearlyTheSameHaveTheirDistance() {
    float[][] x = {{0.6f, 0.8f}, {0.6f, 0.80001f}};
    double apart = (double) x[1][1] - x[0][1];
    try (EagerSession session = EagerSession.create()) {
      Ops tf = Ops.create(session);
      // In float the inner products differ by a few units of 6e-8 and their difference by nothing.
      assertThat(
              new Contrastive(0, 1, false, true)
                  .call(tf, tf.constant(new int[] {7, 7}), tf.constant(x))
                  .asTensor()
                  .getFloat())
          .isCloseTo((float) apart, within(1e-9f));
    }
  }

  @Test
  void anEqualPointOfAnotherClassIsPushedByNoOne() {
    // The direction of a distance of zero is undefined; its gradient is taken as zero.
    double[][] x = {{0.6, 0.8}, {0.6, 0.8}};
    Rival contrastive = Rivals.all().get(0);
    try (LossGraph graph = new LossGraph(contrastive)) {
      Evaluation got = graph.evaluate(new Batch(x, new long[] {0, 1}, x));
      assertThat(got.value()).isEqualTo(0.5);
      assertThat(got.gradient()).isDeepEqualTo(new double[2][2]);
    }
  }

  /** A training that has diverged must not go on because a loss finds no pair to count. */
  @ParameterizedTest
  @MethodSource("rivals")
  void isNotANumberWhereAnEmbeddingIsNone(Rival rival) {
    try (LossGraph graph = new LossGraph(rival)) {
      for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
        Batch one = Batch.random(5, 10, 3, 4);
        one.x()[7][1] = bad;
        Batch all = Batch.random(5, 10, 3, 4);
        Arrays.stream(all.x()).forEach(row -> Arrays.fill(row, bad));
        for (Batch batch : List.of(one, all)) {
          try {
            assertThat(graph.value(batch)).isNaN();
          } catch (TFInvalidArgumentException e) {
            assertThat(e).hasMessageContaining("eigen decomposition was not successful");
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("rivals")
  void wantsALabelForEachRow(Rival rival) {
    Batch batch = Batch.random(5, 10, 3, 4);
    for (int labels : new int[] {1, 5, 11}) {
      Batch other = new Batch(batch.x(), Arrays.copyOf(batch.labels(), labels), batch.proxies());
      try (LossGraph graph = new LossGraph(rival)) {
        assertThatExceptionOfType(TFInvalidArgumentException.class)
            .isThrownBy(() -> graph.value(other));
      }
    }
    try (EagerSession session = EagerSession.create()) {
      Ops tf = Ops.create(session);
      EmbeddingLoss loss = rival.factory().on(tf.constant(batch.proxies()));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> loss.call(tf, tf.constant(new long[3]), tf.constant(batch.x())))
          .withMessage("labels has shape [3], not one for each of the 10 rows of embeddings");
    }
  }

  @Test
  void areLossesOfTheFrameworkWithAScalarWeight() {
    try (EagerSession session = EagerSession.create()) {
      Ops tf = Ops.create(session);
      Loss loss = new DeepClustering();
      var labels = tf.constant(new int[] {3, 3, 9});
      var x = tf.constant(new float[][] {{1, 0}, {1, 0}, {1, 0}});
      // Four pairs across the classes, each 1 where 0 is wanted.
      assertThat(loss.call(tf, labels, x, null).asTensor().getFloat()).isEqualTo(4f);
      assertThat(loss.call(tf, labels, x, tf.constant(0.5f)).asTensor().getFloat()).isEqualTo(2f);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> loss.call(tf, labels, x, tf.constant(new float[] {1, 1, 1})))
          .withMessageContaining("sampleWeights must be a scalar");
    }
  }

  @Test
  void spectralClusteringDoesNotSeeAnInvertibleLinearMapNorADirectionWithoutVariation() {
    Batch batch = Batch.random(6, 12, 3, 3);
    double[][] mapped = new double[12][];
    double[][] wider = new double[12][];
    for (int i = 0; i < 12; i++) {
      double[] r = batch.x()[i];
      mapped[i] = new double[] {3 * r[0] + r[1], r[1] - 0.5 * r[2], 0.1 * r[2]};
      wider[i] = new double[] {r[0], r[1], r[2], r[0] - r[1]};
    }
    try (LossGraph graph = new LossGraph(Rivals.all().get(Rivals.all().size() - 1))) {
      double expected = graph.value(batch);
      assertThat(graph.value(new Batch(mapped, batch.labels(), batch.proxies())))
          .isCloseTo(expected, within(1e-9));
      assertThat(graph.value(new Batch(wider, batch.labels(), batch.proxies())))
          .isCloseTo(expected, within(1e-9));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "contrastive",
        "triplet_semihard",
        "lifted_structure",
        "n_pairs",
        "multi_similarity",
        "supcon",
        "smooth_ap",
        "proxy_nca",
        "proxy_anchor",
        "normalized_softmax",
        "arcface",
        "soft_triple"
      })
  void theMainParameterOfALossChangesIt(String name) {
    Losses.Parameter parameter = Losses.parameter(name).orElseThrow();
    assertThat(parameter.value()).isBetween(parameter.lowest(), parameter.highest());
    Losses.Settings settings = Losses.Settings.of(3);
    float usual = value(name, settings);
    assertThat(value(name, settings.withParameter(parameter.value()))).isEqualTo(usual);
    assertThat(value(name, settings.withParameter(parameter.lowest()))).isNotEqualTo(usual);
  }

  private static float value(String name, Losses.Settings settings) {
    float[][] x = {{0.6f, 0.8f}, {0.8f, 0.6f}, {0, 1}, {1, 0}, {-0.6f, 0.8f}, {0.28f, 0.96f}};
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Layers layers = new Layers(tf, Layers.Mode.TRAINING, Layers.Options.defaults());
      BatchLoss loss =
          Losses.of(name, settings)
              .build(
                  layers,
                  tf.constant(new long[] {0, 0, 1, 1, 2, 2}),
                  tf.constant(x),
                  tf.constant(1f));
      session.initialize();
      try (Result result = session.runner().fetch(loss.value()).run()) {
        return ((TFloat32) result.get(0)).getFloat();
      }
    }
  }

  @Test
  void aBatchOfUnknownSizeThatIsTooSmallFailsWhenItIsRun() {
    try (Graph graph = new Graph();
        Session session = new Session(graph);
        TFloat32 two = TFloat32.tensorOf(StdArrays.ndCopyOf(new float[][] {{1, 0}, {0, 1}}));
        TFloat32 three =
            TFloat32.tensorOf(StdArrays.ndCopyOf(new float[][] {{1, 0}, {0, 1}, {1, 1}}));
        TInt64 classes = TInt64.vectorOf(0, 1);
        TInt64 more = TInt64.vectorOf(0, 1, 1)) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> x = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 2)));
      Placeholder<TInt64> y = tf.placeholder(TInt64.class, Placeholder.shape(Shape.of(-1)));
      Operand<TFloat32> value = new SpectralClustering().call(tf, y, x);
      session.runner().feed(x, three).feed(y, more).fetch(value).run().close();
      assertThatThrownBy(() -> session.runner().feed(x, two).feed(y, classes).fetch(value).run())
          .hasMessageContaining("the batch must be larger than the embedding");
    }
  }

  @Test
  void mistakesAreNamed() {
    try (EagerSession session = EagerSession.create()) {
      Ops tf = Ops.create(session);
      assertThatIllegalArgumentException()
          .isThrownBy(
              () ->
                  new SpectralClustering()
                      .call(tf, tf.constant(new int[2]), tf.constant(new float[2][2])))
          .withMessageContaining("the batch must be larger than the embedding");
      for (EmbeddingLoss loss :
          List.of(
              new ProxyNca(tf.constant(new float[3][2]), 1, false),
              new ProxyAnchor(tf.constant(new float[3][2]), 0.1, 32),
              new NormalizedSoftmax(tf.constant(new float[3][2]), 0.05),
              new ArcFace(tf.constant(new float[3][2]), 0.5, 64),
              new SoftTriple(tf.constant(new float[6][2]), 2, 20, 0.1, 0.01))) {
        assertThatThrownBy(
                () -> loss.call(tf, tf.constant(new int[] {0, 3}), tf.constant(new float[2][2])))
            .as("label 3 of 3 proxies")
            .isInstanceOf(TFInvalidArgumentException.class)
            .hasMessageContaining("[1, 3]");
      }
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new TripletSemiHard(0, true, Negatives.ALL))
          .withMessage("margin must be positive and finite, got 0.0");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new NormalizedSoftmax(tf.constant(new float[3][2]), Double.NaN))
          .withMessageContaining("temperature must be positive and finite");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new ArcFace(tf.constant(new float[3][2]), 4, 64))
          .withMessage("margin must be in [0, π), got 4.0");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new LiftedStructure(-1))
          .withMessage("margin must be finite and not negative, got -1.0");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ProxyAnchor.builder(1, 0.1, 32))
        .withMessageContaining("training classes must be 2 or more");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Losses.of("lost", Losses.Settings.of(3)))
        .withMessageContaining("facility_location, contrastive, triplet_semihard");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Losses.of("deep_clustering", Losses.Settings.of(3).withParameter(1.0)))
        .withMessage("the loss deep_clustering has no parameter to set");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Losses.of("supcon", Losses.Settings.of(3).withParameter(0.0)))
        .withMessageContaining("temperature must be positive");
  }
}
