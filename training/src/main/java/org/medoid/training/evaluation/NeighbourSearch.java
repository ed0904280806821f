package org.medoid.training.evaluation;

import java.util.Arrays;
import java.util.function.IntUnaryOperator;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * The nearest of some points to each of some queries, exactly: candidates by {@link
 * DistanceBlocks}, all that its error leaves in doubt included, ordered by {@link NearestOrder}. So
 * the order is right too among near-duplicates, which float32 products cannot tell apart.
 *
 * <p>Cosine distance is the order of the rows scaled to length one.
 *
 * <p>The nearest others of all points are found together ({@link MutualSearch}), in half the time.
 *
 * <p>Memory: beside {@link DistanceBlocks} and {@link MutualSearch}, both sets of rows in float32,
 * and for cosine distance in float64 as well.
 */
final class NeighbourSearch {
  /**
   * Bytes that the candidates of all points may take for these to be searched together: for 101
   * neighbours, of 239,000 points.
   */
  private static final long MUTUAL = 512L << 20;

  /** Points whose candidates are ordered by one thread at a time. */
  private static final int TOGETHER = 256;

  private final Embeddings points;
  private final Embeddings queries;
  private final boolean others;
  private final boolean cosine;
  private final boolean exact;
  private final Frame frame;

  /** Of a gallery to queries, or, if others, of the other points to themselves. */
  private NeighbourSearch(Embeddings points, Embeddings queries, boolean others, boolean cosine) {
    this.others = others;
    this.cosine = cosine;
    double factor = cosine ? 1 : Frame.taming(points, queries);
    this.points = cosine ? points.unit() : Frame.times(points, factor);
    this.queries = others ? this.points : cosine ? queries.unit() : Frame.times(queries, factor);
    exact = !cosine && Differences.exact(points, queries);
    frame = Frame.around(this.points, this.queries);
  }

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
   * Searches the nearest others of some points.
   *
   * @param points finite values
   * @param queries which of them are queries; each is left out of its own neighbours
   * @param cosine order by the rows scaled to length one; no row may be zero
   * @param counts how many neighbours a query is to get, at most as many as there are others
   * @param use takes them
   * @param heard how many queries are done
   */
  static void leaveOneOut(
      Embeddings points,
      int[] queries,
      boolean cosine,
      IntUnaryOperator counts,
      Use use,
      DistanceBlocks.Heard heard) {
    new NeighbourSearch(points, points, true, cosine).run(queries, counts, use, heard);
  }

  /**
   * Searches the nearest of a gallery to each query.
   *
   * @param queries finite values
   * @param gallery finite values, rows of the same width
   * @param cosine order by the rows scaled to length one; no row may be zero
   * @param counts how many neighbours a query is to get, at most as many as the gallery has
   * @param use takes them
   * @param heard how many queries are done
   */
  static void inGallery(
      Embeddings queries,
      Embeddings gallery,
      boolean cosine,
      IntUnaryOperator counts,
      Use use,
      DistanceBlocks.Heard heard) {
    new NeighbourSearch(gallery, queries, false, cosine)
        .run(range(queries.rows()), counts, use, heard);
  }

  private void run(int[] of, IntUnaryOperator counts, Use use, DistanceBlocks.Heard heard) {
    int d = points.width();
    int m = points.rows();
    float[] p = frame.floats(points);
    float[] q = others ? p : frame.floats(queries);
    try (DistanceBlocks blocks = new DistanceBlocks(d)) {
      float slack = 2 * blocks.error();
      int[] wanted = Arrays.stream(of).map(counts).toArray();
      if (others
          && Arrays.equals(of, range(m))
          && MutualSearch.pays(wanted)
          && MutualSearch.bytes(wanted) <= Math.min(MUTUAL, Runtime.getRuntime().maxMemory() / 4)) {
        of = mutual(p, wanted, blocks, slack, use, heard);
        heard = done -> {};
      }
      Supplier<DistanceBlocks.Row> rows =
          () -> {
            Selection selection = new Selection();
            NearestOrder order = new NearestOrder(queries, points, cosine, exact);
            return (query, row) -> {
              if (others) {
                row[query] = Integer.MAX_VALUE;
              }
              int k = counts.applyAsInt(query);
              if (k > 0) {
                selection.least(row, m, k, slack);
                order.sort(query, selection, row, slack);
              }
              use.accept(query, order.nearest(), k);
            };
          };
      blocks.each(q, of, p, range(m), rows, heard);
    }
  }

  /** Searches all points together; gives those that must be searched on their own. */
  private int[] mutual(
      float[] p,
      int[] counts,
      DistanceBlocks blocks,
      float slack,
      Use use,
      DistanceBlocks.Heard heard) {
    MutualSearch search = new MutualSearch(p, counts, blocks, slack);
    search.run(heard);
    int n = counts.length;
    blocks.parallel(
        (n + TOGETHER - 1) / TOGETHER,
        () -> {
          NearestOrder order = new NearestOrder(queries, points, cosine, exact);
          return part -> {
            for (int q = part * TOGETHER; q < Math.min(n, (part + 1) * TOGETHER); q++) {
              if (search.isComplete(q)) {
                order.sort(q, search.candidates(q), slack);
                use.accept(q, order.nearest(), counts[q]);
              }
            }
          };
        });
    return IntStream.range(0, n).filter(q -> !search.isComplete(q)).toArray();
  }

  /** 0 to n - 1. */
  static int[] range(int n) {
    return IntStream.range(0, n).toArray();
  }
}
