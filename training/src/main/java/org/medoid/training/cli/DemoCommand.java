package org.medoid.training.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.medoid.export.ExportReport;
import org.medoid.export.ModelExporter;
import org.medoid.training.Embedder;
import org.medoid.training.EmbeddingModel;
import org.medoid.training.RunFolder;
import org.medoid.training.Trainer;
import org.medoid.training.TrainingResult;
import org.medoid.training.data.DataSets;
import org.medoid.training.data.DataSplit;
import org.medoid.training.data.ImageDataSet;
import org.medoid.training.evaluation.EvaluationResult;
import org.medoid.training.evaluation.Evaluator;
import org.medoid.training.settings.TrainingSettings;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code medoid demo}: everything Medoid does, once, on pictures that the build has fetched. */
@Command(
    name = "demo",
    description =
        "Trains a small network on icons, evaluates it on concepts it has not seen, exports it as"
            + " SavedModel and ONNX, compares the three and writes a report.",
    mixinStandardHelpOptions = true,
    showDefaultValues = true)
final class DemoCommand extends SpecCommand {
  /** Raw pixels are compared at this size: at 16x16 small shifts of a line matter least. */
  private static final int RAW_SIZE = 16;

  /** Pictures left beside the export, for trying it out. */
  private static final int SAMPLES = 48;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "medoid-demo",
      description = "The run folder, new or empty.")
  private Path out;

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "400",
      description = "Training steps; the default takes three to four minutes on two cores.")
  private long steps;

  @Option(names = "--seed", paramLabel = "S", defaultValue = "1", description = "Of everything.")
  private long seed;

  @Option(names = "--json", description = "Prints one JSON object in place of the table.")
  private boolean json;

  @Override
  public Integer call() throws Exception {
    long start = System.nanoTime();
    TrainingSettings settings = TrainingOptions.checked(spec, this::settings);
    RunFolder.requireFree(out);
    DataSplit icons = DataSets.open("icons");
    Trainer trainer = new Trainer(settings, icons);
    TrainingResult trained;
    RunReport.Scored scored = new RunReport.Scored();
    try (Progress progress = new Progress("training", steps)) {
      trained = trainer.withListener(progress).withListener(scored).run(out);
    }
    RunFolder folder = RunFolder.open(out);
    Map<String, EvaluationResult> scores = new LinkedHashMap<>();
    scores.put(
        "raw pixels",
        Evaluator.evaluate(
            Embedder.pixels(icons.test(), RAW_SIZE, RAW_SIZE), icons.test().labels()));
    scores.put("untrained network", untrained(settings, icons.test()));
    scores.put("trained network", trained.scores());
    if (!json) { // before what may fail
      print(icons.test(), scores);
    }
    ModelExporter exporter;
    RunReport.write(folder, icons, scored.embeddings(), scores);
    try (EmbeddingModel model = EmbeddingModel.ofRun(out)) {
      exporter = ExportCommand.ofRun(out, model, null, false);
    }
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("steps", steps);
    result.put("checkpoint", trained.checkpoint());
    result.put("chosen_on", trained.chosenOn());
    result.put("scores", scores);
    folder.writeJson(TrainingResult.FILE, result);
    ExportReport export = exporter.export(out.resolve("export"));
    saveSamples(icons.test());
    result.put("parity", export.differences());
    result.put("seconds", (System.nanoTime() - start) / 1e9);
    folder.writeJson(TrainingResult.FILE, result);
    if (json) {
      json(result);
    } else {
      PrintWriter print = out();
      print.printf("%nexported: %s%n", export.folder());
      ExportCommand.printDifferences(export, print);
      print.printf("report: %s%n", out.resolve("report.html"));
      print.flush();
    }
    return 0;
  }

  private TrainingSettings settings() throws IOException {
    return TrainingSettings.of(
        "icons",
        "convnet",
        draft -> {
          draft.steps = steps;
          draft.evalEvery = Math.max(1, steps / 6);
          draft.seed = seed;
        });
  }

  private static EvaluationResult untrained(TrainingSettings settings, ImageDataSet data)
      throws IOException {
    try (EmbeddingModel model = EmbeddingModel.untrained(settings)) {
      return Evaluator.evaluate(model.embed(data).floats(), data.labels());
    }
  }

  private void saveSamples(ImageDataSet data) throws IOException {
    Path samples = Files.createDirectories(out.resolve("samples"));
    int[] labels = data.labels();
    for (int i = 0; i < Math.min(SAMPLES, data.size()); i++) {
      Files.copy(
          data.files().get(i),
          samples.resolve(
              data.classNames().get(labels[i]) + "-" + data.files().get(i).getFileName()));
    }
  }

  private void print(ImageDataSet data, Map<String, EvaluationResult> scores) {
    PrintWriter print = out();
    print.printf(
        Locale.ROOT,
        "%d images of %d concepts that were not trained on:%n",
        data.size(),
        data.classNames().size());
    ScoreTable table = new ScoreTable();
    scores.forEach(table::row);
    table.print(print);
    print.flush();
  }
}
