package org.medoid.training.settings;

import static org.medoid.training.settings.SettingException.require;
import static org.medoid.training.settings.SettingException.requireDecay;
import static org.medoid.training.settings.SettingException.requireNotNegative;

/**
 * How the weights move.
 *
 * @param optimizer rmsprop; or {@code own:} and a name for one that a program brings itself
 * @param learningRate of the embedding layer at step 0
 * @param warmUp steps in which the backbone stands still
 * @param learningRateDecay the factor by which the learning rate falls every learningRateDecaySteps
 * @param learningRateDecaySteps steps; 0 means an epoch
 * @param backboneRateMultiplier the backbone's learning rate over that of the embedding layer
 * @param proxyRateMultiplier the learning rate of the loss's own variables over that of the
 *     embedding layer
 * @param clipNorm the largest global norm of the gradients; 0 for no limit
 * @param weightDecay this times each weight (not biases) is added to its gradient
 */
public record OptimizerSettings(
    String optimizer,
    double learningRate,
    long warmUp,
    double learningRateDecay,
    long learningRateDecaySteps,
    double backboneRateMultiplier,
    double proxyRateMultiplier,
    double clipNorm,
    double weightDecay) {
  /**
   * Checks the values.
   *
   * @param optimizer its name
   * @param learningRate at step 0, finite, 0 or more
   * @param warmUp steps in which the backbone stands still
   * @param learningRateDecay the factor by which the learning rate falls, in (0, 1]
   * @param learningRateDecaySteps steps; 0 means an epoch
   * @param backboneRateMultiplier the backbone's learning rate over that of the embedding layer
   * @param proxyRateMultiplier the learning rate of the loss's own variables over it
   * @param clipNorm the largest global norm of the gradients; 0 for no limit
   * @param weightDecay this times each weight (not biases) is added to its gradient
   * @throws SettingException if one is out of range
   */
  public OptimizerSettings {
    require(
        optimizer != null && (optimizer.equals("rmsprop") || Networks.isOwn(optimizer)),
        "optimizer",
        optimizer,
        "no such optimizer; there is rmsprop");
    requireNotNegative("learning_rate", learningRate);
    requireNotNegative("warm_up", warmUp);
    requireDecay("learning_rate_decay", learningRateDecay);
    requireNotNegative("learning_rate_decay_steps", learningRateDecaySteps);
    requireNotNegative("backbone_rate_multiplier", backboneRateMultiplier);
    requireNotNegative("proxy_rate_multiplier", proxyRateMultiplier);
    requireNotNegative("clip_norm", clipNorm);
    requireNotNegative("weight_decay", weightDecay);
  }
}
