package org.medoid.training.evaluation;

import java.util.Arrays;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/**
 * The nearest of some points to each of some queries, exactly: candidates by {@link Blocks}, all
 * that its error leaves in doubt included, then ordered by their differences in double, equals by
 * index. So the order is right too among near-duplicates, which float32 products cannot tell apart.
 *
 * <p>Memory: beside {@link Blocks}, a copy of both sets of rows.
 */
final class Neighbours {
  private Neighbours() {}

  /** Takes the neighbours of a query. */
  @FunctionalInterface
  interface Use {
    /**
     * Takes them; called from several threads at once, once for each query.
     *
     * @param query the query
     * @param nearest points, the nearest first; more than asked for may follow
     * @param count how many were asked for
     */
    void accept(int query, int[] nearest, int count);
  }

  /**
   * Searches.
   *
   * @param queries rows of d finite values
   * @param points rows of d finite values; the same array to leave each query out of its own
   *     neighbours
   * @param d values of a row
   * @param counts how many neighbours a query is to get, at most as many as there are
   * @param use takes them
   * @param heard how many queries are done
   */
  static void search(
      float[] queries,
      float[] points,
      int d,
      IntUnaryOperator counts,
      Use use,
      Blocks.Heard heard) {
    boolean others = queries == points;
    double[] centre = Blocks.mean(points, d);
    double scale = Math.min(Blocks.scale(points, d, centre), Blocks.scale(queries, d, centre));
    float[] p = Blocks.centred(points, d, centre, scale);
    float[] q = others ? p : Blocks.centred(queries, d, centre, scale);
    int m = points.length / d;
    try (Blocks blocks = new Blocks(d)) {
      float slack = 2 * blocks.error();
      blocks.each(
          q,
          range(queries.length / d),
          p,
          range(m),
          () -> {
            Selection selection = new Selection();
            Order order = new Order();
            return (query, row) -> {
              if (others) {
                row[query] = Integer.MAX_VALUE;
              }
              int k = counts.applyAsInt(query);
              if (k > 0) {
                selection.least(row, m, k, slack);
                order.sort(queries, query, points, d, selection);
              }
              use.accept(query, order.nearest, k);
            };
          },
          heard);
    }
  }

  /** 0 to n - 1. */
  static int[] range(int n) {
    return IntStream.range(0, n).toArray();
  }

  /** Orders candidates by exact distance, equals by index. */
  private static final class Order {
    private double[] distance = new double[0];
    private double[] sorted;
    private int[] taken;
    private int[] nearest = new int[0];

    void sort(float[] queries, int query, float[] points, int d, Selection candidates) {
      int n = candidates.count();
      int[] found = candidates.found();
      if (distance.length < n) {
        distance = new double[2 * n];
        sorted = new double[2 * n];
        taken = new int[2 * n];
        nearest = new int[2 * n];
      }
      for (int i = 0; i < n; i++) {
        distance[i] = Blocks.squared(queries, query, points, found[i], d);
        sorted[i] = distance[i];
      }
      Arrays.sort(sorted, 0, n);
      Arrays.fill(taken, 0, n, 0);
      for (int i = 0; i < n; i++) { // found ascends, so equals come out by index
        int at = first(sorted, n, distance[i]);
        nearest[at + taken[at]++] = found[i];
      }
    }

    private static int first(double[] sorted, int n, double value) {
      int from = 0;
      int to = n;
      while (from < to) {
        int middle = (from + to) >>> 1;
        if (sorted[middle] < value) {
          from = middle + 1;
        } else {
          to = middle;
        }
      }
      return from;
    }
  }
}
