package org.medoid.training;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
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
import org.medoid.training.settings.TrainingSettings;

/**
 * Losses trained with the same settings and seeds, a run folder {@code LOSS-seedS} each in one
 * folder, which {@code compare.json} and {@code compare.md} sum up.
 *
 * <p>A run is scored once on the test classes, with the checkpoint that held-out training classes
 * chose. The field likes to choose it on the test classes, which are then no longer unseen, and a
 * loss whose scores swing gains most from that; where the settings ask for it, the tables say so.
 *
 * <pre>{@code
 * TrainingSettings settings = TrainingSettings.of("icons", "convnet", s -> s.steps = 100L);
 * DataSplit icons = settings.openData();
 * Comparison comparison = Comparison.open(Path.of("compared"), settings, List.of(1, 2, 4, 8));
 * for (String loss : Losses.names()) {
 *   if (comparison.result(loss, 1).isEmpty()) {
 *     comparison.run(loss, 1, comparison.trainer(loss, 1, icons));
 *   }
 * }
 * comparison.write(Losses.names(), List.of(1L));
 * }</pre>
 */
public final class Comparison {
  private final Path path;
  private final TrainingSettings settings;
  private final List<Integer> recallAt;

  private Comparison(Path path, TrainingSettings settings, List<Integer> recallAt) {
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
   * @throws IllegalArgumentException if an earlier run there had other settings, naming them
   */
  public static Comparison open(Path path, TrainingSettings settings, List<Integer> recallAt)
      throws IOException {
    Comparison comparison =
        new Comparison(path, settings, recallAt.stream().distinct().sorted().toList());
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
        } else if (isEmpty(each)) {
          any = true; // a run that ended before it wrote its settings
        }
      }
      if (!any && !content.isEmpty()) {
        throw new FileAlreadyExistsException(
            path.toString(), null, "is not empty and holds no comparison");
      }
    }
    return comparison;
  }

  private static boolean isEmpty(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return false;
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.findAny().isEmpty();
    }
  }

  private void refuseOtherSettings(RunFolder run) throws IOException {
    TrainingSettings had = run.settings();
    Map<String, Object> before = had.asMap();
    Map<String, Object> now = settings(had.loss().loss(), had.schedule().seed()).asMap();
    String other =
        now.keySet().stream()
            .filter(name -> !Objects.equals(now.get(name), before.get(name)))
            .map(name -> "%s %s, not %s".formatted(name, before.get(name), now.get(name)))
            .collect(Collectors.joining("; "));
    if (!other.isEmpty()) {
      throw new IllegalArgumentException(
          "%s: run %s has %s; runs are compared only if all else is equal: name another"
                  .formatted(path, run.path().getFileName(), other)
              + " folder or give the settings it has");
    }
  }

  private TrainingSettings settings(String loss, long seed) throws IOException {
    return settings.with(
        draft -> {
          draft.loss = loss;
          draft.seed = seed;
        });
  }

  private Path folder(String loss, long seed) {
    return path.resolve(loss + "-seed" + seed);
  }

  /**
   * The result of a run that is done.
   *
   * @param loss the name of its loss
   * @param seed its seed
   * @return nothing if it is not done, or was scored without one of the K
   * @throws IOException if its result cannot be read
   */
  public Optional<TrainingResult> result(String loss, long seed) throws IOException {
    Path folder = folder(loss, seed);
    if (!Files.exists(folder.resolve(RunFolder.SETTINGS))) {
      return Optional.empty();
    }
    return RunFolder.open(folder)
        .result()
        .filter(each -> each.scores().recallAt().keySet().containsAll(recallAt));
  }

  /**
   * Prepares a run, or the rest of one that was interrupted. Nothing is written.
   *
   * @param loss the name of its loss
   * @param seed its seed
   * @param data the images to train on, and those of unseen classes to evaluate with
   * @return the trainer, for {@link #run}
   * @throws IOException if the network cannot be read
   * @throws IllegalArgumentException if there is no such loss, or the settings do not fit the data
   */
  public Trainer trainer(String loss, long seed, DataSplit data) throws IOException {
    TreeSet<Integer> all = new TreeSet<>(recallAt);
    all.add(1); // what chooses the checkpoint
    return new Trainer(settings(loss, seed), data).withRecallAt(List.copyOf(all));
  }

  /**
   * Trains in the run's folder, from its newest checkpoint on if there is one.
   *
   * @param loss the name of its loss
   * @param seed its seed
   * @param trainer as {@link #trainer} gave it
   * @return what came of it
   * @throws IOException as {@link Trainer#run}
   */
  public TrainingResult run(String loss, long seed, Trainer trainer) throws IOException {
    Path folder = folder(loss, seed);
    return Files.exists(folder.resolve(RunFolder.SETTINGS))
        ? trainer.resume(RunFolder.open(folder))
        : trainer.run(folder);
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
   * @param runs the result of each run by its seed
   */
  @JsonPropertyOrder({"loss", "nmi", "recall_at", "runs"})
  public record Row(
      @JsonProperty("loss") String loss,
      @JsonProperty("nmi") Spread nmi,
      @JsonProperty("recall_at") Map<Integer, Spread> recallAt,
      @JsonProperty("runs") Map<Long, TrainingResult> runs) {}

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
      Map<Long, TrainingResult> runs = new LinkedHashMap<>();
      for (long seed : seeds) {
        result(loss, seed).ifPresent(result -> runs.put(seed, result));
      }
      if (!runs.isEmpty()) {
        List<EvaluationResult> all = runs.values().stream().map(TrainingResult::scores).toList();
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
    Map<String, Object> shared = settings(losses.get(0), seeds.get(0)).asMap();
    shared.remove("loss");
    shared.remove("seed");
    Map<String, Object> json = new LinkedHashMap<>();
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

            | loss | runs | NMI |\
            """
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
                    rule(rows)));
    recallAt.forEach(k -> text.append(" Recall@").append(k).append(" |"));
    text.append("\n|---|---|---|").append("---|".repeat(recallAt.size())).append('\n');
    for (Row row : rows) {
      text.append("| %s | %d | %s |".formatted(row.loss(), row.runs().size(), row.nmi()));
      row.recallAt().values().forEach(value -> text.append(' ').append(value).append(" |"));
      text.append('\n');
    }
    return text.toString();
  }

  /**
   * What the numbers of a comparison are, in words.
   *
   * @param rows the rows shown
   * @return a sentence that says what chose the checkpoints
   */
  public static String rule(List<Row> rows) {
    String chosen =
        rows.stream()
            .flatMap(row -> row.runs().values().stream())
            .map(
                run ->
                    switch (run.chosenOn()) {
                      case VALIDATION -> "chosen on held-out training classes";
                      case TEST -> "chosen on the test classes themselves (scores are too high)";
                      case LAST -> "the last";
                    })
            .distinct()
            .collect(Collectors.joining("; for some: "));
    return "Scores on the test classes, of one checkpoint of each run, "
        + chosen
        + ": mean ± standard deviation over the seeds.";
  }
}
