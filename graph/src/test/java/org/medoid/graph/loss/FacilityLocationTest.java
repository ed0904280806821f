package org.medoid.graph.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.medoid.ops.FacilityLocationLoss;
import org.tensorflow.EagerSession;
import org.tensorflow.Operand;
import org.tensorflow.framework.losses.Loss;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;

@Timeout(120)
class FacilityLocationTest {
  /** Two tight pairs whose labels cut across them: F = -2, F~ = -20, agreement 0. */
  private static final double[][] PAIRS = {{0}, {1}, {10}, {11}};

  private static final int[] ACROSS = {0, 1, 0, 1};

  @Test
  void isALossOfTheFramework() {
    try (EagerSession session = EagerSession.create()) {
      Ops tf = Ops.create(session);
      Operand<TFloat64> x = tf.constant(PAIRS);
      Loss loss = new FacilityLocation(tf.constant(3f));
      assertThat(loss.call(tf, tf.constant(ACROSS), x, null).asTensor().getDouble())
          .isEqualTo(20 - 2 + 3);
      assertThat(loss.call(tf, tf.constant(ACROSS), x, tf.constant(0.5)).asTensor().getDouble())
          .isEqualTo(0.5 * 21);
    }
  }

  @Test
  void handsItsOptionsToTheOp() {
    try (EagerSession session = EagerSession.create()) {
      Ops tf = Ops.create(session);
      FacilityLocation loss =
          new FacilityLocation(tf.constant(0f), FacilityLocationLoss.distance("squared_euclidean"));
      assertThat(loss.call(tf, tf.constant(ACROSS), tf.constant(PAIRS)).asTensor().getDouble())
          .isEqualTo(200 - 2);
    }
  }

  @Test
  void itsBuilderGivesTheScoresOfTheClustering() {
    try (EagerSession session = EagerSession.create()) {
      Ops tf = Ops.create(session);
      BatchLoss loss =
          FacilityLocation.builder()
              .build(
                  tf,
                  tf.constant(new long[] {0, 1, 0, 1}),
                  tf.constant(new float[][] {{0}, {1}, {10}, {11}}),
                  tf.constant(3f));
      assertThat(loss.value().asTensor().getFloat()).isEqualTo(21f);
      Operand<TFloat32> agreement = loss.scores().get("agreement");
      assertThat(agreement.asTensor().getFloat()).isZero();
      assertThat(loss.scores().get("facility_score").asTensor().getFloat()).isEqualTo(-2f);
      assertThat(loss.scores().get("oracle_score").asTensor().getFloat()).isEqualTo(-20f);
    }
  }

  @Test
  void refusesAWeightPerSample() {
    try (EagerSession session = EagerSession.create()) {
      Ops tf = Ops.create(session);
      assertThatThrownBy(
              () ->
                  new FacilityLocation(tf.constant(1f))
                      .call(
                          tf,
                          tf.constant(ACROSS),
                          tf.constant(PAIRS),
                          tf.constant(new double[] {1, 1, 1, 2})))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("sampleWeights must be a scalar");
    }
  }
}
