package org.medoid.training.report;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.medoid.training.Leaderboard;
import org.medoid.training.Leaderboard.Row;
import org.medoid.training.SeedScore;
import org.medoid.training.Trial;

/**
 * {@code compare.html} of a comparison: the table, the losses' scores with their intervals side by
 * side, and every trial. One file that needs nothing else. The same comparison gives the same page.
 */
public final class ComparisonReport {
  /** The page's file in the folder of a comparison. */
  public static final String FILE = "compare.html";

  private static final int WIDTH = 420;

  /** Where the names of the losses end, and the scale begins. */
  private static final int NAMES = 150;

  private static final int LINE = 22;
  private static final int RIGHT = 28;

  private ComparisonReport() {}

  /** A line of the table of scores. */
  record Line(String name, List<String> cells) {}

  /** A round value on the scale. */
  record Tick(String at, int floor, int label, String value) {}

  /** A loss on the scale: its mean, and its interval. */
  record Bar(
      String name,
      int names,
      String text,
      String from,
      String to,
      String y,
      String mean,
      String score) {}

  /** A score of all losses. */
  record Scale(String title, int width, int height, List<Tick> ticks, List<Bar> bars) {}

  /** A trial; its scores are empty where it diverged. */
  record Tried(
      int number,
      boolean best,
      String rate,
      List<String> value,
      List<String> scores,
      List<String> diverged) {}

  /** The trials of a loss. */
  record Loss(String name, List<String> parameter, List<Tried> trials) {}

  /** What the template shows. */
  record Content(
      String style,
      String budget,
      String tuning,
      String rule,
      List<String> head,
      List<Line> rows,
      List<Scale> charts,
      boolean tuned,
      List<Loss> losses,
      List<Setting> settings) {}

  /**
   * Makes the page.
   *
   * @param board what a comparison found so far
   * @return the page
   * @throws IOException if the program's own style sheet cannot be read
   */
  public static String page(Leaderboard board) throws IOException {
    List<List<String>> table = board.table();
    boolean any = !board.rows().isEmpty();
    List<Loss> losses = new ArrayList<>();
    board
        .tried()
        .forEach(
            (loss, trials) -> {
              if (!trials.isEmpty()) {
                losses.add(loss(loss, trials));
              }
            });
    return Templates.filled(
        "compare",
        new Content(
            Templates.resource("report.css"),
            board.budget(),
            board.tuning(),
            board.rule(),
            any ? table.get(0) : List.of(),
            table.stream()
                .skip(1)
                .map(line -> new Line(line.get(0), line.subList(1, line.size())))
                .toList(),
            any
                ? List.of(
                    scale("Recall@1", board.ranked(), row -> row.recallAt().get(1)),
                    scale("NMI", board.ranked(), Row::nmi))
                : List.of(),
            !losses.isEmpty(),
            losses,
            Setting.of(board.settings())));
  }

  private static Scale scale(String title, List<Row> rows, Function<Row, SeedScore> score) {
    double low = Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    for (Row row : rows) {
      SeedScore value = score.apply(row);
      low = Math.min(low, value.mean() - reach(value));
      high = Math.max(high, value.mean() + reach(value));
    }
    // Scores are shares: what an interval of few runs reaches beyond is cut off.
    double first = Math.floor(Math.max(low, 0) * 20) / 20;
    double last = Math.max(first + 0.05, Math.ceil(Math.min(high, 1) * 20) / 20);
    int floor = LINE * rows.size();
    List<Tick> ticks = new ArrayList<>();
    for (double tick : new double[] {first, (first + last) / 2, last}) {
      ticks.add(new Tick(at(tick, first, last), floor, floor + LINE - 6, Html.score(tick)));
    }
    List<Bar> bars = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      SeedScore value = score.apply(rows.get(i));
      double y = LINE * (i + 0.5);
      bars.add(
          new Bar(
              rows.get(i).loss(),
              NAMES - 8,
              place(y + 4),
              at(Math.max(first, value.mean() - reach(value)), first, last),
              at(Math.min(last, value.mean() + reach(value)), first, last),
              place(y),
              at(value.mean(), first, last),
              value.toString()));
    }
    return new Scale(title, WIDTH, floor + LINE, ticks, bars);
  }

  private static double reach(SeedScore score) {
    return score.interval() == null ? 0 : score.interval();
  }

  private static String at(double value, double first, double last) {
    return place(NAMES + (value - first) / (last - first) * (WIDTH - RIGHT - NAMES));
  }

  private static String place(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }

  private static Loss loss(String name, List<Trial> trials) {
    Trial best = Trial.best(trials).orElse(null);
    List<Tried> tried = new ArrayList<>();
    for (Trial each : trials) {
      boolean diverged = each.diverged() != null;
      tried.add(
          new Tried(
              each.number(),
              each.equals(best),
              Leaderboard.number(each.learningRate()),
              each.value() == null ? List.of() : List.of(Leaderboard.number(each.value())),
              diverged
                  ? List.of()
                  : List.of(
                      Html.score(each.recallAt1()),
                      Html.score(each.nmi()),
                      Html.count(each.checkpoint())),
              diverged ? List.of(each.diverged()) : List.of()));
    }
    String parameter = trials.get(0).parameter();
    return new Loss(name, parameter == null ? List.of() : List.of(parameter), tried);
  }
}
