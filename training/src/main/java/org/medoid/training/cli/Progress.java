package org.medoid.training.cli;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.medoid.training.StepMetrics;
import org.medoid.training.TrainingListener;
import org.medoid.training.TrainingRun;
import org.medoid.training.settings.ScheduleSettings.Choice;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shows on standard error how a training goes: a bar with rate and time left on a terminal, else a
 * line for each evaluation and each tenth of the way; nothing with {@code --quiet}. Whether
 * standard error is a terminal only the launcher can tell; it sets {@code medoid.terminal}.
 */
final class Progress implements TrainingListener, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Progress.class);

  private final String task;
  private final long steps;
  private final long start = System.nanoTime();
  private long stepsBefore = -1;
  private boolean moving;
  private ProgressBar bar;

  Progress(String task, long steps) {
    this.task = task;
    this.steps = steps;
  }

  /** Whether a step was taken. */
  boolean isMoving() {
    return moving;
  }

  @Override
  public void step(TrainingRun run, StepMetrics row) {
    moving = true;
    if (!LOG.isInfoEnabled()) {
      return;
    }
    // The run was killed in the evaluation after this step, which is all that is made up for.
    boolean lost = Double.isNaN(row.loss());
    if (stepsBefore < 0) { // a resumed run begins later; its rate must not count what was done
      stepsBefore = lost ? row.step() : row.step() - 1;
      bar = Boolean.getBoolean("medoid.terminal") ? bar(task, steps, stepsBefore) : null;
    }
    List<String> parts = new ArrayList<>();
    if (!lost) {
      parts.add(String.format(Locale.ROOT, "loss %.2f", row.loss()));
    }
    if (!Double.isNaN(row.agreement())) {
      parts.add(String.format(Locale.ROOT, "agreement %.3f", row.agreement()));
    }
    boolean evaluated = !Double.isNaN(row.evalRecallAt1());
    String text = String.join(", ", parts);
    if (evaluated) {
      text +=
          String.format(
              Locale.ROOT,
              "%s%s classes: NMI %.3f, Recall@1 %.3f",
              text.isEmpty() ? "" : "; ",
              run.choice() == Choice.TEST ? "unseen" : "validation",
              row.evalNmi(),
              row.evalRecallAt1());
    }
    if (bar != null) {
      bar.stepTo(row.step());
      bar.setExtraMessage(text);
    } else if (evaluated || row.step() % Math.max(1, steps / 10) == 0) {
      LOG.info(
          "step {}/{}{}: {}",
          row.step(),
          steps,
          pace(row.step() - stepsBefore, steps - row.step(), System.nanoTime() - start),
          text);
    }
  }

  private static ProgressBar bar(String task, long steps, long before) {
    return new ProgressBarBuilder()
        .setTaskName(task)
        .setInitialMax(steps)
        .startsFrom(before, Duration.ZERO)
        .setStyle(ProgressBarStyle.ASCII)
        .setUpdateIntervalMillis(500)
        .showSpeed()
        .setUnit(" steps", 1)
        .build();
  }

  /**
   * Rate and time left in words.
   *
   * @param done steps done
   * @param left steps to do
   * @param nanos the time that the steps done took
   * @return for example {@code " (4.2 steps/s, 1:05 left)"}; nothing before the first step
   */
  static String pace(long done, long left, long nanos) {
    if (done == 0) {
      return "";
    }
    double rate = done / Math.max(1e-9, nanos / 1e9);
    if (left == 0) {
      return String.format(Locale.ROOT, " (%.1f steps/s)", rate);
    }
    long seconds = Math.round(left / rate);
    String time =
        seconds >= 3600
            ? String.format(
                Locale.ROOT, "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60)
            : String.format(Locale.ROOT, "%d:%02d", seconds / 60, seconds % 60);
    return String.format(Locale.ROOT, " (%.1f steps/s, %s left)", rate, time);
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
