package org.medoid.training.cli;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.medoid.training.RunFolder;
import org.medoid.training.data.ImageDataSet;
import org.medoid.training.evaluation.EvaluationResult;
import org.medoid.training.evaluation.Evaluator;
import org.medoid.training.report.Projector;
import org.medoid.training.report.Report;

/**
 * Writes {@code report.html} of a run, and its embeddings for TensorBoard's projector: what train,
 * demo and report share.
 */
final class RunReport {
  private RunReport() {}

  /**
   * Embeds the unseen images with a model, scores them and writes the report and the projector's
   * files.
   *
   * @param folder the run
   * @param model its model
   * @param before rows of the score table above the model's own, in order
   * @param name what to call the model's own row
   * @return the rows shown
   * @throws IOException if the data cannot be read or the report not written
   */
  static Map<String, EvaluationResult> write(
      RunFolder folder, Model model, Map<String, EvaluationResult> before, String name)
      throws IOException {
    ImageDataSet unseen = folder.settings().openData().test();
    float[] embeddings = model.embed(unseen);
    Map<String, EvaluationResult> rows = new LinkedHashMap<>(before);
    rows.put(name, Evaluator.evaluate(embeddings, unseen.labels()));
    Report.write(
        folder,
        new Report.Content(
            "What " + folder.path().toAbsolutePath().normalize().getFileName() + " learned",
            folder.settings(),
            rows,
            unseen,
            embeddings,
            folder.settings().imageSize()));
    Projector.write(folder, unseen, embeddings);
    return rows;
  }
}
