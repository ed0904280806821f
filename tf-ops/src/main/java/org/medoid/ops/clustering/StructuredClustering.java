package org.medoid.ops.clustering;

import java.util.Objects;
import java.util.SplittableRandom;

/**
 * The structured clustering (facility location) loss of a batch.
 *
 * <p>Hyun Oh Song, Stefanie Jegelka, Vivek Rathod, Kevin Murphy: "Deep Metric Learning via Facility
 * Location", CVPR 2017 (arXiv:1612.01213). In their symbols, X the batch, f_i the embeddings, y*
 * the labels with C classes, γ the margin multiplier:
 *
 * <pre>
 *   F(X, S)    = - Σ_i min_{j in S} d(f_i, f_j)                        facility score
 *   F~(X, y*)  =   Σ_c max_{j: y*_j=c} - Σ_{i: y*_i=c} d(f_i, f_j)     oracle score
 *   Δ(y, y*)   =   1 - NMI(y, y*)                                      structured margin
 *   A(S)       =   F(X, S) + γ Δ(g(S), y*)                             augmented score
 *   ℓ          =   [ max_{|S|=C} A(S) - F~ ]_+                         loss
 * </pre>
 *
 * <p>g(S) assigns each point to its nearest medoid, a medoid to itself, on ties the medoid that was
 * chosen first. The maximum is sought by greedy choice and local search, see {@link LocalSearch}. A
 * class's best medoid is the lowest row on ties.
 *
 * <p>Definite at the edges: one class, a batch of one and all classes different have loss 0;
 * duplicates have distance 0 and no gradient between them.
 *
 * <p>Cost for m points of d values: m²d/2 for the distances, O(m² ln C) for the greedy choice in
 * the mean, at most O(m²) for a sweep of the local search and for a round of swaps. From 512 points
 * on the work on rows is shared among the threads that the system property {@code medoid.threads}
 * allows (default: one per processor); the result does not depend on their number.
 *
 * <p>Memory: 8m² bytes of distances, which the result keeps; besides, while it works, 8md for a
 * transposed copy of the embeddings, then m²/8 for the greedy choice's sets of bits, then 4C² for
 * the contingency table of the local search, twice for swaps; all else is linear in m, some 700
 * bytes a point.
 *
 * <p>Immutable; may be used by many threads at once.
 */
public final class StructuredClustering {
  private final ClusteringOptions options;

  /**
   * Makes a solver.
   *
   * @param options margin, distance, start and local search
   */
  public StructuredClustering(ClusteringOptions options) {
    this.options = Objects.requireNonNull(options, "options");
  }

  /**
   * Computes the loss of a batch.
   *
   * @param embeddings m·d finite values, row-major
   * @param m number of points, 1 to 46340
   * @param d values of a point, at least 1
   * @param labels m values, equal for points of a class
   * @param marginMultiplier γ, finite, not negative
   * @return the loss and its clustering; it keeps the embeddings, which must not change before its
   *     gradient has been taken
   * @throws IllegalArgumentException if the batch is not as said, or a distance overflows; names
   *     the row
   */
  public Clustering solve(
      double[] embeddings, int m, int d, long[] labels, double marginMultiplier) {
    if (!(marginMultiplier >= 0) || Double.isInfinite(marginMultiplier)) {
      throw new IllegalArgumentException(
          "the margin multiplier must be finite and not negative, but is " + marginMultiplier);
    }
    Problem problem = new Problem(embeddings, m, d, labels, options.distance());
    CountTable table = new CountTable(options.margin(), problem.classSizes);
    int[] medoids;
    Gains gains = null;
    if (options.start() == Start.GREEDY) {
      Greedy greedy = Greedy.choose(problem, table, marginMultiplier);
      medoids = greedy.medoids();
      gains = greedy.gains();
    } else {
      medoids = random(m, problem.classCount());
    }
    Swaps.search(
        problem,
        table,
        marginMultiplier,
        options.localSearch(),
        options.maxSweeps(),
        medoids,
        gains);
    int[] assignments = Swaps.assignments(problem, medoids);
    double[] toMedoid = new double[m];
    for (int i = 0; i < m; i++) {
      toMedoid[i] = problem.distances[medoids[assignments[i]] * m + i];
    }
    int[] classMedoids = new int[problem.classCount()];
    double oracle = oracle(problem, classMedoids);
    double agreement = Agreement.between(options.margin(), problem.classes, assignments);
    return new Clustering(
        problem,
        medoids,
        assignments,
        classMedoids,
        -Sums.sum(toMedoid, 0, m),
        oracle,
        agreement,
        options.margin() == Margin.NMI
            ? agreement
            : Agreement.between(Margin.NMI, problem.classes, assignments),
        marginMultiplier);
  }

  /** Distinct rows at random: the start of a shuffle. */
  private int[] random(int m, int count) {
    SplittableRandom random = new SplittableRandom(options.seed());
    int[] rows = new int[m];
    for (int i = 0; i < m; i++) {
      rows[i] = i;
    }
    int[] chosen = new int[count];
    for (int k = 0; k < count; k++) {
      int at = k + random.nextInt(m - k);
      chosen[k] = rows[at];
      rows[at] = rows[k];
    }
    return chosen;
  }

  private static double oracle(Problem problem, int[] classMedoids) {
    int[][] members = problem.members;
    double total = 0;
    double[] within = new double[problem.m];
    for (int c = 0; c < members.length; c++) {
      double best = Double.NEGATIVE_INFINITY;
      for (int j : members[c]) {
        for (int n = 0; n < members[c].length; n++) {
          within[n] = problem.distances[j * problem.m + members[c][n]];
        }
        double score = -Sums.sum(within, 0, members[c].length);
        if (score > best) {
          best = score;
          classMedoids[c] = j;
        }
      }
      total += best;
    }
    return total;
  }
}
