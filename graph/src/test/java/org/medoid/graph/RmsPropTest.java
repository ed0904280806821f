package org.medoid.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.medoid.graph.network.LayerVariable;
import org.medoid.graph.network.Layers;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

@Timeout(60)
class RmsPropTest {
  private static final float RATE = 0.1f;

  /**
   * One step on a backbone bias b = 0 and a head weight w [1, 1] with gradients 3 and 4; returns
   * how far each was moved, and w before.
   */
  private static Map<String, Float> moved(RmsProp optimizer) {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Layers layers = new Layers(tf, Layers.Mode.TRAINING, Layers.Options.defaults());
      Operand<TFloat32> x = tf.constant(new float[][] {{0}});
      layers.scope("B", () -> layers.bias(x));
      layers.head(
          () ->
              layers.scope("W", () -> layers.conv2d(tf.constant(new float[1][1][1][1]), 1, 1, 1)));
      List<LayerVariable> variables = layers.trainables();
      List<Operand<TFloat32>> gradients =
          List.of(tf.constant(new float[] {3}), tf.constant(new float[][][][] {{{{4}}}}));
      List<Op> updates = optimizer.apply(tf, variables, gradients, tf.constant(RATE));
      try (Session session = new Session(graph)) {
        session.initialize();
        float w = value(session, variables.get(1));
        Session.Runner runner = session.runner();
        updates.forEach(runner::addTarget);
        runner.run().close();
        return Map.of(
            "b",
            -value(session, variables.get(0)),
            "w",
            w - value(session, variables.get(1)),
            "before",
            w);
      }
    }
  }

  private static float value(Session session, LayerVariable variable) {
    try (TFloat32 value = (TFloat32) session.runner().fetch(variable.variable()).run().get(0)) {
      return value.asRawTensor().data().asFloats().getFloat(0);
    }
  }

  /** The first move by a gradient, the mean square having been 1. */
  private static float move(double gradient) {
    return (float) (RATE * gradient / Math.sqrt(0.9 + 0.1 * gradient * gradient));
  }

  @Test
  void movesByTheGradientOverTheRootOfItsMeanSquare() {
    Map<String, Float> moved = moved(RmsProp.defaults());
    assertThat(moved.get("b")).isCloseTo(move(3), within(1e-6f));
    assertThat(moved.get("w")).isCloseTo(move(4), within(1e-6f));
  }

  @Test
  void gradientsAreScaledTogetherToTheNormWhereTheyAreLarger() {
    Map<String, Float> moved = moved(RmsProp.defaults().withClipNorm(1));
    assertThat(moved.get("b")).isCloseTo(move(0.6), within(1e-6f));
    assertThat(moved.get("w")).isCloseTo(move(0.8), within(1e-6f));
    Map<String, Float> within = moved(RmsProp.defaults().withClipNorm(5.1f));
    assertThat(within.get("b")).isCloseTo(move(3), within(1e-6f));
  }

  @Test
  void weightsDecayAndBiasesDoNot() {
    Map<String, Float> moved = moved(RmsProp.defaults().withWeightDecay(2));
    assertThat(moved.get("b")).isCloseTo(move(3), within(1e-6f));
    assertThat(moved.get("before")).isNotZero();
    assertThat(moved.get("w")).isCloseTo(move(4 + 2 * moved.get("before")), within(1e-6f));
  }

  @Test
  void theBackboneHasARateOfItsOwn() {
    Map<String, Float> moved = moved(RmsProp.defaults().withBackboneRate(0.1f));
    assertThat(moved.get("b")).isCloseTo(0.1f * move(3), within(1e-6f));
    assertThat(moved.get("w")).isCloseTo(move(4), within(1e-6f));
  }

  @Test
  void valuesOutOfRangeAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RmsProp.defaults().withClipNorm(-1))
        .withMessageContaining("clip norm");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RmsProp.defaults().withWeightDecay(Float.NaN))
        .withMessageContaining("weight decay");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RmsProp.defaults().withBackboneRate(-1))
        .withMessageContaining("backbone rate");
  }
}
