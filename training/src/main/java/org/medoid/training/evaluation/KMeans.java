package org.medoid.training.evaluation;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Lloyd's k-means, started by k-means++ (Arthur, Vassilvitskii, SODA 2007), the best of some
 * restarts. A cluster that loses all its points takes the point farthest from its centre.
 *
 * <p>Cost of an iteration: the matrix product of points and centres. The start costs n·k·d too,
 * shared among the processors. Deterministic for a seed.
 *
 * @param assignments the cluster of each point
 * @param inertia the sum of the squared distances to the centres
 */
record KMeans(int[] assignments, double inertia) {
  private static final int ITERATIONS = 100;

  /** An iteration that gains less than this share of the inertia is the last. */
  private static final double TOLERANCE = 1e-5;

  /** Points that a thread takes at once in the start. */
  private static final int RUN = 4096;

  /**
   * Clusters points.
   *
   * @param x n·d values, row-major
   * @param n number of points
   * @param d values of a point
   * @param k number of clusters, at most n
   * @param restarts at least 1
   * @param seed of the starts
   * @return the clusters
   */
  static KMeans fit(float[] x, int n, int d, int k, int restarts, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    KMeans best = null;
    try (Blocks blocks = new Blocks(d, 1)) {
      for (int r = 0; r < restarts; r++) {
        KMeans next = lloyd(x, n, d, k, start(x, n, d, k, random.split()), blocks);
        if (best == null || next.inertia < best.inertia) {
          best = next;
        }
      }
    }
    return best;
  }

  private static float[] start(float[] x, int n, int d, int k, SplittableRandom random) {
    float[] centres = new float[k * d];
    double[] distance = new double[n];
    Arrays.fill(distance, Double.POSITIVE_INFINITY);
    int chosen = random.nextInt(n);
    for (int c = 0; ; c++) {
      System.arraycopy(x, chosen * d, centres, c * d, d);
      if (c == k - 1) {
        return centres;
      }
      int centre = c;
      int runs = (n + RUN - 1) / RUN;
      IntStream.range(0, runs)
          .parallel()
          .forEach(
              run -> {
                int end = Math.min(n, (run + 1) * RUN);
                for (int i = run * RUN; i < end; i++) {
                  distance[i] = Math.min(distance[i], squared(x, i * d, centres, centre * d, d));
                }
              });
      chosen = draw(distance, random);
    }
  }

  /** An index with a chance proportional to its value; any if all are 0. */
  private static int draw(double[] weights, SplittableRandom random) {
    double total = 0;
    for (double each : weights) {
      total += each;
    }
    double at = random.nextDouble() * total;
    int last = random.nextInt(weights.length);
    for (int i = 0; i < weights.length; i++) {
      if (weights[i] > 0) {
        last = i;
        at -= weights[i];
        if (at < 0) {
          return i;
        }
      }
    }
    return last;
  }

  private static double squared(float[] a, int from, float[] b, int start, int d) {
    float s0 = 0;
    float s1 = 0;
    float s2 = 0;
    float s3 = 0;
    int j = 0;
    for (; j <= d - 4; j += 4) {
      float t0 = a[from + j] - b[start + j];
      float t1 = a[from + j + 1] - b[start + j + 1];
      float t2 = a[from + j + 2] - b[start + j + 2];
      float t3 = a[from + j + 3] - b[start + j + 3];
      s0 += t0 * t0;
      s1 += t1 * t1;
      s2 += t2 * t2;
      s3 += t3 * t3;
    }
    for (; j < d; j++) {
      float t = a[from + j] - b[start + j];
      s0 += t * t;
    }
    return (double) (s0 + s1) + (s2 + s3);
  }

  private static KMeans lloyd(float[] x, int n, int d, int k, float[] centres, Blocks blocks) {
    int[] assignments = new int[n];
    double[] distance = new double[n];
    double before = Double.POSITIVE_INFINITY;
    for (int iteration = 0; ; iteration++) {
      blocks.search(
          x,
          n,
          centres,
          k,
          (first, count, indices, scores) ->
              System.arraycopy(indices, 0, assignments, first, count));
      double inertia = 0;
      for (int i = 0; i < n; i++) {
        distance[i] = squared(x, i * d, centres, assignments[i] * d, d);
        inertia += distance[i];
      }
      if (iteration == ITERATIONS || before - inertia <= TOLERANCE * inertia) {
        return new KMeans(assignments, inertia);
      }
      before = inertia;
      move(x, n, d, k, assignments, distance, centres);
    }
  }

  private static void move(
      float[] x, int n, int d, int k, int[] assignments, double[] distance, float[] centres) {
    int[] sizes = new int[k];
    double[] sums = new double[k * d];
    for (int i = 0; i < n; i++) {
      int at = assignments[i] * d;
      sizes[assignments[i]]++;
      for (int j = 0; j < d; j++) {
        sums[at + j] += x[i * d + j];
      }
    }
    for (int c = 0; c < k; c++) {
      if (sizes[c] == 0) {
        int farthest = 0;
        for (int i = 1; i < n; i++) {
          if (distance[i] > distance[farthest]) {
            farthest = i;
          }
        }
        distance[farthest] = 0; // the next empty cluster takes another
        System.arraycopy(x, farthest * d, centres, c * d, d);
      } else {
        for (int j = 0; j < d; j++) {
          centres[c * d + j] = (float) (sums[c * d + j] / sizes[c]);
        }
      }
    }
  }
}
