package org.medoid.training.cli;

import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.medoid.training.evaluation.TaskProgress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shows on standard error how far an evaluation is: a bar on a terminal, else a line every two
 * seconds. Work that is done sooner shows nothing but its bar.
 */
final class EvaluationProgress implements TaskProgress, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EvaluationProgress.class);
  private static final long NANOS = 2_000_000_000L;

  private final boolean terminal = Boolean.getBoolean("medoid.terminal");
  private String current;
  private ProgressBar bar;
  private long last = System.nanoTime();

  @Override
  public synchronized void at(String task, long done, long total) {
    if (terminal) {
      if (!task.equals(current)) {
        close();
        current = task;
        bar =
            new ProgressBarBuilder()
                .setTaskName(task)
                .setInitialMax(total)
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(500)
                .build();
      }
      bar.stepTo(done);
    } else if (System.nanoTime() - last > NANOS) {
      last = System.nanoTime();
      LOG.info("{}: {} of {}", task, done, total);
    }
  }

  @Override
  public synchronized void close() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}
