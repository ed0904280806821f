package org.medoid.training.cli;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.medoid.training.EmbeddingModel;
import org.medoid.training.RunFolder;
import org.medoid.training.TrainingResult;
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
   * Embeds the unseen images with a model and writes the report and the projector's files.
   *
   * @param folder the run
   * @param model its model
   * @param unseen the images of its test classes
   * @param rows of the score table, in order, that of the model last; empty to take it from
   *     result.json or, before the run has ended, to score the model
   * @throws IOException if the data cannot be read or the report not written
   */
  static void write(
      RunFolder folder,
      EmbeddingModel model,
      ImageDataSet unseen,
      Map<String, EvaluationResult> rows)
      throws IOException {
    float[] embeddings = model.embed(unseen).floats();
    Map<String, EvaluationResult> shown = new LinkedHashMap<>(rows);
    if (shown.isEmpty()) {
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
            embeddings,
            folder.settings().data().imageSize()));
    Projector.write(folder, unseen, embeddings);
  }

  /** What to call the row of a result. */
  static String name(TrainingSettings settings, TrainingResult result) {
    return settings.schedule().steps() == 0
        ? "untrained"
        : "after training (" + result.origin() + ")";
  }
}
