package org.medoid.training.evaluation;

import java.util.Arrays;

/**
 * Finds the least of a row of {@link Blocks}. The row is folded into groups, a group being the
 * elements at one remainder; the k-th least of the groups' minima is not below the k-th least
 * element, so that only groups with a minimum up to it need be looked into. Not for several threads
 * at once.
 */
final class Selection {
  /** Groups at least: folding is the faster the longer the row of groups. */
  private static final int GROUPS = 1024;

  private int[] minima = new int[0];
  private int[] work = new int[0];
  private int[] found = new int[64];
  private int count;

  /**
   * Finds every element up to the k-th least plus some slack.
   *
   * @param row bits of floats as {@link Blocks.Row} has them; elements at {@link Integer#MAX_VALUE}
   *     are never found
   * @param n elements of the row
   * @param k at least 1, at most the number of elements that may be found
   * @param slack at least 0
   */
  void least(int[] row, int n, int k, float slack) {
    int groups = n <= GROUPS || k > n / 16 ? n : Math.max(GROUPS, 4 * k);
    fold(row, n, groups);
    if (work.length < groups) {
      work = new int[groups];
    }
    System.arraycopy(minima, 0, work, 0, groups);
    int bits = k == 1 ? min(work, groups) : kth(work, groups, k - 1);
    upTo(row, n, groups, plus(bits, slack));
  }

  /** The bits of a distance plus slack. */
  static int plus(int bits, float slack) {
    return Float.floatToRawIntBits(Math.max(0, Float.intBitsToFloat(bits)) + slack);
  }

  /** How many were found. */
  int count() {
    return count;
  }

  /** What was found, in ascending order; only the first {@link #count}. */
  int[] found() {
    return found;
  }

  private void fold(int[] row, int n, int groups) {
    if (minima.length < groups) {
      minima = new int[groups];
    }
    int[] least = minima;
    System.arraycopy(row, 0, least, 0, groups);
    for (int from = groups; from < n; from += groups) {
      int length = Math.min(groups, n - from);
      for (int g = 0; g < length; g++) { // element by element: the compiler vectorises it
        least[g] = Math.min(least[g], row[from + g]);
      }
    }
  }

  private void upTo(int[] row, int n, int groups, int most) {
    count = 0;
    for (int g = 0; g < groups; g++) {
      if (minima[g] <= most) {
        for (int i = g; i < n; i += groups) {
          if (row[i] <= most) {
            if (count == found.length) {
              found = Arrays.copyOf(found, 2 * count);
            }
            found[count++] = i;
          }
        }
      }
    }
    Arrays.sort(found, 0, count);
  }

  /** The least of some values. */
  static int min(int[] values, int n) {
    int least = Integer.MAX_VALUE;
    for (int i = 0; i < n; i++) {
      least = Math.min(least, values[i]);
    }
    return least;
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
