package org.medoid.training.evaluation;

import java.util.Arrays;
import org.medoid.ops.clustering.Distance;

/**
 * The nearest of some points to each of some queries, and how far they are, exactly: in the order
 * of the distances of the values given, whatever their size and offset; equals by the lower row,
 * equal being what differs by less than 2^-84 of itself.
 *
 * <p>Cost: queries · points · d, by matrix products in float32 on all processors; what their
 * rounding leaves in doubt is compared in float64 and beyond. Memory: the rows twice more, and a
 * block of 24 MB for each processor.
 *
 * @param nearest for each query k rows, the nearest first
 * @param distances for each of these its distance; of Euclidean distance relative to within 1e-14
 */
public record Neighbours(int[][] nearest, double[][] distances) {
  /**
   * Finds the nearest others of every point.
   *
   * @param points finite values
   * @param k how many, 0 to rows - 1
   * @param distance how far two rows are
   * @return for each point k others
   * @throws IllegalArgumentException if there are not k others, or a row has a value that is not
   *     finite or is zero under cosine distance; names the row
   */
  public static Neighbours leaveOneOut(Embeddings points, int k, Distance distance) {
    return leaveOneOut(points, NeighbourSearch.range(points.rows()), k, distance);
  }

  /**
   * Finds the nearest others of some points.
   *
   * @param points finite values
   * @param queries rows of points
   * @param k how many, 0 to rows - 1
   * @param distance how far two rows are
   * @return for each of the queries k others
   * @throws IllegalArgumentException if there are not k others, or a row has a value that is not
   *     finite or is zero under cosine distance; names the row
   */
  public static Neighbours leaveOneOut(Embeddings points, int[] queries, int k, Distance distance) {
    check("embeddings", points, distance);
    checkCount(k, Math.max(0, points.rows() - 1), "others");
    int[][] nearest = new int[points.rows()][];
    NeighbourSearch.leaveOneOut(
        points,
        Arrays.stream(queries).distinct().toArray(),
        distance == Distance.COSINE,
        query -> k,
        (query, found, count) -> nearest[query] = Arrays.copyOf(found, count),
        done -> {});
    int[][] of = Arrays.stream(queries).mapToObj(query -> nearest[query]).toArray(int[][]::new);
    return new Neighbours(of, distances(points, queries, points, of, distance));
  }

  /**
   * Finds the nearest of a gallery to each query.
   *
   * @param queries finite values
   * @param gallery finite values, rows of the same width
   * @param k how many, 0 to the rows of the gallery
   * @param distance how far two rows are
   * @return for each query k rows of the gallery
   * @throws IllegalArgumentException if the gallery has not k rows or they are of another width, or
   *     a row has a value that is not finite or is zero under cosine distance; names the row
   */
  public static Neighbours inGallery(
      Embeddings queries, Embeddings gallery, int k, Distance distance) {
    check("queries", queries, distance);
    check("the gallery", gallery, distance);
    checkWidths(queries, gallery);
    checkCount(k, gallery.rows(), "rows of a gallery");
    int[][] nearest = new int[queries.rows()][];
    NeighbourSearch.inGallery(
        queries,
        gallery,
        distance == Distance.COSINE,
        query -> k,
        (query, found, count) -> nearest[query] = Arrays.copyOf(found, count),
        done -> {});
    int[] all = NeighbourSearch.range(queries.rows());
    return new Neighbours(nearest, distances(queries, all, gallery, nearest, distance));
  }

  private static double[][] distances(
      Embeddings x, int[] queries, Embeddings y, int[][] nearest, Distance distance) {
    boolean cosine = distance == Distance.COSINE;
    double factor = cosine ? 1 : Frame.taming(x, y);
    Embeddings a = cosine ? x.unit() : Frame.times(x, factor);
    Embeddings b = cosine ? y.unit() : Frame.times(y, factor);
    double[][] distances = new double[nearest.length][];
    for (int i = 0; i < nearest.length; i++) {
      distances[i] = new double[nearest[i].length];
      for (int j = 0; j < nearest[i].length; j++) {
        double squared =
            Differences.squared(a.values(), queries[i], b.values(), nearest[i][j], a.width());
        distances[i][j] =
            switch (distance) {
              case EUCLIDEAN -> Math.sqrt(squared) / factor;
              case SQUARED_EUCLIDEAN -> squared / factor / factor;
              case COSINE -> squared / 2;
            };
      }
    }
    return distances;
  }

  /** Refuses what cannot be searched, by its row. */
  static void check(String name, Embeddings x, Distance distance) {
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

  private static void checkCount(int k, int most, String of) {
    if (k < 0 || k > most) {
      throw new IllegalArgumentException("the %d nearest of %d %s".formatted(k, most, of));
    }
  }
}
