package org.medoid.training;

import org.medoid.graph.StepRates;
import org.medoid.training.settings.LossSettings;
import org.medoid.training.settings.OptimizerSettings;
import org.medoid.training.settings.TrainingSettings;

/** Learning rates and margin multiplier of each step. */
final class Schedules {
  /** initial · rate^(step / interval): the paper lets the margin multiplier γ decay so, at 0.94. */
  private record Decay(double initial, double rate, long interval) {
    double at(long step) {
      return initial * Math.pow(rate, (double) step / interval);
    }
  }

  private final OptimizerSettings optimizer;
  private final Decay gamma;
  private final Decay learningRate;
  private final long steps;

  /**
   * Prepares.
   *
   * @param images to train on: an epoch has so many, rounded up to whole batches
   */
  Schedules(TrainingSettings settings, int images) {
    optimizer = settings.optimizer();
    steps = settings.schedule().steps();
    LossSettings loss = settings.loss();
    long batch = settings.data().batch();
    long epoch = (images + batch - 1) / batch;
    gamma = decay(loss.gamma(), loss.gammaDecay(), loss.gammaDecaySteps(), epoch);
    learningRate =
        decay(
            optimizer.learningRate(),
            optimizer.learningRateDecay(),
            optimizer.learningRateDecaySteps(),
            epoch);
  }

  private static Decay decay(double initial, double rate, long steps, long epoch) {
    return new Decay(initial, rate, steps == 0 ? epoch : steps);
  }

  /**
   * What a step goes by.
   *
   * @param step from 0
   */
  StepRates at(long step) {
    return new StepRates(
        learningRate(step),
        step < optimizer.warmUp() ? 0 : optimizer.backboneRateMultiplier(),
        optimizer.proxyRateMultiplier(),
        gamma.at(step));
  }

  private double learningRate(long step) {
    return switch (optimizer.learningRateSchedule()) {
      case EXPONENTIAL -> learningRate.at(step);
      case STEP -> learningRate.at(step - step % learningRate.interval());
      case COSINE -> optimizer.learningRate() * (1 + Math.cos(Math.PI * step / steps)) / 2;
    };
  }
}
