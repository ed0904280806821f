package org.medoid.training;

import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.medoid.export.WholeFile;
import org.medoid.training.format.Csv;

/** Appends to {@code metrics.csv}: a row for each training step, flushed as it is written. */
final class MetricsLog implements TrainingListener {
  static final String FILE = "metrics.csv";

  private Path file;
  private Writer out;
  private int columns;
  private long last;
  private Optional<StepMetrics> lost = Optional.empty();

  @Override
  public void started(TrainingRun run) throws IOException {
    file = run.folder().path().resolve(FILE);
    List<List<String>> rows = kept(run.firstStep());
    run.folder().writeText(FILE, String.join("", rows.stream().map(Csv::line).toList()));
    boolean fresh = rows.isEmpty(); // a disk that was full may have left no heading
    // A run that an earlier version began keeps its columns.
    columns = (fresh ? StepMetrics.COLUMNS : rows.get(0)).size();
    last = rows.size() < 2 ? 0 : step(rows, rows.size() - 1);
    lost = last < run.firstStep() ? run.checkpoints().metrics() : Optional.empty();
    out =
        Files.newBufferedWriter(
            file, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    if (fresh) {
      write(StepMetrics.COLUMNS);
    }
  }

  /** The heading, and the rows up to a step. */
  private List<List<String>> kept(long step) throws IOException {
    List<List<String>> rows = Files.exists(file) ? Csv.read(file) : List.of();
    List<List<String>> kept = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      if (i == 0 || step(rows, i) <= step) {
        kept.add(rows.get(i));
      }
    }
    return kept;
  }

  private long step(List<List<String>> rows, int i) throws IOException {
    return Csv.whole(file, i + 1, rows.get(i).get(0));
  }

  @Override
  public void step(TrainingRun run, StepMetrics row) throws IOException {
    // A process that was killed had written the checkpoint and not the row, or the row and not that
    // the step was evaluated.
    if (lost.isPresent() && row.step() > lost.get().step()) {
      append(lost.get());
    }
    lost = Optional.empty();
    if (row.step() > last) {
      append(row);
    }
  }

  private void append(StepMetrics row) throws IOException {
    write(Arrays.asList(row.cells()).subList(0, columns));
    last = row.step();
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
