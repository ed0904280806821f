package org.medoid.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RmsPropTest {
  private static final float RATE = Moves.RATE;

  /** The first move by a gradient, the mean square having been 1. */
  private static float move(double gradient) {
    return (float) (RATE * gradient / Math.sqrt(0.9 + 0.1 * gradient * gradient));
  }

  @Test
  void movesByTheGradientOverTheRootOfItsMeanSquare() {
    Map<String, Float> moved = Moves.of(RmsProp.defaults());
    assertThat(moved.get("b")).isCloseTo(move(3), within(1e-6f));
    assertThat(moved.get("w")).isCloseTo(move(4), within(1e-6f));
  }

  @Test
  void gradientsAreScaledTogetherToTheNormWhereTheyAreLarger() {
    Map<String, Float> moved = Moves.of(RmsProp.defaults().withClipNorm(1));
    assertThat(moved.get("b")).isCloseTo(move(0.6), within(1e-6f));
    assertThat(moved.get("w")).isCloseTo(move(0.8), within(1e-6f));
    Map<String, Float> within = Moves.of(RmsProp.defaults().withClipNorm(5.1f));
    assertThat(within.get("b")).isCloseTo(move(3), within(1e-6f));
  }

  @Test
  void weightsDecayAndBiasesDoNot() {
    Map<String, Float> moved = Moves.of(RmsProp.defaults().withWeightDecay(2));
    assertThat(moved.get("b")).isCloseTo(move(3), within(1e-6f));
    assertThat(moved.get("before")).isNotZero();
    assertThat(moved.get("w")).isCloseTo(move(4 + 2 * moved.get("before")), within(1e-6f));
  }

  @Test
  void valuesOutOfRangeAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RmsProp.defaults().withClipNorm(-1))
        .withMessageContaining("clip norm");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RmsProp.defaults().withWeightDecay(Float.NaN))
        .withMessageContaining("weight decay");
  }
}
