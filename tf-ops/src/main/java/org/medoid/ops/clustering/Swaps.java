package org.medoid.ops.clustering;

import java.util.Arrays;

/**
 * Local search over medoids (paper, algorithm 2): sweeps over the clusters, each time replacing the
 * medoid by the best member the cluster had at the start of the sweep.
 *
 * <p>A member j of cluster k is scored by what is kept. With k left out, F changes by the gain of j
 * as one more medoid ({@link Gains}), but for the points of k: O(|k|) a member, O(m) a sweep where
 * clusters are of like size. Only a member that could be better for all that rounding and the
 * margin may do is scored by its margin, O(m), and only one that could still be better from the
 * definition, so that each move is the definition's to the last bit.
 *
 * <p>{@code reference} has no bound as good, it takes the best even if that is worse: O(m) a
 * member.
 */
final class Swaps {
  private final int m;
  private final double[] distances;
  private final double gamma;
  private final boolean reference;
  private final Assignment at;
  private final Contingency contingency;

  /** Null for {@code reference}. */
  private final Gains gains;

  /** With cluster k left out: key, cluster and distance of the nearest medoid. */
  private final double[] otherKey;

  private final int[] other;
  private final double[] otherDistance;

  /** The cluster that is left out of the three arrays above and of the table; -1 if none is. */
  private int out = -1;

  /** The points that the cluster in turn has now. */
  private final int[] own;

  private int ownCount;

  /** The points that cluster k had at the start of the sweep: from end[k] to end[k + 1] - 1. */
  private final int[] members;

  private final int[] end;

  /** The same of the sweep before. */
  private final int[] membersBefore;

  private final int[] endBefore;

  /** How often a medoid was replaced, and how often it had been when each cluster had its turn. */
  private int moves;

  private final int[] movesAtTurn;
  private final int[] moved;
  private final double[] within;

  private Swaps(Assignment at, Gains gains, double gamma, boolean reference) {
    this.at = at;
    this.gains = gains;
    this.gamma = gamma;
    this.reference = reference;
    m = at.m;
    distances = at.distances;
    contingency = at.contingency;
    otherKey = new double[m];
    other = new int[m];
    otherDistance = new double[m];
    own = new int[m];
    members = new int[m];
    end = new int[at.clusters + 1];
    membersBefore = new int[m];
    endBefore = new int[at.clusters + 1];
    movesAtTurn = new int[at.clusters];
    Arrays.fill(movesAtTurn, -1);
    moved = new int[m];
    within = new double[m];
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
        double key = i == medoids[k] ? Assignment.OWN : problem.distances[row + i];
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
   * @param gains the gains of the start; null if they are not known
   */
  static void search(
      Problem problem,
      CountTable table,
      double gamma,
      LocalSearch kind,
      int maxSweeps,
      int[] medoids,
      Gains gains) {
    if (kind == LocalSearch.NONE || maxSweeps == 0) {
      return;
    }
    Assignment at = new Assignment(problem, table, medoids);
    boolean reference = kind == LocalSearch.REFERENCE;
    Gains kept = reference || gains != null ? gains : new Gains(problem.distances, at.near);
    Swaps swaps = new Swaps(at, reference ? null : kept, gamma, reference);
    int[] start = kind == LocalSearch.SWAP ? medoids.clone() : null;
    boolean moved = true;
    for (int sweep = 0; moved && sweep < maxSweeps; sweep++) {
      moved = swaps.sweep(); // if nothing moves, the next sweep would do the same nothing
    }
    if (kind == LocalSearch.SWAP) {
      double error = kept.scoreError(gamma);
      EagerSwaps.search(at, gamma, error);
      if (swaps.moves > 0 && problem.m >= LocalSearch.STRAIGHT * at.clusters) {
        Assignment straight = new Assignment(problem, table, start);
        EagerSwaps.search(straight, gamma, error);
        if (straight.score(gamma) > at.score(gamma)) {
          System.arraycopy(start, 0, medoids, 0, start.length);
        }
      }
    }
  }

  private boolean sweep() {
    System.arraycopy(members, 0, membersBefore, 0, m);
    System.arraycopy(end, 0, endBefore, 0, end.length);
    at.members(end, members);
    int before = moves;
    double facility = at.facility();
    for (int k = 0; k < at.clusters; k++) {
      if (end[k + 1] - end[k] == 1) {
        continue; // a medoid is a member of its own cluster: there is no other
      }
      if (movesAtTurn[k] == moves && hasMembersAsBefore(k)) {
        continue; // the same candidates on the same grounds: it would end as it did
      }
      ownCount = at.members(k, own);
      int best = reference ? mostWithin(k) : better(k, facility);
      putBack();
      if (best != at.medoids[k]) {
        at.replace(k, best, gains);
        facility = at.facility();
        moves++;
      } else {
        movesAtTurn[k] = moves;
      }
    }
    return moves > before;
  }

  private boolean hasMembersAsBefore(int k) {
    return Arrays.equals(
        members, end[k], end[k + 1], membersBefore, endBefore[k], endBefore[k + 1]);
  }

  /** The member of cluster k that {@code reference} takes. */
  private int mostWithin(int k) {
    int best = -1;
    double bestScore = Double.NEGATIVE_INFINITY;
    for (int c = end[k]; c < end[k + 1]; c++) {
      int row = members[c] * m;
      for (int n = end[k]; n < end[k + 1]; n++) {
        within[n - end[k]] = distances[row + members[n]];
      }
      double facility = -Sums.sum(within, 0, end[k + 1] - end[k]);
      if (facility + gamma <= bestScore) {
        continue; // even the whole margin would not lift it
      }
      double score = facility + gamma * margin(k, members[c]);
      if (score > bestScore) {
        bestScore = score;
        best = members[c];
      }
    }
    return best;
  }

  /** The best member of cluster k if it is better than its medoid, else its medoid. */
  private int better(int k, double facility) {
    double error = gains.scoreError(gamma);
    int best = at.medoids[k];
    double bestScore = facility + gamma * (1 - contingency.agreement());
    for (int c = end[k]; c < end[k + 1]; c++) {
      int j = members[c];
      if (at.isMedoid(j)) {
        continue;
      }
      double most = facility + gains.of(j) - lossWithout(j) + error;
      if (most + gamma <= bestScore) {
        continue;
      }
      double delta = margin(k, j);
      if (most + gamma * delta <= bestScore) {
        continue;
      }
      leaveOut(k);
      double score = -Sums.sumOfMin(distances, j * m, otherDistance, 0, m) + gamma * delta;
      if (score > bestScore) {
        bestScore = score;
        best = j;
      }
    }
    return best;
  }

  /** What F loses when the medoid of the cluster in turn goes after j has become one. */
  private double lossWithout(int j) {
    double loss = 0;
    for (int c = 0; c < ownCount; c++) {
      int i = own[c];
      double now = Math.max(0, at.near[i]);
      double distance = distances[j * m + i];
      loss += Math.min(distance, at.second[i]) - Math.min(distance, now);
    }
    return loss;
  }

  /** Δ with j for the medoid of cluster k. */
  private double margin(int k, int j) {
    leaveOut(k);
    if (at.clusters == 1) {
      return 1 - contingency.agreement();
    }
    int row = j * m;
    int count = 0;
    for (int i = 0; i < m; i++) {
      if (distances[row + i] <= otherKey[i] && at.takes(j, k, i, otherKey[i], other[i])) {
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
    return 1 - agreement;
  }

  /** Leaves cluster k out: its points go where they would without it, in the table too. */
  private void leaveOut(int k) {
    if (out == k) {
      return;
    }
    for (int i = 0; i < m; i++) {
      boolean mine = at.nearest[i] == k;
      otherKey[i] = mine ? at.second[i] : at.near[i];
      other[i] = mine ? at.secondNearest[i] : at.nearest[i];
      otherDistance[i] = Math.max(0, otherKey[i]);
    }
    out = k;
    if (at.clusters > 1) {
      for (int c = 0; c < ownCount; c++) {
        contingency.remove(own[c], k);
        contingency.add(own[c], other[own[c]]);
      }
    }
  }

  /** Undoes {@link #leaveOut}. */
  private void putBack() {
    if (out >= 0 && at.clusters > 1) {
      for (int c = 0; c < ownCount; c++) {
        contingency.remove(own[c], other[own[c]]);
        contingency.add(own[c], out);
      }
    }
    out = -1;
  }
}
