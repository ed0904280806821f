package org.medoid.training;

import java.io.IOException;

/** Ends a run whose best score is too long ago. */
final class EarlyStop implements TrainingListener {
  private final long patience;

  /**
   * Makes the listener.
   *
   * @param patience steps without a better score
   */
  EarlyStop(long patience) {
    this.patience = patience;
  }

  @Override
  public void started(TrainingRun run) throws IOException {
    if (run.checkpoints().any()) {
      check(run, run.checkpoints().evaluatedStep());
    }
  }

  @Override
  public void evaluated(TrainingRun run, StepEvaluation evaluation) throws IOException {
    check(run, evaluation.step());
  }

  private void check(TrainingRun run, long evaluated) throws IOException {
    if (evaluated - run.checkpoints().bestStep() >= patience) {
      run.finish();
    }
  }
}
