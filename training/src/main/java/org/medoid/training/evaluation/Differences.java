package org.medoid.training.evaluation;

/** Squared distances by differences: in double, and in twice its digits where that leaves a tie. */
final class Differences {
  /** What a distance in double may be off, as a share of itself, up to a million values a row. */
  static final double ROUNDING = 0x1p-32;

  /** The same in twice the digits. */
  static final double WIDE_ROUNDING = 0x1p-84;

  private Differences() {}

  /** |a - b|² in double: off by about d · 2^-53 of itself. */
  static double squared(double[] a, int row, double[] b, int other, int d) {
    int from = row * d;
    int start = other * d;
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    int j = 0;
    for (; j <= d - 4; j += 4) {
      double t0 = a[from + j] - b[start + j];
      double t1 = a[from + j + 1] - b[start + j + 1];
      double t2 = a[from + j + 2] - b[start + j + 2];
      double t3 = a[from + j + 3] - b[start + j + 3];
      s0 += t0 * t0;
      s1 += t1 * t1;
      s2 += t2 * t2;
      s3 += t3 * t3;
    }
    for (; j < d; j++) {
      double t = a[from + j] - b[start + j];
      s0 += t * t;
    }
    return (s0 + s1) + (s2 + s3);
  }

  /**
   * A number as the sum of two doubles that do not overlap, some 106 bits (Dekker, "A
   * floating-point technique for extending the available precision", Numerische Mathematik 18,
   * 1971).
   *
   * @param high the nearest double
   * @param low what it leaves
   */
  record Wide(double high, double low) implements Comparable<Wide> {
    @Override
    public int compareTo(Wide other) {
      int order = Double.compare(high, other.high);
      return order != 0 ? order : Double.compare(low, other.low);
    }

    /** How far another is above this. */
    double to(Wide other) {
      return (other.high - high) + (other.low - low);
    }
  }

  /** |a - b|² in twice the digits: off by no more than 2^-100 of itself. */
  static Wide wide(double[] a, int row, double[] b, int other, int d) {
    double high = 0;
    double low = 0;
    for (int j = 0; j < d; j++) {
      double x = a[row * d + j];
      double y = b[other * d + j];
      double t = x - y;
      double back = t - x;
      double rest = (x - (t - back)) - (y + back); // x - y = t + rest (Knuth's two-sum)
      double square = t * t;
      double lost = Math.fma(t, t, -square) + 2 * t * rest;
      double sum = high + square;
      double part = sum - high;
      low += ((high - (sum - part)) + (square - part)) + lost;
      high = sum;
    }
    double sum = high + low;
    return new Wide(sum, low - (sum - high));
  }

  /**
   * Whether every squared distance of rows is exact in double already: their values are multiples
   * of one power of two, few enough for the sum of squares to fit 53 bits, such as whole numbers.
   */
  static boolean exact(Embeddings... sets) {
    int lowest = Integer.MAX_VALUE;
    double most = 0;
    for (Embeddings x : sets) {
      for (double value : x.values()) {
        if (value != 0) {
          int zeros = Long.numberOfTrailingZeros(Double.doubleToRawLongBits(value) | 1L << 52);
          lowest = Math.min(lowest, Math.getExponent(value) - 52 + zeros);
          most = Math.max(most, Math.abs(value));
        }
      }
    }
    double steps = 2 * Math.scalb(most, -lowest);
    return most == 0 || steps * steps * sets[0].width() <= 0x1p53;
  }
}
