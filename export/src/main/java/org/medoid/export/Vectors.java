package org.medoid.export;

import org.medoid.export.savedmodel.Difference;

/**
 * What a model gives for some pictures, and how that differs from what another gives.
 *
 * @param values float32 [count, size] in a row
 * @param count pictures
 * @param size numbers for each
 */
record Vectors(float[] values, int count, int size) {
  /** The largest difference of a value; infinite for another count or size, NaN never. */
  double difference(Vectors other) {
    return count == other.count && size == other.size
        ? Difference.of(values, other.values, 0).most()
        : Double.POSITIVE_INFINITY;
  }

  /** The length of a row. */
  private double length(int row) {
    double sum = 0;
    for (int i = row * size; i < (row + 1) * size; i++) {
      sum += (double) values[i] * values[i];
    }
    return Math.sqrt(sum);
  }

  /** The largest absolute value. */
  double largest() {
    double largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  /** Whether every row has length one, as far as float numbers go. */
  boolean normalised() {
    for (int row = 0; row < count; row++) {
      if (!(Math.abs(length(row) - 1) < 1e-4)) {
        return false;
      }
    }
    return true;
  }
}
