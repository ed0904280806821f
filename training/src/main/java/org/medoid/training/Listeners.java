package org.medoid.training;

import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.medoid.training.settings.ScheduleSettings;

/** Several listeners as one, told in their order. */
record Listeners(List<TrainingListener> all) implements TrainingListener {
  /** Of a worker that does not lead. */
  static final Listeners NONE = new Listeners(List.of());

  /** Those of every run, and then the user's own. */
  static Listeners of(ScheduleSettings schedule, boolean trial, List<TrainingListener> own) {
    List<TrainingListener> all = new ArrayList<>();
    all.add(new MetricsLog());
    if (!trial) {
      all.add(new TensorBoard());
    }
    all.add(new CollapseWatch());
    if (schedule.earlyStop() > 0) {
      all.add(new EarlyStop(schedule.earlyStop() * schedule.evalEvery()));
    }
    all.addAll(own);
    return new Listeners(all);
  }

  @Override
  public void started(TrainingRun run) throws IOException {
    for (TrainingListener each : all) {
      each.started(run);
    }
  }

  @Override
  public void evaluated(TrainingRun run, StepEvaluation evaluation) throws IOException {
    for (TrainingListener each : all) {
      each.evaluated(run, evaluation);
    }
  }

  @Override
  public void step(TrainingRun run, StepMetrics row) throws IOException {
    for (TrainingListener each : all) {
      each.step(run, row);
    }
  }

  @Override
  public void ended(TrainingRun run, TrainingResult result) throws IOException {
    for (TrainingListener each : all) {
      each.ended(run, result);
    }
  }

  /** The last one first, and every one though some fail: later failures are suppressed. */
  @Override
  public void closed() throws IOException {
    close(all.iterator());
  }

  private static void close(Iterator<TrainingListener> rest) throws IOException {
    if (rest.hasNext()) {
      Closeable first = rest.next()::closed;
      Closeable others = () -> close(rest);
      try (first;
          others) {
        return;
      }
    }
  }
}
