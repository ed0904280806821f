package org.medoid.training;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.medoid.training.evaluation.EvaluationResult;

/**
 * What a {@link Comparison} found. Stored as {@code compare.json}.
 *
 * @param seeds of the runs
 * @param recallAt the K of Recall@K, ascending, 1 among them
 * @param trials of each loss, 0 for no tuning
 * @param settings of every training, but for what trials chose
 * @param rows of the losses that have a finished run, in the order asked for
 * @param tried the trials of each loss that are done
 */
@JsonPropertyOrder({"seeds", "recall_at", "trials", "settings", "losses", "tried"})
public record Leaderboard(
    @JsonProperty("seeds") List<Long> seeds,
    @JsonProperty("recall_at") List<Integer> recallAt,
    @JsonProperty("trials") int trials,
    @JsonProperty("settings") Map<String, Object> settings,
    @JsonProperty("losses") List<Row> rows,
    @JsonProperty("tried") Map<String, List<Trial>> tried) {
  /**
   * A loss over its runs. Ranks count from 1, by the means; equal means share the better rank.
   *
   * @param loss its name
   * @param chosen the trial whose setting the runs have; null without trials
   * @param nmi of the clusters of the unseen classes
   * @param nmiRank among the rows
   * @param recallAt Recall@K, K ascending
   * @param recallRank by Recall@1
   * @param runs the result of each run by its seed
   */
  public record Row(
      @JsonProperty("loss") String loss,
      @JsonProperty("chosen") Trial chosen,
      @JsonProperty("nmi") SeedScore nmi,
      @JsonProperty("nmi_rank") int nmiRank,
      @JsonProperty("recall_at") Map<Integer, SeedScore> recallAt,
      @JsonProperty("recall_at_1_rank") int recallRank,
      @JsonProperty("runs") Map<Long, TrainingResult> runs) {}

  static Leaderboard of(
      Map<String, Object> settings,
      List<Long> seeds,
      List<Integer> recallAt,
      int trials,
      Map<String, Map<Long, TrainingResult>> runs,
      Map<String, List<Trial>> tried) {
    List<Row> unranked = new ArrayList<>();
    runs.forEach(
        (loss, own) -> {
          if (!own.isEmpty()) {
            Map<Integer, SeedScore> recalls = new TreeMap<>();
            for (int k : recallAt) {
              recalls.put(k, score(own, scores -> scores.recallAt().get(k)));
            }
            Trial chosen = trials == 0 ? null : Trial.best(tried.get(loss)).orElse(null);
            unranked.add(
                new Row(loss, chosen, score(own, EvaluationResult::nmi), 0, recalls, 0, own));
          }
        });
    List<Row> rows = new ArrayList<>();
    for (Row row : unranked) {
      rows.add(
          new Row(
              row.loss(),
              row.chosen(),
              row.nmi(),
              rank(row, unranked, each -> each.nmi().mean()),
              row.recallAt(),
              rank(row, unranked, each -> each.recallAt().get(1).mean()),
              row.runs()));
    }
    return new Leaderboard(seeds, recallAt, trials, settings, rows, tried);
  }

  private static SeedScore score(
      Map<Long, TrainingResult> runs, ToDoubleFunction<EvaluationResult> score) {
    return SeedScore.of(
        runs.values().stream().map(TrainingResult::scores).mapToDouble(score).toArray());
  }

  private static int rank(Row row, List<Row> rows, ToDoubleFunction<Row> score) {
    double own = score.applyAsDouble(row);
    return 1 + (int) rows.stream().filter(each -> score.applyAsDouble(each) > own).count();
  }

  /**
   * The rows from the best on.
   *
   * @return by the rank in Recall@1, then in NMI
   */
  public List<Row> ranked() {
    return rows.stream()
        .sorted(Comparator.comparing(Row::recallRank).thenComparing(Row::nmiRank))
        .toList();
  }

  /**
   * The table of scores as text.
   *
   * @return a line of names, then a line for each loss from the best on; cells in order
   */
  public List<List<String>> table() {
    List<List<String>> table = new ArrayList<>();
    List<String> head = new ArrayList<>(List.of("loss", "runs", "NMI", "rank"));
    for (int k : recallAt) {
      head.add("R@" + k);
      if (k == 1) {
        head.add("rank");
      }
    }
    table.add(head);
    for (Row row : ranked()) {
      List<String> line =
          new ArrayList<>(
              List.of(
                  row.loss(),
                  Integer.toString(row.runs().size()),
                  row.nmi().toString(),
                  Integer.toString(row.nmiRank())));
      row.recallAt()
          .forEach(
              (k, score) -> {
                line.add(score.toString());
                if (k == 1) {
                  line.add(Integer.toString(row.recallRank()));
                }
              });
      table.add(line);
    }
    return table;
  }

  /**
   * What trials chose, as text.
   *
   * @return a line of names, then a line for each loss from the best on; empty without trials
   */
  public List<List<String>> choices() {
    if (trials == 0) {
      return List.of();
    }
    List<List<String>> table = new ArrayList<>();
    table.add(List.of("loss", "learning rate", "parameter", "trial", "validation R@1"));
    for (Row row : ranked()) {
      Trial chosen = row.chosen();
      table.add(
          List.of(
              row.loss(),
              number(chosen.learningRate()),
              chosen.parameter() == null
                  ? "none"
                  : chosen.parameter() + " " + number(chosen.value()),
              Integer.toString(chosen.number()),
              String.format(Locale.ROOT, "%.4f", chosen.recallAt1())));
    }
    return table;
  }

  /**
   * A number as it is typed.
   *
   * @param value finite
   * @return without an exponent, and without zeros at its end
   */
  public static String number(double value) {
    return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
  }

  /**
   * What was trained, in a sentence.
   *
   * @return data, network, budget and seeds
   */
  public String budget() {
    return "%s, %s, %s steps of %s images in %s classes, embeddings of %s, optimizer %s; %s."
        .formatted(
            settings.get("data"),
            settings.get("model"),
            settings.get("steps"),
            settings.get("batch"),
            settings.get("classes_per_batch"),
            settings.get("embedding"),
            settings.get("optimizer"),
            (seeds.size() == 1 ? "seed " : "seeds ")
                + seeds.stream().map(Object::toString).collect(Collectors.joining(", ")));
  }

  /**
   * How the losses were tuned, in a sentence.
   *
   * @return what was tried, and what chose
   */
  public String tuning() {
    return trials == 0
        ? "Not tuned: learning rate %s for all, and the parameter of each loss its paper's."
            .formatted(number((Double) settings.get("learning_rate")))
        : ("Learning rate and main parameter of each loss chosen by %s on held-out training"
                + " classes.")
            .formatted(trials == 1 ? "1 trial" : trials + " trials");
  }

  /**
   * What the numbers are, in words.
   *
   * @return a sentence that says what chose the checkpoints
   */
  public String rule() {
    if (rows.isEmpty()) {
      return "No run has ended yet.";
    }
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
        + (rows.stream().anyMatch(row -> row.runs().size() > 1)
            ? ": mean ± half of the 95 % interval (Student's t) over the seeds."
            : ", with one seed.");
  }

  /** The tables for {@code compare.md}. */
  String markdown() {
    StringBuilder text =
        new StringBuilder("# Losses compared\n\n")
            .append(budget())
            .append('\n')
            .append(tuning())
            .append('\n')
            .append(rule())
            .append('\n');
    for (List<List<String>> table : List.of(table(), choices())) {
      for (int i = 0; i < table.size(); i++) {
        text.append(i == 0 ? "\n| " : "| ")
            .append(String.join(" | ", table.get(i)))
            .append(" |\n")
            .append(i == 0 ? "|" + "---|".repeat(table.get(0).size()) + "\n" : "");
      }
    }
    return text.toString();
  }
}
