package org.medoid.training.evaluation;

import java.util.Arrays;
import java.util.Comparator;

/**
 * Orders candidates by distance, equals by index. Only those that the block's distances leave in
 * doubt are compared by differences in double (3 % of the time for 101 of 60,502, all were 10 %),
 * and only those that these leave in doubt in twice the digits: so points that are equally far are
 * equals in whatever order their squares are summed. Not for several threads at once.
 */
final class NearestOrder {
  /** Of two rows of length one, off by two units in the last place, that have one direction. */
  private static final double ONE_DIRECTION = 0x1p-100;

  private static final Comparator<Exact> BY_DISTANCE =
      Comparator.comparingDouble(Exact::distance).thenComparingInt(Exact::index);
  private static final Comparator<Exact> BY_INDEX = Comparator.comparingInt(Exact::index);

  private final Embeddings queries;
  private final Embeddings points;
  private final double zero;
  private final boolean exact;

  /** The bits of a candidate's distance, not below 0, and below them its index. */
  private long[] keys = new long[0];

  private int[] nearest = new int[0];
  private Exact[] doubtful = new Exact[0];
  private Wider[] wider = new Wider[0];

  /**
   * Prepares.
   *
   * @param queries where the queries are
   * @param points where the candidates are
   * @param unit whether these are rows scaled to length one
   * @param exact whether distances by differences in double are exact
   */
  NearestOrder(Embeddings queries, Embeddings points, boolean unit, boolean exact) {
    this.queries = queries;
    this.points = points;
    zero = unit ? ONE_DIRECTION : 0;
    this.exact = exact;
  }

  /** What was ordered last, the nearest first. */
  int[] nearest() {
    return nearest;
  }

  /**
   * Orders.
   *
   * @param query the query
   * @param candidates the candidates
   * @param row bits of their distances in a frame
   * @param slack how far apart these must be to be in order
   */
  void sort(int query, Selection candidates, int[] row, float slack) {
    int n = candidates.count();
    room(n);
    for (int i = 0; i < n; i++) {
      int found = candidates.found()[i];
      keys[i] = (long) Math.max(0, row[found]) << 32 | found;
    }
    sort(query, n, slack);
  }

  /**
   * Orders.
   *
   * @param query the query
   * @param candidates bits of their distances in a frame, not below 0, above their indices
   * @param slack how far apart these must be to be in order
   */
  void sort(int query, long[] candidates, float slack) {
    room(candidates.length);
    System.arraycopy(candidates, 0, keys, 0, candidates.length);
    sort(query, candidates.length, slack);
  }

  private void room(int n) {
    if (keys.length < n) {
      keys = new long[2 * n];
      nearest = new int[2 * n];
    }
  }

  private void sort(int query, int n, float slack) {
    Arrays.sort(keys, 0, n);
    for (int i = 0; i < n; i++) {
      nearest[i] = (int) keys[i];
    }
    for (int from = 0, to; from < n; from = to) {
      for (to = from + 1; to < n && value(to) - value(to - 1) <= slack; to++) {}
      if (to > from + 1) {
        settle(query, from, to);
      }
    }
  }

  private float value(int i) {
    return Float.intBitsToFloat((int) (keys[i] >>> 32));
  }

  private void settle(int query, int from, int to) {
    int count = to - from;
    if (doubtful.length < count) {
      doubtful = new Exact[2 * count];
    }
    for (int i = 0; i < count; i++) {
      int other = nearest[from + i];
      double distance =
          Differences.squared(queries.values(), query, points.values(), other, points.width());
      doubtful[i] = new Exact(distance <= zero ? 0 : distance, other);
    }
    Arrays.sort(doubtful, 0, count, BY_DISTANCE);
    if (!exact) {
      for (int i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && tied(doubtful[end - 1], doubtful[end]); end++) {}
        if (end > i + 1 && doubtful[end - 1].distance > 0) {
          widen(query, i, end);
        }
      }
    }
    for (int i = 0; i < count; i++) {
      nearest[from + i] = doubtful[i].index;
    }
  }

  private static boolean tied(Exact a, Exact b) {
    return b.distance - a.distance <= Differences.ROUNDING * b.distance;
  }

  private void widen(int query, int from, int to) {
    int count = to - from;
    if (wider.length < count) {
      wider = new Wider[2 * count];
    }
    for (int i = 0; i < count; i++) {
      Exact each = doubtful[from + i];
      wider[i] =
          new Wider(
              Differences.wide(
                  queries.values(), query, points.values(), each.index, points.width()),
              each);
    }
    Arrays.sort(wider, 0, count, Comparator.comparing(Wider::distance));
    for (int i = 0; i < count; i++) {
      doubtful[from + i] = wider[i].of;
    }
    for (int i = 0, end; i < count; i = end) {
      for (end = i + 1; end < count && tied(wider[end - 1], wider[end]); end++) {}
      Arrays.sort(doubtful, from + i, from + end, BY_INDEX);
    }
  }

  private static boolean tied(Wider a, Wider b) {
    return a.distance.to(b.distance) <= Differences.WIDE_ROUNDING * b.distance.high();
  }

  private record Exact(double distance, int index) {}

  private record Wider(Differences.Wide distance, Exact of) {}
}
