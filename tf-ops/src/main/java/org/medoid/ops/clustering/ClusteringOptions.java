package org.medoid.ops.clustering;

import java.util.Objects;

/**
 * How {@link StructuredClustering} works.
 *
 * @param margin the agreement measure of the structured margin
 * @param localSearch what follows the start
 * @param distance the distance between embeddings
 * @param maxSweeps at most so many sweeps of the local search, not negative
 * @param start how the first medoids are chosen
 * @param seed of a random start
 */
public record ClusteringOptions(
    Margin margin,
    LocalSearch localSearch,
    Distance distance,
    int maxSweeps,
    Start start,
    long seed) {
  /**
   * Checks the values.
   *
   * @param margin the agreement measure of the structured margin
   * @param localSearch what follows the start
   * @param distance the distance between embeddings
   * @param maxSweeps at most so many sweeps of the local search, not negative
   * @param start how the first medoids are chosen
   * @param seed of a random start
   * @throws IllegalArgumentException if maxSweeps is negative
   */
  public ClusteringOptions {
    Objects.requireNonNull(margin, "margin");
    Objects.requireNonNull(localSearch, "localSearch");
    Objects.requireNonNull(distance, "distance");
    Objects.requireNonNull(start, "start");
    if (maxSweeps < 0) {
      throw new IllegalArgumentException("max sweeps must not be negative: " + maxSweeps);
    }
  }

  /**
   * The paper's settings: NMI, Euclidean distance, greedy start, up to five sweeps of exact search.
   *
   * @return the defaults
   */
  public static ClusteringOptions defaults() {
    return new ClusteringOptions(
        Margin.NMI, LocalSearch.EXACT, Distance.EUCLIDEAN, 5, Start.GREEDY, 0);
  }

  /**
   * These options with another margin.
   *
   * @param margin the agreement measure
   * @return new options
   */
  public ClusteringOptions withMargin(Margin margin) {
    return new ClusteringOptions(margin, localSearch, distance, maxSweeps, start, seed);
  }

  /**
   * These options with another local search.
   *
   * @param localSearch what follows the start
   * @return new options
   */
  public ClusteringOptions withLocalSearch(LocalSearch localSearch) {
    return new ClusteringOptions(margin, localSearch, distance, maxSweeps, start, seed);
  }

  /**
   * These options with another distance.
   *
   * @param distance the distance between embeddings
   * @return new options
   */
  public ClusteringOptions withDistance(Distance distance) {
    return new ClusteringOptions(margin, localSearch, distance, maxSweeps, start, seed);
  }

  /**
   * These options with another number of sweeps.
   *
   * @param maxSweeps not negative
   * @return new options
   */
  public ClusteringOptions withMaxSweeps(int maxSweeps) {
    return new ClusteringOptions(margin, localSearch, distance, maxSweeps, start, seed);
  }

  /**
   * These options with a random start.
   *
   * @param seed of the start
   * @return new options
   */
  public ClusteringOptions withRandomStart(long seed) {
    return new ClusteringOptions(margin, localSearch, distance, maxSweeps, Start.RANDOM, seed);
  }
}
