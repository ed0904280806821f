package org.medoid.training.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;

class SelectionTest {
  /** Distances; a few just below 0, many tied where the step is large. */
  private static float[] values(Random random, int n, double step) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      double value = random.nextDouble() - 0.001;
      values[i] = (float) (step == 0 ? value : step * Math.floor(value / step));
    }
    return values;
  }

  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    Arrays.setAll(bits, i -> Float.floatToRawIntBits(values[i]));
    return bits;
  }

  private static int[] found(Selection selection) {
    int[] found = Arrays.copyOf(selection.found(), selection.count());
    Arrays.sort(found);
    return found;
  }

  private static int[] upTo(float[] values, float most) {
    return IntStream.range(0, values.length).filter(i -> values[i] <= most).toArray();
  }

  @Property(seed = "1", tries = 300)
  void theLeastAreFoundInRowsOfAnyLengthAndOrder(
      @ForAll @IntRange(min = 2, max = 20_000) int n,
      @ForAll @DoubleRange(min = 0, max = 1) double share,
      @ForAll @DoubleRange(min = 0, max = 0.1) double step,
      @ForAll boolean ascending,
      @ForAll long seed) {
    Random random = new Random(seed);
    float[] values = values(random, n, step < 0.05 ? 0 : step);
    if (ascending) {
      Arrays.sort(values);
    }
    int out = random.nextInt(n);
    values[out] = Float.NaN; // the query itself is never found
    int[] row = bits(values);
    row[out] = Integer.MAX_VALUE;
    float[] sorted = values.clone();
    Arrays.sort(sorted); // NaN comes last
    Selection selection = new Selection();
    for (int k : new int[] {1, 1 + (int) (share * share * share * (n - 2)), n - 1}) {
      for (float slack : new float[] {0, 1e-3f, 10}) {
        selection.least(row, n, k, slack);
        assertThat(found(selection)).isEqualTo(upTo(values, Math.max(0, sorted[k - 1]) + slack));
      }
    }
  }

  @Property(seed = "1", tries = 100)
  void nothingAboveABoundIsFound(
      @ForAll @IntRange(min = 1, max = 20_000) int n,
      @ForAll @IntRange(min = 0, max = 100) int bound,
      @ForAll @IntRange(min = 0, max = 20) int slack,
      @ForAll long seed) {
    float[] values = values(new Random(seed), n, 0);
    float[] sorted = values.clone();
    Arrays.sort(sorted);
    float above = bound * 1e-4f;
    float further = slack * 1e-4f;
    Selection selection = new Selection();
    selection.least(bits(values), n, above, further);
    int[] expected = upTo(values, Math.min(above, Math.max(0, sorted[0]) + further));
    assertThat(found(selection)).isEqualTo(expected);
  }
}
