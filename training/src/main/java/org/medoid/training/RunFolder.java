package org.medoid.training;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.medoid.export.WholeFile;
import org.medoid.training.data.BrokenImagesException;
import org.medoid.training.data.DataSets;
import org.medoid.training.data.DataSplit;
import org.medoid.training.evaluation.EvaluationResult;
import org.medoid.training.format.Json;
import org.medoid.training.settings.ScheduleSettings.Choice;
import org.medoid.training.settings.SettingException;
import org.medoid.training.settings.TrainingSettings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder of a training run: {@code settings.json}, {@code metrics.csv}, {@code checkpoints/},
 * {@code events/}, {@code result.json}, {@code report.html}. Whole files are written aside and
 * renamed, so that a reader, or a run killed at any moment, finds the old one or the new one.
 */
public final class RunFolder {
  private static final ObjectMapper JSON = Json.mapper();
  static final String SETTINGS = "settings.json";

  /** What a run leaves that has not come to a checkpoint, beside the features of its images. */
  private static final Set<String> EARLY =
      Set.of(SETTINGS, SeenData.FILE, MetricsLog.FILE, TensorBoard.FOLDER, Checkpoints.FOLDER);

  private static final Logger LOG = LoggerFactory.getLogger(RunFolder.class);

  private final Path path;

  private RunFolder(Path path) {
    this.path = path;
  }

  /**
   * Makes the folder of a new run.
   *
   * @param path the folder; it must not hold anything but a run that has not come to a checkpoint
   * @param settings what the run is told
   * @return the folder
   * @throws FileAlreadyExistsException if the folder holds something
   * @throws IOException if it cannot be written
   */
  public static RunFolder create(Path path, TrainingSettings settings) throws IOException {
    requireFree(path);
    Files.createDirectories(path);
    RunFolder folder = new RunFolder(path);
    folder.writeJson(SETTINGS, settings);
    return folder;
  }

  /** Requires that a path is a folder, or nothing yet. */
  static void requireNoFile(Path path) throws FileAlreadyExistsException {
    if (Files.exists(path) && !Files.isDirectory(path)) {
      throw new FileAlreadyExistsException(path.toString(), null, "is a file; name a folder");
    }
    if (Files.isSymbolicLink(path) && !Files.exists(path)) {
      throw new FileAlreadyExistsException(
          path.toString(), null, "is a link to nothing; remove it or name another folder");
    }
  }

  /**
   * Requires that a new run may begin in a folder. A run that failed before its first checkpoint
   * leaves nothing that could be lost: the corrected one may take its place.
   *
   * @param path the folder
   * @throws FileAlreadyExistsException if it holds something else, or is a file
   * @throws IOException if it cannot be read
   */
  public static void requireFree(Path path) throws IOException {
    requireNoFile(path);
    if (!Files.exists(path)) {
      return;
    }
    List<String> content;
    try (Stream<Path> files = Files.list(path)) {
      content =
          files
              .map(file -> file.getFileName().toString())
              .filter(name -> !name.equals(RunLock.FILE))
              .toList();
    }
    // Other programs' folders hold a settings.json and checkpoints too.
    boolean free =
        content.isEmpty()
            || (content.stream().allMatch(RunFolder::isOfFailedRun) && holdsSettings(path));
    if (!free) {
      throw new FileAlreadyExistsException(
          path.toString(), null, "is not empty; remove it or name another folder");
    }
  }

  private static boolean isOfFailedRun(String name) {
    return EARLY.contains(name.replaceFirst("^\\.(.+)\\.\\d+\\.part$", "$1"))
        || name.startsWith("features-");
  }

  private static boolean holdsSettings(Path path) {
    try {
      new RunFolder(path).settings();
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Opens the folder of an earlier run.
   *
   * @param path the folder
   * @return the folder
   * @throws NoSuchFileException if it is not the folder of a run
   * @throws NotDirectoryException if it is a file
   */
  public static RunFolder open(Path path) throws FileSystemException {
    if (Files.exists(path) && !Files.isDirectory(path)) {
      throw new NotDirectoryException(path.toString());
    }
    if (!Files.exists(path.resolve(SETTINGS))) {
      throw new NoSuchFileException(
          path.resolve(SETTINGS).toString(), null, path + " is not the folder of a run");
    }
    return new RunFolder(path);
  }

  /**
   * The folder itself.
   *
   * @return its path
   */
  public Path path() {
    return path;
  }

  /**
   * What the run was told.
   *
   * @return the settings
   * @throws IOException if {@code settings.json} cannot be read
   */
  public TrainingSettings settings() throws IOException {
    return readJson(SETTINGS, TrainingSettings.class);
  }

  /**
   * Lets the run end after another number of steps when it is resumed. What follows from the number
   * of steps in other settings stays, and the result of fewer steps is no longer one.
   *
   * @param steps in all
   * @throws SettingException if the run has taken as many
   * @throws IOException if another process trains there, or a file cannot be read or written
   */
  public void changeSteps(long steps) throws IOException {
    TrainingSettings told = settings();
    if (steps == told.schedule().steps()) {
      return;
    }
    try (RunLock lock = new RunLock()) {
      lock.take(path);
      Checkpoints checkpoints = Checkpoints.of(this);
      long taken = checkpoints.any() ? checkpoints.latestStep() : 0;
      if (steps <= taken) {
        throw new SettingException(
            "steps",
            "%d: %s has taken %d; there must be more in all".formatted(steps, path, taken));
      }
      writeJson(SETTINGS, told.with(draft -> draft.steps = steps));
      Files.deleteIfExists(path.resolve(TrainingResult.FILE));
    }
  }

  /**
   * Opens the run's data set as the run saw it.
   *
   * @return its images
   * @throws NoSuchFileException if it is not where it was
   * @throws IOException as {@link TrainingSettings#openData}
   */
  public DataSplit openData() throws IOException {
    return openData(false);
  }

  /**
   * Opens the run's data set as the run saw it, or without what can no longer be read.
   *
   * @param skipBroken whether to leave out images that cannot be read, whatever the run did
   * @return its images
   * @throws NoSuchFileException if it is not where it was
   * @throws IllegalArgumentException if {@code settings.json} names no data set
   * @throws IOException as {@link TrainingSettings#openData}
   */
  public DataSplit openData(boolean skipBroken) throws IOException {
    TrainingSettings settings = settings();
    try {
      return skipBroken ? DataSets.open(settings.data().data(), true) : settings.openData();
    } catch (BrokenImagesException e) {
      throw e;
    } catch (IllegalArgumentException e) { // of a SPEC that nobody has typed
      throw new IllegalArgumentException(path.resolve(SETTINGS) + ": " + e.getMessage(), e);
    } catch (NoSuchFileException e) {
      throw new NoSuchFileException(
          e.getFile(),
          null,
          "%s was trained on %s: write its new place into %s"
              .formatted(path, settings.data().data(), path.resolve(SETTINGS)));
    }
  }

  /**
   * Reads the best checkpoint, and again where the run, which may be training, replaced it.
   *
   * @param <T> what is read
   * @param reader takes the checkpoint's prefix
   * @return what was read
   * @throws IOException if there is none, or it is damaged, or of another network
   */
  public <T> T readBest(Function<Path, T> reader) throws IOException {
    return Checkpoints.readingBest(this, reader);
  }

  /** Keeps what the run begins with. */
  void keepData(DataSplit data) throws IOException {
    writeJson(SeenData.FILE, SeenData.of(data));
  }

  /**
   * How a data set differs from the one that the run began with. Names of classes and files are
   * looked at, not what is in the files.
   *
   * @param data as {@link #openData} gives it
   * @return in words; nothing if it does not differ, or an earlier version began the run
   * @throws IOException if {@code data.json} cannot be read
   */
  public Optional<String> changeOf(DataSplit data) throws IOException {
    Optional<SeenData> then = seen();
    return then.isEmpty() ? Optional.empty() : then.get().difference(SeenData.of(data));
  }

  private Optional<SeenData> seen() throws IOException {
    return Files.exists(path.resolve(SeenData.FILE))
        ? Optional.of(readJson(SeenData.FILE, SeenData.class))
        : Optional.empty();
  }

  /** Requires that settings are those of the run; names those that are not. */
  void requireSettings(TrainingSettings wanted) throws IOException {
    String others = settings().difference(wanted);
    if (!others.isEmpty()) {
      throw new IllegalArgumentException(
          "%s: the run has other settings (%s); changeSteps changes how many steps it takes, the others stay"
              .formatted(path, others));
    }
  }

  /**
   * Requires that a data set is the one that the run began with. Warns if only the lengths of its
   * files are others.
   *
   * @param data as {@link #openData} gives it
   * @throws IllegalArgumentException if it differs, as {@link #changeOf} tells
   * @throws IOException if {@code data.json} cannot be read
   */
  public void requireUnchanged(DataSplit data) throws IOException {
    Optional<SeenData> then = seen();
    if (then.isEmpty()) {
      return;
    }
    SeenData now = SeenData.of(data);
    Optional<String> change = then.get().difference(now);
    if (change.isPresent()) {
      throw new IllegalArgumentException(
          "%s goes on with the pictures it began with only, and they have changed (%s): put them back as they were, or begin a new run"
              .formatted(path, change.get()));
    }
    if (then.get().hasOtherSizes(now)) {
      LOG.warn("{}: {}", path, SeenData.OTHER_SIZES);
    }
  }

  /**
   * What came of the run.
   *
   * @return nothing if it has not ended, or an earlier version wrote scores of another checkpoint
   * @throws IOException if {@code result.json} cannot be read
   */
  public Optional<TrainingResult> result() throws IOException {
    if (!Files.exists(path.resolve(TrainingResult.FILE))) {
      return Optional.empty();
    }
    JsonNode node = readJson(TrainingResult.FILE, JsonNode.class);
    if (!node.has("checkpoint") || !node.has("chosen_on")) {
      return Optional.empty();
    }
    JsonNode scores = node;
    for (JsonNode row : node.path("scores")) {
      scores = row; // a demo's table; its last row is the result
    }
    return Optional.of(
        new TrainingResult(
            ofResult(scores, EvaluationResult.class),
            node.get("checkpoint").asLong(),
            ofResult(node.get("chosen_on"), Choice.class)));
  }

  /** A part of {@code result.json}. */
  private <T> T ofResult(JsonNode part, Class<T> type) throws IOException {
    try {
      return JSON.treeToValue(part, type);
    } catch (JsonProcessingException e) {
      throw Json.damaged(path.resolve(TrainingResult.FILE), e);
    }
  }

  /**
   * What a demo compared its network with.
   *
   * @return scores on the same images by name, in order; empty for any other run
   * @throws IOException if {@code result.json} cannot be read
   */
  public Map<String, EvaluationResult> comparedWith() throws IOException {
    Map<String, EvaluationResult> rows = new LinkedHashMap<>();
    if (Files.exists(path.resolve(TrainingResult.FILE))) {
      JsonNode scores = readJson(TrainingResult.FILE, JsonNode.class).path("scores");
      int others = Math.max(0, scores.size() - 1); // the last row is the result
      for (Map.Entry<String, JsonNode> row : List.copyOf(scores.properties()).subList(0, others)) {
        rows.put(row.getKey(), ofResult(row.getValue(), EvaluationResult.class));
      }
    }
    return rows;
  }

  /**
   * Writes a JSON file whole.
   *
   * @param name the file's name in the folder
   * @param value anything Jackson can write
   * @throws IOException if it cannot be written; an earlier file is then still there
   */
  public void writeJson(String name, Object value) throws IOException {
    writeJson(path.resolve(name), value);
  }

  /** Writes a JSON file whole, in any folder. */
  static void writeJson(Path target, Object value) throws IOException {
    write(target, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(value) + "\n");
  }

  /**
   * Reads a JSON file.
   *
   * @param <T> the type to read it as
   * @param name the file's name in the folder
   * @param type the type to read it as
   * @return its content
   * @throws IOException as {@link Json#read}
   */
  public <T> T readJson(String name, Class<T> type) throws IOException {
    return Json.read(path.resolve(name), type);
  }

  /**
   * Writes a text file whole.
   *
   * @param name the file's name in the folder
   * @param text its content
   * @throws IOException if it cannot be written; an earlier file is then still there
   */
  public void writeText(String name, String text) throws IOException {
    write(path.resolve(name), text);
  }

  /** Writes a text file whole, in any folder. */
  static void write(Path target, String text) throws IOException {
    WholeFile.write(target, aside -> Files.writeString(aside, text, StandardCharsets.UTF_8));
  }
}
