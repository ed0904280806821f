package org.medoid.tests.benchmark;

import java.util.Arrays;

/** How long something takes. */
final class MedianTime {
  private MedianTime() {}

  /**
   * Measures.
   *
   * @param before runs that warm up
   * @param count runs that are timed
   * @return the median of their seconds
   */
  static double seconds(int before, int count, Runnable run) {
    double[] seconds = new double[count];
    for (int i = -before; i < count; i++) {
      long start = System.nanoTime();
      run.run();
      if (i >= 0) {
        seconds[i] = (System.nanoTime() - start) / 1e9;
      }
    }
    Arrays.sort(seconds);
    return seconds[count / 2];
  }
}
