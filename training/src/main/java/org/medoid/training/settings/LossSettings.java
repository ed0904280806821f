package org.medoid.training.settings;

import static org.medoid.training.settings.SettingException.require;
import static org.medoid.training.settings.SettingException.requireDecay;
import static org.medoid.training.settings.SettingException.requireNotNegative;

import org.medoid.graph.loss.Losses;
import org.medoid.ops.clustering.Distance;
import org.medoid.ops.clustering.LocalSearch;
import org.medoid.ops.clustering.Margin;
import org.medoid.ops.clustering.Start;

/**
 * What training minimises. All but the name is of the facility location loss.
 *
 * @param loss the name of the loss, one of {@link Losses#names}; or {@code own:} and a name for a
 *     loss that a program brings itself
 * @param gamma the margin multiplier γ at step 0
 * @param gammaDecay the factor by which γ falls every gammaDecaySteps
 * @param gammaDecaySteps steps; 0 means an epoch (training images over the batch size, rounded up)
 * @param margin the agreement measure of the margin
 * @param localSearch what follows the start
 * @param maxSweeps most sweeps of the local search; 0 for the op's default
 * @param start where the local search starts
 * @param distance between embeddings
 */
public record LossSettings(
    String loss,
    double gamma,
    double gammaDecay,
    long gammaDecaySteps,
    Margin margin,
    LocalSearch localSearch,
    long maxSweeps,
    Start start,
    Distance distance) {
  /**
   * Checks the values.
   *
   * @param loss the name of the loss
   * @param gamma the margin multiplier γ at step 0, finite, 0 or more
   * @param gammaDecay the factor by which γ falls every gammaDecaySteps, in (0, 1]
   * @param gammaDecaySteps steps, 0 for an epoch
   * @param margin the agreement measure of the margin
   * @param localSearch what follows the start
   * @param maxSweeps most sweeps of the local search; 0 for the op's default
   * @param start where the local search starts
   * @param distance between embeddings
   * @throws SettingException if there is no such loss, or one is missing or out of range
   */
  public LossSettings {
    require(
        loss != null && (Losses.names().contains(loss) || Networks.isOwn(loss)),
        "loss",
        loss,
        "no such loss; losses are " + String.join(", ", Losses.names()));
    requireNotNegative("gamma", gamma);
    requireDecay("gamma_decay", gammaDecay);
    requireNotNegative("gamma_decay_steps", gammaDecaySteps);
    require(margin != null, "margin", null, "is missing");
    require(localSearch != null, "local_search", null, "is missing");
    requireNotNegative("max_sweeps", maxSweeps);
    require(start != null, "start", null, "is missing");
    require(distance != null, "distance", null, "is missing");
  }
}
