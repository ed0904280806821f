package org.medoid.training;

import java.io.IOException;

/**
 * Is told how a training goes, in the training's own thread: what metrics.csv, TensorBoard, early
 * stopping and progress bars are made of. What a listener throws ends the training.
 */
public interface TrainingListener {
  /**
   * The run is about to take its first step, or its first one after a checkpoint.
   *
   * @param run the run
   * @throws IOException if a file cannot be written
   */
  default void started(TrainingRun run) throws IOException {}

  /**
   * A checkpoint was scored; {@link #step} follows with the same scores.
   *
   * @param run the run
   * @param evaluation the scores, on the images that choose the checkpoint
   * @throws IOException if a file cannot be written
   */
  default void evaluated(TrainingRun run, StepEvaluation evaluation) throws IOException {}

  /**
   * A step was taken, and evaluated if that was due.
   *
   * @param run the run
   * @param row what it measured
   * @throws IOException if a file cannot be written
   */
  default void step(TrainingRun run, StepMetrics row) throws IOException {}

  /**
   * The last step is done and the chosen checkpoint scored.
   *
   * @param run the run
   * @param result its scores
   * @throws IOException if a file cannot be written
   */
  default void ended(TrainingRun run, TrainingResult result) throws IOException {}

  /**
   * Nothing more will come: the training has ended, was stopped or failed. All listeners are told,
   * the last one first, whatever another one throws.
   *
   * @throws IOException if a file cannot be closed
   */
  default void closed() throws IOException {}
}
