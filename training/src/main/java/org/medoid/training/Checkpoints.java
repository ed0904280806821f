package org.medoid.training;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.medoid.export.savedmodel.LiteralPath;
import org.tensorflow.Session;
import org.tensorflow.exceptions.TensorFlowException;

/**
 * The checkpoints of a run: {@code checkpoints/step-NNNNNNNN.*}, the newest and the best one kept.
 * {@code checkpoint.json} names them and is replaced only when a new one is complete, so that a run
 * killed at any moment, or one that finds the disk full, still has the one before.
 */
public final class Checkpoints {
  static final String FOLDER = "checkpoints";

  /** What the names of all its files begin with. */
  private static final String PREFIX = "step-";

  /** Of a run with several checkpoints a second a few reads in a row may come too late. */
  private static final int MOST_TRIES = 20;

  /** What TensorFlow says where a checkpoint lacks a variable, or has it of another shape. */
  private static final Pattern ANOTHER =
      Pattern.compile("not found in checkpoint|shapes? .*(match|checkpoint)");

  static final String STATE = "checkpoint.json";

  /**
   * Which checkpoints there are.
   *
   * @param latestStep steps done in the newest
   * @param bestStep steps done in the best
   * @param bestScore its Recall@1, null if it has not been evaluated
   * @param bestNmi its NMI, which decides between equals; null in runs of earlier versions
   * @param evaluatedStep steps done at the last evaluation, 0 for none
   * @param metrics the newest one's row of metrics.csv, should that not be written any more; null
   *     in runs of earlier versions
   */
  record State(
      @JsonProperty("latest_step") long latestStep,
      @JsonProperty("best_step") long bestStep,
      @JsonProperty("best_score") Double bestScore,
      @JsonProperty("best_nmi") Double bestNmi,
      @JsonProperty("evaluated_step") long evaluatedStep,
      @JsonProperty("metrics") List<String> metrics) {
    /** After a newer checkpoint, which is the best too where none has a score. */
    State next(long step, List<String> row) {
      return bestScore == null
          ? new State(step, step, null, null, 0, row)
          : new State(step, bestStep, bestScore, bestNmi, evaluatedStep, row);
    }

    /** With the newest as the best. */
    State best(double score, double nmi) {
      return new State(latestStep, latestStep, score, nmi, evaluatedStep, metrics);
    }

    /** With the newest evaluated. */
    State evaluated() {
      return new State(latestStep, bestStep, bestScore, bestNmi, latestStep, metrics);
    }
  }

  private static final State NONE = new State(0, 0, null, null, 0, null);

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
   * @throws AccessDeniedException if it may not be read
   */
  public Path latest() throws FileSystemException {
    return existing(required().latestStep());
  }

  /**
   * The one with the highest score so far; the newest where none has a score.
   *
   * @return its prefix
   * @throws NoSuchFileException if there is none
   * @throws AccessDeniedException if it may not be read
   */
  public Path best() throws FileSystemException {
    return existing(required().bestStep());
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

  private Path existing(long step) throws FileSystemException {
    Path prefix = prefix(step);
    Path index = prefix.resolveSibling(prefix.getFileName() + ".index");
    if (Files.exists(index) && !Files.isReadable(index)) {
      throw new AccessDeniedException(index.toString());
    }
    if (!Files.exists(index)) {
      throw new NoSuchFileException(
          index.toString(), null, "the checkpoint that " + STATE + " names is gone");
    }
    return prefix;
  }

  /**
   * Reads a checkpoint, naming it where it cannot be read, which TensorFlow does not.
   *
   * @param <T> what is read
   * @param prefix of the checkpoint
   * @param reader reads it
   * @return what was read
   * @throws IOException if it is damaged, or of another network
   */
  static <T> T reading(Path prefix, Supplier<T> reader) throws IOException {
    try {
      return reader.get();
    } catch (UncheckedIOException e) {
      throw e.getCause(); // gone since it was named
    } catch (RuntimeException e) {
      if (!e.getClass().getPackage().equals(TensorFlowException.class.getPackage())) {
        throw e; // TensorFlow's exceptions have no root of their own
      }
      String told = firstLine(e);
      if (told.contains("Node name contains invalid characters")) {
        throw e; // of the graph that was to read it: the locale's digits
      }
      boolean other = ANOTHER.matcher(told).find();
      throw new IOException(
          (other
                  ? "%s: the checkpoint is of another network or optimizer: %s"
                  : "%s: the checkpoint cannot be read: %s; copy the run anew, or train it again")
              .formatted(prefix, told),
          e);
    }
  }

  /**
   * Reads the best checkpoint of a run, and again where it was replaced meanwhile: the run may be
   * training, a short one with a checkpoint in less time than a network takes to be built.
   *
   * @param <T> what is read
   * @param run its folder
   * @param reader reads it
   * @return what was read
   * @throws IOException if there is none, or it is damaged, or of another network
   */
  static <T> T readingBest(RunFolder run, Function<Path, T> reader) throws IOException {
    Checkpoints now = of(run);
    for (int tries = 1; ; tries++) {
      try {
        Path best = now.best();
        return reading(best, () -> reader.apply(best));
      } catch (IOException e) {
        Checkpoints next = of(run);
        if (next.bestStep() == now.bestStep()) {
          throw e;
        }
        if (tries == MOST_TRIES) {
          throw new IOException(
              run.path()
                  + ": the run replaces its checkpoints faster than they can be read; wait for it",
              e);
        }
        now = next;
      }
    }
  }

  private static String firstLine(Exception e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }

  /** Gives a session's variables the values of a checkpoint; see {@link #reading}. */
  static void restore(Session session, Path prefix) throws IOException {
    try (LiteralPath path = LiteralPath.of(prefix)) {
      reading(
          prefix,
          () -> {
            session.restore(path.name());
            return session;
          });
    }
  }

  private Path prefix(long step) {
    return folder
        .path()
        .toAbsolutePath()
        .resolve(FOLDER)
        .resolve(String.format(Locale.ROOT, PREFIX + "%08d", step));
  }

  /**
   * The step of the last evaluation.
   *
   * @return steps done then, 0 if there was none
   */
  public long evaluatedStep() {
    return state == null ? 0 : state.evaluatedStep();
  }

  /** The row of metrics.csv for the step of the newest; nothing in runs of earlier versions. */
  Optional<StepMetrics> metrics() {
    return state == null || state.metrics() == null
        ? Optional.empty()
        : Optional.of(StepMetrics.of(state.metrics()));
  }

  /**
   * Writes a checkpoint and makes it the newest; deletes what is neither that nor the best.
   * TensorFlow writes the files aside and renames them, and {@code checkpoint.json} names them only
   * then.
   *
   * @param session the session whose variables to write
   * @param step steps done
   * @param row of metrics.csv for the last of them; null for none
   * @return its prefix
   * @throws IOException if it cannot be written; the checkpoints before are then still there
   */
  Path write(Session session, long step, StepMetrics row) throws IOException {
    List<String> metrics = row == null ? null : List.of(row.cells());
    Path prefix = prefix(step);
    try {
      session.save(prefix.toString());
      set((state == null ? NONE : state).next(step, metrics));
    } catch (TensorFlowException
        | IllegalArgumentException
        | UnsupportedOperationException
        | IOException e) {
      boolean known = state != null && (state.latestStep() == step || state.bestStep() == step);
      if (!known) {
        delete(file -> file.getFileName().toString().startsWith(prefix.getFileName() + "."));
      }
      throw new IOException(
          "%s: the checkpoint of step %d cannot be written (%s); %s"
              .formatted(
                  folder.path(),
                  step,
                  firstLine(e),
                  state == null
                      ? "there is none yet: make room or mend the folder, then begin anew"
                      : "that of step "
                          + state.latestStep()
                          + " is intact: make room or mend the folder, then resume the run"),
          e);
    }
    return prefix;
  }

  /**
   * Gives the newest checkpoint its scores: it becomes the best if no other had a higher Recall@1,
   * or, of equals, a higher NMI. With few classes many have the same Recall@1, and where each has
   * but one picture none has any: NaN counts as 0.
   *
   * @param recallAt1 of the evaluation
   * @param nmi of the evaluation
   * @throws IOException if the folder cannot be written
   */
  void scored(double recallAt1, double nmi) throws IOException {
    double score = Double.isNaN(recallAt1) ? 0 : recallAt1;
    boolean better =
        state.bestScore() == null
            || score > state.bestScore()
            || (score == state.bestScore() && state.bestNmi() != null && nmi > state.bestNmi());
    if (better) {
      set(state.best(score, nmi));
    }
  }

  /**
   * Notes that the newest checkpoint was evaluated, and that all have been told.
   *
   * @throws IOException if the folder cannot be written
   */
  void evaluated() throws IOException {
    set(state.evaluated());
  }

  private void set(State next) throws IOException {
    folder.writeJson(STATE, next);
    state = next;
    List<String> kept =
        Stream.of(prefix(next.latestStep()), prefix(next.bestStep()))
            .map(path -> path.getFileName() + ".")
            .toList();
    delete(file -> kept.stream().noneMatch(file.getFileName().toString()::startsWith));
  }

  /** Deletes all of them, of a run that will not be gone on with. */
  void delete() throws IOException {
    delete(file -> true);
    Files.delete(folder.path().resolve(FOLDER));
    Files.deleteIfExists(folder.path().resolve(STATE));
    state = null;
  }

  /** Whether a file, in whatever folder, has the name of one of a checkpoint's. */
  private static boolean isOwn(Path file) {
    return file.getFileName().toString().startsWith(PREFIX);
  }

  private void delete(Predicate<Path> unwanted) throws IOException {
    try (Stream<Path> files = Files.list(folder.path().resolve(FOLDER))) {
      for (Path file : files.filter(Checkpoints::isOwn).filter(unwanted).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
