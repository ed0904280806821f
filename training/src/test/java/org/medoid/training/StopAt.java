package org.medoid.training;

/** Stops a run after a step, as a program that is ended does. */
record StopAt(Trainer trainer, long step) implements TrainingListener {
  @Override
  public void step(TrainingRun run, StepMetrics row) {
    if (row.step() == step) {
      trainer.stop();
    }
  }
}
