package org.medoid.ops.clustering;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Values of scikit-learn; tests/src/test/python/margins_golden.py writes them. */
class MarginsGoldenTest {
  private static final List<Margin> COLUMNS =
      List.of(
          Margin.NMI,
          Margin.NMI_ARITHMETIC,
          Margin.AMI,
          Margin.ARI,
          Margin.V_MEASURE,
          Margin.IDENTICAL);

  private static List<String[]> lines() throws IOException {
    try (InputStream file = MarginsGoldenTest.class.getResourceAsStream("/margins.csv")) {
      return new String(file.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .map(line -> line.split(",", -1))
          .toList();
    }
  }

  private static int[] labels(String text) {
    return Arrays.stream(text.split(" ", -1)).mapToInt(Integer::parseInt).toArray();
  }

  @ParameterizedTest
  @EnumSource(Margin.class)
  void everyMeasureHasScikitLearnsValues(Margin margin) throws IOException {
    List<String[]> lines = lines();
    assertThat(lines).hasSize(400);
    for (String[] line : lines) {
      int[] truth = labels(line[0]);
      int[] found = labels(line[1]);
      double expected = Double.parseDouble(line[2 + COLUMNS.indexOf(margin)]);
      assertThat(Agreement.between(margin, truth, found))
          .as("%s of %s and %s", margin, line[0], line[1])
          .isCloseTo(expected, within(1e-10));
      assertThat(Agreement.between(margin, found, truth)).isCloseTo(expected, within(1e-10));
    }
  }

  @ParameterizedTest
  @EnumSource(Margin.class)
  void theTableHasPartialAgreementInEveryMeasure(Margin margin) throws IOException {
    long partial =
        lines().stream()
            .mapToDouble(line -> Double.parseDouble(line[2 + COLUMNS.indexOf(margin)]))
            .filter(value -> value > 0.01 && value < 0.99)
            .count();
    if (margin == Margin.IDENTICAL) {
      assertThat(partial).isZero();
    } else {
      assertThat(partial).isGreaterThan(80);
    }
  }

  @Test
  void partitionsOfDifferentPointsAreRefused() {
    assertThatThrownBy(() -> Agreement.between(Margin.NMI, new int[3], new int[2]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("3");
    assertThatThrownBy(() -> Agreement.between(Margin.NMI, new int[0], new int[0]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("empty");
  }

  @Test
  void anUnknownNameIsRefusedWithTheKnownOnes() {
    assertThat(Margin.of("v_measure")).isEqualTo(Margin.V_MEASURE);
    assertThatThrownBy(() -> LocalSearch.of("best"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("local search 'best' is none of exact, reference, swap, none");
  }
}
