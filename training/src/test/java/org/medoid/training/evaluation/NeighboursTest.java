package org.medoid.training.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.medoid.ops.clustering.Distance;

class NeighboursTest {
  /** The squared distance as it is, without rounding. */
  private static BigDecimal exact(Embeddings x, int a, Embeddings y, int b) {
    BigDecimal sum = BigDecimal.ZERO;
    for (int j = 0; j < x.width(); j++) {
      BigDecimal t = new BigDecimal(x.row(a)[j]).subtract(new BigDecimal(y.row(b)[j]));
      sum = sum.add(t.multiply(t));
    }
    return sum;
  }

  private static int[] ranked(Embeddings x, int query, Embeddings y, boolean others) {
    return IntStream.range(0, y.rows())
        .filter(i -> !others || i != query)
        .boxed()
        .sorted(Comparator.comparing(i -> exact(x, query, y, i)))
        .mapToInt(i -> i)
        .toArray();
  }

  private static int[][] nearest(double[] x, int n) {
    Embeddings points = new Embeddings(x, n, x.length / n);
    return Neighbours.leaveOneOut(points, n - 1, Distance.EUCLIDEAN);
  }

  @Property(seed = "1", tries = 25)
  void theOrderIsThatOfExactArithmeticWithTiesByTheLowerRow(
      @ForAll @IntRange(min = 2, max = 25) int n,
      @ForAll @IntRange(min = 1, max = 9) int d,
      @ForAll @IntRange(min = 0, max = 3) int kind,
      @ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] row = random.doubles(d, 0.1, 1).toArray();
    double[] x = new double[n * d];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < d; j++) {
        x[i * d + j] =
            switch (kind) {
              case 0 -> row[(i + j) % d]; // turned about: the same squares in another order
              case 1 -> (float) row[(i * j) % d] * (random.nextBoolean() ? 1 : -1);
              case 2 -> 1e7 + random.nextInt(3) * 1e-9; // far out, as float64 has it
              default -> random.nextDouble() * Math.pow(10, random.nextInt(-4, 4));
            };
      }
    }
    if (kind <= 1) { // seen from the origin all are equally far, but for rounding
      Arrays.fill(x, 0, d, 0);
      Arrays.setAll(x, i -> (float) x[i]);
    }
    Embeddings points = new Embeddings(x, n, d);
    int[][] nearest = nearest(x, n);
    for (int i = 0; i < n; i++) {
      assertThat(nearest[i]).isEqualTo(ranked(points, i, points, true));
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-300, 1e-160, 1e-30, 1, 1e20, 1e160, 1e300})
  void sizeDoesNotMatter(double size) {
    double[] x = {0, 3 * size, 2 * size, size, -4.5 * size};
    assertThat(nearest(x, 5)[0]).containsExactly(3, 2, 1, 4);
    int[][] found =
        Neighbours.leaveOneOut(new Embeddings(x, 5, 1), new int[] {4, 0, 4}, 1, Distance.EUCLIDEAN);
    assertThat(found).isDeepEqualTo(new int[][] {{0}, {3}, {0}});
  }

  @ParameterizedTest
  @CsvSource({"0", "1e5", "-3e6"})
  void scoresAndClustersDoNotDependOnTheOrigin(float offset) {
    SplittableRandom random = new SplittableRandom(2);
    int n = 300;
    int d = 6;
    float[] x = new float[n * d];
    float[] moved = new float[n * d];
    int[] labels = random.ints(n, 0, 20).toArray();
    for (int i = 0; i < x.length; i++) {
      x[i] = labels[i / d] % 7 + random.nextInt(64) / 4f; // exact with and without the offset
      moved[i] = x[i] + offset;
    }
    Evaluator.Options options = Evaluator.Options.defaults().withRestarts(2);
    Evaluation here =
        Evaluator.leaveOneOut(Embeddings.of(x, n), labels, options, TaskProgress.NONE);
    Evaluation there =
        Evaluator.leaveOneOut(Embeddings.of(moved, n), labels, options, TaskProgress.NONE);
    assertThat(there.clusters()).isEqualTo(here.clusters());
    assertThat(there.inertia()).isEqualTo(here.inertia());
    assertThat(there.scores().recallAt()).isEqualTo(here.scores().recallAt());
    assertThat(there.scores().mapAtR()).isEqualTo(here.scores().mapAtR());
  }

  @Test
  void clustersBelowFloat32AreFoundInFloat64() {
    // Two groups 10 apart, in each two of 1e-9: four classes that float32 takes for two.
    int n = 40;
    double[] x = new double[n];
    int[] labels = new int[n];
    SplittableRandom random = new SplittableRandom(4);
    for (int i = 0; i < n; i++) {
      labels[i] = i % 4;
      x[i] = 1e3 + 10 * (i % 2) + 1e-9 * (i / 2 % 2) + 1e-11 * random.nextDouble();
    }
    Evaluation found =
        Evaluator.leaveOneOut(
            new Embeddings(x, n, 1),
            labels,
            Evaluator.Options.defaults().withRestarts(10),
            TaskProgress.NONE);
    assertThat(found.scores().precisionAt1()).isEqualTo(1);
    assertThat(found.scores().mapAtR()).isEqualTo(1);
    assertThat(found.scores().nmi()).isEqualTo(1);
  }

  @Test
  void hugeAndTinyValuesAreClustered() {
    for (double size : new double[] {1e-200, 1e-30, 1e20, 1e38, 1e200}) {
      double[] x = {0, 1 * size, 50 * size, 51 * size, 100 * size, 101 * size};
      int[] labels = {0, 0, 1, 1, 2, 2};
      Evaluation found =
          Evaluator.leaveOneOut(
              new Embeddings(x, 6, 1),
              labels,
              Evaluator.Options.defaults().withRestarts(5),
              TaskProgress.NONE);
      assertThat(found.scores().nmi()).as("%s", size).isEqualTo(1);
      assertThat(found.scores().mapAtR()).as("%s", size).isEqualTo(1);
    }
  }

  @Test
  void rowsOfOneDirectionAreEquallyNearUnderCosine() {
    double[] x = {
      3, 1, 2, 30, 10, 20, 0.3, 0.1, 0.2, 21, 7, 14, 3, 1, 2.0001, 3e-200, 1e-200, 2e-200
    };
    x[6] = x[0] / 7;
    x[7] = x[1] / 7;
    x[8] = x[2] / 7;
    int[][] found = Neighbours.leaveOneOut(new Embeddings(x, 6, 3), 5, Distance.COSINE);
    assertThat(found[0]).containsExactly(1, 2, 3, 5, 4);
    assertThat(found[3]).containsExactly(0, 1, 2, 5, 4);
  }

  @Test
  void aGalleryIsSearchedWhole() {
    Embeddings gallery = Embeddings.of(new float[] {0, 0, 3, 4, 0, 1}, 3);
    assertThat(inGallery(Embeddings.of(new float[] {0, 0}, 1), gallery, 3))
        .isDeepEqualTo(new int[][] {{0, 2, 1}});
    // The same rows as queries and gallery: nothing is left out.
    assertThat(inGallery(gallery, gallery, 1)).isDeepEqualTo(new int[][] {{0}, {1}, {2}});
  }

  private static int[][] inGallery(Embeddings queries, Embeddings gallery, int k) {
    int[][] nearest = new int[queries.rows()][];
    NeighbourSearch.inGallery(
        queries,
        gallery,
        false,
        query -> k,
        (query, found, count) -> nearest[query] = Arrays.copyOf(found, count),
        done -> {});
    return nearest;
  }

  @Test
  void whatCannotBeSearchedIsRefused() {
    Embeddings two = Embeddings.of(new float[] {1, 0, 0, 0}, 2);
    Embeddings one = Embeddings.of(new float[] {1}, 1);
    List<Runnable> faults =
        List.of(
            () -> Neighbours.leaveOneOut(two, 2, Distance.EUCLIDEAN),
            () -> Neighbours.checkWidths(one, two),
            () -> Neighbours.leaveOneOut(two, 1, Distance.COSINE),
            () -> Neighbours.leaveOneOut(two, new int[] {0, 2}, 1, Distance.EUCLIDEAN),
            () -> Neighbours.leaveOneOut(two, new int[] {-1}, 0, Distance.EUCLIDEAN));
    List<String> reasons =
        List.of(
            "the 2 nearest of 1 others",
            "1 values",
            "row 1 is all zero",
            "query 2 is none of the 2 rows",
            "query -1 is none of the 2 rows");
    for (int i = 0; i < faults.size(); i++) {
      assertThatThrownBy(faults.get(i)::run)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(reasons.get(i));
    }
    for (Runnable unknown :
        List.<Runnable>of(
            () -> Neighbours.leaveOneOut(two, 1, null),
            () -> Neighbours.leaveOneOut(two, new int[] {0}, 1, null))) {
      assertThatThrownBy(unknown::run)
          .isInstanceOf(NullPointerException.class)
          .hasMessage("distance");
    }
    assertThat(Neighbours.leaveOneOut(two, new int[0], 1, Distance.EUCLIDEAN)).isEmpty();
    assertThatThrownBy(() -> new Embeddings(new double[5], 2, 3))
        .hasMessageContaining("[2, 3] of 5 values");
  }

  /**
   * All points are searched together, each pair of blocks once; all but one are searched each on
   * its own. Four blocks, the last not full; one value in a hundred points apart (so that ties and
   * guesses that are too low happen), a class of duplicates larger than the room for candidates.
   */
  @ParameterizedTest
  @CsvSource({"1, EUCLIDEAN", "10, EUCLIDEAN", "101, EUCLIDEAN", "20, COSINE"})
  void allTogetherAreFoundAsEachOnItsOwn(int k, Distance distance) {
    int n = 5001;
    int d = 6;
    SplittableRandom random = new SplittableRandom(k);
    double[] x = new double[n * d];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < d; j++) {
        x[i * d + j] =
            switch (i % 4) {
              case 0 -> random.nextInt(1, 4); // many equals
              case 1 -> i % 40 == 5 ? 1e-3 * random.nextDouble() + 7 : 2.5; // near ones; duplicates
              default -> random.nextDouble(-5, 5);
            };
      }
    }
    Embeddings points = new Embeddings(x, n, d);
    assertThat(MutualSearch.pays(IntStream.range(0, n).map(i -> k).toArray())).isTrue();
    int[][] together = Neighbours.leaveOneOut(points, k, distance);
    int[][] apart = Neighbours.leaveOneOut(points, IntStream.range(1, n).toArray(), k, distance);
    for (int i = 1; i < n; i++) {
      assertThat(together[i]).as("row %d", i).isEqualTo(apart[i - 1]);
    }
  }

  @Test
  void aSearchOfAllTogetherTellsHowFarItIsToTheEnd() {
    int n = 4200;
    double[] x = new SplittableRandom(3).doubles(2L * n).toArray();
    List<Integer> heard = Collections.synchronizedList(new ArrayList<>());
    int[] asked = new int[n];
    NeighbourSearch.leaveOneOut(
        new Embeddings(x, n, 2),
        NeighbourSearch.range(n),
        false,
        query -> query % 3,
        (query, nearest, count) -> asked[query] = count + 1,
        heard::add);
    assertThat(heard).contains(n).allMatch(done -> done <= n);
    for (int i = 0; i < n; i++) {
      assertThat(asked[i]).isEqualTo(i % 3 + 1);
    }
  }
}
