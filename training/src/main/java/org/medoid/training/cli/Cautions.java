package org.medoid.training.cli;

import java.io.IOException;
import java.util.Collection;
import org.medoid.training.RunFolder;
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
   * Opens the data set of a run; of one that has changed since, the scores may be those of classes
   * that were trained on.
   */
  static DataSplit opened(RunFolder run, boolean skipBroken) throws IOException {
    DataSplit data = run.openData(skipBroken);
    run.changeOf(data)
        .ifPresent(
            change ->
                LOG.warn(
                    "{}: its pictures have changed since it began ({}): classes that it trained on may be scored as unseen ones",
                    run.path(),
                    change));
    return data;
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
