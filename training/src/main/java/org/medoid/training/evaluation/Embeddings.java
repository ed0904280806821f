package org.medoid.training.evaluation;

import java.util.Arrays;

/**
 * A matrix of embeddings: a row for each point. Numbers of 32 bits are held in 64, which changes
 * none of them, so that one type serves what networks give and what files of float64 hold.
 *
 * <p>Memory: 8 bytes a value; at most 2^31 - 1 values.
 *
 * @param values float64 [rows · width], row-major; not copied
 * @param rows how many points, 0 or more
 * @param width how many values each has, 1 or more
 */
public record Embeddings(double[] values, int rows, int width) {
  /**
   * Checks that the sizes fit.
   *
   * @param values float64 [rows · width], row-major; not copied
   * @param rows how many points, 0 or more
   * @param width how many values each has, 1 or more
   * @throws IllegalArgumentException if there are not rows · width values, or the width is less
   *     than 1
   */
  public Embeddings {
    if (rows < 0 || width < 1 || values.length != (long) rows * width) {
      throw new IllegalArgumentException(
          "embeddings [" + rows + ", " + width + "] of " + values.length + " values");
    }
  }

  /**
   * How many values a matrix has.
   *
   * @param rows how many
   * @param width values of each
   * @return rows · width
   * @throws IllegalArgumentException if they are more than an array holds
   */
  public static int size(int rows, int width) {
    if ((long) rows * width > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "%d rows of %d values are more than fit into one array, 2^31 - 1 values"
              .formatted(rows, width));
    }
    return rows * width;
  }

  /**
   * Widens what a network gives.
   *
   * @param values float32 [rows · width], row-major; copied
   * @param rows how many points, 0 or more
   * @param width how many values each has, 1 or more
   * @return the same numbers
   * @throws IllegalArgumentException if there are not rows · width values, or the width is less
   *     than 1
   */
  public static Embeddings of(float[] values, int rows, int width) {
    double[] wide = new double[values.length];
    Arrays.setAll(wide, i -> values[i]);
    return new Embeddings(wide, rows, width);
  }

  /**
   * Widens what a network gives, the width being what the number of rows leaves.
   *
   * @param values float32 [rows · width], row-major; copied
   * @param rows how many points, 1 or more
   * @return the same numbers
   * @throws IllegalArgumentException if the values are no multiple of the rows
   */
  public static Embeddings of(float[] values, int rows) {
    return of(values, rows, rows < 1 ? 0 : values.length / rows);
  }

  /**
   * The values in 32 bits, to write them or to feed a network.
   *
   * @return float32 [rows · width], row-major: those of {@link #of} again, others rounded
   */
  public float[] floats() {
    float[] narrow = new float[values.length];
    for (int i = 0; i < narrow.length; i++) {
      narrow[i] = (float) values[i];
    }
    return narrow;
  }

  /**
   * A row.
   *
   * @param index 0 to rows - 1
   * @return its values, a copy
   */
  public double[] row(int index) {
    return Arrays.copyOfRange(values, index * width, (index + 1) * width);
  }

  /**
   * Refuses what no distance can be taken of.
   *
   * @param name what to call the embeddings in the message
   * @throws IllegalArgumentException if a value is infinite or not a number; names the row and the
   *     column
   */
  public void requireFinite(String name) {
    for (int i = 0; i < values.length; i++) {
      if (!Double.isFinite(values[i])) {
        throw new IllegalArgumentException(
            "%s: row %d has a value that is not finite: %s in column %d"
                .formatted(name, i / width, values[i], i % width));
      }
    }
  }

  /**
   * Refuses what has no direction, and so no cosine distance.
   *
   * @param name what to call the embeddings in the message
   * @throws IllegalArgumentException if all values of a row are 0; names the row
   */
  public void requireDirections(String name) {
    for (int row = 0; row < rows; row++) {
      if (Arrays.stream(values, row * width, (row + 1) * width).allMatch(value -> value == 0)) {
        throw new IllegalArgumentException(
            name + ": row " + row + " is all zero, so it has no cosine distance");
      }
    }
  }

  /** Rows scaled to length one, none being zero; off by two units in the last place of double. */
  Embeddings unit() {
    double[] unit = values.clone();
    double[] origin = new double[width];
    for (int row = 0; row < rows; row++) {
      double most = 0;
      for (int i = row * width; i < (row + 1) * width; i++) {
        most = Math.max(most, Math.abs(values[i]));
      }
      double first = Math.scalb(1.0, Math.min(1000, -Math.getExponent(most)));
      for (int i = row * width; i < (row + 1) * width; i++) {
        unit[i] *= first; // so that no square overflows or vanishes
      }
      double length = Math.sqrt(Differences.wide(unit, row, origin, 0, width).high());
      for (int i = row * width; i < (row + 1) * width; i++) {
        unit[i] /= length;
      }
    }
    return new Embeddings(unit, rows, width);
  }
}
