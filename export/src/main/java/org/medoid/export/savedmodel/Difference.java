package org.medoid.export.savedmodel;

/**
 * How far the same features lie apart, computed in two ways.
 *
 * @param most the largest difference of a number, not negative, never NaN; infinite where one of
 *     the two is no number
 * @param largest the largest absolute value of the first, or NaN if it has one
 */
public record Difference(double most, double largest) {
  /**
   * Of two rows of the same size.
   *
   * @param one features of a picture
   * @param other features of pictures in a row, the same picture's among them
   * @param from index of the first number of the same picture in {@code other}
   * @return their difference
   */
  public static Difference of(float[] one, float[] other, int from) {
    double most = 0;
    double largest = 0;
    for (int i = 0; i < one.length; i++) {
      double here = Math.abs((double) one[i] - other[from + i]);
      most = Math.max(most, Double.isNaN(here) ? Double.POSITIVE_INFINITY : here);
      largest = Math.max(largest, Math.abs(one[i]));
    }
    return new Difference(most, largest);
  }

  /**
   * Whether it is more than rounding makes.
   *
   * @param share of the largest value, not negative
   * @return also true where a number is missing
   */
  public boolean exceeds(double share) {
    return !(most <= share * largest);
  }
}
