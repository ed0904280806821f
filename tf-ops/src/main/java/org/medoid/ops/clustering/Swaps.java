package org.medoid.ops.clustering;

import java.util.Arrays;

/**
 * Local search over medoids (paper, algorithm 2): sweeps over the clusters, each time replacing the
 * medoid by the best member the cluster had at the start of the sweep.
 *
 * <p>For each point the nearest and the second nearest medoid are kept, as FastPAM does (Schubert,
 * Rousseeuw: "Faster k-Medoids Clustering", SISAP 2019). With cluster k left out, the point's
 * nearest other medoid is one of the two, so that a candidate j is scored in one pass over row j of
 * the distances: {@code exact} O(m²) a sweep.
 *
 * <p>A point that lies on several medoids belongs to the first of them in order of choice, a medoid
 * to itself: its distance to itself counts as {@value #OWN}, below every other.
 *
 * <p>Memory: 4C² bytes for the contingency table, all else linear in m.
 */
final class Swaps {
  private static final double OWN = -1;

  private final int m;
  private final double[] distances;
  private final double gamma;
  private final int[] medoids;
  private final int clusters;

  private final double[] near;
  private final int[] nearest;
  private final double[] second;
  private final int[] secondNearest;
  private final Contingency contingency;

  /** With cluster k left out: key, cluster and distance of the nearest medoid. */
  private final double[] otherKey;

  private final int[] other;
  private final double[] otherDistance;
  private final int[] moved;
  private final double[] within;

  private Swaps(Problem problem, CountTable table, double gamma, int[] medoids) {
    this.gamma = gamma;
    this.medoids = medoids;
    m = problem.m;
    distances = problem.distances;
    clusters = medoids.length;
    near = new double[m];
    nearest = new int[m];
    second = new double[m];
    secondNearest = new int[m];
    otherKey = new double[m];
    other = new int[m];
    otherDistance = new double[m];
    moved = new int[m];
    within = new double[m];
    contingency = new Contingency(table, problem.classes, problem.classCount(), clusters);
    assign();
  }

  /**
   * The clustering of some medoids.
   *
   * @param medoids distinct rows
   * @return for each row the index of its medoid
   */
  static int[] assignments(Problem problem, int[] medoids) {
    double[] near = new double[problem.m];
    int[] nearest = new int[problem.m];
    Arrays.fill(near, Double.POSITIVE_INFINITY);
    for (int k = 0; k < medoids.length; k++) {
      int row = medoids[k] * problem.m;
      for (int i = 0; i < problem.m; i++) {
        double key = i == medoids[k] ? OWN : problem.distances[row + i];
        if (key < near[i]) {
          near[i] = key;
          nearest[i] = k;
        }
      }
    }
    return nearest;
  }

  /**
   * Searches from a start.
   *
   * @param medoids the start; changed in place
   */
  static void search(
      Problem problem,
      CountTable table,
      double gamma,
      LocalSearch kind,
      int maxSweeps,
      int[] medoids) {
    if (kind == LocalSearch.NONE || maxSweeps == 0) {
      return;
    }
    Swaps swaps = new Swaps(problem, table, gamma, medoids);
    for (int sweep = 0; sweep < maxSweeps; sweep++) {
      if (!swaps.sweep(kind)) {
        return; // the next sweep would do the same nothing
      }
    }
  }

  private void assign() {
    Arrays.fill(near, Double.POSITIVE_INFINITY);
    Arrays.fill(second, Double.POSITIVE_INFINITY);
    Arrays.fill(nearest, -1);
    Arrays.fill(secondNearest, -1);
    for (int k = 0; k < clusters; k++) {
      int row = medoids[k] * m;
      for (int i = 0; i < m; i++) {
        double key = i == medoids[k] ? OWN : distances[row + i];
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
    contingency.clear();
    for (int i = 0; i < m; i++) {
      contingency.add(i, nearest[i]);
    }
  }

  private boolean sweep(LocalSearch kind) {
    // The members of each cluster as the sweep finds them, ascending.
    int[] end = new int[clusters + 1];
    for (int k : nearest) {
      end[k + 1]++;
    }
    for (int k = 0; k < clusters; k++) {
      end[k + 1] += end[k];
    }
    int[] next = end.clone();
    int[] members = new int[m];
    for (int i = 0; i < m; i++) {
      members[next[nearest[i]]++] = i;
    }
    boolean any = false;
    for (int k = 0; k < clusters; k++) {
      int best = best(kind, k, members, end[k], end[k + 1]);
      if (best != medoids[k]) {
        replace(k, best);
        any = true;
      }
    }
    return any;
  }

  /** The best medoid for cluster k among members[from..to). */
  private int best(LocalSearch kind, int k, int[] members, int from, int to) {
    if (to - from == 1) {
      return medoids[k]; // a medoid is a member of its own cluster: there is no other
    }
    for (int i = 0; i < m; i++) {
      boolean mine = nearest[i] == k;
      otherKey[i] = mine ? second[i] : near[i];
      other[i] = mine ? secondNearest[i] : nearest[i];
      otherDistance[i] = Math.max(0, otherKey[i]);
    }
    boolean alone = clusters == 1;
    if (!alone) {
      for (int i = 0; i < m; i++) {
        if (nearest[i] == k) {
          contingency.remove(i, k);
          contingency.add(i, other[i]);
        }
      }
    }
    int best = medoids[k];
    double bestScore =
        kind == LocalSearch.EXACT
            ? score(kind, k, best, members, from, to, Double.NEGATIVE_INFINITY)
            : Double.NEGATIVE_INFINITY;
    for (int c = from; c < to; c++) {
      int candidate = members[c];
      if (kind == LocalSearch.EXACT && candidate == medoids[k]) {
        continue;
      }
      double score = score(kind, k, candidate, members, from, to, bestScore);
      if (score > bestScore) {
        bestScore = score;
        best = candidate;
      }
    }
    if (!alone) {
      for (int i = 0; i < m; i++) {
        if (nearest[i] == k) {
          contingency.remove(i, other[i]);
          contingency.add(i, k);
        }
      }
    }
    return best;
  }

  /** The score of candidate j as medoid of cluster k, or anything below floor if it is below. */
  private double score(
      LocalSearch kind, int k, int j, int[] members, int from, int to, double floor) {
    int row = j * m;
    double facility;
    if (kind == LocalSearch.EXACT) {
      facility = -Sums.sumOfMin(distances, row, otherDistance, 0, m);
    } else {
      for (int c = from; c < to; c++) {
        within[c - from] = distances[row + members[c]];
      }
      facility = -Sums.sum(within, 0, to - from);
    }
    if (facility + gamma <= floor) {
      return Double.NEGATIVE_INFINITY; // even the whole margin would not lift it
    }
    if (clusters == 1) {
      return facility + gamma * (1 - contingency.agreement());
    }
    int count = 0;
    for (int i = 0; i < m; i++) {
      double distance = distances[row + i];
      boolean taken = distance < otherKey[i] || (distance == otherKey[i] && k < other[i]);
      if (taken || i == j) {
        moved[count++] = i;
      }
    }
    for (int c = 0; c < count; c++) {
      contingency.remove(moved[c], other[moved[c]]);
      contingency.add(moved[c], k);
    }
    double agreement = contingency.agreement();
    for (int c = 0; c < count; c++) {
      contingency.remove(moved[c], k);
      contingency.add(moved[c], other[moved[c]]);
    }
    return facility + gamma * (1 - agreement);
  }

  private void replace(int k, int medoid) {
    medoids[k] = medoid;
    int row = medoid * m;
    for (int i = 0; i < m; i++) {
      int before = nearest[i];
      update(i, k, i == medoid ? OWN : distances[row + i]);
      if (nearest[i] != before) {
        contingency.remove(i, before);
        contingency.add(i, nearest[i]);
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
      double key = i == medoids[k] ? OWN : distances[i * m + medoids[k]];
      if (key < second[i]) {
        second[i] = key;
        secondNearest[i] = k;
      }
    }
  }
}
