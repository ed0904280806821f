package org.medoid.training.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ProjectionTest {
  /** Fifteen points around three centres, five each, moved by so much. */
  private static double[][] points(double moved) {
    SplittableRandom random = new SplittableRandom(3);
    double[][] x = new double[15][4];
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < 4; j++) {
        x[i][j] = (i % 3 == j ? 0.5 : 0) + 0.01 * random.nextDouble() + moved;
      }
    }
    return x;
  }

  /** Embeddings of a small head are often so; the library divides by the largest coordinate. */
  @Test
  void pointsWithoutAPositiveCoordinateAreLaidOutAsOthers() {
    double[][] there = Projection.of(points(0));
    for (double moved : new double[] {-1, -1e4}) {
      double[][] map = Projection.of(points(moved));
      assertThat(map).hasDimensions(15, 2);
      for (int i = 0; i < map.length; i++) {
        assertThat(map[i]).doesNotContain(Double.NaN);
        for (double each : map[i]) {
          assertThat(each).isBetween(0.0, 1.0);
        }
      }
    }
    assertThat(there).isDeepEqualTo(Projection.of(points(0)));
  }

  @Test
  void whereThereIsNothingToLayOutThereIsNoMap() {
    assertThat(Projection.of(new double[][] {{1}, {2}, {3}})).isNull();
    assertThat(Projection.of(new double[9][4])).isNull();
  }
}
