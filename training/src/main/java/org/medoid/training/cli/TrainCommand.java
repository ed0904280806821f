package org.medoid.training.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import org.medoid.graph.distributed.Cluster;
import org.medoid.graph.distributed.Worker;
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

  @Mixin private WorkerOptions workers;

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

  private DataSplit data;

  @Override
  public Integer call() throws Exception {
    if (resume) {
      requireNoOtherOption();
    }
    Optional<Cluster> cluster = workers.cluster(spec);
    boolean leads = WorkerOptions.leads(cluster);
    if (leads && !resume) {
      RunFolder.requireFree(out);
    }
    RunFolder earlier = resume && leads ? RunFolder.open(out) : null;
    int count = workers.local().orElse(cluster.map(each -> each.workers().size()).orElse(1));
    boolean local = workers.local().isPresent();
    if ((count > 1 || local) && (earlier != null || !resume)) { // before anybody waits for another
      TrainingOptions.checked(
          spec,
          () -> {
            TrainingSettings all = resume ? earlier.settings() : told().complete();
            if (local && !resume) { // whose workers would each say what is wrong with the data
              all = told().complete(all.openData());
            }
            all.data().requireShared(count);
            return null;
          });
    }
    if (local) {
      return workers.runLocally(spec);
    }
    Worker worker = workers.join(cluster);
    Trainer trainer =
        TrainingOptions.checked(spec, () -> trainer(earlier, worker).withWorker(worker));
    WorkerOptions.endWithParent(trainer::stop);
    if (leads) {
      worker.publish(Json.mapper().writeValueAsString(trainer.settings()));
    }
    TrainingResult result;
    RunReport.Scored scored = new RunReport.Scored();
    try (Progress progress = new Progress("training", trainer.settings().schedule().steps())) {
      trainer.withListener(progress).withListener(scored);
      result =
          Interruption.train(
              trainer,
              () -> earlier == null ? trainer.run(out) : trainer.resume(earlier),
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
    if (leads) {
      tell(RunReport.name(trainer.settings(), result), result, scored.embeddings());
    }
    return 0;
  }

  private void tell(String name, TrainingResult result, float[] embeddings) throws Exception {
    if (json) {
      spec.commandLine().getOut().println(Json.mapper().writeValueAsString(result));
    } else {
      new ScoreTable().row(name, result.scores()).print(spec.commandLine().getOut());
    }
    RunReport.write(RunFolder.open(out), data.test(), embeddings, Map.of(name, result.scores()));
  }

  private void requireNoOtherOption() {
    List<String> others =
        spec.commandLine().getParseResult().matchedOptions().stream()
            .map(OptionSpec::longestName)
            .filter(
                name ->
                    !List.of(
                            "--out",
                            "--resume",
                            "--json",
                            "--local-workers",
                            "--worker-timeout",
                            "--debug",
                            "--quiet")
                        .contains(name))
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

  private SettingsDraft told() {
    SettingsDraft draft = options.draft();
    if (draft.data == null || draft.model == null) {
      throw new ParameterException(
          spec.commandLine(), "A new run needs --data and --model (or --resume an earlier one)");
    }
    return draft;
  }

  /** A worker that does not lead may have no run folder: it resumes by the leading one's. */
  private Trainer trainer(RunFolder earlier, Worker worker) throws IOException {
    if (!resume) {
      SettingsDraft draft = told();
      data = draft.complete().openData();
      return new Trainer(draft.complete(data), data);
    }
    TrainingSettings settings =
        earlier != null
            ? earlier.settings()
            : Json.mapper().readValue(worker.published(), TrainingSettings.class);
    data = earlier != null ? earlier.openData() : settings.openData();
    return new Trainer(settings, data);
  }
}
