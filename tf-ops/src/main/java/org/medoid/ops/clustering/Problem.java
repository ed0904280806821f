package org.medoid.ops.clustering;

import java.util.HashMap;
import java.util.Map;

/** A checked batch: its distances and its classes, numbered in the order of their first points. */
final class Problem {
  final int m;
  final int d;
  final Distance distance;

  /** Row-major; for cosine distance normalised rows. */
  private final double[] x;

  /** Lengths of the rows before they were normalised; null unless cosine. */
  private final double[] lengths;

  /** d(f_i, f_j) at i·m + j. */
  final double[] distances;

  /** The class of each point. */
  final int[] classes;

  /** The number of points of each class. */
  final int[] classSizes;

  /** The points of each class, ascending. */
  final int[][] members;

  Problem(double[] embeddings, int m, int d, long[] labels, Distance distance) {
    if (m < 1 || d < 1) {
      throw new IllegalArgumentException("embeddings is empty: " + m + " rows of " + d + " values");
    }
    if (embeddings.length != (long) m * d) {
      throw new IllegalArgumentException(
          "embeddings has " + embeddings.length + " values, not " + m + " rows of " + d);
    }
    if (labels.length != m) {
      throw new IllegalArgumentException(
          "labels has " + labels.length + " values but embeddings has " + m + " rows");
    }
    if ((long) m * m > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "a batch of " + m + " rows is too large: at most 46340, for the matrix of distances");
    }
    for (int i = 0; i < embeddings.length; i++) {
      if (!Double.isFinite(embeddings[i])) {
        throw new IllegalArgumentException(
            "row " + i / d + " of embeddings has a value that is not finite: " + embeddings[i]);
      }
    }
    this.m = m;
    this.d = d;
    this.distance = distance;
    if (distance == Distance.COSINE) {
      lengths = new double[m];
      x = normalised(embeddings, lengths, d);
    } else {
      lengths = null;
      x = embeddings;
    }
    classes = new int[m];
    Map<Long, Integer> numbers = new HashMap<>();
    for (int i = 0; i < m; i++) {
      Integer next = numbers.size();
      Integer before = numbers.putIfAbsent(labels[i], next);
      classes[i] = before == null ? next : before;
    }
    classSizes = new int[numbers.size()];
    for (int each : classes) {
      classSizes[each]++;
    }
    members = new int[classSizes.length][];
    for (int c = 0; c < members.length; c++) {
      members[c] = new int[classSizes[c]];
    }
    int[] next = new int[members.length];
    for (int i = 0; i < m; i++) {
      members[classes[i]][next[classes[i]]++] = i;
    }
    distances = DistanceMatrix.compute(x, m, d, distance);
  }

  private static double[] normalised(double[] embeddings, double[] lengths, int d) {
    double[] unit = new double[embeddings.length];
    for (int i = 0; i < lengths.length; i++) {
      double largest = 0;
      for (int k = 0; k < d; k++) {
        largest = Math.max(largest, Math.abs(embeddings[i * d + k]));
      }
      if (largest == 0) {
        throw new IllegalArgumentException(
            "row " + i + " of embeddings is zero: it has no cosine distance");
      }
      double squares = 0;
      for (int k = 0; k < d; k++) {
        double scaled = embeddings[i * d + k] / largest; // squares of tiny values would vanish
        unit[i * d + k] = scaled;
        squares += scaled * scaled;
      }
      double length = Math.sqrt(squares);
      for (int k = 0; k < d; k++) {
        unit[i * d + k] /= length;
      }
      lengths[i] = length * largest;
    }
    return unit;
  }

  int classOf(int point) {
    return classes[point];
  }

  int classCount() {
    return classSizes.length;
  }

  void requireSize(double[] gradient) {
    if (gradient.length != m * d) {
      throw new IllegalArgumentException(
          "the gradient has " + m * d + " values, the array " + gradient.length);
    }
  }

  /** Adds sign · ∂d(f_i, f_j) to the rows of both points. */
  void addDistanceGradient(int i, int j, int sign, double[] out) {
    double between = distances[i * m + j];
    if (between == 0) {
      return;
    }
    switch (distance) {
      case EUCLIDEAN -> addDifference(i, j, sign / between, out);
      case SQUARED_EUCLIDEAN -> addDifference(i, j, 2.0 * sign, out);
      case COSINE -> {
        // d = 1 - u·v: ∂d/∂f_i = -(v - (u·v) u) / |f_i|, and u·v = 1 - d.
        double cosine = 1 - between;
        for (int k = 0; k < d; k++) {
          double u = x[i * d + k];
          double v = x[j * d + k];
          out[i * d + k] -= sign * (v - cosine * u) / lengths[i];
          out[j * d + k] -= sign * (u - cosine * v) / lengths[j];
        }
      }
    }
  }

  private void addDifference(int i, int j, double factor, double[] out) {
    for (int k = 0; k < d; k++) {
      double pull = factor * (x[i * d + k] - x[j * d + k]);
      out[i * d + k] += pull;
      out[j * d + k] -= pull;
    }
  }
}
