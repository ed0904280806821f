package org.medoid.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SeedScoreTest {
  /** The column t(0.975) of the tables of Student's distribution. */
  @ParameterizedTest
  @CsvSource({
    "1, 12.7062",
    "2, 4.3027",
    "3, 3.1824",
    "4, 2.7764",
    "5, 2.5706",
    "9, 2.2622",
    "10, 2.2281",
    "29, 2.0452",
    "30, 2.0423",
    "120, 1.9799"
  })
  void theBoundIsThatOfTheTables(int freedom, double t) {
    assertThat(SeedScore.bound(freedom)).isCloseTo(t, within(6e-5));
  }

  @Test
  void theIntervalIsOfTheMean() {
    SeedScore score = SeedScore.of(1, 2, 3, 4, 5);
    assertThat(score.mean()).isEqualTo(3);
    assertThat(score.deviation()).isCloseTo(Math.sqrt(2.5), within(1e-12));
    assertThat(score.interval()).isCloseTo(1.9632, within(1e-4));
    assertThat(score).hasToString("3.0000 ± 1.9632");
  }

  @Test
  void aSingleRunHasNone() {
    assertThat(SeedScore.of(0.5)).isEqualTo(new SeedScore(0.5, null, null)).hasToString("0.5000");
  }
}
