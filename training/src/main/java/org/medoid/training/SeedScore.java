package org.medoid.training;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Locale;

/**
 * A score over runs that differ in their seeds alone.
 *
 * @param mean over the runs
 * @param deviation the standard deviation of a sample (over n - 1); null for a single run
 * @param interval half the width of the 95 % confidence interval of the mean by Student's t with n
 *     - 1 degrees of freedom: t · deviation / √n; null for a single run
 */
public record SeedScore(
    @JsonProperty("mean") double mean,
    @JsonProperty("deviation") Double deviation,
    @JsonProperty("interval") Double interval) {
  private static final double CONFIDENCE = 0.95;

  /**
   * Sums up.
   *
   * @param runs the score of each run, one or more
   */
  static SeedScore of(double... runs) {
    int n = runs.length;
    double sum = 0;
    for (double value : runs) {
      sum += value;
    }
    double mean = sum / n;
    if (n == 1) {
      return new SeedScore(mean, null, null);
    }
    double squares = 0;
    for (double value : runs) {
      squares += (value - mean) * (value - mean);
    }
    double deviation = Math.sqrt(squares / (n - 1));
    return new SeedScore(mean, deviation, bound(n - 1) * deviation / Math.sqrt(n));
  }

  /** The t that the amount of a variable with so many degrees of freedom is below in 95 %. */
  static double bound(int freedom) {
    double low = 0;
    double high = 13; // of one degree: 12.706
    while (high - low > 1e-12) {
      double middle = (low + high) / 2;
      if (within(middle, freedom) < CONFIDENCE) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return high;
  }

  /**
   * P(|T| &lt; t), the finite sums of Abramowitz and Stegun, "Handbook of Mathematical Functions",
   * 26.7.3 and 26.7.4.
   */
  private static double within(double t, int freedom) {
    double angle = Math.atan(t / Math.sqrt(freedom));
    double cosine = Math.cos(angle);
    boolean odd = freedom % 2 == 1;
    double term = odd ? cosine : 1;
    double sum = 0;
    for (int i = odd ? 3 : 2; i <= freedom; i += 2) {
      sum += term;
      term *= cosine * cosine * (i - 1) / i;
    }
    return odd ? (angle + Math.sin(angle) * sum) * 2 / Math.PI : Math.sin(angle) * sum;
  }

  @Override
  public String toString() {
    return interval == null
        ? String.format(Locale.ROOT, "%.4f", mean)
        : String.format(Locale.ROOT, "%.4f ± %.4f", mean, interval);
  }
}
