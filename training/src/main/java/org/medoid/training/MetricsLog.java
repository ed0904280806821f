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
  private long last;

  @Override
  public void started(TrainingRun run) throws IOException {
    run.folder().cutMetrics(run.firstStep());
    file = run.folder().path().resolve(FILE);
    List<List<String>> rows = Files.exists(file) ? Csv.read(file) : List.of();
    boolean fresh = rows.isEmpty(); // a disk that was full may have left no heading
    // A run that an earlier version began keeps its columns.
    columns = (fresh ? StepMetrics.COLUMNS : rows.get(0)).size();
    last = rows.size() < 2 ? 0 : Long.parseLong(rows.get(rows.size() - 1).get(0));
    out =
        Files.newBufferedWriter(
            file, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    if (fresh) {
      write(StepMetrics.COLUMNS);
    }
  }

  @Override
  public void step(TrainingRun run, StepMetrics row) throws IOException {
    if (row.step() > last) { // else it was killed before it noted that this one was evaluated
      write(Arrays.asList(row.cells()).subList(0, columns));
    }
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
