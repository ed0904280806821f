package org.medoid.training;

/**
 * A value that decays exponentially with the step: initial · rate^(step / interval). The paper lets
 * the margin multiplier γ decay so, at rate 0.94; the learning rate may too.
 *
 * @param initial the value at step 0, finite, not negative
 * @param rate the factor by which it falls in an interval, in (0, 1]; 1 keeps it constant
 * @param interval steps, at least 1
 */
public record ExponentialDecay(double initial, double rate, long interval) {
  /**
   * Checks the values.
   *
   * @param initial the value at step 0, finite, not negative
   * @param rate the factor by which it falls in an interval, in (0, 1]; 1 keeps it constant
   * @param interval steps, at least 1
   * @throws IllegalArgumentException if one is out of range
   */
  public ExponentialDecay {
    if (!(initial >= 0) || Double.isInfinite(initial)) {
      throw new IllegalArgumentException(
          "A decaying value must start at 0 or more, not " + initial);
    }
    if (!(rate > 0 && rate <= 1)) {
      throw new IllegalArgumentException("A decay rate must be in (0, 1], not " + rate);
    }
    if (interval < 1) {
      throw new IllegalArgumentException(
          "A decay interval must be 1 step or more, not " + interval);
    }
  }

  /**
   * The value at a step.
   *
   * @param step from 0
   * @return the value, not rounded to whole intervals
   */
  public double at(long step) {
    return initial * Math.pow(rate, (double) step / interval);
  }
}
