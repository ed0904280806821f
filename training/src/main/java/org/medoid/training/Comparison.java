package org.medoid.training;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.medoid.training.data.DataSplit;
import org.medoid.training.evaluation.EvaluationResult;

/**
 * Losses trained with the same settings and seeds, a run folder {@code LOSS-seedS} each in one
 * folder, which {@code compare.json} and {@code compare.md} sum up.
 *
 * <p>A run is scored on the unseen classes with its last checkpoint. The best checkpoint, which the
 * field likes to report, would be chosen by the very classes that it is then scored on, and a loss
 * whose scores swing would gain most from that.
 *
 * <pre>{@code
 * TrainingSettings.Builder settings =
 *     TrainingSettings.builder().data("icons").model("convnet").steps(100);
 * DataSplit icons = DataSets.open("icons");
 * Comparison comparison = Comparison.open(Path.of("compared"), settings, List.of(1, 2, 4, 8));
 * for (String loss : Losses.names()) {
 *   if (comparison.scores(loss, 1).isEmpty()) {
 *     comparison.finish(loss, 1, comparison.trainer(loss, 1, icons).run(row -> {}));
 *   }
 * }
 * comparison.write(Losses.names(), List.of(1L));
 * }</pre>
 */
public final class Comparison {
  private static final String RESULT = "result.json";

  private final Path path;
  private final TrainingSettings.Builder settings;
  private final List<Integer> recallAt;

  private Comparison(Path path, TrainingSettings.Builder settings, List<Integer> recallAt) {
    this.path = path;
    this.settings = settings;
    this.recallAt = recallAt;
  }

  /**
   * Opens a new comparison, or goes on with an earlier one.
   *
   * @param path its folder: new, empty, or that of a comparison with the same settings
   * @param settings of every run; their loss and seed are set by this class
   * @param recallAt the K of Recall@K
   * @return the comparison
   * @throws IOException if the folder cannot be read or holds something else, or the model not be
   *     read
   * @throws IllegalArgumentException if an earlier run there had other settings, naming them, or
   *     the settings do not fit together
   */
  public static Comparison open(
      Path path, TrainingSettings.Builder settings, List<Integer> recallAt) throws IOException {
    Comparison comparison =
        new Comparison(path, settings, recallAt.stream().distinct().sorted().toList());
    comparison.settings("facility_location", 1);
    if (Files.exists(path)) {
      boolean any = false;
      List<Path> content;
      try (Stream<Path> files = Files.list(path)) {
        content = files.sorted().toList();
      }
      for (Path each : content) {
        if (Files.isRegularFile(each.resolve(RunFolder.SETTINGS))) {
          comparison.refuseOtherSettings(RunFolder.open(each));
          any = true;
        }
      }
      if (!any && !content.isEmpty()) {
        throw new FileAlreadyExistsException(
            path.toString(), null, "is not empty and holds no comparison");
      }
    }
    return comparison;
  }

  private void refuseOtherSettings(RunFolder run) throws IOException {
    TrainingSettings had = run.settings();
    Map<String, Object> before = asMap(had);
    Map<String, Object> now = asMap(settings(had.loss(), had.seed()));
    String other =
        now.keySet().stream()
            .filter(name -> !Objects.equals(now.get(name), before.get(name)))
            .map(name -> "%s %s, not %s".formatted(name, before.get(name), now.get(name)))
            .collect(Collectors.joining("; "));
    if (!other.isEmpty()) {
      throw new IllegalArgumentException(
          "--out %s: run %s has %s; runs are compared only if all else is equal: name another"
                  .formatted(path, run.path().getFileName(), other)
              + " folder or give the settings it has");
    }
  }

  private static Map<String, Object> asMap(TrainingSettings settings) {
    return new ObjectMapper().convertValue(settings, new TypeReference<>() {});
  }

  private TrainingSettings settings(String loss, long seed) throws IOException {
    return settings.loss(loss).seed(seed).build();
  }

  private Path folder(String loss, long seed) {
    return path.resolve(loss + "-seed" + seed);
  }

  /**
   * The scores of a run that is done.
   *
   * @param loss the name of its loss
   * @param seed its seed
   * @return nothing if it is not done, or was scored without one of the K
   * @throws IOException if its scores cannot be read
   */
  public Optional<EvaluationResult> scores(String loss, long seed) throws IOException {
    Path folder = folder(loss, seed);
    if (!Files.exists(folder.resolve(RESULT))) {
      return Optional.empty();
    }
    EvaluationResult scores = RunFolder.open(folder).readJson(RESULT, EvaluationResult.class);
    return Optional.of(scores).filter(each -> each.recallAt().keySet().containsAll(recallAt));
  }

  /**
   * Prepares a run, or the rest of one that was interrupted.
   *
   * @param loss the name of its loss
   * @param seed its seed
   * @param data the images to train on, and those of unseen classes to evaluate with
   * @return the trainer; what its run returns is for {@link #finish}
   * @throws IOException if its folder cannot be read or made
   * @throws IllegalArgumentException if there is no such loss, or the settings do not fit the data
   */
  public Trainer trainer(String loss, long seed, DataSplit data) throws IOException {
    Path folder = folder(loss, seed);
    RunFolder run =
        Files.exists(folder.resolve(RunFolder.SETTINGS))
            ? RunFolder.open(folder)
            : RunFolder.create(folder, settings(loss, seed));
    TreeSet<Integer> all = new TreeSet<>(recallAt);
    all.add(1); // what metrics.csv and the best checkpoint go by
    return new Trainer(run, data).withRecallAt(List.copyOf(all));
  }

  /**
   * Keeps the scores of a run.
   *
   * @param loss the name of its loss
   * @param seed its seed
   * @param scores of its last checkpoint
   * @throws IOException if they cannot be written
   */
  public void finish(String loss, long seed, EvaluationResult scores) throws IOException {
    RunFolder.open(folder(loss, seed)).writeJson(RESULT, scores);
  }

  /**
   * A score over the seeds.
   *
   * @param mean over the runs
   * @param deviation the standard deviation of a sample (over n - 1); null for a single run
   */
  public record Spread(
      @JsonProperty("mean") double mean, @JsonProperty("deviation") Double deviation) {
    static Spread of(List<EvaluationResult> runs, ToDoubleFunction<EvaluationResult> score) {
      double mean = runs.stream().mapToDouble(score).average().orElseThrow();
      double squares =
          runs.stream().mapToDouble(score).map(value -> (value - mean) * (value - mean)).sum();
      return new Spread(mean, runs.size() == 1 ? null : Math.sqrt(squares / (runs.size() - 1)));
    }

    @Override
    public String toString() {
      return deviation == null
          ? String.format(Locale.ROOT, "%.4f", mean)
          : String.format(Locale.ROOT, "%.4f ± %.4f", mean, deviation);
    }
  }

  /**
   * A loss over its runs.
   *
   * @param loss its name
   * @param nmi of the clusters of the unseen classes
   * @param recallAt Recall@K, K ascending
   * @param runs the scores of each run by its seed
   */
  @JsonPropertyOrder({"loss", "nmi", "recall_at", "runs"})
  public record Row(
      @JsonProperty("loss") String loss,
      @JsonProperty("nmi") Spread nmi,
      @JsonProperty("recall_at") Map<Integer, Spread> recallAt,
      @JsonProperty("runs") Map<Long, EvaluationResult> runs) {}

  /**
   * What is known so far.
   *
   * @param losses the losses to tell of, in order
   * @param seeds of their runs
   * @return a row for each loss that has a finished run
   * @throws IOException if scores cannot be read
   */
  public List<Row> rows(List<String> losses, List<Long> seeds) throws IOException {
    List<Row> rows = new ArrayList<>();
    for (String loss : losses) {
      Map<Long, EvaluationResult> runs = new LinkedHashMap<>();
      for (long seed : seeds) {
        scores(loss, seed).ifPresent(scores -> runs.put(seed, scores));
      }
      if (!runs.isEmpty()) {
        List<EvaluationResult> all = List.copyOf(runs.values());
        Map<Integer, Spread> recalls = new TreeMap<>();
        for (int k : recallAt) {
          recalls.put(k, Spread.of(all, scores -> scores.recallAt().get(k)));
        }
        rows.add(new Row(loss, Spread.of(all, EvaluationResult::nmi), recalls, runs));
      }
    }
    return rows;
  }

  /**
   * Writes {@code compare.json} and {@code compare.md} of what is known so far.
   *
   * @param losses the losses to tell of, in order
   * @param seeds of their runs
   * @return what {@code compare.json} holds
   * @throws IOException if they cannot be written; earlier ones are then still there
   */
  public Map<String, Object> write(List<String> losses, List<Long> seeds) throws IOException {
    List<Row> rows = rows(losses, seeds);
    Map<String, Object> shared = asMap(settings(losses.get(0), seeds.get(0)));
    shared.remove("loss");
    shared.remove("seed");
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("checkpoint", "last");
    json.put("seeds", seeds);
    json.put("recall_at", recallAt);
    json.put("settings", shared);
    json.put("losses", rows);
    Files.createDirectories(path);
    RunFolder.writeJson(path.resolve("compare.json"), json);
    RunFolder.write(path.resolve("compare.md"), markdown(rows, seeds, shared));
    return json;
  }

  private String markdown(List<Row> rows, List<Long> seeds, Map<String, Object> shared) {
    StringBuilder text =
        new StringBuilder(
            """
            # Losses compared

            %s, %s, %s steps of %s images in %s classes, embeddings of %s, learning rate %s; %s.
            All settings are in compare.json; those of a loss itself are its paper's.
            %s

            | loss | runs | NMI |"""
                .formatted(
                    shared.get("data"),
                    shared.get("model"),
                    shared.get("steps"),
                    shared.get("batch"),
                    shared.get("classes_per_batch"),
                    shared.get("embedding"),
                    shared.get("learning_rate"),
                    (seeds.size() == 1 ? "seed " : "seeds ")
                        + seeds.stream().map(Object::toString).collect(Collectors.joining(", ")),
                    RULE));
    recallAt.forEach(k -> text.append(" Recall@").append(k).append(" |"));
    text.append("\n|---|---|---|").append("---|".repeat(recallAt.size())).append('\n');
    for (Row row : rows) {
      text.append("| %s | %d | %s |".formatted(row.loss(), row.runs().size(), row.nmi()));
      row.recallAt().values().forEach(value -> text.append(' ').append(value).append(" |"));
      text.append('\n');
    }
    return text.toString();
  }

  /** What the numbers of a comparison are, in words. */
  public static final String RULE =
      "Scores of the last checkpoint of each run on the unseen classes: mean ± standard deviation"
          + " over the seeds.";
}
