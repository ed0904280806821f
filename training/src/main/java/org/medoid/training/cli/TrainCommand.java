package org.medoid.training.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import org.medoid.training.RunFolder;
import org.medoid.training.Trainer;
import org.medoid.training.TrainingSettings;
import org.medoid.training.data.DataSplit;
import org.medoid.training.evaluation.EvaluationResult;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code medoid train}. */
@Command(
    name = "train",
    description = "Trains an embedding network and evaluates it on classes it has not seen.",
    mixinStandardHelpOptions = true,
    showDefaultValues = true)
final class TrainCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private TrainingSettings.Builder settings;

  @Option(
      names = "--out",
      paramLabel = "RUN",
      required = true,
      description = "The run folder, new or empty; with --resume that of the run to go on with.")
  private Path out;

  @Option(names = "--resume", description = "Goes on from the newest checkpoint of --out.")
  private boolean resume;

  @Option(names = "--json", description = "Prints the final scores as one JSON object.")
  private boolean json;

  @Override
  public Integer call() throws Exception {
    RunFolder folder;
    DataSplit split;
    if (resume) {
      requireNoOtherOption();
      folder = RunFolder.open(out);
      split = folder.settings().openData();
    } else {
      TrainingSettings told = told();
      split = told.openData();
      folder = RunFolder.create(out, told);
    }
    EvaluationResult result;
    try (Progress progress = new Progress("training", folder.settings().steps())) {
      result =
          Interruption.train(
              new Trainer(folder, split),
              progress,
              stopped ->
                  spec.commandLine()
                      .getErr()
                      .println(
                          "medoid: "
                              + stopped
                              + "; go on with: medoid train --resume --out "
                              + out));
    } catch (CancellationException e) {
      return Interruption.EXIT_CODE;
    }
    folder.writeJson("result.json", result);
    String when = folder.settings().steps() == 0 ? "untrained" : "after training";
    try (Model model = Model.ofRun(out)) {
      RunReport.write(folder, model, Map.of(), when);
    }
    if (json) {
      spec.commandLine().getOut().println(new ObjectMapper().writeValueAsString(result));
    } else {
      new ScoreTable().row(when, result).print(spec.commandLine().getOut());
    }
    return 0;
  }

  private void requireNoOtherOption() {
    List<String> others =
        spec.commandLine().getParseResult().matchedOptions().stream()
            .map(OptionSpec::longestName)
            .filter(
                name ->
                    !List.of("--out", "--resume", "--json", "--debug", "--quiet").contains(name))
            .toList();
    if (!others.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(),
          "--resume goes on with the settings in "
              + out
              + "; leave out "
              + String.join(", ", others));
    }
  }

  private TrainingSettings told() throws IOException {
    try {
      return settings.build();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }
}
