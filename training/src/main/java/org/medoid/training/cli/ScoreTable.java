package org.medoid.training.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
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
}
