package org.medoid.export.savedmodel;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DifferenceTest {
  @Test
  void isOfTheRowThatIsAskedForAndMeasuredByTheFirst() {
    Difference difference = Difference.of(new float[] {1, -4}, new float[] {9, 9, 1.5f, -4}, 2);
    assertThat(difference).isEqualTo(new Difference(0.5, 4));
    assertThat(difference.exceeds(0.125)).isFalse();
    assertThat(difference.exceeds(0.12)).isTrue();
  }

  @Test
  void whatIsNoNumberInEitherIsTold() {
    float[] numbers = {1, 2};
    float[] none = {1, Float.NaN};
    assertThat(Difference.of(numbers, none, 0).exceeds(1e9)).isTrue();
    assertThat(Difference.of(none, numbers, 0).exceeds(1e9)).isTrue();
  }
}
