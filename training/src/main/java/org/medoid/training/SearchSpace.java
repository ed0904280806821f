package org.medoid.training;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.SplittableRandom;
import org.medoid.graph.loss.Losses;
import org.medoid.graph.loss.Losses.Parameter;
import org.medoid.training.settings.LossSettings;
import org.medoid.training.settings.SettingException;
import org.medoid.training.settings.SettingsDraft;
import org.medoid.training.settings.TrainingSettings;

/**
 * What the trials of a loss try: a learning rate, from a tenth of the one told to ten times it, and
 * the main parameter of the loss, in the range of {@link Losses#parameter}; both evenly in their
 * logarithms. For the facility location loss the parameter is γ, from a sixteenth of the batch to
 * all of it: its default is a quarter, and below, where a collapse costs little, nothing is to be
 * found. A loss without a parameter has as many trials for its learning rate alone.
 *
 * <p>Trial 0 is what was told and the loss's default; so tuning never chooses what did worse on the
 * validation classes. The others follow the additive recurrence of M. Roberts, "The Unreasonable
 * Effectiveness of Quasirandom Sequences" (2018), shifted by the seed: for every loss the same
 * points of the unit square, and more trials begin with those of fewer.
 *
 * @param parameter the loss's main parameter; null if it has none
 * @param learningRate told
 * @param seed of the sequence
 */
record SearchSpace(Parameter parameter, double learningRate, long seed) {
  private static final double REACH = 10;

  /** The real root of x³ = x + 1, and with its square the most even recurrence in the plane. */
  private static final double PLASTIC = 1.324717957244746;

  /** Digits of what is tried, so that it can be typed. */
  private static final MathContext DIGITS = new MathContext(3);

  /**
   * What one trial tries.
   *
   * @param learningRate of the embedding layer
   * @param parameter value of the main parameter; null if the loss has none
   */
  record Candidate(double learningRate, Double parameter) {
    /** Puts it into the settings of a run with the loss. */
    void tell(SettingsDraft draft) {
      draft.learningRate = learningRate;
      if (draft.loss.equals(LossSettings.FACILITY_LOCATION)) {
        draft.gamma = parameter;
      } else {
        draft.lossParameter = parameter;
      }
    }
  }

  /**
   * The space of a loss.
   *
   * @param loss its name
   * @param told settings of the comparison
   * @throws SettingException if no learning rate can be a multiple of the one told
   */
  static SearchSpace of(String loss, TrainingSettings told) {
    double rate = told.optimizer().learningRate();
    if (rate == 0) {
      throw new SettingException(
          "learning_rate", "0.0: trials try a tenth of it to ten times; it must be above 0");
    }
    double m = told.data().batch();
    Parameter parameter =
        loss.equals(LossSettings.FACILITY_LOCATION)
            ? new Parameter("gamma", told.loss().gamma(), m / 16, m)
            : Losses.parameter(loss).orElse(null);
    return new SearchSpace(parameter, rate, told.schedule().seed());
  }

  /**
   * A point of the space.
   *
   * @param trial its number, from 0
   */
  Candidate at(int trial) {
    if (trial == 0) {
      return new Candidate(learningRate, parameter == null ? null : parameter.value());
    }
    SplittableRandom shift = new SplittableRandom(seed);
    double x = (shift.nextDouble() + trial / PLASTIC) % 1;
    double y = (shift.nextDouble() + trial / (PLASTIC * PLASTIC)) % 1;
    return new Candidate(
        between(learningRate / REACH, learningRate * REACH, x),
        parameter == null ? null : between(parameter.lowest(), parameter.highest(), y));
  }

  private static double between(double low, double high, double share) {
    return new BigDecimal(low * Math.pow(high / low, share)).round(DIGITS).doubleValue();
  }
}
