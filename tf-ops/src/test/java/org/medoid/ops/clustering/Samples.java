package org.medoid.ops.clustering;

import java.util.Arrays;
import java.util.Random;

/** Batches to test with. */
final class Samples {
  private Samples() {}

  /** The generator of the golden data: unit rows, no ties, any size. */
  static double[] formula(int m, int d, int c) {
    double[] x = new double[m * d];
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < d; j++) {
        x[i * d + j] =
            Math.sin(1.3 * i + 0.7 * j + 0.11 * i * j) + 0.5 * Math.cos(2.1 * (i % c) + 0.9 * j);
      }
    }
    return normalised(x, d);
  }

  /** Unit rows, uniform on the sphere. */
  static double[] gaussian(int m, int d, long seed) {
    Random random = new Random(seed);
    double[] x = new double[m * d];
    Arrays.setAll(x, i -> random.nextGaussian());
    return normalised(x, d);
  }

  /** Row i is of class i mod c. */
  static long[] labels(int m, int c) {
    long[] labels = new long[m];
    Arrays.setAll(labels, i -> i % c);
    return labels;
  }

  private static double[] normalised(double[] x, int d) {
    for (int i = 0; i < x.length; i += d) {
      double squares = 0;
      for (int j = i; j < i + d; j++) {
        squares += x[j] * x[j];
      }
      for (int j = i; j < i + d; j++) {
        x[j] /= Math.sqrt(squares);
      }
    }
    return x;
  }
}
