package org.medoid.training;

import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import org.medoid.export.WholeFile;
import org.medoid.training.format.Csv;

/** Appends to {@code metrics.csv}: a row for each training step, flushed as it is written. */
final class MetricsLog implements TrainingListener {
  static final String FILE = "metrics.csv";

  private Path file;
  private Writer out;
  private int columns;

  @Override
  public void started(TrainingRun run) throws IOException {
    run.folder().cutMetrics(run.firstStep());
    file = run.folder().path().resolve(FILE);
    boolean fresh = !Files.exists(file);
    // A run that an earlier version began keeps its columns.
    columns =
        (fresh
                ? StepMetrics.COLUMNS
                : Csv.read(file).stream().findFirst().orElse(StepMetrics.COLUMNS))
            .size();
    out =
        Files.newBufferedWriter(
            file, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    if (fresh) {
      write(StepMetrics.COLUMNS);
    }
  }

  @Override
  public void step(TrainingRun run, StepMetrics row) throws IOException {
    write(Arrays.asList(row.cells()).subList(0, columns));
  }

  private void write(List<String> cells) throws IOException {
    try {
      out.write(Csv.line(cells));
      out.flush();
    } catch (IOException e) {
      throw WholeFile.naming(file, e);
    }
  }

  @Override
  public void closed() throws IOException {
    if (out != null) {
      out.close();
    }
  }
}
