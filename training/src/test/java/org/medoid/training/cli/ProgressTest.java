package org.medoid.training.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ProgressTest {
  private static final long SECOND = 1_000_000_000L;

  @Test
  void saysRateAndTimeLeft() {
    assertThat(Progress.pace(20, 130, 10 * SECOND)).isEqualTo(" (2.0 steps/s, 1:05 left)");
    assertThat(Progress.pace(1, 3_661, SECOND)).isEqualTo(" (1.0 steps/s, 1:01:01 left)");
  }

  @Test
  void saysNoRateBeforeTheFirstStep() {
    assertThat(Progress.pace(0, 20, SECOND)).isEmpty();
  }

  @Test
  void saysNoTimeLeftAtTheEnd() {
    assertThat(Progress.pace(20, 0, 10 * SECOND)).isEqualTo(" (2.0 steps/s)");
  }
}
