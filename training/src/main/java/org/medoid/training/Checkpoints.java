package org.medoid.training;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.tensorflow.Session;

/**
 * The checkpoints of a run: {@code checkpoints/step-NNNNNNNN.*}, the newest and the best one kept.
 * {@code checkpoint.json} names them and is replaced only when a new one is complete, so that a run
 * killed at any moment, or one that finds the disk full, still has the one before.
 */
public final class Checkpoints {
  private static final String FOLDER = "checkpoints";
  private static final String STATE = "checkpoint.json";

  /**
   * Which checkpoints there are.
   *
   * @param latestStep steps done in the newest
   * @param bestStep steps done in the best
   * @param bestScore its score
   */
  record State(
      @JsonProperty("latest_step") long latestStep,
      @JsonProperty("best_step") long bestStep,
      @JsonProperty("best_score") double bestScore) {}

  private final RunFolder folder;
  private State state;

  private Checkpoints(RunFolder folder, State state) {
    this.folder = folder;
    this.state = state;
  }

  /**
   * Opens the checkpoints of a run.
   *
   * @param folder the run
   * @return its checkpoints, perhaps none yet
   * @throws IOException if {@code checkpoint.json} is there but cannot be read
   */
  public static Checkpoints of(RunFolder folder) throws IOException {
    Files.createDirectories(folder.path().resolve(FOLDER));
    boolean any = Files.exists(folder.path().resolve(STATE));
    return new Checkpoints(folder, any ? folder.readJson(STATE, State.class) : null);
  }

  /**
   * Whether there is any.
   *
   * @return false in a run that has not saved yet
   */
  public boolean any() {
    return state != null;
  }

  /**
   * The newest.
   *
   * @return its prefix
   * @throws NoSuchFileException if there is none
   */
  public Path latest() throws NoSuchFileException {
    return prefix(required().latestStep());
  }

  /**
   * The one with the highest score so far.
   *
   * @return its prefix
   * @throws NoSuchFileException if there is none
   */
  public Path best() throws NoSuchFileException {
    return prefix(required().bestStep());
  }

  /**
   * The step of the newest.
   *
   * @return steps done
   * @throws NoSuchFileException if there is none
   */
  public long latestStep() throws NoSuchFileException {
    return required().latestStep();
  }

  /**
   * The step of the best.
   *
   * @return steps done
   * @throws NoSuchFileException if there is none
   */
  public long bestStep() throws NoSuchFileException {
    return required().bestStep();
  }

  private State required() throws NoSuchFileException {
    if (state == null) {
      throw new NoSuchFileException(
          folder.path().resolve(STATE).toString(), null, "the run has no checkpoint yet");
    }
    return state;
  }

  private Path prefix(long step) {
    return folder
        .path()
        .toAbsolutePath()
        .resolve(FOLDER)
        .resolve(String.format(Locale.ROOT, "step-%08d", step));
  }

  /**
   * Writes a checkpoint and makes it the newest; not yet known to readers, see {@link #keep}.
   *
   * @param session the session whose variables to write
   * @param step steps done
   * @return its prefix
   */
  Path write(Session session, long step) {
    Path prefix = prefix(step);
    session.save(prefix.toString());
    return prefix;
  }

  /**
   * Makes a checkpoint that has been written the newest, and the best if its score is higher than
   * any before; deletes those that are neither.
   *
   * @param step steps done
   * @param score of the evaluation, or NaN if there was none
   * @throws IOException if the folder cannot be written
   */
  void keep(long step, double score) throws IOException {
    boolean better = state == null || (!Double.isNaN(score) && !(score <= state.bestScore()));
    State next =
        better
            ? new State(step, step, Double.isNaN(score) ? Double.NEGATIVE_INFINITY : score)
            : new State(step, state.bestStep(), state.bestScore());
    folder.writeJson(STATE, next);
    state = next;
    List<String> kept =
        Stream.of(prefix(next.latestStep()), prefix(next.bestStep()))
            .map(path -> path.getFileName() + ".")
            .toList();
    try (Stream<Path> files = Files.list(folder.path().resolve(FOLDER))) {
      for (Path file : files.toList()) {
        if (kept.stream().noneMatch(file.getFileName().toString()::startsWith)) {
          Files.deleteIfExists(file);
        }
      }
    }
  }
}
