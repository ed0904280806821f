package org.medoid.training;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where the trainings of a {@link Comparison} lie, and what is there of them: {@code trials/LOSS-N}
 * and {@code LOSS-seedS}.
 *
 * @param path the comparison's folder; it need not exist
 */
record ComparisonFolder(Path path) {
  private static final String TRIALS = "trials";

  /** The folder of a training. */
  Path of(Comparison.Job job) {
    return job.trial()
        ? path.resolve(TRIALS).resolve(job.loss() + "-" + job.number())
        : path.resolve(job.loss() + "-seed" + job.number());
  }

  /**
   * Whether a training has come to something that could be lost. One that has not leaves its place
   * to another with other settings.
   */
  static boolean holdsWork(Path training) {
    return Stream.of(Checkpoints.STATE, Trial.FILE, TrainingResult.FILE)
        .anyMatch(file -> Files.exists(training.resolve(file)));
  }

  /** The trials that began. */
  List<RunFolder> startedTrials() throws IOException {
    return started(path.resolve(TRIALS));
  }

  /** The runs that began. */
  List<RunFolder> startedRuns() throws IOException {
    return started(path);
  }

  private static List<RunFolder> started(Path folder) throws IOException {
    List<RunFolder> started = new ArrayList<>();
    if (Files.exists(folder)) {
      try (Stream<Path> files = Files.list(folder)) {
        for (Path each : files.sorted().toList()) {
          if (Files.isRegularFile(each.resolve(RunFolder.SETTINGS))) {
            started.add(RunFolder.open(each));
          }
        }
      }
    }
    return started;
  }

  /**
   * Refuses a folder that holds something else. A comparison that was killed before its first
   * training leaves nothing but empty folders.
   */
  void requireOwn() throws IOException {
    RunFolder.requireNoFile(path);
    if (!Files.exists(path) || !startedRuns().isEmpty() || !startedTrials().isEmpty()) {
      return;
    }
    try (Stream<Path> files = Files.walk(path)) {
      if (files.anyMatch(each -> !Files.isDirectory(each))) {
        throw new FileAlreadyExistsException(
            path.toString(), null, "is not empty and holds no comparison");
      }
    }
  }

  /** A trial, if it is done. */
  Optional<Trial> trial(Comparison.Job job) throws IOException {
    return Files.exists(of(job).resolve(Trial.FILE))
        ? Optional.of(RunFolder.open(of(job)).readJson(Trial.FILE, Trial.class))
        : Optional.empty();
  }

  /** Those of the first so many trials of a loss that are done. */
  List<Trial> trials(String loss, int count) throws IOException {
    List<Trial> done = new ArrayList<>();
    for (int number = 0; number < count; number++) {
      trial(new Comparison.Job(loss, true, number)).ifPresent(done::add);
    }
    return done;
  }

  /** What came of a run, if it has ended and been scored with all the K. */
  Optional<TrainingResult> result(String loss, long seed, List<Integer> recallAt)
      throws IOException {
    Path run = of(new Comparison.Job(loss, false, seed));
    if (!Files.exists(run.resolve(RunFolder.SETTINGS))) {
      return Optional.empty();
    }
    return RunFolder.open(run)
        .result()
        .filter(each -> each.scores().recallAt().keySet().containsAll(recallAt));
  }
}
