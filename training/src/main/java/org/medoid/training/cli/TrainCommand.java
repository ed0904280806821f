package org.medoid.training.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import org.medoid.graph.distributed.Cluster;
import org.medoid.graph.distributed.Worker;
import org.medoid.training.Checkpoints;
import org.medoid.training.RunFolder;
import org.medoid.training.Trainer;
import org.medoid.training.TrainingResult;
import org.medoid.training.data.BrokenImagesException;
import org.medoid.training.data.DataSplit;
import org.medoid.training.format.Json;
import org.medoid.training.settings.SettingsDraft;
import org.medoid.training.settings.TrainingSettings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;

/** {@code medoid train}. */
@Command(
    name = "train",
    description = "Trains an embedding network and evaluates it on classes it has not seen.",
    mixinStandardHelpOptions = true,
    showDefaultValues = true)
final class TrainCommand extends SpecCommand {
  private static final Logger LOG = LoggerFactory.getLogger(TrainCommand.class);

  @Mixin private TrainingOptions options;

  @Mixin private WorkerOptions workers;

  @Option(
      names = "--out",
      paramLabel = "RUN",
      required = true,
      description = "The run folder, new or empty; with --resume that of the run to go on with.")
  private Path out;

  @Option(
      names = "--resume",
      description =
          "Goes on from the newest checkpoint of --out, to its last step or to that of --steps.")
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
            open(all, earlier);
            if (!resume) {
              all = told().complete(data, count);
            }
            all.data().requireShared(count);
            look(all);
            return null;
          });
    }
    if (earlier != null && steps() != null) {
      TrainingOptions.checked(
          spec,
          () -> {
            open(earlier.settings(), earlier); // nothing is changed of a run that cannot go on
            earlier.changeSteps(steps());
            return null;
          });
    }
    if (local) { // the worker that leads finds the steps changed
      return workers.runLocally(spec);
    }
    Worker worker = workers.join(cluster);
    Trainer trainer =
        TrainingOptions.checked(spec, () -> trainer(earlier, worker).withWorker(worker));
    if (count == 1) {
      look(trainer.settings());
    }
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
                  tell(
                      stopped
                          + "; go on with: medoid train --resume --out "
                          + TypedPath.quoted(out)));
      if (earlier != null && !progress.isMoving()) {
        tellFinished(earlier);
      }
    } catch (CancellationException e) {
      return Interruption.EXIT_CODE;
    } catch (BrokenImagesException e) {
      if (!resume) {
        throw e;
      }
      throw new IllegalArgumentException(
          e.told() + "; put back what was there: a run goes on with the pictures it began with", e);
    }
    if (leads) {
      tell(RunReport.name(trainer.settings(), result), result, scored.embeddings());
    }
    return 0;
  }

  private void tell(String name, TrainingResult result, float[] embeddings) throws Exception {
    if (json) {
      json(result);
    } else {
      new ScoreTable().row(name, result.scores()).print(out());
    }
    RunReport.write(RunFolder.open(out), data, embeddings, Map.of(name, result.scores()));
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
                            "--steps",
                            "--local-workers",
                            "--worker-timeout",
                            "--debug",
                            "--quiet",
                            "--threads")
                        .contains(name))
            .toList();
    require(
        others.isEmpty(),
        "--resume goes on with the settings in %s; leave out %s"
            .formatted(out, String.join(", ", others)));
  }

  private SettingsDraft told() {
    SettingsDraft draft = options.draft();
    require(
        draft.data != null && draft.model != null,
        "A new run needs --data and --model (or --resume an earlier one)");
    return draft;
  }

  /** A worker that does not lead may have no run folder: it resumes by the leading one's. */
  private Trainer trainer(RunFolder earlier, Worker worker) throws IOException {
    if (!resume) {
      SettingsDraft draft = told();
      open(draft.complete(), null);
      return new Trainer(draft.complete(data, worker.workers()), data);
    }
    TrainingSettings settings =
        earlier != null
            ? earlier.settings()
            : Json.mapper().readValue(worker.published(), TrainingSettings.class);
    open(settings, earlier);
    return new Trainer(settings, data);
  }

  private void open(TrainingSettings settings, RunFolder earlier) throws IOException {
    if (data == null) {
      data = earlier != null ? earlier.openData() : settings.openData();
      if (earlier != null) {
        earlier.requireUnchanged(data);
      }
    }
  }

  /** Tells what a run would come to nothing by, before it; a parent did for its workers. */
  private void look(TrainingSettings settings) {
    if (!WorkerOptions.isStarted()) {
      // A run that began has read them all once.
      Cautions.training(spec, settings, List.of(settings.loss().loss()), data, resume);
    }
  }

  /** The steps that were told. */
  private Long steps() {
    return options.draft().steps;
  }

  /** Says why nothing was trained. */
  private void tellFinished(RunFolder run) throws IOException {
    long last = Checkpoints.of(run).latestStep();
    long all = run.settings().schedule().steps();
    LOG.info(
        "{} was finished before, after step {} of {}; {}",
        out,
        last,
        all,
        last < all
            ? "it stopped early, as its early_stop says"
            : "--resume --steps with more of them trains it further");
  }
}
