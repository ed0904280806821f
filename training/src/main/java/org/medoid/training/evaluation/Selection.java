package org.medoid.training.evaluation;

import java.util.Arrays;

/**
 * Finds the least of a row of {@link DistanceBlocks}. What lies below a bound is found by folding
 * the row into groups, a group being the elements at one remainder, and looking into those groups
 * alone that are marked. The bound for the k least is guessed from a sample; where too few lie
 * below it, the whole row is looked into. Not for several threads at once.
 */
final class Selection {
  /** Groups at least: marking is the faster the longer the pieces that the row is folded in. */
  private static final int GROUPS = 1024;

  /** Elements of a group: few enough to look into, enough to make the marks few. */
  private static final int GROUP = 16;

  /** Sampled elements, from which a bound is guessed. */
  static final int SAMPLE = 2048;

  /** 2^32 over the golden ratio, whose multiples spread evenly (Knuth's multiplicative hash). */
  private static final int GOLDEN = 0x9E3779B9;

  /** Above all that may be found. */
  private static final int ALL = Integer.MAX_VALUE - 1;

  private int[] sampled;
  private int sampledOf;
  private int[] marks = new int[0];
  private int[] piece;
  private int[] work = new int[0];
  private int[] found = new int[64];
  private int count;

  /**
   * Finds every element up to the k-th least plus some slack.
   *
   * @param row bits of floats as {@link DistanceBlocks.Row} has them; elements at {@link
   *     Integer#MAX_VALUE} are never found
   * @param n elements of the row
   * @param k at least 1, at most the number of elements that may be found
   * @param slack at least 0
   */
  void least(int[] row, int n, int k, float slack) {
    int bound = guess(row, n, k);
    upTo(row, n, bound);
    if (count < k) {
      bound = ALL;
      upTo(row, n, bound);
    }
    int most = most(row, k, slack);
    if (most > bound) {
      upTo(row, n, most);
    } else {
      keep(row, most);
    }
  }

  /**
   * Finds the elements that are up to a bound and up to the least plus some slack.
   *
   * @param row as above
   * @param n elements of the row
   * @param bound not negative
   * @param slack at least 0
   */
  void least(int[] row, int n, float bound, float slack) {
    upTo(row, n, Float.floatToRawIntBits(bound));
    if (count > 0) {
      keep(row, most(row, 1, slack));
    }
  }

  /** How many were found. */
  int count() {
    return count;
  }

  /** What was found, in no order; only the first {@link #count}. */
  int[] found() {
    return found;
  }

  /**
   * A bound that seldom has fewer than k elements below it, and not many more: the value in the
   * sample whose rank is three deviations above what the k-th least of the row would have.
   */
  private int guess(int[] row, int n, int k) {
    int rank = rank(n, k);
    if (n < 2 * SAMPLE || rank > SAMPLE / 2) {
      return ALL;
    }
    if (sampledOf != n) {
      sampledOf = n;
      sampled = sample(n);
    }
    int[] sample = work(SAMPLE);
    for (int i = 0; i < SAMPLE; i++) {
      sample[i] = row[sampled[i]];
    }
    return atRank(sample, rank);
  }

  /** The places of {@value #SAMPLE} samples among n elements, n not less; ascending. */
  static int[] sample(int n) {
    int step = n / SAMPLE;
    int[] sample = new int[SAMPLE];
    for (int i = 0; i < SAMPLE; i++) { // not at even steps: classes may come in turn
      sample[i] = i * step + ((i * GOLDEN) >>> 16) % step;
    }
    return sample;
  }

  /** Three deviations above the rank that the k-th least of n would have in the sample. */
  static int rank(int n, int k) {
    double expected = (double) k * SAMPLE / n;
    return (int) Math.ceil(expected + 3 * Math.sqrt(expected)) + 3;
  }

  /** A bound: the value of a rank, from 1, in a sample, which is put in another order. */
  static int atRank(int[] sample, int rank) {
    return Math.min(ALL, Math.max(0, kth(sample, SAMPLE, rank - 1)));
  }

  /** The bits of the k-th least value of some, plus some slack; puts them in another order. */
  static int most(int[] values, int count, int k, float slack) {
    float kth = Float.intBitsToFloat(kth(values, count, k - 1));
    return Math.min(ALL, Float.floatToRawIntBits(Math.max(0, kth) + slack));
  }

  /** The bits of the k-th least that was found, plus some slack. */
  private int most(int[] row, int k, float slack) {
    int[] values = work(count);
    for (int f = 0; f < count; f++) {
      values[f] = row[found[f]];
    }
    return most(values, count, k, slack);
  }

  private void keep(int[] row, int most) {
    int kept = 0;
    for (int f = 0; f < count; f++) {
      if (row[found[f]] <= most) {
        found[kept++] = found[f];
      }
    }
    count = kept;
  }

  private int[] work(int n) {
    if (work.length < n) {
      work = new int[n];
    }
    return work;
  }

  /** Finds all up to a bound, in no order. */
  private void upTo(int[] row, int n, int most) {
    int groups = n < 2 * GROUPS ? n : Math.max(GROUPS, n / GROUP);
    mark(row, n, groups, most + 1);
    int marked = 0;
    for (int g = 0; g < groups; g++) { // without branches, which would often be mispredicted
      piece[marked] = g;
      marked += marks[g] >>> 31;
    }
    int pieces = (n + groups - 1) / groups;
    if (found.length < marked * pieces + 1) {
      found = new int[2 * marked * pieces + 1];
    }
    count = 0;
    for (int from = 0; from < n; from += groups) { // piece by piece, as the cache has them
      for (int m = 0; m < marked && from + piece[m] < n; m++) {
        int i = from + piece[m];
        found[count] = i;
        count += negative(row[i], most + 1) >>> 31;
      }
    }
  }

  /**
   * Makes negative the marks of the groups with elements below a bound. The compiler makes vectors
   * only of arrays that run at the same index, hence the copy: 0.1 instead of 0.7 ns an element,
   * and 0.65 with Math.min, which it never does.
   */
  private void mark(int[] row, int n, int groups, int bound) {
    if (marks.length < groups) {
      marks = new int[groups];
      piece = new int[groups];
    }
    Arrays.fill(marks, 0, groups, 0);
    for (int from = 0; from < n; from += groups) {
      int length = Math.min(groups, n - from);
      System.arraycopy(row, from, piece, 0, length);
      mark(piece, marks, length, bound);
    }
  }

  private static void mark(int[] values, int[] negative, int length, int bound) {
    for (int g = 0; g < length; g++) {
      negative[g] |= negative(values[g], bound);
    }
  }

  /**
   * Negative if the bits of a float are below a bound, which is not negative: their difference is,
   * unless it overflows, and that it does only where the float is negative itself.
   */
  private static int negative(int value, int bound) {
    return (value - bound) | value;
  }

  /** The value that would be at k after sorting (Hoare); reorders. */
  static int kth(int[] a, int n, int k) {
    int from = 0;
    int to = n - 1;
    while (from < to) {
      int pivot = median(a[from], a[(from + to) >>> 1], a[to]);
      int i = from;
      int j = to;
      while (i <= j) {
        while (a[i] < pivot) {
          i++;
        }
        while (a[j] > pivot) {
          j--;
        }
        if (i <= j) {
          int swap = a[i];
          a[i++] = a[j];
          a[j--] = swap;
        }
      }
      if (k <= j) {
        to = j;
      } else if (k >= i) {
        from = i;
      } else {
        break;
      }
    }
    return a[k];
  }

  private static int median(int a, int b, int c) {
    return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
  }
}
