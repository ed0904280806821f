package org.medoid.training.cli;

import java.nio.file.Path;
import java.util.Map;
import org.medoid.training.EmbeddingModel;
import org.medoid.training.RunFolder;
import org.medoid.training.data.DataSplit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code medoid report}. */
@Command(
    name = "report",
    description =
        "Writes report.html of a run anew: scores, curves, what queries find, confusions, a map,"
            + " clusters; with the run's best checkpoint.",
    mixinStandardHelpOptions = true)
final class ReportCommand extends SpecCommand {
  @Option(
      names = "--run",
      paramLabel = "RUN",
      required = true,
      description = "The folder of the run.")
  private Path run;

  @Mixin private SkipBroken broken;

  @Override
  public Integer call() throws Exception {
    RunFolder folder = RunFolder.open(run);
    OutputFile.check("--run", run.resolve("report.html")); // before minutes of embedding
    try (EmbeddingModel model = EmbeddingModel.ofRun(run)) {
      DataSplit data = Cautions.opened(folder, broken.skips());
      RunReport.write(folder, data, model.embed(data.test()).floats(), Map.of());
    }
    out().println(run.resolve("report.html"));
    return 0;
  }
}
