package org.medoid.tests;

import java.util.Arrays;

/** The batch, of any size, whose values the author's TensorFlow 1 graph confirmed. */
public final class GoldenBatch {
  private GoldenBatch() {}

  /**
   * The embeddings, without ties.
   *
   * @param m rows
   * @param d values in a row
   * @param c classes
   * @return m·d values, row-major; rows of length one
   */
  public static double[] embeddings(int m, int d, int c) {
    double[] x = new double[m * d];
    for (int i = 0; i < m; i++) {
      double squares = 0;
      for (int j = 0; j < d; j++) {
        double value =
            Math.sin(1.3 * i + 0.7 * j + 0.11 * i * j) + 0.5 * Math.cos(2.1 * (i % c) + 0.9 * j);
        x[i * d + j] = value;
        squares += value * value;
      }
      for (int j = i * d; j < i * d + d; j++) {
        x[j] /= Math.sqrt(squares);
      }
    }
    return x;
  }

  /**
   * The labels.
   *
   * @param m rows
   * @param c classes
   * @return for row i its class, i mod c
   */
  public static long[] labels(int m, int c) {
    long[] labels = new long[m];
    Arrays.setAll(labels, i -> i % c);
    return labels;
  }
}
