package org.medoid.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.tensorflow.framework.optimizers.Adam;
import org.tensorflow.framework.optimizers.Momentum;

@Timeout(60)
class OptimizersTest {
  private static final float[][] GRADIENTS = {{3, 4}, {-1, 2}, {0.5f, -0.25f}, {0, 1}};

  static Stream<Optimizer> all() {
    return Stream.of(
        RmsProp.defaults().withWeightDecay(0.1f),
        AdamW.defaults().withWeightDecay(0.1f),
        new FrameworkOptimizer(graph -> new Adam(graph, 1f)),
        new FrameworkOptimizer(graph -> new Momentum(graph, 1f, 0.9f)));
  }

  @ParameterizedTest
  @MethodSource("all")
  void aGroupWithoutALearningRateStandsStill(Optimizer optimizer) {
    List<float[]> path = Moves.of(optimizer, 0, 1, GRADIENTS);
    for (int i = 1; i < path.size(); i++) {
      assertThat(path.get(i)[0]).isEqualTo(path.get(0)[0]);
      assertThat(path.get(i)[1]).isNotEqualTo(path.get(i - 1)[1]);
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void theWayOfAGroupIsInProportionToItsLearningRate(Optimizer optimizer) {
    float[][] once = {{3, 4}};
    float whole = Moves.of(optimizer, 1, 1, once).get(1)[0];
    float half = Moves.of(optimizer, 0.5f, 1, once).get(1)[0];
    assertThat(whole).isNotZero();
    assertThat(half).isCloseTo(whole / 2, within(1e-6f));
  }

  /** AdamW as its paper's algorithm 2 has it, in double. */
  private static double[] adamW(double[] start, double decay) {
    double[] x = start.clone();
    double[] m = new double[2];
    double[] v = new double[2];
    for (int t = 1; t <= GRADIENTS.length; t++) {
      for (int i = 0; i < 2; i++) {
        double g = GRADIENTS[t - 1][i];
        m[i] = 0.9 * m[i] + 0.1 * g;
        v[i] = 0.999 * v[i] + 0.001 * g * g;
        double step = m[i] / (1 - Math.pow(0.9, t)) / Math.sqrt(v[i] / (1 - Math.pow(0.999, t)));
        // b is a bias and does not decay.
        x[i] -= Moves.RATE * (step + (i == 1 ? decay * x[i] : 0));
      }
    }
    return x;
  }

  @Test
  void adamWMovesByTheCorrectedMomentsAndDecaysWeightsApartFromTheGradient() {
    List<float[]> path = Moves.of(AdamW.defaults().withWeightDecay(0.5f), 1, 1, GRADIENTS);
    double[] expected = adamW(new double[] {path.get(0)[0], path.get(0)[1]}, 0.5);
    float[] last = path.get(path.size() - 1);
    assertThat((double) last[0]).isCloseTo(expected[0], within(1e-5));
    assertThat((double) last[1]).isCloseTo(expected[1], within(1e-5));
    assertThat(adamW(new double[] {0, 0.5}, 0)[1]).isNotCloseTo(expected[1], within(1e-3));
  }

  @Test
  void adamWClipsTheNormOfAllGradientsTogether() {
    // The second gradient of b is below the limit, the first is not: what the moments keep of the
    // first tells by how much it was scaled.
    float[][] gradients = {{3, 4}, {0.1f, 0}};
    float clipped = Moves.of(AdamW.defaults().withClipNorm(1), 1, 1, gradients).get(2)[0];
    float scaled =
        Moves.of(AdamW.defaults(), 1, 1, new float[][] {{0.6f, 0.8f}, {0.1f, 0}}).get(2)[0];
    assertThat(clipped).isCloseTo(scaled, within(1e-6f));
    assertThat(clipped)
        .isNotCloseTo(Moves.of(AdamW.defaults(), 1, 1, gradients).get(2)[0], within(1e-3f));
  }

  @Test
  void theFrameworksMomentumGoesAsItDoesByItself() {
    List<float[]> path =
        Moves.of(new FrameworkOptimizer(graph -> new Momentum(graph, 1f, 0.9f)), 1, 1, GRADIENTS);
    double x = 0;
    double velocity = 0;
    for (float[] gradient : GRADIENTS) {
      velocity = 0.9 * velocity + gradient[0];
      x -= Moves.RATE * velocity;
    }
    assertThat((double) path.get(GRADIENTS.length)[0]).isCloseTo(x, within(1e-5));
  }

  @Test
  void theFrameworksAdamGoesAsOursDoes() {
    List<float[]> theirs =
        Moves.of(
            new FrameworkOptimizer(graph -> new Adam(graph, 1f, 0.9f, 0.999f, 1e-8f)),
            1,
            1,
            GRADIENTS);
    List<float[]> ours = Moves.of(AdamW.defaults(), 1, 1, GRADIENTS);
    for (int i = 0; i < ours.size(); i++) {
      assertThat(theirs.get(i)).containsExactly(ours.get(i), within(1e-5f));
    }
  }

  @Test
  void valuesOutOfRangeAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> AdamW.defaults().withClipNorm(-1))
        .withMessageContaining("AdamW cannot have a clip norm of -1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> AdamW.defaults().withWeightDecay(Float.POSITIVE_INFINITY))
        .withMessageContaining("weight decay");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new AdamW(1, 0.999f, 1e-8f, 0, 0))
        .withMessageContaining("beta1");
  }
}
