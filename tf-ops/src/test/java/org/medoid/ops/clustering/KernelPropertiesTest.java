package org.medoid.ops.clustering;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;

/** Pruning, bounds and tables skip work; they never change a result. */
class KernelPropertiesTest {
  /** Stands for the multiplier that training needs, a quarter of the batch. */
  private static final double A_QUARTER = -4;

  @Provide
  Arbitrary<Batch> batches() {
    return batches(1, 24);
  }

  @Provide
  Arbitrary<Batch> batchesAroundTheBlockSizes() {
    return batches(60, 140);
  }

  private static Arbitrary<Batch> batches(int least, int most) {
    return Combinators.combine(
            Arbitraries.of(Batch.Points.class),
            Arbitraries.of(Batch.Classes.class),
            Arbitraries.integers().between(least, most).withoutEdgeCases(),
            Arbitraries.integers().between(1, 12),
            Arbitraries.of(0.0, 1e-3, 0.3, 1.0, 10.0, A_QUARTER, 1e6),
            Arbitraries.longs())
        .as(
            (points, classes, m, d, gamma, seed) ->
                Batch.of(points, classes, m, d, gamma == A_QUARTER ? m / 4.0 : gamma, seed));
  }

  /** Normal points in a third as many classes: choices that tie are rare. */
  @Provide
  Arbitrary<Batch> smoothBatches() {
    return Combinators.combine(
            Arbitraries.integers().between(4, 16).withoutEdgeCases(),
            Arbitraries.integers().between(2, 5),
            Arbitraries.of(0.0, 0.3, 1.0, 5.0),
            Arbitraries.longs())
        .as(
            (m, d, gamma, seed) -> {
              Batch batch =
                  Batch.of(Batch.Points.GAUSSIAN, Batch.Classes.RANDOM, m, d, gamma, seed);
              Random random = new Random(~seed);
              return batch.withLabels(random.longs(m, 0, Math.max(2, m / 3)).toArray());
            });
  }

  @Provide
  Arbitrary<ClusteringOptions> options() {
    return Combinators.combine(
            Arbitraries.of(Margin.class),
            Arbitraries.of(LocalSearch.class),
            Arbitraries.of(Distance.class),
            Arbitraries.integers().between(0, 5),
            Arbitraries.of(Start.class),
            Arbitraries.longs())
        .as(ClusteringOptions::new);
  }

  @Property(seed = "1", tries = 6000, shrinking = ShrinkingMode.OFF)
  void theResultIsTheDefinitionsToTheLastBit(
      @ForAll("batches") Batch batch, @ForAll("options") ClusteringOptions options) {
    equalsTheDefinition(batch, options);
  }

  @Property(seed = "1", tries = 60, shrinking = ShrinkingMode.OFF)
  void theResultIsTheDefinitionsAlsoForLargerBatches(
      @ForAll("batchesAroundTheBlockSizes") Batch batch,
      @ForAll("options") ClusteringOptions options) {
    equalsTheDefinition(batch, options);
  }

  /** From 512 rows on the work is shared among threads. */
  @Example
  void theResultIsTheDefinitionsWhereThreadsShareTheWork() {
    for (Batch.Points points : new Batch.Points[] {Batch.Points.GAUSSIAN, Batch.Points.GRID}) {
      Batch all = Batch.of(points, Batch.Classes.UNEQUAL, 530, 3, 1, 5);
      long[] labels = Arrays.stream(all.labels()).map(label -> Math.min(label, 5)).toArray();
      equalsTheDefinition(
          all.withLabels(labels),
          ClusteringOptions.defaults().withLocalSearch(LocalSearch.REFERENCE).withMaxSweeps(1));
    }
    Batch many = Batch.of(Batch.Points.GAUSSIAN, Batch.Classes.RANDOM, 522, 4, 1e6, 6);
    equalsTheDefinition(
        many.withLabels(Samples.labels(522, 87)), // all candidates are in the running at once
        ClusteringOptions.defaults().withLocalSearch(LocalSearch.NONE));
    for (double gamma : new double[] {0, 200}) { // gains are kept in two blocks of columns
      Batch blocks = Batch.of(Batch.Points.GAUSSIAN, Batch.Classes.RANDOM, 1100, 3, gamma, 7);
      equalsTheDefinition(
          blocks.withLabels(Samples.labels(1100, 6)),
          ClusteringOptions.defaults().withMaxSweeps(1));
    }
  }

  /** Where points are few to a cluster, as in training, and where candidates tie in hundreds. */
  @Example
  void theResultIsTheDefinitionsForLargeMarginMultipliers() {
    for (Batch.Points points : new Batch.Points[] {Batch.Points.GAUSSIAN, Batch.Points.GRID}) {
      for (double gamma : new double[] {200 / 4.0, 1e6}) {
        for (Margin margin : new Margin[] {Margin.NMI, Margin.V_MEASURE, Margin.AMI}) {
          Batch batch = Batch.of(points, Batch.Classes.RANDOM, 200, 4, gamma, 9);
          equalsTheDefinition(
              batch.withLabels(Samples.labels(200, 50)),
              ClusteringOptions.defaults().withMargin(margin).withMaxSweeps(1));
        }
      }
    }
  }

  private static void equalsTheDefinition(Batch batch, ClusteringOptions options) {
    Definition definition =
        new Definition(batch.problem(options.distance()), options, batch.gamma());
    int[] medoids =
        options.start() == Start.GREEDY
            ? definition.greedy()
            : batch
                .solve(options.withLocalSearch(LocalSearch.NONE))
                .medoids(); // a random start is checked elsewhere
    definition.search(medoids);
    Clustering result = batch.solve(options);
    assertThat(result.medoids()).isEqualTo(medoids);
    assertThat(result.assignments()).isEqualTo(definition.assign(medoids));
    assertThat(result.facilityScore()).isEqualTo(definition.facility(medoids));
    assertThat(result.augmentedScore()).isEqualTo(definition.augmented(medoids));
    assertThat(result.oracleScore()).isEqualTo(definition.oracle());
    assertThat(result.loss())
        .isEqualTo(Math.max(0, definition.augmented(medoids) - definition.oracle()));
  }

  @Property(seed = "1", tries = 3000, shrinking = ShrinkingMode.OFF)
  void theScoreNeverFallsDuringExactSearch(
      @ForAll("batches") Batch batch, @ForAll("options") ClusteringOptions options) {
    double before = Double.NEGATIVE_INFINITY;
    for (int sweeps = 0; sweeps <= 5; sweeps++) {
      double score =
          batch
              .solve(options.withLocalSearch(LocalSearch.EXACT).withMaxSweeps(sweeps))
              .augmentedScore();
      assertThat(score).isGreaterThanOrEqualTo(before);
      before = score;
    }
  }

  @Property(seed = "1", tries = 1500, shrinking = ShrinkingMode.OFF)
  void swapsEndWhereNoSingleSwapIsBetterAndNeverBelowExactSearch(
      @ForAll("batches") Batch batch, @ForAll("options") ClusteringOptions drawn) {
    ClusteringOptions options =
        drawn.withLocalSearch(LocalSearch.SWAP).withMaxSweeps(1 + drawn.maxSweeps());
    Clustering found = batch.solve(options);
    assertThat(found.augmentedScore())
        .isGreaterThanOrEqualTo(
            batch.solve(options.withLocalSearch(LocalSearch.EXACT)).augmentedScore());
    Definition definition =
        new Definition(batch.problem(options.distance()), options, batch.gamma());
    int[] medoids = found.medoids();
    for (int j = 0; j < batch.m(); j++) {
      int candidate = j;
      if (Arrays.stream(medoids).noneMatch(each -> each == candidate)) {
        for (int k = 0; k < medoids.length; k++) {
          assertThat(definition.augmented(Definition.with(medoids, k, j)))
              .isLessThanOrEqualTo(found.augmentedScore());
        }
      }
    }
  }

  @Example
  void swapsLeaveAGroupThatHasTwoMedoidsForOneThatHasNone() {
    double[] threeGroups = {0, 1, 2, 100, 101, 102, 110, 111, 112};
    Batch batch = new Batch(threeGroups, 9, 1, new long[] {1, 1, 1, 2, 2, 2, 3, 3, 3}, 0);
    int stuck = 0;
    for (int seed = 0; seed < 30; seed++) {
      ClusteringOptions exact = ClusteringOptions.defaults().withRandomStart(seed);
      ClusteringOptions swap = exact.withLocalSearch(LocalSearch.SWAP);
      assertThat(batch.solve(swap).facilityScore()).isEqualTo(-6);
      stuck += batch.solve(exact).facilityScore() < -6 ? 1 : 0;
      assertThat(batch.solve(swap.withMaxSweeps(0)).medoids())
          .isEqualTo(batch.solve(exact.withLocalSearch(LocalSearch.NONE)).medoids());
    }
    assertThat(stuck).isPositive(); // no member of a cluster is in another group
  }

  /** Sweeps may lead away from what the swaps would reach from the start itself. */
  @Example
  void swapsBeginAtTheStartToo() {
    int better = 0;
    for (int seed = 0; seed < 10; seed++) {
      Batch batch =
          Batch.of(Batch.Points.GAUSSIAN, Batch.Classes.RANDOM, 60, 8, 0, seed)
              .withLabels(Samples.labels(60, 6));
      ClusteringOptions options = ClusteringOptions.defaults().withLocalSearch(LocalSearch.SWAP);
      Problem problem = batch.problem(Distance.EUCLIDEAN);
      int[] swept = batch.solve(options.withLocalSearch(LocalSearch.EXACT)).medoids();
      Assignment at =
          new Assignment(problem, new CountTable(Margin.NMI, problem.classSizes), swept);
      EagerSwaps.search(at, 0, 1e-9);
      double score = batch.solve(options).facilityScore();
      assertThat(score).isGreaterThanOrEqualTo(at.facility());
      better += score > at.facility() ? 1 : 0;
    }
    assertThat(better).isPositive();
  }

  /** The share of optima is what SPEED.md reports. */
  @Example
  void onSmallBatchesNothingBeatsExhaustiveSearchAndMostOftenItIsReached() {
    int cases = 3000;
    int[] reached = new int[3];
    List<Margin> margins = List.of(Margin.values());
    LocalSearch[] searches = {LocalSearch.NONE, LocalSearch.EXACT, LocalSearch.SWAP};
    for (int seed = 0; seed < cases; seed++) {
      Random random = new Random(seed);
      int m = 4 + random.nextInt(6);
      Margin margin = margins.get(random.nextInt(margins.size()));
      Batch batch =
          Batch.of(
              Batch.Points.GAUSSIAN,
              Batch.Classes.RANDOM,
              m,
              1 + random.nextInt(4),
              random.nextInt(4),
              seed);
      ClusteringOptions options = ClusteringOptions.defaults().withMargin(margin);
      Definition definition =
          new Definition(batch.problem(Distance.EUCLIDEAN), options, batch.gamma());
      double best = Double.NEGATIVE_INFINITY;
      int c = batch.problem(Distance.EUCLIDEAN).classCount();
      for (int set = 0; set < 1 << m; set++) {
        if (Integer.bitCount(set) == c) {
          int bits = set;
          int[] medoids = IntStream.range(0, m).filter(i -> (bits >> i & 1) == 1).toArray();
          best = Math.max(best, definition.augmented(medoids));
        }
      }
      for (int s = 0; s < searches.length; s++) {
        double score = batch.solve(options.withLocalSearch(searches[s])).augmentedScore();
        assertThat(score).isLessThanOrEqualTo(best + 1e-12);
        if (score >= best - 1e-12) {
          reached[s]++;
        }
      }
    }
    System.out.printf(
        "optimum reached: greedy %.1f %%, and exact search %.1f %%, and swaps %.1f %% of %d%n",
        100.0 * reached[0] / cases, 100.0 * reached[1] / cases, 100.0 * reached[2] / cases, cases);
    assertThat(reached[1]).isGreaterThanOrEqualTo(reached[0]);
    assertThat(reached[2]).isGreaterThanOrEqualTo(reached[1]);
    assertThat(reached[0]).isGreaterThan(cases / 2);
    assertThat(reached[1]).isGreaterThan(cases * 3 / 4);
  }

  @Property(seed = "1", tries = 2000, shrinking = ShrinkingMode.OFF)
  void renamingLabelsChangesNothing(
      @ForAll("batches") Batch batch, @ForAll("options") ClusteringOptions options) {
    long[] renamed = Arrays.stream(batch.labels()).map(label -> label * -31 + 17).toArray();
    assertSame(batch.withLabels(renamed).solve(options), batch.solve(options), batch);
  }

  private static void assertSame(Clustering one, Clustering other, Batch batch) {
    assertThat(one.medoids()).isEqualTo(other.medoids());
    assertThat(one.assignments()).isEqualTo(other.assignments());
    assertThat(one.loss()).isEqualTo(other.loss());
    assertThat(one.nmi()).isEqualTo(other.nmi());
    assertThat(gradient(one, batch)).isEqualTo(gradient(other, batch));
  }

  private static double[] gradient(Clustering result, Batch batch) {
    double[] gradient = new double[batch.m() * batch.d()];
    result.gradient(gradient);
    return gradient;
  }

  /** The closest choice of the algorithm on a batch; 0 where two candidates tie. */
  private static double lead(Batch batch, ClusteringOptions options) {
    Definition definition =
        new Definition(batch.problem(options.distance()), options, batch.gamma());
    int[] medoids =
        options.start() == Start.GREEDY
            ? definition.greedy()
            : batch.solve(options.withLocalSearch(LocalSearch.NONE)).medoids();
    definition.search(medoids);
    double unused = definition.oracle();
    assertThat(unused).isNotPositive();
    return definition.lead();
  }

  @Property(seed = "1", tries = 4000, shrinking = ShrinkingMode.OFF, maxDiscardRatio = 50)
  void rotatingAndTranslatingChangesNothing(
      @ForAll("smoothBatches") Batch batch,
      @ForAll("options") ClusteringOptions options,
      @ForAll long seed) {
    Assume.that(lead(batch, options) > 1e-9);
    int d = batch.d();
    Random random = new Random(seed);
    double[] moved = batch.x().clone();
    for (int turn = 0; turn < d; turn++) {
      int a = random.nextInt(d);
      int b = (a + 1 + random.nextInt(d - 1)) % d;
      double angle = random.nextDouble() * 7;
      for (int row = 0; row < moved.length; row += d) {
        double u = moved[row + a];
        double v = moved[row + b];
        moved[row + a] = Math.cos(angle) * u - Math.sin(angle) * v;
        moved[row + b] = Math.sin(angle) * u + Math.cos(angle) * v;
      }
    }
    if (options.distance() != Distance.COSINE) {
      double[] shift = random.doubles(d, -3, 3).toArray();
      Arrays.setAll(moved, i -> moved[i] + shift[i % d]);
    }
    Clustering before = batch.solve(options);
    Clustering after = batch.withX(moved).solve(options);
    assertThat(after.medoids()).isEqualTo(before.medoids());
    assertThat(after.assignments()).isEqualTo(before.assignments());
    assertThat(after.loss()).isCloseTo(before.loss(), within(1e-10));
  }

  @Property(seed = "1", tries = 4000, shrinking = ShrinkingMode.OFF, maxDiscardRatio = 50)
  void permutingTheBatchPermutesTheResult(
      @ForAll("smoothBatches") Batch batch,
      @ForAll("options") ClusteringOptions drawn,
      @ForAll long seed) {
    ClusteringOptions options =
        new ClusteringOptions(
            drawn.margin(),
            drawn.localSearch(),
            drawn.distance(),
            drawn.maxSweeps(),
            Start.GREEDY,
            0);
    Assume.that(options.localSearch() != LocalSearch.SWAP); // takes the points in their order
    Assume.that(lead(batch, options) > 1e-9);
    int m = batch.m();
    int d = batch.d();
    List<Integer> order = new ArrayList<>(IntStream.range(0, m).boxed().toList());
    Collections.shuffle(order, new Random(seed));
    double[] x = new double[m * d];
    long[] labels = new long[m];
    for (int i = 0; i < m; i++) {
      System.arraycopy(batch.x(), order.get(i) * d, x, i * d, d);
      labels[i] = batch.labels()[order.get(i)];
    }
    Batch permuted = new Batch(x, m, d, labels, batch.gamma());
    Clustering before = batch.solve(options);
    Clustering after = permuted.solve(options);
    assertThat(Arrays.stream(after.medoids()).map(order::get).toArray())
        .isEqualTo(before.medoids());
    assertThat(after.loss()).isCloseTo(before.loss(), within(1e-10));
    double[] expected = gradient(before, batch);
    double[] got = gradient(after, permuted);
    for (int i = 0; i < m; i++) {
      assertThat(after.assignments()[i]).isEqualTo(before.assignments()[order.get(i)]);
      for (int k = 0; k < d; k++) {
        assertThat(got[i * d + k]).isCloseTo(expected[order.get(i) * d + k], within(1e-10));
      }
    }
  }

  @Property(seed = "1", tries = 2000, shrinking = ShrinkingMode.OFF)
  void withoutMarginItIsPlainKMedoidsBlindToTheLabels(
      @ForAll("batches") Batch drawn, @ForAll("options") ClusteringOptions options) {
    Batch batch = new Batch(drawn.x(), drawn.m(), drawn.d(), drawn.labels(), 0);
    Clustering result = batch.solve(options);
    assertThat(result.augmentedScore()).isEqualTo(result.facilityScore());
    long[] shuffled = batch.labels().clone();
    for (int i = 0; i < shuffled.length; i++) {
      shuffled[i] = batch.labels()[shuffled.length - 1 - i];
    }
    Clustering other = batch.withLabels(shuffled).solve(options.withMargin(Margin.IDENTICAL));
    assertThat(other.medoids()).isEqualTo(result.medoids());
    assertThat(other.facilityScore()).isEqualTo(result.facilityScore());
  }

  @Property(seed = "1", tries = 4000, shrinking = ShrinkingMode.OFF, maxDiscardRatio = 50)
  void theGradientIsThatOfCentralDifferencesWhereverTheLossIsSmooth(
      @ForAll("smoothBatches") Batch batch, @ForAll("options") ClusteringOptions options) {
    Clustering result = batch.solve(options);
    Assume.that(result.loss() > 1e-3 && lead(batch, options) > 1e-4);
    double[] lengths = new double[batch.m()];
    for (int i = 0; i < batch.x().length; i++) {
      lengths[i / batch.d()] += batch.x()[i] * batch.x()[i];
    }
    Assume.that(Arrays.stream(lengths).min().orElseThrow() > 0.1);
    Assume.that(
        Arrays.stream(batch.problem(Distance.EUCLIDEAN).distances)
            .noneMatch(each -> each > 0 && each < 0.05));
    double[] gradient = gradient(result, batch);
    double h = 1e-6;
    for (int at = 0; at < gradient.length; at++) {
      double[] x = batch.x().clone();
      x[at] = batch.x()[at] + h;
      Clustering above = batch.withX(x).solve(options);
      x = batch.x().clone();
      x[at] = batch.x()[at] - h;
      Clustering below = batch.withX(x).solve(options);
      Assume.that( // a point half way between two medoids, which no candidate's score shows
          Arrays.equals(above.assignments(), result.assignments())
              && Arrays.equals(below.assignments(), result.assignments()));
      assertThat(gradient[at]).isCloseTo((above.loss() - below.loss()) / (2 * h), within(1e-6));
    }
  }

  @Property(seed = "1", tries = 1000, shrinking = ShrinkingMode.OFF)
  void aRandomStartIsDistinctRowsThatTheSeedDecides(
      @ForAll("batches") Batch batch, @ForAll long seed) {
    ClusteringOptions options =
        ClusteringOptions.defaults().withLocalSearch(LocalSearch.NONE).withRandomStart(seed);
    int[] medoids = batch.solve(options).medoids();
    assertThat(medoids).doesNotHaveDuplicates().isEqualTo(batch.solve(options).medoids());
    assertThat(Arrays.stream(medoids)).allMatch(row -> row >= 0 && row < batch.m());
  }

  @Example
  void randomStartsCoverAllRowsEvenly() {
    int[] count = new int[10];
    Batch batch = Batch.of(Batch.Points.GAUSSIAN, Batch.Classes.RANDOM, 10, 2, 1, 0);
    Batch two = batch.withLabels(Samples.labels(10, 2));
    for (int seed = 0; seed < 5000; seed++) {
      ClusteringOptions options =
          ClusteringOptions.defaults().withLocalSearch(LocalSearch.NONE).withRandomStart(seed);
      for (int row : two.solve(options).medoids()) {
        count[row]++;
      }
    }
    assertThat(Arrays.stream(count))
        .allMatch(each -> each > 850 && each < 1150); // 1000, deviation 28
  }

  @Example
  void eightThreadsGiveTheResultOfOne() throws Exception {
    List<Batch> batches = new ArrayList<>();
    for (int n = 0; n < 24; n++) { // some large enough to share the worker threads
      int m = n % 3 == 0 ? 600 : 100 + n;
      batches.add(
          Batch.of(Batch.Points.GAUSSIAN, Batch.Classes.RANDOM, m, 4, 1, n)
              .withLabels(Samples.labels(m, 30)));
    }
    ClusteringOptions options = ClusteringOptions.defaults().withMargin(Margin.AMI);
    List<Clustering> alone = batches.stream().map(each -> each.solve(options)).toList();
    StructuredClustering shared = new StructuredClustering(options);
    ExecutorService pool = Executors.newFixedThreadPool(8);
    try {
      List<Callable<Clustering>> work = new ArrayList<>();
      for (int repeat = 0; repeat < 3; repeat++) {
        for (Batch each : batches) {
          work.add(() -> shared.solve(each.x(), each.m(), each.d(), each.labels(), each.gamma()));
        }
      }
      List<Future<Clustering>> results = pool.invokeAll(work);
      for (int n = 0; n < results.size(); n++) {
        int at = n % batches.size();
        assertSame(results.get(n).get(), alone.get(at), batches.get(at));
      }
    } finally {
      pool.shutdownNow();
    }
  }

  @Example
  void degenerateBatchesHaveTheLossTheDefinitionGives() {
    for (LocalSearch search : LocalSearch.values()) {
      for (Margin margin : Margin.values()) {
        ClusteringOptions options =
            ClusteringOptions.defaults().withLocalSearch(search).withMargin(margin);
        for (Batch.Classes classes :
            new Batch.Classes[] {Batch.Classes.ONE, Batch.Classes.ALL_DIFFERENT}) {
          for (int m : new int[] {1, 2, 9}) {
            Clustering result =
                Batch.of(Batch.Points.GAUSSIAN, classes, m, 3, 1e6, m).solve(options);
            assertThat(result.loss()).isZero();
            assertThat(result.agreement()).isEqualTo(1);
          }
        }
        // On one place only the margin is left: no distance, no gradient.
        Batch equal = Batch.of(Batch.Points.EQUAL, Batch.Classes.RANDOM, 12, 3, 2, 4);
        Clustering result = equal.withLabels(Samples.labels(12, 3)).solve(options);
        assertThat(result.loss()).isEqualTo(2 * result.margin()).isPositive();
        assertThat(gradient(result, equal)).containsOnly(0);
        assertThat(result.medoids()).doesNotHaveDuplicates();
      }
    }
  }
}
