package org.medoid.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

class SpreadTest {
  /** Mean distance and effective rank. */
  private static float[] of(float[][] rows) {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Map<String, Operand<TFloat32>> spread = Spread.of(tf, tf.constant(rows));
      try (Session session = new Session(graph);
          Result result =
              session
                  .runner()
                  .fetch(spread.get("mean_distance"))
                  .fetch(spread.get("effective_rank"))
                  .run()) {
        return new float[] {
          ((TFloat32) result.get(0)).getFloat(), ((TFloat32) result.get(1)).getFloat()
        };
      }
    }
  }

  @Test
  void aSquareSpreadsInTwoDirections() {
    float[] spread = of(new float[][] {{1, 0, 0}, {-1, 0, 0}, {0, 1, 0}, {0, -1, 0}});
    assertThat(spread[0]).isCloseTo((float) ((2 + 2 * Math.sqrt(2)) / 3), within(1e-6f));
    assertThat(spread[1]).isCloseTo(2, within(1e-6f));
  }

  @Test
  void aConeHasSmallDistancesThatAreStillRight() {
    float[][] rows = new float[50][8];
    Random random = new Random(1);
    for (float[] row : rows) {
      row[0] = 1;
      row[1] = (float) (1e-3 * random.nextGaussian());
    }
    double sum = 0;
    for (float[] a : rows) {
      for (float[] b : rows) {
        sum += Math.abs((double) a[1] - b[1]);
      }
    }
    float[] spread = of(rows);
    assertThat((double) spread[0]).isCloseTo(sum / (50 * 49), within(1e-8));
    assertThat(spread[1]).isCloseTo(1, within(1e-6f));
  }

  @Test
  void equalRowsAndASingleOneHaveNoSpread() {
    assertThat(of(new float[][] {{1, 0}, {1, 0}, {1, 0}})).containsExactly(0, 0);
    assertThat(of(new float[][] {{1, 0}})).containsExactly(0, 0);
  }

  @Test
  void ofALargeBatchTheFirstRowsCount() {
    float[][] rows = new float[2 * Spread.ROWS][2];
    for (int i = 0; i < rows.length; i++) {
      rows[i][i < Spread.ROWS ? 0 : 1] = 1;
    }
    assertThat(of(rows)[0]).isZero();
  }
}
