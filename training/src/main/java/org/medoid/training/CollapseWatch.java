package org.medoid.training;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.medoid.training.format.Csv;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says once, while it happens, that a network collapses: that it draws all embeddings into a cone,
 * which costs a loss with a small margin little and makes the network useless.
 */
final class CollapseWatch implements TrainingListener {
  private static final Logger LOG = LoggerFactory.getLogger(CollapseWatch.class);

  /** Steps over which the distance is averaged. */
  private static final int WINDOW = 10;

  /**
   * The mean distance of two embeddings, below which they count as collapsed if they were further
   * apart before.
   */
  private static final double NARROW = 0.1;

  private double first = Double.NaN;
  private double mean = Double.NaN;
  private int rows;
  private boolean told;

  /** Of a run that is gone on with the first step is the one that it began with. */
  @Override
  public void started(TrainingRun run) throws IOException {
    if (run.firstStep() > 0) {
      first = firstDistance(run.folder().path().resolve(MetricsLog.FILE));
    }
  }

  /** The mean distance at the first step of a run; NaN if it does not say. */
  static double firstDistance(Path metrics) throws IOException {
    List<List<String>> lines = Files.exists(metrics) ? Csv.read(metrics) : List.of();
    int column = lines.size() < 2 ? -1 : lines.get(0).indexOf("mean_distance");
    try {
      return column < 0 ? Double.NaN : Double.parseDouble(lines.get(1).get(column));
    } catch (NumberFormatException | IndexOutOfBoundsException e) {
      return Double.NaN; // the report names the line
    }
  }

  @Override
  public void step(TrainingRun run, StepMetrics row) {
    if (told || Double.isNaN(row.meanDistance())) {
      return;
    }
    if (rows++ == 0) {
      first = Double.isNaN(first) ? row.meanDistance() : first;
      mean = row.meanDistance();
    }
    mean += (row.meanDistance() - mean) / WINDOW;
    if (rows >= WINDOW && mean < NARROW && mean < first / 2) {
      told = true;
      LOG.warn(
          String.format(
              Locale.ROOT,
              "step %d: the embeddings collapse (mean distance of two %.3f, %.3f at first;"
                  + " effective rank %.1f): raise the margin multiplier gamma, or lower the"
                  + " learning rate",
              row.step(),
              mean,
              first,
              row.effectiveRank()));
    }
  }
}
