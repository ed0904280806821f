package org.medoid.training.cli;

import java.util.Locale;
import java.util.function.Consumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.medoid.training.StepMetrics;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shows on standard error how a training goes: a bar on a terminal, else a line for each evaluation
 * and each tenth of the way.
 */
final class Progress implements Consumer<StepMetrics>, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Progress.class);

  private final long steps;
  private final ProgressBar bar;

  Progress(String task, long steps) {
    this.steps = steps;
    bar =
        System.console() == null
            ? null
            : new ProgressBarBuilder()
                .setTaskName(task)
                .setInitialMax(steps)
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(500)
                .build();
  }

  @Override
  public void accept(StepMetrics row) {
    String text =
        String.format(Locale.ROOT, "loss %.2f, agreement %.3f", row.loss(), row.agreement());
    boolean evaluated = !Double.isNaN(row.evalRecallAt1());
    if (evaluated) {
      text +=
          String.format(
              Locale.ROOT,
              "; unseen classes: NMI %.3f, Recall@1 %.3f",
              row.evalNmi(),
              row.evalRecallAt1());
    }
    if (bar != null) {
      bar.stepTo(row.step());
      bar.setExtraMessage(text);
    } else if (evaluated || row.step() % Math.max(1, steps / 10) == 0) {
      LOG.info("step {}/{}: {}", row.step(), steps, text);
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
