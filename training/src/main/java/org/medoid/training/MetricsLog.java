package org.medoid.training;

import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;

/** Appends to {@code metrics.csv}: a row for each training step, flushed as it is written. */
final class MetricsLog implements AutoCloseable {
  static final String FILE = "metrics.csv";

  private final Path file;
  private final Writer out;

  MetricsLog(Path runFolder) throws IOException {
    file = runFolder.resolve(FILE);
    boolean fresh = !Files.exists(file);
    out =
        Files.newBufferedWriter(
            file, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    if (fresh) {
      out.write(
          "step,seconds,loss,agreement,facility_score,oracle_score,margin_multiplier,"
              + "learning_rate,eval_nmi,eval_recall_at_1\n");
      out.flush();
    }
  }

  /** Writes a row; the evaluation's columns are empty where there was none. */
  void add(StepMetrics row) throws IOException {
    try {
      out.write(
          String.format(
              Locale.ROOT,
              "%d,%.3f,%s,%s,%s,%s,%s,%s,%s,%s%n",
              row.step(),
              row.seconds(),
              row.loss(),
              row.agreement(),
              row.facilityScore(),
              row.oracleScore(),
              row.marginMultiplier(),
              row.learningRate(),
              optional(row.evalNmi()),
              optional(row.evalRecallAt1())));
      out.flush();
    } catch (IOException e) {
      throw new IOException(file + " cannot be written: " + e.getMessage(), e);
    }
  }

  private static String optional(double value) {
    return Double.isNaN(value) ? "" : Double.toString(value);
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}
