package org.medoid.training.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntFunction;
import org.medoid.training.evaluation.ClassScores;
import org.medoid.training.evaluation.Evaluation;
import org.medoid.training.evaluation.EvaluationResult;
import org.medoid.training.format.Csv;

/** Prints evaluations below each other, in the same characters under every locale. */
final class ScoreTable {
  /** What the scores of classes begin with. */
  static final String HEAD = "class,queries,matches";

  private final List<String> names = new ArrayList<>();
  private final List<EvaluationResult> rows = new ArrayList<>();

  /** Adds a row; names may be empty. */
  ScoreTable row(String name, EvaluationResult result) {
    names.add(name);
    rows.add(result);
    return this;
  }

  /** Prints NMI and every Recall@K of the first row; {@code -} where a score is undefined. */
  void print(PrintWriter out) {
    List<Integer> ks = List.copyOf(rows.get(0).recallAt().keySet());
    List<List<String>> cells = new ArrayList<>();
    List<String> head = new ArrayList<>(List.of("", "NMI"));
    ks.forEach(k -> head.add("R@" + k));
    cells.add(head);
    for (int i = 0; i < rows.size(); i++) {
      List<String> line = new ArrayList<>(List.of(names.get(i), score(rows.get(i).nmi())));
      Map<Integer, Double> recall = rows.get(i).recallAt();
      ks.forEach(k -> line.add(score(recall.getOrDefault(k, Double.NaN))));
      cells.add(line);
    }
    int names = cells.stream().mapToInt(line -> line.get(0).length()).max().orElse(0);
    for (List<String> line : cells) {
      StringBuilder text = new StringBuilder(line.get(0));
      text.append(" ".repeat(names - text.length()));
      for (int c = 1; c < line.size(); c++) {
        int column = c;
        int width = cells.stream().mapToInt(each -> each.get(column).length()).max().orElse(0);
        text.append(" ".repeat(2 + width - line.get(c).length())).append(line.get(c));
      }
      out.println(names == 0 ? text.substring(2) : text.toString());
    }
    out.flush();
  }

  /** Prints the scores that the table has no column for, a line each. */
  static void more(Evaluation result, PrintWriter out) {
    EvaluationResult scores = result.scores();
    Map<String, Double> lines = new LinkedHashMap<>();
    lines.put("AMI", scores.ami());
    lines.put("ARI", scores.ari());
    lines.put("V-measure", scores.vMeasure());
    lines.put("F1 of pairs", scores.f1());
    lines.put("Precision@1", scores.precisionAt1());
    lines.put("R-precision", scores.rPrecision());
    lines.put("MAP@R", scores.mapAtR());
    lines.forEach((name, value) -> out.printf(Locale.ROOT, "%-12s%8s%n", name, score(value)));
    if (result.withoutMatch() > 0) {
      out.printf(
          Locale.ROOT,
          "%d of %d queries have no other of their class to find; retrieval leaves them out%n",
          result.withoutMatch(),
          result.queries());
    }
    out.flush();
  }

  private static String score(double value) {
    return Double.isFinite(value) ? String.format(Locale.ROOT, "%.4f", value) : "-";
  }

  /** The scores of each class as comma-separated values; a class without a match has empty ones. */
  static String csv(List<ClassScores> classes, IntFunction<String> names) {
    List<String> head = new ArrayList<>(Arrays.asList(HEAD.split(",", -1)));
    classes.get(0).recallAt().keySet().forEach(k -> head.add("recall_at_" + k));
    head.addAll(List.of("precision_at_1", "r_precision", "map_at_r"));
    StringBuilder csv = new StringBuilder(Csv.line(head));
    for (ClassScores each : classes) {
      List<Double> scores = new ArrayList<>(each.recallAt().values());
      scores.addAll(List.of(each.precisionAt1(), each.rPrecision(), each.mapAtR()));
      List<Object> cells =
          new ArrayList<>(List.of(names.apply(each.label()), each.queries(), each.matches()));
      scores.forEach(score -> cells.add(score.isNaN() ? "" : score.toString()));
      csv.append(Csv.line(cells));
    }
    return csv.toString();
  }
}
