package org.medoid.graph.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.medoid.graph.network.Layers;
import org.medoid.ops.FacilityLocationLoss;
import org.tensorflow.EagerSession;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.framework.losses.Loss;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBfloat16;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TUint8;

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
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      BatchLoss loss =
          FacilityLocation.builder()
              .build(
                  new Layers(tf, Layers.Mode.TRAINING, Layers.Options.defaults()),
                  tf.constant(new long[] {0, 1, 0, 1}),
                  tf.constant(new float[][] {{0}, {1}, {10}, {11}}),
                  tf.constant(3f));
      try (Session session = new Session(graph);
          Result result =
              session
                  .runner()
                  .fetch(loss.value())
                  .fetch(loss.scores().get("agreement"))
                  .fetch(loss.scores().get("facility_score"))
                  .fetch(loss.scores().get("oracle_score"))
                  .run()) {
        double[] got = new double[result.size()];
        Arrays.setAll(got, i -> ((TFloat32) result.get(i)).getFloat());
        assertThat(got).containsExactly(21, 0, -2, -20);
      }
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

  @Test
  void refusesLabelsAndPredictionsOfOtherTypes() {
    try (EagerSession session = EagerSession.create()) {
      Ops tf = Ops.create(session);
      Loss loss = new FacilityLocation(tf.constant(1f));
      assertThatThrownBy(() -> loss.call(tf, tf.constant(PAIRS), tf.constant(PAIRS), null))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("labels must be int32 or int64, not TFloat64");
      assertThatThrownBy(() -> loss.call(tf, tf.constant(ACROSS), tf.constant(ACROSS), null))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("predictions must be float or double, not TInt32");
      Operand<TUint8> bytes = tf.dtypes.cast(tf.constant(ACROSS), TUint8.class);
      Operand<TBfloat16> halves = tf.dtypes.cast(tf.constant(PAIRS), TBfloat16.class);
      FacilityLocation same = (FacilityLocation) loss;
      for (ThrowingCallable of :
          List.<ThrowingCallable>of(
              () -> loss.call(tf, bytes, tf.constant(PAIRS), null),
              () -> same.call(tf, bytes, tf.constant(PAIRS)),
              () -> same.op(tf, bytes, tf.constant(PAIRS)))) {
        assertThatThrownBy(of)
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessage("labels must be int32 or int64, not TUint8");
      }
      assertThatThrownBy(() -> loss.call(tf, tf.constant(ACROSS), halves, null))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("predictions must be float or double, not TBfloat16");
    }
  }
}
