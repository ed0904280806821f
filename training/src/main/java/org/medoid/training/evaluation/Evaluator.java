package org.medoid.training.evaluation;

import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.medoid.ops.clustering.Agreement;
import org.medoid.ops.clustering.Margin;

/**
 * Scores embeddings against classes.
 *
 * <p>Clusters are those of k-means with as many clusters as there are classes. Retrieval leaves one
 * out: each point is a query to all others. A point that is alone in its class has no match; it
 * counts as a miss in Recall@K and precision@1, and not at all in R-precision and MAP@R, whose R
 * would be 0.
 *
 * <p>Distances are Euclidean; on L2-normalised embeddings the order is that of cosine distance too.
 * Memory grows with n, not with n².
 */
public final class Evaluator {
  private Evaluator() {}

  /**
   * How to evaluate.
   *
   * @param recallAt the K of Recall@K, ascending in the result
   * @param restarts of k-means; the clusters with the least inertia count
   * @param seed of k-means
   */
  public record Options(List<Integer> recallAt, int restarts, long seed) {
    /**
     * Checks the values.
     *
     * @param restarts of k-means; the clusters with the least inertia count
     * @param seed of k-means
     * @throws IllegalArgumentException if there is no K, one is less than 1, or no restart
     */
    public Options {
      recallAt = recallAt.stream().distinct().sorted().toList();
      if (recallAt.isEmpty() || recallAt.get(0) < 1) {
        throw new IllegalArgumentException(
            "--recall-at " + recallAt + ": every K must be 1 or more");
      }
      if (restarts < 1) {
        throw new IllegalArgumentException("k-means needs one start or more, not " + restarts);
      }
    }

    /**
     * Recall@1, 2, 4 and 8, one start of k-means, seed 0.
     *
     * @return the defaults
     */
    public static Options defaults() {
      return new Options(List.of(1, 2, 4, 8), 1, 0);
    }

    /**
     * These options with other K.
     *
     * @param recallAt the K of Recall@K
     * @return new options
     */
    public Options withRecallAt(List<Integer> recallAt) {
      return new Options(recallAt, restarts, seed);
    }

    /**
     * These options with another seed.
     *
     * @param seed of k-means
     * @return new options
     */
    public Options withSeed(long seed) {
      return new Options(recallAt, restarts, seed);
    }

    /**
     * These options with another number of starts.
     *
     * @param restarts of k-means
     * @return new options
     */
    public Options withRestarts(int restarts) {
      return new Options(recallAt, restarts, seed);
    }
  }

  /**
   * Scores embeddings.
   *
   * @param embeddings n·d finite values, row-major
   * @param n number of points, at least 2
   * @param d values of a point
   * @param labels the class of each point, any values
   * @param options how
   * @return the scores
   * @throws IllegalArgumentException if the sizes do not fit or a value is not finite; names the
   *     row
   */
  public static EvaluationResult evaluate(
      float[] embeddings, int n, int d, int[] labels, Options options) {
    if (n < 2 || d < 1 || embeddings.length != (long) n * d || labels.length != n) {
      throw new IllegalArgumentException(
          "embeddings ["
              + n
              + ", "
              + d
              + "] and "
              + labels.length
              + " labels: at least two rows are needed, and a label for each");
    }
    for (int i = 0; i < embeddings.length; i++) {
      if (!Float.isFinite(embeddings[i])) {
        throw new IllegalArgumentException(
            "row " + i / d + " of embeddings has a value that is not finite: " + embeddings[i]);
      }
    }
    Map<Integer, Integer> sizes = new HashMap<>();
    for (int label : labels) {
      sizes.merge(label, 1, Integer::sum);
    }
    long start = System.nanoTime();
    Retrieval retrieval = retrieve(embeddings, n, d, labels, sizes, options.recallAt());
    long middle = System.nanoTime();
    int[] clusters =
        KMeans.fit(embeddings, n, d, sizes.size(), options.restarts(), options.seed())
            .assignments();
    long end = System.nanoTime();
    Map<String, Double> seconds = new LinkedHashMap<>();
    seconds.put("retrieval", (middle - start) / 1e9);
    seconds.put("kmeans", (end - middle) / 1e9);
    return new EvaluationResult(
        Agreement.between(Margin.NMI, labels, clusters),
        Agreement.between(Margin.AMI, labels, clusters),
        Agreement.between(Margin.ARI, labels, clusters),
        Agreement.between(Margin.V_MEASURE, labels, clusters),
        pairF1(labels, clusters),
        retrieval.recallAt,
        retrieval.precisionAt1,
        retrieval.rPrecision,
        retrieval.mapAtR,
        seconds);
  }

  /**
   * The nearest others of every point.
   *
   * @param embeddings n·d finite values, row-major
   * @param n number of points
   * @param d values of a point
   * @param k how many, less than n
   * @return for each point k others, the nearest first
   */
  public static int[][] neighbours(float[] embeddings, int n, int d, int k) {
    int[][] neighbours = new int[n][];
    try (Blocks blocks = new Blocks(d, k + 1)) {
      blocks.search(
          embeddings,
          n,
          embeddings,
          n,
          (first, count, indices, scores) -> {
            for (int q = 0; q < count; q++) {
              neighbours[first + q] = others(first + q, indices, q * (k + 1), k);
            }
          });
    }
    return neighbours;
  }

  /**
   * The first k of k + 1 indices without the query itself, which duplicates may have pushed out.
   */
  private static int[] others(int query, int[] indices, int from, int k) {
    int[] others = new int[k];
    int filled = 0;
    for (int i = from; filled < k; i++) {
      if (indices[i] != query) {
        others[filled++] = indices[i];
      }
    }
    return others;
  }

  private static final class Retrieval {
    final Map<Integer, Double> recallAt = new LinkedHashMap<>();
    double precisionAt1;
    double rPrecision;
    double mapAtR;
  }

  private static Retrieval retrieve(
      float[] embeddings,
      int n,
      int d,
      int[] labels,
      Map<Integer, Integer> sizes,
      List<Integer> recallAt) {
    int largest = sizes.values().stream().mapToInt(Integer::intValue).max().orElseThrow();
    int k = Math.min(n - 1, Math.max(recallAt.get(recallAt.size() - 1), largest - 1));
    int[] firstMatch = new int[n];
    double[] precision = new double[2];
    int[] counted = {0};
    try (Blocks blocks = new Blocks(d, k + 1)) {
      blocks.search(
          embeddings,
          n,
          embeddings,
          n,
          (first, count, indices, scores) -> {
            for (int q = 0; q < count; q++) {
              int query = first + q;
              int[] others = others(query, indices, q * (k + 1), k);
              int r = sizes.get(labels[query]) - 1;
              firstMatch[query] = Integer.MAX_VALUE;
              int hits = 0;
              double average = 0;
              for (int rank = 0; rank < k; rank++) {
                if (labels[others[rank]] != labels[query]) {
                  continue;
                }
                firstMatch[query] = Math.min(firstMatch[query], rank);
                if (rank < r) {
                  hits++;
                  average += (double) hits / (rank + 1);
                }
              }
              if (r > 0) {
                counted[0]++;
                precision[0] += (double) hits / r;
                precision[1] += average / r;
              }
            }
          });
    }
    Retrieval result = new Retrieval();
    for (int each : recallAt) {
      result.recallAt.put(
          each, Arrays.stream(firstMatch).filter(rank -> rank < each).count() / (double) n);
    }
    result.precisionAt1 = Arrays.stream(firstMatch).filter(rank -> rank < 1).count() / (double) n;
    result.rPrecision = counted[0] == 0 ? 0 : precision[0] / counted[0];
    result.mapAtR = counted[0] == 0 ? 0 : precision[1] / counted[0];
    return result;
  }

  private static double pairF1(int[] labels, int[] clusters) {
    Map<Long, Integer> cells = new HashMap<>();
    Map<Integer, Integer> found = new HashMap<>();
    Map<Integer, Integer> truth = new HashMap<>();
    for (int i = 0; i < labels.length; i++) {
      cells.merge(((long) labels[i] << 32) | (clusters[i] & 0xffffffffL), 1, Integer::sum);
      found.merge(clusters[i], 1, Integer::sum);
      truth.merge(labels[i], 1, Integer::sum);
    }
    double both = pairs(cells);
    double sum = pairs(found) + pairs(truth);
    return sum == 0 ? 0 : 2 * both / sum;
  }

  private static double pairs(Map<?, Integer> counts) {
    return counts.values().stream().mapToDouble(n -> n * (n - 1.0) / 2).sum();
  }
}
