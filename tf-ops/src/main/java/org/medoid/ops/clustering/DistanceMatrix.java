package org.medoid.ops.clustering;

import java.util.Arrays;

/**
 * All distances of a batch, in full and symmetric to the bit: entry i·m + j is d(f_i, f_j).
 *
 * <p>Distances are built from differences of coordinates: the Gram form a² + b² - 2ab loses every
 * digit of the distance of near-duplicates. All arithmetic is in double; a float embedding is exact
 * in it. Cosine distance is half the squared distance of the normalised rows, for the same reason.
 *
 * <p>Cost: m²d/2 multiplications, vectorised over j; 8m² bytes.
 */
final class DistanceMatrix {
  /** Columns worked on together: eight partial sums of so many doubles stay in the first cache. */
  private static final int TILE = 256;

  private DistanceMatrix() {}

  /**
   * Computes the matrix.
   *
   * @param x row-major m·d, finite; for cosine every row normalised
   * @param m number of rows
   * @param d row length
   * @param distance the distance
   * @return m·m
   * @throws IllegalArgumentException if a distance overflows
   */
  static double[] compute(double[] x, int m, int d, Distance distance) {
    double[] transposed = new double[d * m];
    for (int i = 0; i < m; i++) {
      for (int k = 0; k < d; k++) {
        transposed[k * m + i] = x[i * d + k];
      }
    }
    double[] matrix = new double[Math.multiplyExact(m, m)];
    Workers.forRange(
        m,
        (from, to) -> {
          double[][] partial = new double[8][TILE];
          double[] sum = new double[TILE];
          for (int i = from; i < to; i++) {
            for (int start = i + 1; start < m; start += TILE) {
              int columns = Math.min(TILE, m - start);
              squares(x, i * d, transposed, 0, d, m, start, columns, partial, sum);
              finish(sum, columns, distance);
              System.arraycopy(sum, 0, matrix, i * m + start, columns);
            }
          }
        });
    mirror(matrix, m);
    check(matrix, m);
    return matrix;
  }

  /**
   * Squared distances of a row to some columns over dimensions k to k + n - 1, summed in the order
   * of {@link Sums}.
   */
  private static void squares(
      double[] x,
      int row,
      double[] transposed,
      int k,
      int n,
      int m,
      int start,
      int columns,
      double[][] partial,
      double[] sum) {
    if (n > Sums.BLOCK) {
      int half = Sums.half(n);
      double[] rest = new double[TILE];
      squares(x, row, transposed, k, half, m, start, columns, partial, sum);
      squares(x, row, transposed, k + half, n - half, m, start, columns, partial, rest);
      for (int j = 0; j < columns; j++) {
        sum[j] += rest[j];
      }
      return;
    }
    int whole = n - n % 8;
    if (whole == 0) {
      Arrays.fill(sum, 0, columns, 0);
    } else {
      for (int q = 0; q < 8; q++) {
        double[] into = partial[q];
        Arrays.fill(into, 0, columns, 0);
        int at = k + q;
        for (; at + 24 < k + whole; at += 32) {
          addFour(
              into,
              transposed,
              at * m + start,
              8 * m,
              columns,
              x[row + at],
              x[row + at + 8],
              x[row + at + 16],
              x[row + at + 24]);
        }
        for (; at < k + whole; at += 8) {
          addOne(into, transposed, at * m + start, columns, x[row + at]);
        }
      }
      combine(partial, columns, sum);
    }
    for (int at = k + whole; at < k + n; at++) {
      addOne(sum, transposed, at * m + start, columns, x[row + at]);
    }
  }

  private static void combine(double[][] partial, int columns, double[] sum) {
    double[] p0 = partial[0];
    double[] p1 = partial[1];
    double[] p2 = partial[2];
    double[] p3 = partial[3];
    double[] p4 = partial[4];
    double[] p5 = partial[5];
    double[] p6 = partial[6];
    double[] p7 = partial[7];
    for (int j = 0; j < columns; j++) {
      sum[j] = ((p0[j] + p1[j]) + (p2[j] + p3[j])) + ((p4[j] + p5[j]) + (p6[j] + p7[j]));
    }
  }

  private static void addFour(
      double[] into,
      double[] transposed,
      int offset,
      int stride,
      int columns,
      double v0,
      double v1,
      double v2,
      double v3) {
    int o1 = offset + stride;
    int o2 = o1 + stride;
    int o3 = o2 + stride;
    for (int j = 0; j < columns; j++) {
      double t0 = v0 - transposed[offset + j];
      double t1 = v1 - transposed[o1 + j];
      double t2 = v2 - transposed[o2 + j];
      double t3 = v3 - transposed[o3 + j];
      into[j] = (((into[j] + t0 * t0) + t1 * t1) + t2 * t2) + t3 * t3;
    }
  }

  private static void addOne(
      double[] into, double[] transposed, int offset, int columns, double v) {
    for (int j = 0; j < columns; j++) {
      double t = v - transposed[offset + j];
      into[j] += t * t;
    }
  }

  private static void finish(double[] row, int columns, Distance distance) {
    switch (distance) {
      case EUCLIDEAN -> {
        for (int j = 0; j < columns; j++) {
          row[j] = Math.sqrt(row[j]);
        }
      }
      case COSINE -> {
        for (int j = 0; j < columns; j++) {
          row[j] *= 0.5;
        }
      }
      case SQUARED_EUCLIDEAN -> {}
    }
  }

  /** Copies the upper triangle to the lower, in tiles that stay in the cache. */
  private static void mirror(double[] matrix, int m) {
    int tile = 32;
    for (int i0 = 0; i0 < m; i0 += tile) {
      int i1 = Math.min(m, i0 + tile);
      for (int j0 = i0; j0 < m; j0 += tile) {
        int j1 = Math.min(m, j0 + tile);
        for (int i = i0; i < i1; i++) {
          for (int j = Math.max(j0, i + 1); j < j1; j++) {
            matrix[j * m + i] = matrix[i * m + j];
          }
        }
      }
    }
  }

  private static void check(double[] matrix, int m) {
    double sum = 0;
    for (double each : matrix) {
      sum += each; // infinite only if an entry is, or if the scores would overflow too
    }
    if (sum < Double.POSITIVE_INFINITY) {
      return;
    }
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < m; j++) {
        if (Double.isInfinite(matrix[i * m + j])) {
          throw new IllegalArgumentException(
              "the distance of row " + i + " and row " + j + " of embeddings overflows");
        }
      }
    }
    throw new IllegalArgumentException("the sum of all distances of embeddings overflows");
  }
}
