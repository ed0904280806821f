package org.medoid.ops.clustering;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.IntRange;

class DistanceMatrixTest {
  private static double exact(double[] x, int d, int i, int j, Distance distance) {
    BigDecimal squares = BigDecimal.ZERO;
    BigDecimal product = BigDecimal.ZERO;
    BigDecimal ofI = BigDecimal.ZERO;
    BigDecimal ofJ = BigDecimal.ZERO;
    for (int k = 0; k < d; k++) {
      BigDecimal a = new BigDecimal(x[i * d + k]);
      BigDecimal b = new BigDecimal(x[j * d + k]);
      squares = squares.add(a.subtract(b).pow(2));
      product = product.add(a.multiply(b));
      ofI = ofI.add(a.pow(2));
      ofJ = ofJ.add(b.pow(2));
    }
    MathContext digits = new MathContext(50);
    BigDecimal value =
        switch (distance) {
          case EUCLIDEAN -> squares.sqrt(digits);
          case SQUARED_EUCLIDEAN -> squares;
          case COSINE ->
              BigDecimal.ONE.subtract(product.divide(ofI.multiply(ofJ).sqrt(digits), digits));
        };
    return value.doubleValue();
  }

  /**
   * A cosine distance of 1e-14 comes from an angle of 1e-7, where the Gram form in double has one
   * digit left and in float none.
   */
  @Property(seed = "1", tries = 2000, shrinking = ShrinkingMode.OFF)
  void nearDuplicatesInFloatKeepTheirRelativeAccuracy(
      @ForAll @IntRange(min = 1, max = 300) int d, @ForAll Distance distance, @ForAll long seed) {
    Random random = new Random(seed);
    double[] x = new double[2 * d];
    for (int k = 0; k < d; k++) {
      float value = (float) (1 + random.nextGaussian());
      x[k] = value;
      x[d + k] = random.nextInt(3) == 0 ? Math.nextUp(value) : value; // an ulp of a float
    }
    double got = new Problem(x, 2, d, new long[] {0, 1}, distance).distances[1];
    double expected = exact(x, d, 0, 1, distance);
    if (distance == Distance.COSINE && expected < 1e-16) {
      assertThat(got).isCloseTo(expected, within(1e-20)); // parallel or nearly so
    } else {
      assertThat(got).isCloseTo(expected, within(1e-5 * expected));
    }
  }

  @Property(seed = "1", tries = 300, shrinking = ShrinkingMode.OFF)
  void theMatrixIsSymmetricToTheBitWithAZeroDiagonal(
      @ForAll @IntRange(min = 1, max = 300) int m,
      @ForAll @IntRange(min = 1, max = 40) int d,
      @ForAll Distance distance,
      @ForAll long seed) {
    double[] x = Samples.gaussian(m, d, seed);
    double[] matrix = new Problem(x, m, d, new long[m], distance).distances;
    Random random = new Random(seed);
    for (int i = 0; i < m; i++) {
      assertThat(matrix[i * m + i]).isZero();
      for (int j = 0; j < i; j++) {
        assertThat(matrix[i * m + j]).isEqualTo(matrix[j * m + i]);
      }
      int j = random.nextInt(m);
      assertThat(matrix[i * m + j]).isCloseTo(exact(x, d, i, j, distance), within(1e-14));
    }
  }

  /** The order of summation makes candidates tie that tie in a Python program. */
  @Property(seed = "1", tries = 500, shrinking = ShrinkingMode.OFF)
  void distancesAddUpInTheOrderOfSums(
      @ForAll @IntRange(min = 1, max = 700) int d, @ForAll long seed) {
    double[] x = Samples.gaussian(3, d, seed);
    double[] squares = new double[d];
    Arrays.setAll(squares, k -> (x[k] - x[2 * d + k]) * (x[k] - x[2 * d + k]));
    assertThat(DistanceMatrix.compute(x, 3, d, Distance.SQUARED_EUCLIDEAN)[2])
        .isEqualTo(Sums.sum(squares, 0, d));
  }

  @Property(seed = "1", tries = 1000, shrinking = ShrinkingMode.OFF)
  void bothSumsAgreeAndAreAccurate(
      @ForAll @IntRange(min = 0, max = 2000) int n, @ForAll long seed) {
    Random random = new Random(seed);
    double[] a = random.doubles(n + 3).toArray();
    double[] b = random.doubles(n + 5).toArray();
    double[] least = new double[n];
    Arrays.setAll(least, i -> Math.min(a[3 + i], b[5 + i]));
    BigDecimal exact =
        Arrays.stream(least).mapToObj(BigDecimal::new).reduce(BigDecimal.ZERO, BigDecimal::add);
    assertThat(Sums.sumOfMin(a, 3, b, 5, n)).isEqualTo(Sums.sum(least, 0, n));
    assertThat(Sums.sum(least, 0, n))
        .isCloseTo(exact.doubleValue(), within(1e-14 * (1 + exact.doubleValue())));
  }

  @Example
  void distancesThatCannotBeAreRefusedByRow() {
    double[] far = {0, 0, 1e200, 0};
    assertThatThrownBy(() -> new Problem(far, 2, 2, new long[2], Distance.SQUARED_EUCLIDEAN))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("row 0 and row 1")
        .hasMessageContaining("overflows");
    assertThatThrownBy(() -> new Problem(far, 2, 2, new long[2], Distance.COSINE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("row 0")
        .hasMessageContaining("cosine");
  }
}
