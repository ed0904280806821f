package org.medoid.training.cli;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.medoid.training.RunFolder;
import org.medoid.training.TrainingListener;
import org.medoid.training.TrainingResult;
import org.medoid.training.TrainingRun;
import org.medoid.training.data.DataSplit;
import org.medoid.training.data.ImageDataSet;
import org.medoid.training.evaluation.EvaluationResult;
import org.medoid.training.evaluation.Evaluator;
import org.medoid.training.report.Projector;
import org.medoid.training.report.Report;
import org.medoid.training.settings.TrainingSettings;

/**
 * Writes {@code report.html} of a run, and its embeddings for TensorBoard's projector: what train,
 * demo and report share.
 */
final class RunReport {
  private RunReport() {}

  /**
   * Writes the report and the projector's files.
   *
   * @param folder the run
   * @param data its images; those of its test classes are shown
   * @param embeddings of these by its model
   * @param rows of the score table, in order, that of the model last; empty to take them from
   *     result.json or, before the run has ended, to score the model
   * @throws IOException if the images cannot be read or the report not written
   */
  static void write(
      RunFolder folder, DataSplit data, float[] embeddings, Map<String, EvaluationResult> rows)
      throws IOException {
    ImageDataSet unseen = data.test();
    Map<String, EvaluationResult> shown = new LinkedHashMap<>(rows);
    if (shown.isEmpty()) {
      shown.putAll(folder.comparedWith());
      Optional<TrainingResult> result = folder.result();
      if (result.isPresent()) {
        shown.put(name(folder.settings(), result.get()), result.get().scores());
      } else {
        shown.put("best so far", Evaluator.evaluate(embeddings, unseen.labels()));
      }
    }
    Report.write(
        folder,
        new Report.Content(
            "What " + folder.path().toAbsolutePath().normalize().getFileName() + " learned",
            folder.settings(),
            shown,
            unseen,
            data.commonClasses().size(),
            embeddings,
            folder.settings().data().imageSize()));
    Projector.write(folder, unseen, embeddings);
  }

  /** Keeps what a training was scored on: to embed it again takes as long as the scores did. */
  static final class Scored implements TrainingListener {
    private float[] embeddings;

    @Override
    public void ended(TrainingRun run, TrainingResult result) {
      embeddings = run.testEmbeddings();
    }

    /** Of the test classes by the chosen checkpoint; null until the training has ended. */
    float[] embeddings() {
      return embeddings;
    }
  }

  /** What to call the row of a result. */
  static String name(TrainingSettings settings, TrainingResult result) {
    return settings.schedule().steps() == 0
        ? "untrained"
        : "after training (" + result.origin() + ")";
  }
}
