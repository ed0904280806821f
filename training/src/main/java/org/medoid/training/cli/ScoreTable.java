package org.medoid.training.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntFunction;
import org.medoid.training.evaluation.ClassScores;
import org.medoid.training.evaluation.Evaluation;
import org.medoid.training.evaluation.EvaluationResult;

/** Prints evaluations below each other. */
final class ScoreTable {
  private final List<String> names = new ArrayList<>();
  private final List<EvaluationResult> rows = new ArrayList<>();

  /** Adds a row. */
  ScoreTable row(String name, EvaluationResult result) {
    names.add(name);
    rows.add(result);
    return this;
  }

  /** Prints NMI and every Recall@K of the first row. */
  void print(PrintWriter out) {
    int width = names.stream().mapToInt(String::length).max().orElse(0);
    StringBuilder head = new StringBuilder(" ".repeat(width)).append("     NMI");
    rows.get(0).recallAt().keySet().forEach(k -> head.append(String.format("  R@%-4d", k)));
    out.println(head.toString().stripTrailing());
    for (int i = 0; i < rows.size(); i++) {
      StringBuilder line =
          new StringBuilder(
              String.format(
                  Locale.ROOT, "%-" + width + "s  %6.4f", names.get(i), rows.get(i).nmi()));
      rows.get(i)
          .recallAt()
          .values()
          .forEach(value -> line.append(String.format(Locale.ROOT, "  %6.4f", value)));
      out.println(line);
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
    lines.forEach((name, value) -> out.printf(Locale.ROOT, "%-12s %6.4f%n", name, value));
    if (result.withoutMatch() > 0) {
      out.printf(
          "%d of %d queries have no other of their class to find; retrieval leaves them out%n",
          result.withoutMatch(), result.queries());
    }
    out.flush();
  }

  /** The scores of each class as comma-separated values; a class without a match has empty ones. */
  static String csv(List<ClassScores> classes, IntFunction<String> names) {
    StringBuilder csv = new StringBuilder("class,queries,matches");
    classes.get(0).recallAt().keySet().forEach(k -> csv.append(",recall_at_").append(k));
    csv.append(",precision_at_1,r_precision,map_at_r\n");
    for (ClassScores each : classes) {
      String name = names.apply(each.label());
      csv.append(name.matches("[^\",\r\n]*") ? name : '"' + name.replace("\"", "\"\"") + '"');
      csv.append(',').append(each.queries()).append(',').append(each.matches());
      List<Double> values = new ArrayList<>(each.recallAt().values());
      values.addAll(List.of(each.precisionAt1(), each.rPrecision(), each.mapAtR()));
      values.forEach(value -> csv.append(',').append(value.isNaN() ? "" : value.toString()));
      csv.append('\n');
    }
    return csv.toString();
  }
}
