package org.medoid.training.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.medoid.training.format.Csv;

/**
 * The columns of a run's {@code metrics.csv}.
 *
 * @param file where they come from
 * @param columns the values of each column, NaN where a cell is empty
 */
record Curves(Path file, Map<String, double[]> columns) {
  private static final String FILE = "metrics.csv";

  /**
   * Reads the metrics of a run.
   *
   * @param run the run's folder
   * @return its columns; without any rows if it has no metrics yet
   * @throws IOException if the file cannot be read or a cell is no number; names the line
   */
  static Curves read(Path run) throws IOException {
    Path file = run.resolve(FILE);
    Map<String, double[]> columns = new HashMap<>();
    List<List<String>> rows = Files.exists(file) ? Csv.read(file) : List.of();
    if (rows.isEmpty()) {
      return new Curves(file, columns);
    }
    List<String> names = rows.get(0);
    for (String name : names) {
      columns.put(name, new double[rows.size() - 1]);
    }
    for (int row = 0; row + 1 < rows.size(); row++) {
      List<String> cells = rows.get(row + 1);
      if (cells.size() != names.size()) {
        throw damaged(file, row, cells.size() + " cells in place of " + names.size());
      }
      for (int i = 0; i < names.size(); i++) {
        String cell = cells.get(i);
        try {
          columns.get(names.get(i))[row] = cell.isEmpty() ? Double.NaN : Double.parseDouble(cell);
        } catch (NumberFormatException e) {
          throw damaged(file, row, "'" + cell + "' is not a number");
        }
      }
    }
    return new Curves(file, columns);
  }

  private static IOException damaged(Path file, int row, String how) {
    return new IOException(file + " is damaged: line " + (row + 2) + " has " + how);
  }

  /** The step of the last row; 0 without any. */
  long lastStep() {
    double[] steps = columns.getOrDefault("step", new double[0]);
    return steps.length == 0 ? 0 : (long) steps[steps.length - 1];
  }

  /** The points of a column where it has a finite value. */
  Series of(String column) {
    double[] x = columns.getOrDefault("step", new double[0]);
    double[] y = columns.getOrDefault(column, new double[x.length]);
    if (!columns.containsKey(column)) {
      Arrays.fill(y, Double.NaN);
    }
    int[] finite = IntStream.range(0, x.length).filter(i -> Double.isFinite(y[i])).toArray();
    return new Series(
        Arrays.stream(finite).mapToDouble(i -> x[i]).toArray(),
        Arrays.stream(finite).mapToDouble(i -> y[i]).toArray());
  }

  /**
   * Points of a curve.
   *
   * @param x ascending
   * @param y a finite value for each
   */
  record Series(double[] x, double[] y) {
    int size() {
      return x.length;
    }

    double last() {
      return y[y.length - 1];
    }

    /** Means of runs of neighbours, at most so many. */
    Series thinned(int most) {
      int run = (size() + most - 1) / most;
      return run <= 1 ? this : new Series(means(x, run), means(y, run));
    }

    /** Each value the mean of those within a twentieth of the curve before and after. */
    Series smoothed() {
      int reach = Math.max(1, size() / 20);
      double[] sums = new double[size() + 1];
      for (int i = 0; i < size(); i++) {
        sums[i + 1] = sums[i] + y[i];
      }
      double[] smooth = new double[size()];
      for (int i = 0; i < size(); i++) {
        // The same reach on both sides, so that the ends are not drawn towards the middle.
        int half = Math.min(reach, Math.min(i, size() - 1 - i));
        smooth[i] = (sums[i + half + 1] - sums[i - half]) / (2 * half + 1);
      }
      return new Series(x, smooth);
    }

    private static double[] means(double[] values, int run) {
      double[] means = new double[(values.length + run - 1) / run];
      for (int i = 0; i < means.length; i++) {
        means[i] =
            Arrays.stream(values, i * run, Math.min(values.length, (i + 1) * run))
                .average()
                .orElseThrow();
      }
      return means;
    }
  }
}
