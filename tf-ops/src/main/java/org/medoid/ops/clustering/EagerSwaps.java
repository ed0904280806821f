package org.medoid.ops.clustering;

/**
 * Local search by eager swaps, {@link LocalSearch#SWAP}: the points in turn, ascending and round
 * again, each in the place of the medoid where A(S) becomes largest (the first chosen on ties), at
 * once if that is more than it was; until no point has been taken in a whole round.
 *
 * <p>Erich Schubert, Peter J. Rousseeuw: "Fast and eager k-medoids clustering: O(k) runtime
 * improvement of the PAM, CLARA, and CLARANS algorithms", Information Systems 101, 2021
 * (arXiv:2008.05171). Their d_near and d_sec are {@code near} and {@code second} of {@link
 * Assignment}, their removal loss ΔTD⁻ is {@link #loss}: one pass over the distances of a point
 * gives the change of F for all medoids. New is the margin. What a point would take from the
 * clusters is the same for nearly every medoid in its place and is moved in the contingency table
 * once; then each medoid that goes moves the rest of its own points there and back: O(m) counts for
 * all medoids.
 *
 * <p>Sums kept here carry rounding and only rule out: what is left is scored from the definition,
 * so that each swap is the definition's to the last bit.
 *
 * <p>Cost: O(m²) a round. Memory: 28 bytes a point.
 */
final class EagerSwaps {
  private final int m;
  private final int clusters;
  private final double[] distances;
  private final double gamma;
  private final double error;
  private final Assignment at;
  private final Contingency contingency;

  private final int[] members;
  private final int[] end;

  /** For each cluster what F loses without its medoid: Σ second - near. */
  private final double[] loss;

  /** The same when the point in turn is one more medoid. */
  private final double[] lossWith;

  private final double[] score;

  /** What the point in turn takes whichever medoid goes, and what it takes as an earlier medoid. */
  private final int[] taken;

  private int takenCount;
  private final int[] tied;
  private int tiedCount;

  private final double[] otherDistance;
  private double facility;
  private double augmented;

  private EagerSwaps(Assignment at, double gamma, double error) {
    this.at = at;
    this.gamma = gamma;
    this.error = error;
    m = at.m;
    clusters = at.clusters;
    distances = at.distances;
    contingency = at.contingency;
    members = new int[m];
    end = new int[clusters + 1];
    loss = new double[clusters];
    lossWith = new double[clusters];
    score = new double[clusters];
    taken = new int[m];
    tied = new int[m];
    otherDistance = new double[m];
  }

  /**
   * Swaps until no swap is better.
   *
   * @param at the medoids to begin with; changed in place
   * @param error the largest error of a score that is built from sums over 4m distances
   */
  static void search(Assignment at, double gamma, double error) {
    if (at.clusters == 1) {
      return; // all points are members of its cluster
    }
    EagerSwaps swaps = new EagerSwaps(at, gamma, error);
    swaps.prepare();
    int since = 0;
    for (int j = 0; since < swaps.m; j = j + 1 < swaps.m ? j + 1 : 0) {
      int k = at.isMedoid(j) ? -1 : swaps.better(j);
      since++;
      if (k >= 0) {
        at.replace(k, j, null);
        swaps.prepare();
        since = 0;
      }
    }
  }

  /** Sums up the medoids as they are. */
  private void prepare() {
    at.members(end, members);
    for (int k = 0; k < clusters; k++) {
      double sum = 0;
      for (int c = end[k]; c < end[k + 1]; c++) {
        int i = members[c];
        sum += at.second[i] - Math.max(0, at.near[i]);
      }
      loss[k] = sum;
    }
    facility = at.facility();
    augmented = facility + gamma * (1 - contingency.agreement());
  }

  /** The cluster whose medoid point j replaces best, -1 if that is no better. */
  private int better(int j) {
    double gain = measure(j);
    double most = Double.NEGATIVE_INFINITY;
    for (int k = 0; k < clusters; k++) {
      score[k] = facility + (gain - lossWith[k]);
      most = Math.max(most, score[k]);
    }
    if (most + error + gamma <= augmented) {
      return -1; // even the whole margin would not lift it
    }
    addMargins(j);
    most = Double.NEGATIVE_INFINITY;
    for (double each : score) {
      most = Math.max(most, each);
    }
    if (most + error <= augmented) {
      return -1;
    }
    int best = -1;
    double bestScore = augmented;
    for (int k = 0; k < clusters; k++) {
      if (score[k] >= most - 2 * error) {
        double value = exact(j, k);
        if (value > bestScore) {
          bestScore = value;
          best = k;
        }
      }
    }
    return best;
  }

  /** Finds what point j gains as one more medoid, which it returns, and what it takes. */
  private double measure(int j) {
    int row = j * m;
    double gain = 0;
    takenCount = 0;
    tiedCount = 0;
    System.arraycopy(loss, 0, lossWith, 0, clusters);
    for (int i = 0; i < m; i++) {
      double distance = distances[row + i];
      if (distance <= at.second[i]) {
        double now = Math.max(0, at.near[i]);
        gain += now - Math.min(now, distance);
        lossWith[at.nearest[i]] -= at.second[i] - Math.max(now, distance);
        if (distance < at.near[i] || i == j) {
          taken[takenCount++] = i;
        } else if (distance == at.near[i]) {
          tied[tiedCount++] = i;
        }
      }
    }
    return gain;
  }

  /** Adds γΔ to the scores that it may lift above A(S). */
  private void addMargins(int j) {
    moveTaken(true);
    for (int k = 0; k < clusters; k++) {
      if (score[k] + error + gamma > augmented) {
        score[k] += gamma * margin(j, k);
      } else {
        score[k] = Double.NEGATIVE_INFINITY;
      }
    }
    moveTaken(false);
  }

  /** Δ with point j for the medoid of cluster k; what j takes from all is already moved. */
  private double margin(int j, int k) {
    moveRest(j, k, true);
    double agreement = contingency.agreement();
    moveRest(j, k, false);
    return 1 - agreement;
  }

  /** Moves what the point in turn takes whichever medoid goes, or moves it back. */
  private void moveTaken(boolean there) {
    for (int c = 0; c < takenCount; c++) {
      int i = taken[c];
      move(i, there ? at.nearest[i] : clusters, there ? clusters : at.nearest[i]);
    }
  }

  /** Moves the points of cluster k that j does not take from every medoid, or moves them back. */
  private void moveRest(int j, int k, boolean there) {
    for (int c = end[k]; c < end[k + 1]; c++) {
      int i = members[c];
      if (i != j && distances[j * m + i] >= at.near[i]) {
        boolean takes = at.takes(j, k, i, at.second[i], at.secondNearest[i]);
        int to = takes ? clusters : at.secondNearest[i];
        move(i, there ? k : to, there ? to : k);
      }
    }
    for (int c = 0; c < tiedCount; c++) {
      int i = tied[c];
      int from = at.nearest[i];
      if (k < from) { // of medoids as near the first counts
        move(i, there ? from : clusters, there ? clusters : from);
      }
    }
  }

  private void move(int i, int from, int to) {
    contingency.remove(i, from);
    contingency.add(i, to);
  }

  /** A(S) with point j for the medoid of cluster k, to the last bit. */
  private double exact(int j, int k) {
    for (int i = 0; i < m; i++) {
      otherDistance[i] = Math.max(0, at.nearest[i] == k ? at.second[i] : at.near[i]);
    }
    double exact = -Sums.sumOfMin(distances, j * m, otherDistance, 0, m);
    moveTaken(true);
    double margin = margin(j, k);
    moveTaken(false);
    return exact + gamma * margin;
  }
}
