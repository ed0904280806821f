package org.medoid.training.settings;

import static org.medoid.training.settings.SettingException.require;
import static org.medoid.training.settings.SettingException.requireDecay;
import static org.medoid.training.settings.SettingException.requireNotNegative;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.medoid.graph.AdamW;
import org.medoid.graph.Optimizer;
import org.medoid.graph.RmsProp;

/**
 * How the weights move.
 *
 * @param optimizer {@code rmsprop} or {@code adamw}; or {@code own:} and a name for one that a
 *     program brings itself
 * @param learningRate of the embedding layer at step 0
 * @param warmUp steps in which the backbone stands still
 * @param learningRateSchedule how the learning rate falls
 * @param learningRateDecay the factor by which the learning rate falls every learningRateDecaySteps
 * @param learningRateDecaySteps steps; 0 means an epoch
 * @param backboneRateMultiplier the backbone's learning rate over that of the embedding layer
 * @param proxyRateMultiplier the learning rate of the loss's own variables over that of the
 *     embedding layer
 * @param clipNorm the largest global norm of the gradients; 0 for no limit
 * @param weightDecay this times each weight (not biases) is added to its gradient (rmsprop), or,
 *     times the learning rate too, taken from the weight itself (adamw)
 * @param precision of what a step computes
 */
public record OptimizerSettings(
    String optimizer,
    double learningRate,
    long warmUp,
    Fall learningRateSchedule,
    double learningRateDecay,
    long learningRateDecaySteps,
    double backboneRateMultiplier,
    double proxyRateMultiplier,
    double clipNorm,
    double weightDecay,
    Precision precision) {
  /** RMSProp as the paper has it. */
  static final String RMSPROP = "rmsprop";

  /** Adam with decoupled weight decay. */
  static final String ADAMW = "adamw";

  private static final Map<String, Function<OptimizerSettings, Optimizer>> MAKERS =
      new TreeMap<>(
          Map.of(
              RMSPROP,
              told ->
                  RmsProp.defaults()
                      .withWeightDecay((float) told.weightDecay)
                      .withClipNorm((float) told.clipNorm),
              ADAMW,
              told ->
                  AdamW.defaults()
                      .withWeightDecay((float) told.weightDecay)
                      .withClipNorm((float) told.clipNorm)));

  /** Of what numbers a step computes. */
  public enum Precision {
    /** Of all in float32. */
    FLOAT32,
    /**
     * Of convolutions and matrix products in bfloat16, 8 digits of 24, with the range of float32;
     * weights and losses stay float32. Needs a processor with AVX512_BF16 or AMX.
     */
    BF16
  }

  /** How a learning rate falls. */
  public enum Fall {
    /** By the factor every so many steps, a little with each step. */
    EXPONENTIAL,
    /** By the factor every so many steps, at once. */
    STEP,
    /** Half a wave that comes to 0 after the last step; without a factor. */
    COSINE
  }

  /**
   * Checks the values.
   *
   * @param optimizer its name
   * @param learningRate at step 0, finite, 0 or more
   * @param warmUp steps in which the backbone stands still
   * @param learningRateSchedule how the learning rate falls
   * @param learningRateDecay the factor by which the learning rate falls, in (0, 1]
   * @param learningRateDecaySteps steps; 0 means an epoch
   * @param backboneRateMultiplier the backbone's learning rate over that of the embedding layer
   * @param proxyRateMultiplier the learning rate of the loss's own variables over it
   * @param clipNorm the largest global norm of the gradients; 0 for no limit
   * @param weightDecay this times each weight (not biases) is added to its gradient
   * @param precision of what a step computes
   * @throws SettingException if one is out of range
   */
  public OptimizerSettings {
    require(precision != null, "precision", null, "must be float32 or bf16");
    require(
        optimizer != null && (MAKERS.containsKey(optimizer) || Networks.isOwn(optimizer)),
        "optimizer",
        optimizer,
        "no such optimizer; optimizers are " + String.join(" and ", MAKERS.keySet()));
    requireNotNegative("learning_rate", learningRate);
    requireNotNegative("warm_up", warmUp);
    require(
        learningRateSchedule != null,
        "learning_rate_schedule",
        null,
        "must be exponential, step or cosine");
    requireDecay("learning_rate_decay", learningRateDecay);
    require(
        learningRateSchedule != Fall.COSINE || learningRateDecay == 1,
        "learning_rate_decay",
        learningRateDecay,
        "a cosine has no factor; leave it out");
    requireNotNegative("learning_rate_decay_steps", learningRateDecaySteps);
    requireNotNegative("backbone_rate_multiplier", backboneRateMultiplier);
    requireNotNegative("proxy_rate_multiplier", proxyRateMultiplier);
    requireNotNegative("clip_norm", clipNorm);
    requireNotNegative("weight_decay", weightDecay);
  }

  /**
   * Makes the optimizer of that name.
   *
   * @return null for one that a program brings itself
   */
  public Optimizer make() {
    return Networks.isOwn(optimizer) ? null : MAKERS.get(optimizer).apply(this);
  }
}
