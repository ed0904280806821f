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
 * What training minimises. All but the name and its parameter is of the facility location loss.
 *
 * @param loss the name of the loss, one of {@link Losses#names}; or {@code own:} and a name for a
 *     loss that a program brings itself
 * @param lossParameter the main parameter of a loss that has one, as {@link Losses#parameter} names
 *     it; null for its default
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
    Double lossParameter,
    double gamma,
    double gammaDecay,
    long gammaDecaySteps,
    Margin margin,
    LocalSearch localSearch,
    long maxSweeps,
    Start start,
    Distance distance) {
  /** The loss that this program is about; its main parameter is γ. */
  public static final String FACILITY_LOCATION = "facility_location";

  /**
   * Checks the values.
   *
   * @param loss the name of the loss
   * @param lossParameter its main parameter, positive and finite; null for its default
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
    require(
        lossParameter == null || (!Networks.isOwn(loss) && Losses.parameter(loss).isPresent()),
        "loss_parameter",
        lossParameter,
        loss
            + (loss.equals(FACILITY_LOCATION)
                ? " has none but its margin multiplier, gamma"
                : " has none to set"));
    require(
        lossParameter == null || (lossParameter > 0 && lossParameter <= Float.MAX_VALUE),
        "loss_parameter",
        lossParameter,
        "must be above 0, and finite as a float32");
    requireNotNegative("gamma", gamma);
    requireDecay("gamma_decay", gammaDecay);
    requireNotNegative("gamma_decay_steps", gammaDecaySteps);
    require(margin != null, "margin", null, "is missing");
    require(localSearch != null, "local_search", null, "is missing");
    requireNotNegative("max_sweeps", maxSweeps);
    require(start != null, "start", null, "is missing");
    require(distance != null, "distance", null, "is missing");
  }

  /**
   * The distance that embeddings are trained for.
   *
   * @return the one told, for {@value #FACILITY_LOCATION} and a loss of a program's own; the others
   *     know the Euclidean one alone, or cosines, which order neighbours alike
   */
  public Distance trainedFor() {
    return loss.equals(FACILITY_LOCATION) || Networks.isOwn(loss) ? distance : Distance.EUCLIDEAN;
  }
}
