package org.medoid.training;

/**
 * What one training step measured.
 *
 * @param step the number of steps done, from 1
 * @param seconds the wall-clock time of the step, evaluation not counted
 * @param loss the loss of the batch before the step
 * @param agreement of the inferred clustering with the labels, in [0, 1]; NaN for a loss without
 * @param facilityScore F of the inferred medoids, not positive; NaN for a loss without
 * @param oracleScore F~ of the labels, not positive; NaN for a loss without
 * @param marginMultiplier γ at this step
 * @param learningRate at this step
 * @param evalNmi NMI on the unseen classes after the step, NaN where not evaluated
 * @param evalRecallAt1 Recall@1 on the unseen classes after the step, NaN where not evaluated
 */
public record StepMetrics(
    long step,
    double seconds,
    double loss,
    double agreement,
    double facilityScore,
    double oracleScore,
    double marginMultiplier,
    double learningRate,
    double evalNmi,
    double evalRecallAt1) {
  /**
   * A row for the scores of a step whose own row is lost: the run was stopped while it evaluated.
   *
   * @param step the number of steps done
   * @return NaN in everything else
   */
  static StepMetrics lost(long step) {
    double nan = Double.NaN;
    return new StepMetrics(step, nan, nan, nan, nan, nan, nan, nan, nan, nan);
  }

  /**
   * The same step with the scores of an evaluation.
   *
   * @param nmi on the unseen classes
   * @param recallAt1 on the unseen classes
   * @return the completed row
   */
  StepMetrics evaluated(double nmi, double recallAt1) {
    return new StepMetrics(
        step,
        seconds,
        loss,
        agreement,
        facilityScore,
        oracleScore,
        marginMultiplier,
        learningRate,
        nmi,
        recallAt1);
  }
}
