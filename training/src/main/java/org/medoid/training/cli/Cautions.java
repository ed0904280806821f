package org.medoid.training.cli;

import java.util.Collection;
import org.medoid.training.data.DataSplit;
import org.medoid.training.evaluation.Evaluator;
import org.medoid.training.settings.TrainingSettings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Model.CommandSpec;

/** Tells, before the work, what it would come to nothing by. */
final class Cautions {
  private static final Logger LOG = LoggerFactory.getLogger(Cautions.class);

  private Cautions() {}

  /**
   * Of labels by which scores say nothing.
   *
   * @param name what has them
   * @param gallery the classes of what is searched; null for leave one out
   */
  static void scores(String name, int[] classes, int[] gallery) {
    Evaluator.caution(classes, gallery).ifPresent(why -> LOG.warn("{}: {}", name, why));
  }

  /**
   * Of a training: options without effect, scores that say nothing, broken pictures.
   *
   * @param read whether its pictures have all been read before
   */
  static void training(
      CommandSpec spec,
      TrainingSettings settings,
      Collection<String> losses,
      DataSplit data,
      boolean read) {
    UnusedOptions.tell(spec, settings, losses);
    scores(data.test().name(), data.test().labels(), null);
    if (!read && !settings.data().skipBroken()) {
      data.requireReadable();
    }
  }
}
