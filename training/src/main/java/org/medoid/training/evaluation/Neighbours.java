package org.medoid.training.evaluation;

import java.util.Arrays;
import java.util.function.IntToDoubleFunction;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/**
 * The nearest of some points to each of some queries, exactly: candidates by {@link Blocks}, all
 * that its error leaves in doubt included, and ordered by their differences in double where it
 * leaves the order in doubt, equals by index. So the order is right too among near-duplicates,
 * which float32 products cannot tell apart.
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
   * @param cosine order by the rows scaled to length one; no row may be zero
   * @param counts how many neighbours a query is to get, at most as many as there are
   * @param use takes them
   * @param heard how many queries are done
   */
  static void search(
      float[] queries,
      float[] points,
      int d,
      boolean cosine,
      IntUnaryOperator counts,
      Use use,
      Blocks.Heard heard) {
    boolean others = queries == points;
    double[] pointLengths = cosine ? lengths(points, d) : null;
    double[] queryLengths = cosine && !others ? lengths(queries, d) : pointLengths;
    float[] p = cosine ? unit(points, pointLengths, d) : points;
    float[] q = others ? p : cosine ? unit(queries, queryLengths, d) : queries;
    double[] centre = Blocks.mean(p, d);
    double scale = Math.min(Blocks.scale(p, d, centre), Blocks.scale(q, d, centre));
    p = Blocks.centred(p, d, centre, scale);
    q = others ? p : Blocks.centred(q, d, centre, scale);
    int m = points.length / d;
    try (Blocks blocks = new Blocks(d)) {
      // Rounded to float32, rows of length one are off by 2^-24 each, and so is their distance by
      // 2^-23, its square by no more than 2^-21 before the scaling.
      float slack = 2 * (blocks.error() + (cosine ? (float) (scale * scale * 0x1p-21) : 0));
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
                order.sort(
                    other ->
                        cosine
                            ? turned(
                                queries,
                                query,
                                queryLengths[query],
                                points,
                                other,
                                pointLengths[other],
                                d)
                            : Blocks.squared(queries, query, points, other, d),
                    selection,
                    row,
                    slack);
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

  /** The Euclidean lengths of rows. */
  static double[] lengths(float[] x, int d) {
    double[] lengths = new double[x.length / d];
    for (int i = 0; i < x.length; i++) {
      lengths[i / d] += (double) x[i] * x[i];
    }
    return Arrays.stream(lengths).map(Math::sqrt).toArray();
  }

  /** Rows scaled to length one. */
  static float[] unit(float[] x, double[] lengths, int d) {
    float[] unit = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      unit[i] = (float) (x[i] / lengths[i / d]);
    }
    return unit;
  }

  /** The squared distance of two rows scaled to length one: twice their cosine distance. */
  private static double turned(
      float[] a, int row, double length, float[] b, int other, double otherLength, int d) {
    double sum = 0;
    for (int j = 0; j < d; j++) {
      double t = a[row * d + j] / length - b[other * d + j] / otherLength;
      sum += t * t;
    }
    return sum;
  }

  /**
   * Orders candidates by exact distance, equals by index. Only those that the block's distances
   * leave in doubt are compared exactly: 3 % of the time for 101 of 60,502, all were 10 %.
   */
  private static final class Order {
    /** The bits of a candidate's distance, not below 0, and below them its index. */
    private long[] keys = new long[0];

    private int[] nearest = new int[0];
    private Exact[] doubtful = new Exact[0];

    void sort(IntToDoubleFunction distances, Selection candidates, int[] row, float slack) {
      int n = candidates.count();
      if (keys.length < n) {
        keys = new long[2 * n];
        nearest = new int[2 * n];
      }
      for (int i = 0; i < n; i++) {
        int found = candidates.found()[i];
        keys[i] = (long) Math.max(0, row[found]) << 32 | found;
      }
      Arrays.sort(keys, 0, n);
      for (int i = 0; i < n; i++) {
        nearest[i] = (int) keys[i];
      }
      for (int from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && value(to) - value(to - 1) <= slack; to++) {}
        if (to > from + 1) {
          settle(distances, from, to);
        }
      }
    }

    private float value(int i) {
      return Float.intBitsToFloat((int) (keys[i] >>> 32));
    }

    private void settle(IntToDoubleFunction distances, int from, int to) {
      if (doubtful.length < to - from) {
        doubtful = new Exact[2 * (to - from)];
      }
      for (int i = from; i < to; i++) {
        doubtful[i - from] = new Exact(distances.applyAsDouble(nearest[i]), nearest[i]);
      }
      Arrays.sort(doubtful, 0, to - from);
      for (int i = from; i < to; i++) {
        nearest[i] = doubtful[i - from].index();
      }
    }
  }

  private record Exact(double distance, int index) implements Comparable<Exact> {
    @Override
    public int compareTo(Exact other) {
      int order = Double.compare(distance, other.distance);
      return order != 0 ? order : Integer.compare(index, other.index);
    }
  }
}
