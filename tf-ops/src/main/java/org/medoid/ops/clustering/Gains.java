package org.medoid.ops.clustering;

/**
 * What the facility score would gain if a point became one more medoid, for every point: gain_j =
 * Σ_i max(0, near_i - d_ij), near_i being the distance of point i to its medoid.
 *
 * <p>When near_i changes, gain_j changes by max(0, after - d_ij) - max(0, before - d_ij): a pass
 * over row i, vectorised. Kept gains carry rounding, see {@link #scoreError}: they narrow a choice,
 * they never make one.
 *
 * <p>Cost: O(m²) to begin with, O(m) a change. Memory: 8m bytes.
 */
final class Gains {
  /** Columns that are worked on together: two kinds of sums of so many are 16 KiB. */
  private static final int BLOCK = 1024;

  /** So many columns take the time of one look at a distance. */
  private static final int SIDE_BY_SIDE = 4;

  private final int m;
  private final double[] distances;

  /** Twice the gains: 2 max(0, v) = v + |v| to the last bit, for half the time of a maximum. */
  private final double[] twice;

  private final double largestSum;
  private long updates;

  /**
   * Computes the gains.
   *
   * @param distances of all points, m·m
   * @param near the distance of each point to its medoid; a value below 0 counts as 0
   */
  Gains(double[] distances, double[] near) {
    this.distances = distances;
    m = near.length;
    twice = new double[m];
    largestSum = m * largest(distances, m);
    for (int i = 0; i < m; i++) {
      add(twice, distances, i * m, near[i]);
    }
    updates = m;
  }

  private static double largest(double[] distances, int m) {
    double[] ofColumn = new double[m];
    for (int row = 0; row < distances.length; row += m) {
      raise(ofColumn, distances, row);
    }
    double largest = 0;
    for (double each : ofColumn) {
      largest = Math.max(largest, each);
    }
    return largest;
  }

  private static void raise(double[] largest, double[] distances, int row) {
    for (int j = 0; j < largest.length; j++) {
      largest[j] = Math.max(largest[j], distances[row + j]);
    }
  }

  private static void add(double[] twice, double[] distances, int row, double near) {
    for (int j = 0; j < twice.length; j++) {
      double v = near - distances[row + j];
      twice[j] += v + Math.abs(v);
    }
  }

  private static void move(
      double[] twice, double[] distances, int row, int from, int to, double before, double after) {
    for (int j = from; j < to; j++) {
      double was = before - distances[row + j];
      double is = after - distances[row + j];
      twice[j] -= (was + Math.abs(was)) - (is + Math.abs(is));
    }
  }

  private static void take(
      double[] twice,
      double[] hit,
      double[] distances,
      int row,
      int from,
      int to,
      double before,
      double after) {
    for (int j = from; j < to; j++) {
      double was = before - distances[row + j];
      double is = after - distances[row + j];
      double lost = was + Math.abs(was);
      twice[j] -= lost - (is + Math.abs(is));
      hit[j] += lost;
    }
  }

  /** The gain of point j. */
  double of(int j) {
    return 0.5 * twice[j];
  }

  /** Takes note that point i has another distance to its medoid. */
  void move(int i, double before, double after) {
    move(twice, distances, i * m, 0, m, before, after);
    updates++;
  }

  /**
   * Takes note that some points have come nearer to a medoid.
   *
   * @param points the first so many of them
   * @param before for each of these the distance that it had
   * @param near for each point the distance that it has
   * @param hit becomes positive for each point that is nearer to one of them than the medoid was
   *     before; null if nobody asks
   */
  void take(int[] points, int count, double[] before, double[] near, double[] hit) {
    Workers.share(
        (long) count * m / SIDE_BY_SIDE,
        Workers.parts(m),
        (part, parts) -> {
          // Blocks of columns, so that sums stay in the first cache.
          for (int from = part * BLOCK; from < m; from += parts * BLOCK) {
            int to = Math.min(m, from + BLOCK);
            for (int n = 0; n < count; n++) {
              int i = points[n];
              if (hit == null) {
                move(twice, distances, i * m, from, to, before[n], near[i]);
              } else {
                take(twice, hit, distances, i * m, from, to, before[n], near[i]);
              }
            }
          }
        });
    updates += count;
  }

  /**
   * The largest error of a score A = F + γΔ that is built from a gain and up to 4m distances.
   *
   * @param gamma γ
   */
  double scoreError(double gamma) {
    // No partial sum exceeds m times the largest distance: each addition rounds by an ulp of that,
    // the last ones by an ulp of the score.
    return 2 * (updates + 4L * m) * Math.ulp(largestSum) + 4 * Math.ulp(largestSum + gamma);
  }
}
