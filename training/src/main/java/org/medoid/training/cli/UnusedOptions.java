package org.medoid.training.cli;

import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import org.medoid.graph.loss.Losses;
import org.medoid.ops.clustering.LocalSearch;
import org.medoid.training.settings.LossSettings;
import org.medoid.training.settings.OptimizerSettings;
import org.medoid.training.settings.OptimizerSettings.Fall;
import org.medoid.training.settings.ScheduleSettings;
import org.medoid.training.settings.ScheduleSettings.Choice;
import org.medoid.training.settings.TrainingSettings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Model.CommandSpec;

/**
 * Remarks on options that were given and change nothing beside the others. They are not refused:
 * scripts give the same options to one loss after another.
 */
final class UnusedOptions {
  private static final Logger LOG = LoggerFactory.getLogger(UnusedOptions.class);

  private UnusedOptions() {}

  /**
   * Tells of those that were given, in one line.
   *
   * @param spec of the command
   * @param unused whether they change nothing
   * @param why says so
   * @param options their names
   */
  static void tell(CommandSpec spec, boolean unused, String why, String... options) {
    List<String> given =
        Arrays.stream(options)
            .filter(spec.commandLine().getParseResult()::hasMatchedOption)
            .toList();
    if (unused && !given.isEmpty()) {
      LOG.info("without effect: {}; {}", String.join(", ", given), why);
    }
  }

  /** Tells of what changes nothing in a training with one of some losses. */
  static void tell(CommandSpec spec, TrainingSettings settings, Collection<String> losses) {
    tell(
        spec,
        settings.network().frozenFeatures(),
        "--frozen-features are those of the centre of each image",
        "--crop",
        "--mirror");
    tell(
        spec,
        settings.network().frozen(),
        "the backbone keeps its weights",
        "--backbone-rate-multiplier",
        "--warm-up",
        "--batch-norm");
    LossSettings loss = settings.loss();
    boolean own = losses.stream().anyMatch(name -> name.startsWith("own:"));
    tell(
        spec,
        !own && !losses.contains(LossSettings.FACILITY_LOCATION),
        "they are for facility_location",
        "--gamma",
        "--gamma-decay",
        "--gamma-decay-steps",
        "--margin",
        "--local-search",
        "--max-sweeps",
        "--start",
        "--distance");
    tell(spec, loss.gammaDecay() == 1, "--gamma-decay is 1", "--gamma-decay-steps");
    tell(spec, loss.localSearch() == LocalSearch.NONE, "--local-search is none", "--max-sweeps");
    List<String> withProxies = Losses.namesWithProxies();
    tell(
        spec,
        !own && Collections.disjoint(losses, withProxies),
        "it is for losses with proxies: " + String.join(", ", withProxies),
        "--proxy-rate-multiplier");
    OptimizerSettings optimizer = settings.optimizer();
    tell(
        spec,
        optimizer.learningRateDecay() == 1,
        "--learning-rate-decay is 1",
        "--learning-rate-decay-steps");
    tell(
        spec,
        optimizer.learningRateDecay() == 1 && optimizer.learningRateSchedule() != Fall.COSINE,
        "--learning-rate-decay is 1",
        "--learning-rate-schedule");
    ScheduleSettings schedule = settings.schedule();
    tell(
        spec,
        schedule.chooseOn() == Choice.TEST,
        "--choose-on test trains on all of them",
        "--validation-classes");
  }
}
