package org.medoid.training;

import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/**
 * What one training step measured. NaN stands for what was not.
 *
 * @param step the number of steps done, from 1
 * @param seconds the wall-clock time of the step, evaluation not counted
 * @param loss the loss of the batch before the step
 * @param agreement of the inferred clustering with the labels, in [0, 1]; NaN for a loss without
 * @param facilityScore F of the inferred medoids, not positive; NaN for a loss without
 * @param oracleScore F~ of the labels, not positive; NaN for a loss without
 * @param marginMultiplier γ at this step
 * @param learningRate of the embedding layer at this step
 * @param evalNmi NMI on the images that choose the checkpoint, NaN where not evaluated
 * @param evalRecallAt1 Recall@1 on them, NaN where not evaluated
 * @param meanDistance of two embeddings of the batch, in [0, 2]
 * @param effectiveRank of the batch's embeddings, in [0, d]: in how many directions they spread
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
    double evalRecallAt1,
    double meanDistance,
    double effectiveRank) {
  /** The columns of {@code metrics.csv}. */
  static final List<String> COLUMNS =
      List.of(
          "step",
          "seconds",
          "loss",
          "agreement",
          "facility_score",
          "oracle_score",
          "margin_multiplier",
          "learning_rate",
          "eval_nmi",
          "eval_recall_at_1",
          "mean_distance",
          "effective_rank");

  /**
   * A row for the scores of a step whose own row is lost: a run of an earlier version was stopped
   * while it evaluated.
   *
   * @param step the number of steps done
   * @return NaN in everything else
   */
  static StepMetrics lost(long step) {
    double nan = Double.NaN;
    return new StepMetrics(step, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan);
  }

  /**
   * The same step with the scores of an evaluation.
   *
   * @param nmi on the images that choose the checkpoint
   * @param recallAt1 on them
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
        recallAt1,
        meanDistance,
        effectiveRank);
  }

  /** The numbers of all columns behind the step and its seconds. */
  double[] values() {
    return new double[] {
      loss,
      agreement,
      facilityScore,
      oracleScore,
      marginMultiplier,
      learningRate,
      evalNmi,
      evalRecallAt1,
      meanDistance,
      effectiveRank
    };
  }

  /** A cell for each of {@link #COLUMNS}; empty for NaN. */
  String[] cells() {
    return Stream.concat(
            Stream.of(
                Long.toString(step),
                Double.isNaN(seconds) ? "" : String.format(Locale.ROOT, "%.3f", seconds)),
            DoubleStream.of(values())
                .mapToObj(value -> Double.isNaN(value) ? "" : Double.toString(value)))
        .toArray(String[]::new);
  }

  /**
   * The row of some cells.
   *
   * @param cells as {@link #cells} gives them
   */
  static StepMetrics of(List<String> cells) {
    double[] values =
        cells.stream()
            .skip(1)
            .mapToDouble(cell -> cell.isEmpty() ? Double.NaN : Double.parseDouble(cell))
            .toArray();
    return new StepMetrics(
        Long.parseLong(cells.get(0)),
        values[0],
        values[1],
        values[2],
        values[3],
        values[4],
        values[5],
        values[6],
        values[7],
        values[8],
        values[9],
        values[10]);
  }
}
