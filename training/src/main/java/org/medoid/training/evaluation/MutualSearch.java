package org.medoid.training.evaluation;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.ndarray.buffer.IntDataBuffer;
import org.tensorflow.types.TFloat32;

/**
 * The candidates for the nearest others of all points at once. A distance is that of two points to
 * each other, so each pair of blocks of points is multiplied once, and each of its distances is
 * looked at once, for both: half the time of a search for each point on its own.
 *
 * <p>What is looked for lies below a bound of each point's own: at first one guessed from its
 * distances to a sample, then, whenever so many were found that its room is full, the k-th least of
 * these. Points whose guess was too low, or of which too many are equally near, must be searched on
 * their own ({@link #isComplete}).
 *
 * <p>Memory: {@link #bytes}, and a block of 9 MB for each processor.
 */
final class MutualSearch {
  /** Points of a block: two products of 9 MB, for two processors, stay in a cache of 32 MB. */
  private static final int SIDE = 1536;

  /** Pieces that a row is folded in, so that few marks need to be looked at. */
  private static final int PIECES = 16;

  /** Room for candidates of a point beyond twice as many as are wanted. */
  private static final int ROOM = 64;

  private final float[] points;
  private final int[] all;
  private final int[] counts;
  private final DistanceBlocks blocks;
  private final float slack;
  private final int sides;
  private final Object[] locks;

  /** Bits of what a candidate is at most, for each point; 0 once it has too many. */
  private final int[] bounds;

  /** The candidates of a point: bits of the distance, not below 0, and below them the index. */
  private final long[][] kept;

  private final int[] sizes;

  /**
   * Prepares.
   *
   * @param points rows of length at most 1
   * @param counts how many neighbours each is to get
   * @param blocks what multiplies
   * @param slack how far apart two of its distances are that are in order for certain
   */
  MutualSearch(float[] points, int[] counts, DistanceBlocks blocks, float slack) {
    this.points = points;
    this.counts = counts;
    this.blocks = blocks;
    this.slack = slack;
    int n = counts.length;
    all = NeighbourSearch.range(n);
    sides = (n + SIDE - 1) / SIDE;
    locks = IntStream.range(0, sides).mapToObj(side -> new Object()).toArray();
    bounds = new int[n];
    kept = new long[n][];
    sizes = new int[n];
  }

  /** What the candidates take, for so many neighbours of each point. */
  static long bytes(int[] counts) {
    return Arrays.stream(counts).mapToLong(k -> 8L * (2L * k + ROOM) + 24).sum();
  }

  /** Whether a sample says enough of where the nearest of each point lie. */
  static boolean pays(int[] counts) {
    int n = counts.length;
    return n >= 2 * Selection.SAMPLE
        && Arrays.stream(counts).max().orElse(0) <= n / 16; // more are half a row of candidates
  }

  /** Collects the candidates; {@code heard} is told of points, all of them when it is done. */
  void run(DistanceBlocks.Heard heard) {
    TFloat32[] rows = new TFloat32[sides];
    TFloat32[] columns = new TFloat32[sides];
    try {
      for (int s = 0; s < sides; s++) {
        int[] side = Arrays.copyOfRange(all, s * SIDE, Math.min(all.length, (s + 1) * SIDE));
        rows[s] = blocks.rows(points, side, 0, side.length);
        columns[s] = blocks.columns(points, side);
      }
      guess(rows);
      int pairs = sides * (sides + 1) / 2;
      AtomicInteger done = new AtomicInteger();
      blocks.parallel(
          pairs,
          () -> {
            Pair pair = new Pair();
            return task -> {
              // Of the pairs a <= b in order: 0 0, 0 1, 1 1, 0 2, ...
              int b = (int) ((Math.sqrt(8.0 * task + 1) - 1) / 2);
              int a = task - b * (b + 1) / 2;
              pair.look(a, b, rows[a], columns[b]);
              heard.done((int) ((long) all.length * done.incrementAndGet() / pairs));
            };
          });
    } finally {
      for (int s = 0; s < sides; s++) {
        close(rows[s]);
        close(columns[s]);
      }
    }
  }

  private static void close(TFloat32 tensor) {
    if (tensor != null) {
      tensor.close();
    }
  }

  /** A bound that seldom has fewer than the wanted below it, as {@link Selection} guesses it. */
  private void guess(TFloat32[] rows) {
    int n = all.length;
    int[] sample = Selection.sample(n);
    try (TFloat32 some = blocks.columns(points, sample)) {
      blocks.parallel(
          sides,
          () -> {
            int[] row = new int[Selection.SAMPLE];
            IntDataBuffer to = DataBuffers.of(row, false, false);
            return side ->
                blocks.product(
                    rows[side],
                    some,
                    bits -> {
                      int end = Math.min(n, (side + 1) * SIDE);
                      for (int q = side * SIDE, at = 0; q < end; q++, at++) {
                        bits.slice((long) at * Selection.SAMPLE, Selection.SAMPLE)
                            .copyTo(to, Selection.SAMPLE);
                        bounds[q] = guess(q, row, sample);
                      }
                    });
          });
    }
  }

  private int guess(int query, int[] row, int[] sample) {
    int k = counts[query];
    if (k == 0) {
      return 0;
    }
    int self = Arrays.binarySearch(sample, query);
    if (self >= 0) {
      row[self] = Integer.MAX_VALUE;
    }
    return Selection.atRank(row, Selection.rank(counts.length, k));
  }

  /** Whether a point's candidates hold its nearest and all that may be as near. */
  boolean isComplete(int query) {
    return counts[query] == 0
        || (kept[query] != null && sizes[query] >= counts[query] && most(query) <= bounds[query]);
  }

  /** A point's candidates, bits of the distance above the index, in no order. */
  long[] candidates(int query) {
    int most = counts[query] == 0 ? -1 : most(query);
    int count = 0;
    long[] of = new long[sizes[query]];
    for (int i = 0; i < sizes[query]; i++) {
      if ((int) (kept[query][i] >>> 32) <= most) {
        of[count++] = kept[query][i];
      }
    }
    return Arrays.copyOf(of, count);
  }

  /** The bits of a point's k-th least candidate, plus some slack. */
  private int most(int query) {
    int size = sizes[query];
    int[] values = new int[size];
    for (int i = 0; i < size; i++) {
      values[i] = (int) (kept[query][i] >>> 32);
    }
    return Selection.most(values, size, counts[query], slack);
  }

  /** Takes a candidate; only under the lock of the point's side. */
  private void add(int query, long key) {
    if (counts[query] == 0 || (int) (key >>> 32) > bounds[query]) {
      return;
    }
    long[] of = kept[query];
    if (of == null) {
      if (sizes[query] < 0) {
        return;
      }
      of = kept[query] = new long[2 * counts[query] + ROOM];
    }
    if (sizes[query] == of.length) {
      int most = Math.min(bounds[query], most(query));
      int size = 0;
      for (long each : of) {
        if ((int) (each >>> 32) <= most) {
          of[size++] = each;
        }
      }
      sizes[query] = size;
      bounds[query] = most;
      if (size > of.length - ROOM / 4) { // too many are equally near
        kept[query] = null;
        sizes[query] = -1;
        bounds[query] = 0;
        return;
      }
      if ((int) (key >>> 32) > most) {
        return;
      }
    }
    of[sizes[query]++] = key;
  }

  /** Looks at the distances of two sides; each thread has its own. */
  private final class Pair {
    private final int[] row = new int[PIECES * ((SIDE + PIECES - 1) / PIECES)];
    private final IntDataBuffer whole = DataBuffers.of(row, false, false);
    private int[] piece = new int[0];
    private int[] marks = new int[0];
    private int[][] limits = new int[0][];
    private long[] own = new long[64];
    private long[] others = new long[1 << 12];
    private int[] whose = new int[1 << 12];
    private int count;

    /** Looks at the distances of the points of side a to those of side b. */
    void look(int a, int b, TFloat32 rows, TFloat32 columns) {
      int first = a * SIDE;
      int other = b * SIDE;
      int height = Math.min(all.length - first, SIDE);
      int width = Math.min(all.length - other, SIDE);
      int length = (width + PIECES - 1) / PIECES;
      Arrays.fill(row, Integer.MAX_VALUE);
      limits(other, width, length, a != b);
      count = 0;
      blocks.product(
          rows,
          columns,
          bits -> {
            for (int i = 0; i < height; i++) {
              bits.slice((long) i * width, width).copyTo(whole, width);
              if (a == b) {
                row[i] = Integer.MAX_VALUE;
              }
              look(a, first + i, other, length, a != b);
            }
          });
      synchronized (locks[b]) {
        for (int c = 0; c < count; c++) {
          add(whose[c], others[c]);
        }
      }
    }

    /** What a distance must be below for the other point; 0 where that does not look. */
    private void limits(int other, int width, int length, boolean both) {
      if (piece.length != length) {
        piece = new int[length];
        marks = new int[length];
        limits = new int[PIECES][length];
      }
      for (int at = 0; at < PIECES * length; at++) {
        limits[at / length][at % length] = both && at < width ? bounds[other + at] + 1 : 0;
      }
    }

    /** One row; for both points of each pair, but on the diagonal, where each stands twice. */
    private void look(int side, int query, int other, int length, boolean both) {
      int limit = bounds[query] + 1;
      Arrays.fill(marks, 0);
      for (int p = 0; p < PIECES; p++) {
        System.arraycopy(row, p * length, piece, 0, length);
        mark(piece, limits[p], marks, limit);
      }
      int found = 0;
      for (int g = 0; g < length; g++) {
        if (marks[g] >= 0) {
          continue;
        }
        for (int p = 0; p < PIECES; p++) {
          int at = p * length + g;
          int value = row[at];
          if (value < limit) {
            if (found == own.length) {
              own = Arrays.copyOf(own, 2 * found);
            }
            own[found++] = (long) Math.max(0, value) << 32 | (other + at);
          }
          if (both && value < limits[p][g]) {
            if (count == whose.length) {
              whose = Arrays.copyOf(whose, 2 * count);
              others = Arrays.copyOf(others, 2 * count);
            }
            whose[count] = other + at;
            others[count++] = (long) Math.max(0, value) << 32 | query;
          }
        }
      }
      if (found > 0) {
        synchronized (locks[side]) {
          for (int f = 0; f < found; f++) {
            add(query, own[f]);
          }
        }
      }
    }
  }

  /** Makes negative the marks of what is below its own limit or a common one, or is negative. */
  private static void mark(int[] values, int[] limits, int[] negative, int limit) {
    for (int g = 0; g < negative.length; g++) { // all at one index, so that it becomes vectors
      negative[g] |= (values[g] - limit) | (values[g] - limits[g]) | values[g];
    }
  }
}
