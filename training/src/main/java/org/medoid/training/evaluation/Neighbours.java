package org.medoid.training.evaluation;

import java.util.Arrays;
import java.util.Objects;
import org.medoid.ops.clustering.Distance;

/**
 * Finds the nearest of some points to each of some queries, exactly: in the order of the distances
 * of the values given, whatever their size and offset; equals by the lower row, equal being what
 * differs by less than 2^-84 of itself.
 *
 * <p>Cost: queries · points · d, by matrix products in float32 on all processors; what their
 * rounding leaves in doubt is compared in float64 and beyond. Memory: the rows twice more, and a
 * block of 24 MB for each processor.
 */
public final class Neighbours {
  private Neighbours() {}

  /**
   * Finds the nearest others of every point.
   *
   * @param points finite values
   * @param k how many, 0 to rows - 1
   * @param distance how far two rows are
   * @return for each point k others, the nearest first
   * @throws IllegalArgumentException if there are not k others, or a row has a value that is not
   *     finite or is zero under cosine distance; names the row
   * @throws NullPointerException if the distance is null
   */
  public static int[][] leaveOneOut(Embeddings points, int k, Distance distance) {
    return leaveOneOut(points, NeighbourSearch.range(points.rows()), k, distance);
  }

  /**
   * Finds the nearest others of some points.
   *
   * @param points finite values
   * @param queries rows of points
   * @param k how many, 0 to rows - 1
   * @param distance how far two rows are
   * @return for each of the queries k others, the nearest first
   * @throws IllegalArgumentException if there are not k others, a query is no row, or a row has a
   *     value that is not finite or is zero under cosine distance; names the row
   * @throws NullPointerException if the distance is null
   */
  public static int[][] leaveOneOut(Embeddings points, int[] queries, int k, Distance distance) {
    check("embeddings", points, distance);
    int most = Math.max(0, points.rows() - 1);
    if (k < 0 || k > most) {
      throw new IllegalArgumentException("the %d nearest of %d others".formatted(k, most));
    }
    for (int query : queries) {
      if (query < 0 || query >= points.rows()) {
        throw new IllegalArgumentException(
            "query %d is none of the %d rows".formatted(query, points.rows()));
      }
    }
    int[][] nearest = new int[points.rows()][];
    NeighbourSearch.leaveOneOut(
        points,
        Arrays.stream(queries).distinct().toArray(),
        distance == Distance.COSINE,
        query -> k,
        (query, found, count) -> nearest[query] = Arrays.copyOf(found, count),
        done -> {});
    return Arrays.stream(queries).mapToObj(query -> nearest[query]).toArray(int[][]::new);
  }

  /** Refuses what cannot be searched, by its row. */
  static void check(String name, Embeddings x, Distance distance) {
    Objects.requireNonNull(distance, "distance");
    x.requireFinite(name);
    if (distance == Distance.COSINE) {
      x.requireDirections(name);
    }
  }

  /** Refuses queries of another width than the gallery. */
  static void checkWidths(Embeddings queries, Embeddings gallery) {
    if (queries.width() != gallery.width()) {
      throw new IllegalArgumentException(
          "queries of %d values cannot be compared with a gallery of %d"
              .formatted(queries.width(), gallery.width()));
    }
  }
}
