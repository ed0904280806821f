package org.medoid.ops.clustering;

import java.util.Arrays;
import java.util.Random;

/** A batch to test with. */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Batch(double[] x, int m, int d, long[] labels, double gamma) {
  /** What the points are like. */
  enum Points {
    /** Normal coordinates: no ties but those of pairs. */
    GAUSSIAN,
    /** Small whole coordinates: duplicates, and sums that tie exactly. */
    GRID,
    /** A few places, many points on each. */
    DUPLICATES,
    /** One place. */
    EQUAL,
    /** A few places, points 1e-7 apart on each. */
    NEAR_DUPLICATES,
    /** Normal coordinates times 1e150. */
    HUGE,
    /** Normal coordinates times 1e-150. */
    TINY
  }

  /** How the points are spread over the classes. */
  enum Classes {
    /** At random, up to m / 2 classes. */
    RANDOM,
    /** At random, nearly as many classes as points. */
    MANY,
    /** One. */
    ONE,
    /** As many as points. */
    ALL_DIFFERENT,
    /** Half of the points in one, a quarter in the next... */
    UNEQUAL
  }

  static Batch of(Points points, Classes classes, int m, int d, double gamma, long seed) {
    Random random = new Random(seed);
    double[] x = new double[m * d];
    double[] places = new double[3 * d];
    Arrays.setAll(places, i -> random.nextGaussian());
    for (int i = 0; i < m; i++) {
      int place = random.nextInt(3);
      for (int k = 0; k < d; k++) {
        x[i * d + k] =
            switch (points) {
              case GAUSSIAN -> random.nextGaussian();
              case GRID -> 1 + random.nextInt(4); // no zero row: it has no cosine distance
              case DUPLICATES -> places[place * d + k];
              case EQUAL -> places[k];
              case NEAR_DUPLICATES -> places[place * d + k] + 1e-7 * random.nextGaussian();
              case HUGE -> 1e150 * random.nextGaussian();
              case TINY -> 1e-150 * random.nextGaussian();
            };
      }
    }
    long[] labels = new long[m];
    int some = 1 + random.nextInt(Math.max(1, m / 2));
    for (int i = 0; i < m; i++) {
      labels[i] =
          switch (classes) {
            case RANDOM -> random.nextInt(some);
            case MANY -> random.nextInt(4) == 0 ? 0 : i;
            case ONE -> -5;
            case ALL_DIFFERENT -> 7L * i;
            case UNEQUAL -> Integer.numberOfTrailingZeros(random.nextInt() | 1 << 20);
          };
    }
    return new Batch(x, m, d, labels, gamma);
  }

  Batch withX(double[] other) {
    return new Batch(other, m, d, labels, gamma);
  }

  Batch withLabels(long[] other) {
    return new Batch(x, m, d, other, gamma);
  }

  Problem problem(Distance distance) {
    return new Problem(x, m, d, labels, distance);
  }

  Clustering solve(ClusteringOptions options) {
    return new StructuredClustering(options).solve(x, m, d, labels, gamma);
  }
}
