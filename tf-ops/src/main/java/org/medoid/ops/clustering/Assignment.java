package org.medoid.ops.clustering;

import java.util.Arrays;

/**
 * Where the points of a batch belong while medoids are replaced: for each its nearest and its
 * second nearest medoid, as FastPAM keeps them (Schubert, Rousseeuw: "Faster k-Medoids Clustering",
 * SISAP 2019), and the contingency table of the clusters with the classes. With cluster k left out,
 * a point's nearest other medoid is one of the two.
 *
 * <p>A point that lies on several medoids belongs to the first of them in order of choice, a medoid
 * to itself: its distance to itself counts as {@value #OWN}, below every other. Distances that may
 * be {@value #OWN} are called keys here.
 *
 * <p>Memory: 24 bytes a point, and the table.
 */
final class Assignment {
  static final double OWN = -1;

  final int m;
  final double[] distances;
  final int[] medoids;
  final int clusters;

  /** Key of the nearest medoid, {@value #OWN} for a medoid. */
  final double[] near;

  final int[] nearest;

  /** Key of the second nearest medoid, infinite if there is but one. */
  final double[] second;

  final int[] secondNearest;

  /** The clusters as they are; its last row is free for trials. */
  final Contingency contingency;

  /**
   * Assigns all points.
   *
   * @param medoids distinct rows; changed by {@link #replace}
   */
  Assignment(Problem problem, CountTable table, int[] medoids) {
    this.medoids = medoids;
    m = problem.m;
    distances = problem.distances;
    clusters = medoids.length;
    near = new double[m];
    nearest = new int[m];
    second = new double[m];
    secondNearest = new int[m];
    Arrays.fill(near, Double.POSITIVE_INFINITY);
    Arrays.fill(second, Double.POSITIVE_INFINITY);
    Arrays.fill(nearest, -1);
    Arrays.fill(secondNearest, -1);
    for (int k = 0; k < clusters; k++) {
      for (int i = 0; i < m; i++) {
        double key = key(i, k);
        if (key < near[i]) {
          second[i] = near[i];
          secondNearest[i] = nearest[i];
          near[i] = key;
          nearest[i] = k;
        } else if (key < second[i]) {
          second[i] = key;
          secondNearest[i] = k;
        }
      }
    }
    contingency = new Contingency(table, problem.classes, problem.classCount(), clusters + 1);
    for (int i = 0; i < m; i++) {
      contingency.add(i, nearest[i]);
    }
  }

  private double key(int i, int k) {
    return i == medoids[k] ? OWN : distances[medoids[k] * m + i];
  }

  boolean isMedoid(int i) {
    return near[i] == OWN;
  }

  /** F of the medoids, to the last bit. */
  double facility() {
    double[] toMedoid = new double[m];
    for (int i = 0; i < m; i++) {
      toMedoid[i] = Math.max(0, near[i]);
    }
    return -Sums.sum(toMedoid, 0, m);
  }

  /** A of the medoids, to the last bit. */
  double score(double gamma) {
    return facility() + gamma * (1 - contingency.agreement());
  }

  /** Whether point j as medoid of cluster k takes point i from another medoid, given by its key. */
  boolean takes(int j, int k, int i, double otherKey, int other) {
    return i == j || before(distances[j * m + i], k, otherKey, other);
  }

  /**
   * The points of each cluster, ascending.
   *
   * @param end takes the ends: cluster k has members[end[k]] to members[end[k + 1] - 1]
   * @param members takes the points
   */
  void members(int[] end, int[] members) {
    Arrays.fill(end, 0);
    for (int k : nearest) {
      end[k + 1]++;
    }
    for (int k = 0; k < clusters; k++) {
      end[k + 1] += end[k];
    }
    int[] next = end.clone();
    for (int i = 0; i < m; i++) {
      members[next[nearest[i]]++] = i;
    }
  }

  /**
   * The points of a cluster, ascending.
   *
   * @param own takes the points
   * @return their number
   */
  int members(int k, int[] own) {
    int count = 0;
    for (int i = 0; i < m; i++) {
      if (nearest[i] == k) {
        own[count++] = i;
      }
    }
    return count;
  }

  /**
   * Replaces the medoid of cluster k.
   *
   * @param gains brought up to date too, if not null
   */
  void replace(int k, int medoid, Gains gains) {
    medoids[k] = medoid;
    for (int i = 0; i < m; i++) {
      int before = nearest[i];
      double beforeKey = near[i];
      update(i, k, i == medoid ? OWN : distances[medoid * m + i]);
      if (nearest[i] != before) {
        contingency.remove(i, before);
        contingency.add(i, nearest[i]);
      }
      if (gains != null && near[i] != beforeKey) {
        gains.move(i, Math.max(0, beforeKey), Math.max(0, near[i]));
      }
    }
  }

  /** Brings the two nearest medoids of point i up to date after medoid k has come to a new key. */
  private void update(int i, int k, double key) {
    if (nearest[i] == k) {
      if (before(key, k, second[i], secondNearest[i])) {
        near[i] = key;
      } else {
        near[i] = second[i];
        nearest[i] = secondNearest[i];
        findSecond(i);
      }
    } else if (before(key, k, near[i], nearest[i])) {
      second[i] = near[i];
      secondNearest[i] = nearest[i];
      near[i] = key;
      nearest[i] = k;
    } else if (secondNearest[i] == k) {
      if (key <= second[i]) {
        second[i] = key;
      } else {
        findSecond(i);
      }
    } else if (before(key, k, second[i], secondNearest[i])) {
      second[i] = key;
      secondNearest[i] = k;
    }
  }

  private static boolean before(double key, int k, double otherKey, int otherK) {
    return key < otherKey || (key == otherKey && k < otherK);
  }

  private void findSecond(int i) {
    second[i] = Double.POSITIVE_INFINITY;
    secondNearest[i] = -1;
    for (int k = 0; k < clusters; k++) {
      if (k == nearest[i]) {
        continue;
      }
      double key = i == medoids[k] ? OWN : distances[i * m + medoids[k]]; // row i is at hand
      if (key < second[i]) {
        second[i] = key;
        secondNearest[i] = k;
      }
    }
  }
}
