package org.medoid.training.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.medoid.ops.clustering.Distance;

class EvaluatorTest {
  private static final Evaluator.Options DEFAULTS = Evaluator.Options.defaults();

  /** Few distinct values at a large offset, so that there are ties, duplicates and cancellation. */
  private static float[] draw(SplittableRandom random, int n, int d, boolean coarse) {
    float[] x = new float[n * d];
    for (int i = 0; i < x.length; i++) {
      x[i] = coarse ? 1000 + random.nextInt(3) : (float) (random.nextDouble() - 0.5);
    }
    return x;
  }

  private static int[][] nearest(float[] x, int n, int k) {
    return Neighbours.leaveOneOut(Embeddings.of(x, n), k, Distance.EUCLIDEAN);
  }

  private static double squared(float[] x, int a, float[] y, int b, int d) {
    double sum = 0;
    for (int j = 0; j < d; j++) {
      double t = (double) x[a * d + j] - y[b * d + j];
      sum += t * t;
    }
    return sum;
  }

  private static int[] ranked(float[] x, int query, int d) {
    return IntStream.range(0, x.length / d)
        .filter(i -> i != query)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> squared(x, query, x, i, d)))
        .mapToInt(i -> i)
        .toArray();
  }

  @Property(seed = "1", tries = 40)
  void neighboursAreThoseOfTheFullSort(
      @ForAll @IntRange(min = 2, max = 60) int n,
      @ForAll @IntRange(min = 1, max = 4) int d,
      @ForAll boolean coarse,
      @ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] x = draw(random, n, d, coarse);
    int k = 1 + random.nextInt(n - 1);
    int[][] neighbours = nearest(x, n, k);
    for (int i = 0; i < n; i++) {
      assertThat(neighbours[i]).isEqualTo(Arrays.copyOf(ranked(x, i, d), k));
    }
  }

  @Property(seed = "1", tries = 40)
  void retrievalScoresAreTheirDefinitions(
      @ForAll @IntRange(min = 2, max = 50) int n,
      @ForAll @IntRange(min = 1, max = 12) int classes,
      @ForAll boolean coarse,
      @ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int d = 3;
    float[] x = draw(random, n, d, coarse);
    int[] labels = random.ints(n, 0, classes).toArray();
    double queries = 0;
    double recall = 0;
    double precision = 0;
    double average = 0;
    for (int q = 0; q < n; q++) {
      int[] order = ranked(x, q, d);
      int label = labels[q];
      int r = (int) Arrays.stream(order).filter(i -> labels[i] == label).count();
      if (r == 0) {
        continue;
      }
      queries++;
      recall += Arrays.stream(order).limit(4).anyMatch(i -> labels[i] == label) ? 1 : 0;
      int hits = 0;
      for (int rank = 1; rank <= r; rank++) {
        if (labels[order[rank - 1]] == label) {
          hits++;
          average += (double) hits / rank / r;
        }
      }
      precision += (double) hits / r;
    }
    EvaluationResult result = Evaluator.evaluate(Embeddings.of(x, n), labels, DEFAULTS);
    if (queries == 0) {
      assertThat(result.rPrecision()).isNaN();
      assertThat(result.recallAt().get(1)).isNaN();
    } else {
      assertThat(result.recallAt().get(4)).isCloseTo(recall / queries, within(1e-12));
      assertThat(result.rPrecision()).isCloseTo(precision / queries, within(1e-12));
      assertThat(result.mapAtR()).isCloseTo(average / queries, within(1e-12));
    }
  }

  @Property(seed = "1", tries = 30)
  void prunedKMeansLeavesEveryPointWithItsNearestMean(
      @ForAll @IntRange(min = 2, max = 300) int n, @ForAll boolean coarse, @ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int d = 2;
    float[] x = draw(random, n, d, coarse);
    int k = 1 + random.nextInt(n);
    KMeans clusters = KMeans.fit(Embeddings.of(x, n), k, 1000, 1, seed, TaskProgress.NONE);
    double[] means = new double[k * d];
    int[] sizes = new int[k];
    for (int i = 0; i < n; i++) {
      sizes[clusters.assignments()[i]]++;
      for (int j = 0; j < d; j++) {
        means[clusters.assignments()[i] * d + j] += x[i * d + j];
      }
    }
    double inertia = 0;
    for (int i = 0; i < n; i++) {
      double own = 0;
      double least = Double.POSITIVE_INFINITY;
      for (int c = 0; c < k; c++) {
        double sum = 0;
        for (int j = 0; j < d; j++) {
          double t = x[i * d + j] - means[c * d + j] / sizes[c];
          sum += t * t;
        }
        if (sizes[c] > 0) {
          least = Math.min(least, sum);
        }
        if (c == clusters.assignments()[i]) {
          own = sum;
        }
      }
      inertia += own;
      assertThat(own).isCloseTo(least, within(1e-5));
    }
    assertThat(clusters.inertia()).isCloseTo(inertia, within(1e-5 * (1 + inertia)));
  }

  @Test
  void largeSetsOfSeveralBlocksAgreeWithTheFullSort() {
    int n = 3000;
    int d = 5;
    float[] x = draw(new SplittableRandom(5), n, d, false);
    int[][] neighbours = nearest(x, n, 20);
    for (int i = 0; i < n; i += 97) {
      assertThat(neighbours[i]).isEqualTo(Arrays.copyOf(ranked(x, i, d), 20));
    }
  }

  @Test
  void nearDuplicatesFarFromTheOriginKeepTheirOrder() {
    float[] x = {1e6f, 1e6f + 0.25f, 1e6f + 0.0625f, -1e6f};
    assertThat(nearest(x, 4, 2)[0]).containsExactly(2, 1);
    float[] tiny = {0, 3e-30f, 2e-30f, 1e-30f};
    assertThat(nearest(tiny, 4, 3)[0]).containsExactly(3, 2, 1);
    float[] huge = {3e38f, -3e38f, 0, 1e38f};
    assertThat(nearest(huge, 4, 3)[0]).containsExactly(3, 2, 1);
  }

  @Test
  void galleryIsSearchedWithoutLeavingAnythingOut() {
    float[] queries = {0, 10, 50};
    float[] gallery = {0, 1, 9};
    Evaluation result =
        Evaluator.inGallery(
            Embeddings.of(queries, 3),
            new int[] {7, 8, 9},
            Embeddings.of(gallery, 3),
            new int[] {8, 7, 8},
            DEFAULTS.withRecallAt(List.of(1, 2, 100)).withIterations(0),
            TaskProgress.NONE);
    assertThat(result.scores().recallAt()).containsEntry(1, 0.5).containsEntry(2, 1.0);
    assertThat(result.scores().recallAt()).containsEntry(100, 1.0);
    assertThat(result.withoutMatch()).isEqualTo(1);
    assertThat(result.scores().nmi()).isNaN();
    assertThat(result.classes()).extracting(ClassScores::matches).containsExactly(1, 2, 0);
    assertThat(result.classes().get(2).mapAtR()).isNaN();
  }

  @Test
  void cosineIgnoresLengths() {
    float[] x = {1, 0, 0, 1, 100, 10, 1, 9};
    int[] labels = {0, 1, 0, 1};
    Evaluator.Options cosine = DEFAULTS.withDistance(Distance.COSINE);
    assertThat(Evaluator.evaluate(Embeddings.of(x, 4), labels, cosine).precisionAt1()).isEqualTo(1);
    assertThat(Evaluator.evaluate(Embeddings.of(x, 4), labels, DEFAULTS).precisionAt1())
        .isLessThan(1);
    assertThatThrownBy(
            () ->
                Evaluator.evaluate(Embeddings.of(new float[] {1, 1, 0, 0}, 2), new int[2], cosine))
        .hasMessageContaining("row 1");
  }

  @Test
  void whatIsNotFiniteIsRefusedByRow() {
    assertThatThrownBy(() -> Evaluator.evaluate(new float[] {1, 2, 3, Float.NaN}, new int[2]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("row 1");
  }

  @Test
  void sameSeedGivesSameClusters() {
    float[] x = draw(new SplittableRandom(3), 500, 4, false);
    assertThat(KMeans.fit(Embeddings.of(x, 500), 60, 50, 2, 9, TaskProgress.NONE).assignments())
        .isEqualTo(
            KMeans.fit(Embeddings.of(x, 500), 60, 50, 2, 9, TaskProgress.NONE).assignments());
  }
}
