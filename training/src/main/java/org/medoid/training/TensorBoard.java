package org.medoid.training;

import java.io.IOException;
import org.medoid.training.settings.ScheduleSettings.Choice;
import org.tensorflow.types.TFloat32;

/**
 * Shows TensorBoard, in the run's folder {@code events}, the graph, a batch, the curves, how the
 * weights and embeddings are spread, and what some queries find.
 */
final class TensorBoard implements TrainingListener {
  static final String FOLDER = "events";

  private EventWriter events;
  private NeighbourGrid grid;
  private String watched;

  @Override
  public void started(TrainingRun run) throws IOException {
    events = new EventWriter(run.folder().path().resolve(FOLDER));
    watched = run.choice() == Choice.TEST ? "unseen" : "validation";
    grid = run.watched() == null ? null : new NeighbourGrid(run.watched());
    if (run.firstStep() == 0) {
      events.graph(run.graph());
      try (TFloat32 batch = run.firstBatch()) {
        events.images(0, "train/batch", batch);
      }
    }
  }

  @Override
  public void evaluated(TrainingRun run, StepEvaluation evaluation) {
    long step = evaluation.step();
    run.weights().forEach((name, values) -> events.histogram(step, "weights/" + name, values));
    events.histogram(step, watched + "/embeddings", evaluation.embeddings());
    if (grid.any()) {
      try (TFloat32 picture = grid.draw(evaluation.embeddings())) {
        events.images(step, watched + "/nearest", picture);
      }
    }
  }

  @Override
  public void step(TrainingRun run, StepMetrics row) {
    double[] values = row.values();
    for (int i = 0; i < values.length; i++) {
      String column = StepMetrics.COLUMNS.get(StepMetrics.COLUMNS.size() - values.length + i);
      if (!Double.isNaN(values[i])) {
        events.scalar(row.step(), tag(column), values[i]);
      }
    }
  }

  private String tag(String column) {
    return column.startsWith("eval_") ? column.replace("eval_", watched + "/") : "train/" + column;
  }

  @Override
  public void closed() {
    if (events != null) {
      events.close();
    }
    if (grid != null) {
      grid.close();
    }
  }
}
