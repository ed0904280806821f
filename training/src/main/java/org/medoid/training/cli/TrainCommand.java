package org.medoid.training.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import org.medoid.training.EmbeddingModel;
import org.medoid.training.RunFolder;
import org.medoid.training.Trainer;
import org.medoid.training.TrainingResult;
import org.medoid.training.data.DataSplit;
import org.medoid.training.format.Json;
import org.medoid.training.settings.SettingsDraft;
import org.medoid.training.settings.TrainingSettings;
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

  @Mixin private TrainingOptions options;

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
    RunFolder earlier = resume ? earlier() : null;
    Trainer trainer =
        TrainingOptions.checked(spec, () -> resume ? trainer(earlier.settings()) : told());
    TrainingResult result;
    try (Progress progress = new Progress("training", trainer.settings().schedule().steps())) {
      trainer.withListener(progress);
      result =
          Interruption.train(
              trainer,
              () -> resume ? trainer.resume(earlier) : trainer.run(out),
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
    String name = RunReport.name(trainer.settings(), result);
    try (EmbeddingModel model = EmbeddingModel.ofRun(out)) {
      RunReport.write(RunFolder.open(out), model, Map.of(name, result.scores()));
    }
    if (json) {
      spec.commandLine().getOut().println(Json.mapper().writeValueAsString(result));
    } else {
      new ScoreTable().row(name, result.scores()).print(spec.commandLine().getOut());
    }
    return 0;
  }

  private RunFolder earlier() throws IOException {
    requireNoOtherOption();
    return RunFolder.open(out);
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

  private Trainer told() throws IOException {
    SettingsDraft draft = options.draft();
    if (draft.data == null || draft.model == null) {
      throw new ParameterException(
          spec.commandLine(), "A new run needs --data and --model (or --resume an earlier one)");
    }
    DataSplit data = draft.complete().openData();
    return new Trainer(draft.complete(data), data);
  }

  private static Trainer trainer(TrainingSettings settings) throws IOException {
    return new Trainer(settings, settings.openData());
  }
}
