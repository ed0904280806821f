package org.medoid.training;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.medoid.graph.loss.Losses;
import org.medoid.training.data.DataSplit;
import org.medoid.training.settings.TrainingSettings;

/**
 * Losses compared in one folder: each tuned by the same number of trials, then trained with several
 * seeds.
 *
 * <p>A trial trains a loss with a learning rate and a main parameter ({@link Losses#parameter}) of
 * its own, all else being equal, and is scored by Recall@1 (of equals, NMI) on training classes
 * that are held out; the best trial's setting is that of the loss's runs. Trial 0 is what was told,
 * the others are quasi-random: learning rates from a tenth of the one told to ten times it,
 * parameters as {@link Losses#parameter} has them, γ of the facility location loss from a sixteenth
 * of the batch to all of it. A run is scored once on the test classes, with the checkpoint that
 * held-out training classes chose; a trial never sees them. K. Musgrave, S. Belongie, S.-N. Lim, "A
 * Metric Learning Reality Check", ECCV 2020, show what comparisons without all this are worth.
 * Where the settings ask for another choice of the checkpoint, the tables say so.
 *
 * <p>The folder holds {@code trials/LOSS-N} for each trial, a run folder {@code LOSS-seedS} for
 * each run, the features of a frozen backbone once for all, and what sums them up. Whatever is done
 * there is not done again, after a kill too.
 *
 * <pre>{@code
 * TrainingSettings settings = TrainingSettings.of("icons", "convnet", s -> s.steps = 100L);
 * DataSplit icons = settings.openData();
 * Comparison comparison = Comparison.open(Path.of("compared"), settings, List.of(1, 2, 4, 8), 6);
 * for (Comparison.Job job : comparison.jobs(Losses.names(), List.of(1L, 2L, 3L))) {
 *   if (!comparison.done(job)) {
 *     comparison.run(job, comparison.trainer(job, icons));
 *   }
 * }
 * Leaderboard board = comparison.write(Losses.names(), List.of(1L, 2L, 3L));
 * }</pre>
 */
public final class Comparison {
  private static final String FEATURES = "features";

  private final Path path;
  private final ComparisonFolder folder;
  private final TrainingSettings settings;
  private final List<Integer> recallAt;
  private final int trials;
  private RunFolder begun;

  /**
   * A training that a comparison is made of.
   *
   * @param loss the name of the loss
   * @param trial whether it is one of the trials that choose the loss's setting
   * @param number of the trial from 0, or the run's seed
   */
  public record Job(String loss, boolean trial, long number) {
    @Override
    public String toString() {
      return loss + (trial ? ", trial " : ", seed ") + number;
    }
  }

  private Comparison(Path path, TrainingSettings settings, List<Integer> recallAt, int trials) {
    this.path = path;
    folder = new ComparisonFolder(path);
    this.settings = settings;
    this.recallAt = recallAt;
    this.trials = trials;
  }

  /**
   * Opens a new comparison, or goes on with an earlier one.
   *
   * @param path its folder: new, empty, or that of a comparison with the same settings
   * @param settings of every training; loss, parameter, seed and, in trials, the learning rate are
   *     set by this class. Their seed is that of the trials
   * @param recallAt the K of Recall@K; 1 is added
   * @param trials of each loss; 0 trains each with the settings told and its default
   * @return the comparison
   * @throws IOException if the folder cannot be read or holds something else, or the model not be
   *     read
   * @throws IllegalArgumentException if trials is negative, or earlier trainings there had other
   *     settings, naming them
   */
  public static Comparison open(
      Path path, TrainingSettings settings, List<Integer> recallAt, int trials) throws IOException {
    if (trials < 0) {
      throw new IllegalArgumentException("a comparison of " + trials + " trials");
    }
    TreeSet<Integer> all = new TreeSet<>(recallAt);
    all.add(1); // what chooses and ranks
    Comparison comparison = new Comparison(path, settings, List.copyOf(all), trials);
    comparison.folder.requireOwn();
    for (RunFolder each : comparison.folder.startedTrials()) {
      if (ComparisonFolder.holdsWork(each.path())) {
        comparison.refuseOtherTrial(each);
        comparison.begun = each;
      }
    }
    for (RunFolder each : comparison.folder.startedRuns()) {
      if (ComparisonFolder.holdsWork(each.path())) {
        comparison.refuseOtherRun(each);
        comparison.begun = each;
      }
    }
    return comparison;
  }

  /**
   * Whether a training here came to something before this comparison was opened.
   *
   * @return false if it is new, or was killed before a first checkpoint
   */
  public boolean hasBegun() {
    return begun != null;
  }

  private void refuseOtherTrial(RunFolder trial) throws IOException {
    TrainingSettings had = trial.settings();
    String name = trial.path().getFileName().toString();
    if (!name.matches(".*-[0-9]{1,9}")) { // somebody's copy of one
      throw new IllegalArgumentException(
          "%s: is called as no trial is, LOSS-NUMBER; move it away".formatted(trial.path()));
    }
    int number = Integer.parseInt(name.substring(name.lastIndexOf('-') + 1));
    if (number >= trials) {
      throw new IllegalArgumentException(
          "%s: holds trial %d of %s, but %d of each loss are asked for; ask for as many as it has, or name another folder"
              .formatted(path, number, had.loss().loss(), trials));
    }
    refuseOtherSettings(trial, trialSettings(had.loss().loss(), number));
  }

  private void refuseOtherRun(RunFolder run) throws IOException {
    TrainingSettings had = run.settings();
    String loss = had.loss().loss();
    if (trials(loss).size() < trials) {
      throw new IllegalArgumentException(
          "%s: run %s began before %s had %d trials; ask for as many as it had, or name another folder"
              .formatted(path, run.path().getFileName(), loss, trials));
    }
    refuseOtherSettings(run, runSettings(loss, had.schedule().seed()));
  }

  private void refuseOtherSettings(RunFolder run, TrainingSettings asked) throws IOException {
    Map<String, Object> before = run.settings().asMap();
    Map<String, Object> now = asked.asMap();
    String other =
        now.keySet().stream()
            .filter(name -> !Objects.equals(now.get(name), before.get(name)))
            .map(name -> "%s %s, not %s".formatted(name, before.get(name), now.get(name)))
            .collect(Collectors.joining("; "));
    if (!other.isEmpty()) {
      throw new IllegalArgumentException(
          "%s: %s has %s; losses are compared only if all else is equal: name another folder or give the settings it has"
              .formatted(path, path.relativize(run.path()), other));
    }
  }

  private TrainingSettings settings(String loss, long seed, SearchSpace.Candidate candidate)
      throws IOException {
    return settings.with(
        draft -> {
          draft.loss = loss;
          draft.lossParameter = null;
          draft.seed = seed;
          if (candidate != null) {
            candidate.tell(draft);
          }
        });
  }

  private TrainingSettings trialSettings(String loss, int number) throws IOException {
    return settings(loss, settings.schedule().seed(), SearchSpace.of(loss, settings).at(number));
  }

  private TrainingSettings runSettings(String loss, long seed) throws IOException {
    if (trials == 0) {
      return settings(loss, seed, null);
    }
    return settings(loss, seed, chosen(loss).candidate());
  }

  private Trial chosen(String loss) throws IOException {
    List<Trial> all = trials(loss);
    if (all.size() < trials) {
      throw new IllegalStateException(
          "%s: %s has had %d of %d trials; its runs come after them"
              .formatted(path, loss, all.size(), trials));
    }
    return Trial.best(all)
        .orElseThrow(
            () -> new DivergedException("%s: every trial of %s diverged".formatted(path, loss)));
  }

  /**
   * The trials of a loss that are done.
   *
   * @param loss its name
   * @return in the order of their numbers
   * @throws IOException if one cannot be read
   */
  public List<Trial> trials(String loss) throws IOException {
    return folder.trials(loss, trials);
  }

  /**
   * Everything there is to train, in order: the trials, then the runs; one of all losses before the
   * next, so that an early look has something of each.
   *
   * @param losses the losses to compare
   * @param seeds of their runs
   * @return the trainings, those that are done too
   */
  public List<Job> jobs(List<String> losses, List<Long> seeds) {
    List<Job> jobs = new ArrayList<>();
    for (long number = 0; number < trials; number++) {
      for (String loss : losses) {
        jobs.add(new Job(loss, true, number));
      }
    }
    for (long seed : seeds) {
      for (String loss : losses) {
        jobs.add(new Job(loss, false, seed));
      }
    }
    return jobs;
  }

  /**
   * Whether a training has ended and been scored.
   *
   * @param job the training
   * @return false too if it was scored without one of the K
   * @throws IOException if its result cannot be read
   */
  public boolean done(Job job) throws IOException {
    return job.trial()
        ? folder.trial(job).isPresent()
        : folder.result(job.loss(), job.number(), recallAt).isPresent();
  }

  /**
   * Prepares a training, or the rest of one that was interrupted. Nothing is written.
   *
   * @param job the training; a run after the trials of its loss
   * @param data the images to train on, and those of unseen classes to evaluate with
   * @return the trainer, for {@link #run}
   * @throws IOException if the network cannot be read
   * @throws IllegalArgumentException if there is no such loss, the settings do not fit the data,
   *     other trainings here began with other images, or no training classes can be held out for a
   *     trial
   * @throws IllegalStateException if trials of the run's loss are missing
   * @throws DivergedException if all trials of the run's loss diverged
   */
  public Trainer trainer(Job job, DataSplit data) throws IOException {
    TrainingSettings told =
        job.trial()
            ? trialSettings(job.loss(), Math.toIntExact(job.number()))
            : runSettings(job.loss(), job.number());
    if (begun != null) {
      begun.requireUnchanged(data); // one of them: each was compared with one before
    }
    Trainer trainer =
        new Trainer(told, data).withRecallAt(recallAt).withFeaturesIn(path.resolve(FEATURES));
    return job.trial() ? trainer.asTrial() : trainer;
  }

  /**
   * Trains, from the newest checkpoint of an interrupted training on if there is one. A trial that
   * diverges is done too, as the worst; of trials only the scores and curves are kept.
   *
   * @param job the training
   * @param trainer as {@link #trainer} gave it
   * @throws IOException as {@link Trainer#run}
   * @throws DivergedException if it is a run and diverges
   */
  public void run(Job job, Trainer trainer) throws IOException {
    Path own = folder.of(job);
    if (!job.trial()) {
      train(own, trainer);
      return;
    }
    SearchSpace space = SearchSpace.of(job.loss(), settings);
    int number = Math.toIntExact(job.number());
    SearchSpace.Candidate tried = space.at(number);
    String parameter = space.parameter() == null ? null : space.parameter().name();
    TrainingResult result = null;
    String diverged = null;
    try {
      result = train(own, trainer);
    } catch (DivergedException e) {
      diverged = e.getMessage();
    }
    Trial trial =
        new Trial(
            number,
            tried.learningRate(),
            parameter,
            tried.parameter(),
            result == null ? null : result.scores().recallAt().get(1),
            result == null ? null : result.scores().nmi(),
            result == null ? null : result.checkpoint(),
            diverged);
    RunFolder done = RunFolder.open(own);
    done.writeJson(Trial.FILE, trial);
    Checkpoints.of(done).delete();
  }

  private static TrainingResult train(Path own, Trainer trainer) throws IOException {
    return ComparisonFolder.holdsWork(own) ? trainer.resume(RunFolder.open(own)) : trainer.run(own);
  }

  /**
   * What is known so far.
   *
   * @param losses the losses to tell of, in order
   * @param seeds of their runs
   * @return a row for each loss that has a finished run
   * @throws IOException if scores cannot be read
   */
  public Leaderboard board(List<String> losses, List<Long> seeds) throws IOException {
    Map<String, Map<Long, TrainingResult>> runs = new LinkedHashMap<>();
    Map<String, List<Trial>> tried = new LinkedHashMap<>();
    for (String loss : losses) {
      Map<Long, TrainingResult> own = new LinkedHashMap<>();
      for (long seed : seeds) {
        folder.result(loss, seed, recallAt).ifPresent(result -> own.put(seed, result));
      }
      runs.put(loss, own);
      tried.put(loss, trials(loss));
    }
    Map<String, Object> shared = settings(losses.get(0), seeds.get(0), null).asMap();
    shared.keySet().removeAll(List.of("loss", "loss_parameter", "seed"));
    return Leaderboard.of(shared, seeds, recallAt, trials, runs, tried);
  }

  /**
   * Writes {@code compare.json} and {@code compare.md} of what is known so far.
   *
   * @param losses the losses to tell of, in order
   * @param seeds of their runs
   * @return what was written
   * @throws IOException if they cannot be written; earlier ones are then still there
   */
  public Leaderboard write(List<String> losses, List<Long> seeds) throws IOException {
    Leaderboard board = board(losses, seeds);
    Files.createDirectories(path);
    RunFolder.writeJson(path.resolve("compare.json"), board);
    RunFolder.write(path.resolve("compare.md"), board.markdown());
    return board;
  }

  /**
   * Writes a page into the folder, whole or not at all.
   *
   * @param name of the file
   * @param text its content
   * @throws IOException if it cannot be written; an earlier one is then still there
   */
  public void writePage(String name, String text) throws IOException {
    RunFolder.write(path.resolve(name), text);
  }
}
