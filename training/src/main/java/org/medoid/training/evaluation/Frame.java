package org.medoid.training.evaluation;

/**
 * Brings rows near the origin and to length at most 1, and rounds them to float32 there: the order
 * of distances stays, what all rows have in common no longer costs digits, and nothing overflows.
 * Works in double up to that rounding, so that a row is off by half a unit of float32 in its
 * distance from the middle of all rows, wherever these lie.
 *
 * @param centre what is taken off each row, the mean
 * @param scale a power of two, by which the longest row comes to a length in [0.5, 1)
 */
record Frame(double[] centre, double scale) {
  /** A frame for two sets of rows of one width, whose squares do not overflow. */
  static Frame around(Embeddings points, Embeddings queries) {
    double[] centre = mean(points);
    double most = Math.max(longest(points, centre), longest(queries, centre));
    return new Frame(
        centre, most == 0 ? 1 : Math.scalb(1.0, -(Math.getExponent(Math.sqrt(most)) + 1)));
  }

  /** Rows in this frame. */
  float[] floats(Embeddings x) {
    return floats(x.values(), new float[x.values().length]);
  }

  /** Rows in this frame, written over others. */
  float[] floats(double[] values, float[] framed) {
    int d = centre.length;
    for (int from = 0; from < framed.length; from += d) {
      for (int j = 0; j < d; j++) {
        framed[from + j] = (float) ((values[from + j] - centre[j]) * scale);
      }
    }
    return framed;
  }

  private static double[] mean(Embeddings x) {
    double[] mean = new double[x.width()];
    for (int from = 0; from < x.values().length; from += mean.length) {
      for (int j = 0; j < mean.length; j++) {
        mean[j] += x.values()[from + j];
      }
    }
    for (int j = 0; j < mean.length; j++) {
      mean[j] /= x.rows();
    }
    return mean;
  }

  /** The square of the largest distance from the centre. */
  private static double longest(Embeddings x, double[] centre) {
    double most = 0;
    for (int row = 0; row < x.rows(); row++) {
      most = Math.max(most, Differences.squared(x.values(), row, centre, 0, centre.length));
    }
    return most;
  }

  /**
   * A power of two by which to multiply all rows, such that squares of sums of their values neither
   * overflow nor vanish: 1 for values of float32, and of float64 between 2^-400 and 2^400.
   */
  static double taming(Embeddings... sets) {
    double most = 0;
    for (Embeddings x : sets) {
      for (double value : x.values()) {
        most = Math.max(most, Math.abs(value));
      }
    }
    int exponent = Math.getExponent(most);
    return most == 0 || Math.abs(exponent) <= 400 ? 1 : Math.scalb(1.0, Math.min(1000, -exponent));
  }

  /** The same rows times a power of two; the rows themselves for 1. */
  static Embeddings times(Embeddings x, double factor) {
    if (factor == 1) {
      return x;
    }
    double[] values = x.values().clone();
    for (int i = 0; i < values.length; i++) {
      values[i] *= factor;
    }
    return new Embeddings(values, x.rows(), x.width());
  }
}
