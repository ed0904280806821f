package org.medoid.ops.clustering;

/**
 * Pairwise summation in the order that NumPy has: runs of up to 128 terms in eight partial sums,
 * longer arrays split in halves. The rounding error grows with the logarithm of the length, the
 * eight sums keep the processor busy, and where candidates tie but for rounding the choice is the
 * same as in a Python program of the definition (the golden data has such ties).
 */
final class Sums {
  /** NumPy's PW_BLOCKSIZE. */
  static final int BLOCK = 128;

  private Sums() {}

  /** Where NumPy splits an array of more than {@link #BLOCK} terms. */
  static int half(int n) {
    int half = n / 2;
    return half - half % 8;
  }

  /** The sum of a[from] to a[from + n - 1]. */
  static double sum(double[] a, int from, int n) {
    if (n > BLOCK) {
      int half = half(n);
      return sum(a, from, half) + sum(a, from + half, n - half);
    }
    double sum = 0;
    int i = 0;
    if (n >= 8) {
      double s0 = a[from];
      double s1 = a[from + 1];
      double s2 = a[from + 2];
      double s3 = a[from + 3];
      double s4 = a[from + 4];
      double s5 = a[from + 5];
      double s6 = a[from + 6];
      double s7 = a[from + 7];
      for (i = 8; i <= n - 8; i += 8) {
        s0 += a[from + i];
        s1 += a[from + i + 1];
        s2 += a[from + i + 2];
        s3 += a[from + i + 3];
        s4 += a[from + i + 4];
        s5 += a[from + i + 5];
        s6 += a[from + i + 6];
        s7 += a[from + i + 7];
      }
      sum = ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7));
    }
    for (; i < n; i++) {
      sum += a[from + i];
    }
    return sum;
  }

  /** The sum of min(a[from + i], b[start + i]) for i from 0 to n - 1. */
  static double sumOfMin(double[] a, int from, double[] b, int start, int n) {
    if (n > BLOCK) {
      int half = half(n);
      return sumOfMin(a, from, b, start, half)
          + sumOfMin(a, from + half, b, start + half, n - half);
    }
    double sum = 0;
    int i = 0;
    if (n >= 8) {
      double s0 = 0;
      double s1 = 0;
      double s2 = 0;
      double s3 = 0;
      double s4 = 0;
      double s5 = 0;
      double s6 = 0;
      double s7 = 0;
      for (; i <= n - 8; i += 8) {
        s0 += Math.min(a[from + i], b[start + i]);
        s1 += Math.min(a[from + i + 1], b[start + i + 1]);
        s2 += Math.min(a[from + i + 2], b[start + i + 2]);
        s3 += Math.min(a[from + i + 3], b[start + i + 3]);
        s4 += Math.min(a[from + i + 4], b[start + i + 4]);
        s5 += Math.min(a[from + i + 5], b[start + i + 5]);
        s6 += Math.min(a[from + i + 6], b[start + i + 6]);
        s7 += Math.min(a[from + i + 7], b[start + i + 7]);
      }
      sum = ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7));
    }
    for (; i < n; i++) {
      sum += Math.min(a[from + i], b[start + i]);
    }
    return sum;
  }
}
