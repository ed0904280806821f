package org.medoid.training.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import org.medoid.export.ExportFormat;
import org.medoid.export.ExportLayout;
import org.medoid.export.ExportReport;
import org.medoid.export.FolderNotEmptyException;
import org.medoid.export.ModelExporter;
import org.medoid.training.EmbeddingModel;
import org.medoid.training.RunFolder;
import org.medoid.training.data.DataSets;
import org.medoid.training.data.ImageDataSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code medoid export}. */
@Command(
    name = "export",
    description =
        "Writes a model as SavedModel and ONNX with the signature images -> embedding, after"
            + " comparing their embeddings with the model's own.",
    mixinStandardHelpOptions = true,
    showDefaultValues = true)
final class ExportCommand extends SpecCommand {
  /** Pictures that are compared: at 227x227 pixels two seconds of Inception. */
  private static final int PICTURES = 16;

  private static final Logger LOG = LoggerFactory.getLogger(ExportCommand.class);

  @ArgGroup(multiplicity = "1")
  private RunOrModel source;

  @Mixin private ModelChoice choice;

  @Option(
      names = "--to",
      paramLabel = "DIR",
      required = true,
      description =
          "Where to: the export itself (plain), the served model (tf-serving) or the repository of"
              + " models (triton).")
  private Path to;

  @Option(
      names = "--overwrite",
      description = "Replaces an earlier export once the new one is complete.")
  private boolean overwrite;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      split = "\\s*,\\s*",
      splitSynopsisLabel = ",",
      defaultValue = "savedmodel,onnx",
      description = "savedmodel, onnx or both.")
  private List<ExportFormat> formats;

  @Option(
      names = "--layout",
      paramLabel = "LAYOUT",
      defaultValue = "plain",
      description = "plain, tf-serving (the next numbered folder) or triton (ONNX only).")
  private ExportLayout layout;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      defaultValue = ModelExporter.EMBEDDING,
      description = "The model's name for tf-serving and triton.")
  private String name;

  @Option(
      names = "--tolerance",
      paramLabel = "T",
      description =
          "The largest difference allowed between the model's numbers and the exported ones,"
              + " relative to the largest of them. By default 1e-5, or 1e-4 for a --model whose"
              + " embeddings have not length one.")
  private Double tolerance;

  @Option(
      names = "--images",
      paramLabel = "DIR",
      description =
          "Pictures to compare with: in place of the run's own test data; for --model in place of"
              + " made-up ones.")
  private Path images;

  @Mixin private SkipBroken broken;

  @Option(names = "--json", description = "Prints the content of export.json.")
  private boolean json;

  @Override
  public Integer call() throws Exception {
    require(
        tolerance == null || (tolerance > 0 && tolerance <= 1),
        "--tolerance " + tolerance + ": must be above 0 and at most 1");
    UnusedOptions.tell(
        spec, layout == ExportLayout.PLAIN, "--layout plain has no name of a model", "--name");
    ModelExporter exporter;
    try (EmbeddingModel model = choice.open(spec.commandLine(), source)) {
      exporter =
          source.run != null ? ofRun(source.run, model, images, broken.skips()) : ofModel(model);
    }
    if (tolerance != null) {
      exporter.tolerance(tolerance);
    }
    ExportReport report = export(exporter);
    report.notes().forEach(LOG::warn);
    print(report);
    return 0;
  }

  private ExportReport export(ModelExporter exporter) throws IOException {
    try {
      return exporter
          .formats(EnumSet.copyOf(formats))
          .layout(layout)
          .overwrite(overwrite)
          .name(name)
          .export(to);
    } catch (FolderNotEmptyException e) {
      boolean earlier = Files.exists(to.resolve("export.json"));
      throw earlier
          ? OutputFile.overwriting(e, "replace it with --overwrite")
          : new IOException(
              to + " is not empty and holds no earlier export; give another folder", e);
    }
  }

  /**
   * An exporter of a run's best checkpoint.
   *
   * @param run the run folder
   * @param model its model
   * @param images pictures to compare with; null for the run's own test data
   * @param skipBroken whether to leave out those that cannot be read
   */
  static ModelExporter ofRun(Path run, EmbeddingModel model, Path images, boolean skipBroken)
      throws IOException {
    if (images != null) {
      return model.exporter(some(DataSets.unlabelled(images, skipBroken)));
    }
    try {
      return model.exporter(some(RunFolder.open(run).openData(skipBroken).test()));
    } catch (NoSuchFileException e) {
      throw new NoSuchFileException(
          e.getFile(), null, e.getReason() + ", or give some pictures to compare with: --images");
    }
  }

  private ModelExporter ofModel(EmbeddingModel model) throws IOException {
    return images == null
        ? model.exporter()
        : model.exporter().pictures(some(DataSets.unlabelled(images, broken.skips())).files());
  }

  private static ImageDataSet some(ImageDataSet all) {
    ImageDataSet some = all.part(0, Math.min(PICTURES, all.size()));
    some.requireReadable();
    return some;
  }

  private void print(ExportReport report) throws IOException {
    if (json) {
      json(report.info());
    } else {
      PrintWriter print = out();
      print.printf(
          Locale.ROOT,
          "%s: %d numbers per picture of %sx%s pixels%n",
          report.folder(),
          report.embeddingSize(),
          report.info().get("image_height"),
          report.info().get("image_width"));
      printDifferences(report, print);
      print.flush();
    }
  }

  /** Prints how far the parts of an export differ, a line each. */
  static void printDifferences(ExportReport report, PrintWriter print) {
    report
        .differences()
        .forEach(
            (part, difference) ->
                print.printf(
                    Locale.ROOT,
                    "largest difference over %d pictures, %s: %.1e%n",
                    report.pictures(),
                    part,
                    difference));
  }
}
