package org.medoid.training.evaluation;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.medoid.ops.clustering.Agreement;
import org.medoid.ops.clustering.Distance;
import org.medoid.ops.clustering.Margin;

/**
 * Scores embeddings against classes, by clusters and by retrieval.
 *
 * <p><b>Clusters</b> are those of k-means with as many clusters as the queries have classes. NMI
 * has the geometric mean of the entropies, AMI their arithmetic mean; F1 is that of the pairs of
 * points that share a cluster against the pairs that share a class, NaN if there is no pair of
 * either kind. AMI and ARI are below 0 where clusters and classes agree less than by chance.
 *
 * <p><b>Retrieval</b> ranks the gallery for each query; without a gallery of its own, each point is
 * a query to all others (leave one out). R is the number of the query's class that the gallery
 * holds, the query itself not counted. Recall@K is the share of queries with one of their class
 * among the K nearest, R-precision the mean share of their class among the R nearest, MAP@R the
 * mean over queries of 1/R Σ precision@i over the hits i ≤ R (Musgrave, Belongie, Lim, "A Metric
 * Learning Reality Check", ECCV 2020). The same as pytorch-metric-learning's AccuracyCalculator.
 *
 * <h2>Edge cases</h2>
 *
 * <ul>
 *   <li>A query without any of its class to find (R = 0, such as one alone in its class) counts in
 *       no retrieval score; if no query has any, these scores are NaN. It does count in the
 *       clusters.
 *   <li>Equal distances: the lower index is the nearer. Duplicates of a query are its neighbours at
 *       distance 0; only the query itself is left out.
 *   <li>K beyond the gallery: the whole gallery counts.
 *   <li>Fewer distinct points than classes: some clusters stay empty.
 *   <li>A value that is not finite is refused, the row named; with cosine distance also a row of
 *       zeros.
 * </ul>
 *
 * <h2>Precision</h2>
 *
 * Values are taken in float64. Float32 matrix products only choose candidates, near the middle of
 * the points; whatever their rounding leaves in doubt is compared by differences in double, and
 * near ties in twice its digits. So the order is right among near-duplicates too, and the scores do
 * not depend on where the origin lies or how large the values are. For cosine distance the rows are
 * scaled to length one, in double.
 *
 * <h2>Performance</h2>
 *
 * Time grows with queries times gallery, memory with their sum: no matrix of all distances is ever
 * held (see {@link Neighbours}): 30 bytes a value.
 */
public final class Evaluator {
  private Evaluator() {}

  /**
   * How to evaluate.
   *
   * @param recallAt the K of Recall@K, ascending in the result
   * @param distance squared Euclidean gives the same order as Euclidean
   * @param iterations of k-means at most; 0: no clusters, their scores are NaN
   * @param restarts of k-means; the clusters with the least inertia count
   * @param seed of k-means
   */
  public record Options(
      List<Integer> recallAt, Distance distance, int iterations, int restarts, long seed) {
    /**
     * Checks the values.
     *
     * @param recallAt the K of Recall@K, ascending in the result
     * @param distance squared Euclidean gives the same order as Euclidean
     * @param iterations of k-means at most; 0: no clusters, their scores are NaN
     * @param restarts of k-means; the clusters with the least inertia count
     * @param seed of k-means
     * @throws IllegalArgumentException if there is no K, one is less than 1, there are less than 0
     *     iterations, or no start
     */
    public Options {
      Objects.requireNonNull(distance, "distance");
      recallAt = recallAt.stream().distinct().sorted().toList();
      if (recallAt.isEmpty() || recallAt.get(0) < 1) {
        throw new IllegalArgumentException(
            "Recall@K for K of " + recallAt + ": every K must be 1 or more");
      }
      if (iterations < 0) {
        throw new IllegalArgumentException(
            iterations + " iterations of k-means: must be 0 or more");
      }
      if (restarts < 1) {
        throw new IllegalArgumentException(restarts + " starts of k-means: must be 1 or more");
      }
    }

    boolean cosine() {
      return distance == Distance.COSINE;
    }

    /**
     * Recall@1, 2, 4 and 8, Euclidean, at most 100 iterations of k-means from one start, seed 0.
     *
     * @return the defaults
     */
    public static Options defaults() {
      return new Options(List.of(1, 2, 4, 8), Distance.EUCLIDEAN, 100, 1, 0);
    }

    /**
     * These options with another value.
     *
     * @param recallAt the K of Recall@K
     * @return new options
     */
    public Options withRecallAt(List<Integer> recallAt) {
      return new Options(recallAt, distance, iterations, restarts, seed);
    }

    /**
     * These options with another value.
     *
     * @param distance how far two embeddings are
     * @return new options
     */
    public Options withDistance(Distance distance) {
      return new Options(recallAt, distance, iterations, restarts, seed);
    }

    /**
     * These options with another value.
     *
     * @param iterations of k-means at most, 0 for none
     * @return new options
     */
    public Options withIterations(int iterations) {
      return new Options(recallAt, distance, iterations, restarts, seed);
    }

    /**
     * These options with another value.
     *
     * @param restarts of k-means
     * @return new options
     */
    public Options withRestarts(int restarts) {
      return new Options(recallAt, distance, iterations, restarts, seed);
    }

    /**
     * These options with another value.
     *
     * @param seed of k-means
     * @return new options
     */
    public Options withSeed(long seed) {
      return new Options(recallAt, distance, iterations, restarts, seed);
    }
  }

  /**
   * Scores embeddings, leave one out, with the default options.
   *
   * @param embeddings n·d finite values, row-major
   * @param labels the class of each of the n points, at least 2, any values
   * @return the scores
   * @throws IllegalArgumentException if the sizes do not fit or a value is not finite; names the
   *     row
   */
  public static EvaluationResult evaluate(float[] embeddings, int[] labels) {
    return evaluate(Embeddings.of(embeddings, labels.length), labels, Options.defaults());
  }

  /**
   * Scores embeddings, leave one out.
   *
   * @param embeddings at least 2 rows of finite values
   * @param labels the class of each row, any values
   * @param options how
   * @return the scores
   * @throws IllegalArgumentException if the sizes do not fit, a value is not finite, or a row is
   *     zero under cosine distance; names the row
   */
  public static EvaluationResult evaluate(Embeddings embeddings, int[] labels, Options options) {
    return leaveOneOut(embeddings, labels, options, TaskProgress.NONE).scores();
  }

  /**
   * Scores embeddings, each row being a query to all others.
   *
   * @param embeddings at least 2 rows of finite values
   * @param labels the class of each row, any values
   * @param options how
   * @param progress hears how far it is
   * @return the scores, in total and by class, and the clusters
   * @throws IllegalArgumentException if the sizes do not fit, a value is not finite, or a row is
   *     zero under cosine distance; names the row
   */
  public static Evaluation leaveOneOut(
      Embeddings embeddings, int[] labels, Options options, TaskProgress progress) {
    check("embeddings", embeddings, labels, 2, options);
    return evaluation(
        embeddings,
        labels,
        options,
        progress,
        () ->
            RetrievalScores.leaveOneOut(
                embeddings, labels, options.cosine(), options.recallAt(), progress));
  }

  /**
   * Scores queries against a gallery, of which nothing is left out.
   *
   * @param queries at least one row of finite values
   * @param labels the class of each query, any values
   * @param gallery at least one row of finite values, as many as a query has
   * @param galleryLabels the class of each row of the gallery
   * @param options how
   * @param progress hears how far it is
   * @return the scores, in total and by class, and the clusters of the queries
   * @throws IllegalArgumentException if the sizes do not fit, a value is not finite, or a row is
   *     zero under cosine distance; names the row
   */
  public static Evaluation inGallery(
      Embeddings queries,
      int[] labels,
      Embeddings gallery,
      int[] galleryLabels,
      Options options,
      TaskProgress progress) {
    check("queries", queries, labels, 1, options);
    check("the gallery", gallery, galleryLabels, 1, options);
    Neighbours.checkWidths(queries, gallery);
    return evaluation(
        queries,
        labels,
        options,
        progress,
        () ->
            RetrievalScores.inGallery(
                queries,
                labels,
                gallery,
                galleryLabels,
                options.cosine(),
                options.recallAt(),
                progress));
  }

  /**
   * Says why scores would tell nothing of the embeddings, whatever they are.
   *
   * @param labels the class of each query
   * @param gallery the class of each row that is searched; null if these are the other queries
   * @return one line, or nothing where scores mean something
   */
  public static Optional<String> caution(int[] labels, int[] gallery) {
    Set<Integer> classes = sizes(labels).keySet();
    if (classes.size() == 1) {
      boolean found = gallery == null || sizes(gallery).keySet().equals(classes);
      return Optional.of(
          "all are of one class: %s 1 whatever the embeddings are; give two classes or more"
              .formatted(found ? "every score is" : "NMI and the like are"));
    }
    if (classes.size() == labels.length) {
      return Optional.of(
          "no two are of one class: NMI and the like are 1 whatever the embeddings are"
              + (gallery == null ? ", and there is nothing to find" : ""));
    }
    return Optional.empty();
  }

  private static Evaluation evaluation(
      Embeddings queries,
      int[] labels,
      Options options,
      TaskProgress progress,
      Supplier<RetrievalScores> search) {
    Map<String, Double> seconds = new LinkedHashMap<>();
    long start = System.nanoTime();
    RetrievalScores retrieval = search.get();
    long middle = System.nanoTime();
    seconds.put("retrieval", (middle - start) / 1e9);
    KMeans clusters = null;
    if (options.iterations() > 0) {
      clusters =
          KMeans.fit(
              options.cosine() ? queries.unit() : queries,
              sizes(labels).size(),
              options.iterations(),
              options.restarts(),
              options.seed(),
              progress);
      seconds.put("kmeans", (System.nanoTime() - middle) / 1e9);
    }
    int[] found = clusters == null ? null : clusters.assignments();
    ClassScores total = retrieval.total();
    EvaluationResult scores =
        new EvaluationResult(
            agreement(Margin.NMI, labels, found),
            agreement(Margin.AMI, labels, found),
            agreement(Margin.ARI, labels, found),
            agreement(Margin.V_MEASURE, labels, found),
            found == null ? Double.NaN : pairF1(labels, found),
            total.recallAt(),
            total.precisionAt1(),
            total.rPrecision(),
            total.mapAtR(),
            seconds);
    return new Evaluation(
        scores,
        labels.length,
        retrieval.withoutMatch(),
        clusters == null ? Double.NaN : clusters.inertia(),
        clusters == null ? 0 : clusters.iterations(),
        retrieval.classes(),
        found);
  }

  private static double agreement(Margin measure, int[] labels, int[] clusters) {
    return clusters == null ? Double.NaN : Agreement.score(measure, labels, clusters);
  }

  private static void check(String name, Embeddings x, int[] labels, int least, Options options) {
    if (x.rows() < least || labels.length != x.rows()) {
      throw new IllegalArgumentException(
          "%s: %d rows with %d labels: needs %d rows or more and a label for each"
              .formatted(name, x.rows(), labels.length, least));
    }
    Neighbours.check(name, x, options.distance());
  }

  /** How many points each class has. */
  static Map<Integer, Integer> sizes(int[] labels) {
    Map<Integer, Integer> sizes = new HashMap<>();
    for (int label : labels) {
      sizes.merge(label, 1, Integer::sum);
    }
    return sizes;
  }

  private static double pairF1(int[] labels, int[] clusters) {
    Map<Long, Integer> cells = new HashMap<>();
    for (int i = 0; i < labels.length; i++) {
      cells.merge(((long) labels[i] << 32) | (clusters[i] & 0xffffffffL), 1, Integer::sum);
    }
    double both = pairs(cells);
    double sum = pairs(sizes(clusters)) + pairs(sizes(labels));
    return sum == 0 ? Double.NaN : 2 * both / sum;
  }

  private static double pairs(Map<?, Integer> counts) {
    return counts.values().stream().mapToDouble(n -> n * (n - 1.0) / 2).sum();
  }
}
