package org.medoid.ops.clustering;

import java.util.Arrays;

/**
 * Greedy choice of medoids (paper, algorithm 1): C times the point that raises A(S) most, the
 * lowest index on ties.
 *
 * <p>Written out, a step scores every candidate in O(m): O(C m²) in all. Here a step does only what
 * the last one changed:
 *
 * <ul>
 *   <li>The facility part: {@link Gains}, a pass over the row of each point that a choice moves.
 *       About m/s points move at step s, so that all steps together cost O(m² ln C), vectorised.
 *   <li>The margin part. The points that candidate j would attract, {i: d_ij &lt; near_i}, are a
 *       set of bits that only loses members, again about m/s at step s ({@link Attraction}). What
 *       moving them does to the sums of the contingency table ({@link Changes}) holds until a
 *       cluster that j would take from changes; those clusters are a second set of bits. It is
 *       brought up to date only when j is in the running: first, Δ is at most 1, so that facility
 *       part + γ bounds a candidate's score; this suffices where γ is small beside the spread of
 *       the gains. Then, of a candidate that lost no point the table bounds by how much its Δ can
 *       have grown ({@link #drift}): nine in ten candidates whose clusters changed are ruled out by
 *       that. The rest are measured; those that attract many points by what the last choice moved
 *       ({@link Takings}), the others point by point.
 * </ul>
 *
 * <p>Kept gains carry rounding, so they only narrow the choice: candidates within the largest
 * possible error of the best are scored anew from the definition, points in ascending order, and
 * the choice is the definition's to the last bit.
 *
 * <p>Memory: m²/8 bytes for the bits of attraction, m C/8 for those of clusters, 3mC for takings
 * where γ is so large that they pay, some 500m besides.
 */
final class Greedy {
  /** Below so many points measured for each of the batch a table of takings does not pay. */
  private static final int MEASURED_BEFORE_TAKINGS = 8;

  private final Problem problem;
  private final int m;
  private final double[] distances;
  private final CountTable table;
  private final double gamma;

  /** Distance of each point to its nearest medoid; 0 for a medoid. */
  private final double[] near;

  private final boolean[] isMedoid;
  private final int[] medoids;

  /** Null until the first medoid is chosen. */
  private Gains gains;

  private final Growing clusters;
  private final double inverseGamma;

  private final Attraction attraction;
  private final long[] takesFrom;
  private final int clusterWords;
  private final int[] takesFromCount;
  private final Changes changes;

  /** Null while few points have been measured, or where the classes are too large. */
  private Takings takings;

  private final boolean takingsSuit;
  private long measured;

  /** Candidates whose changes no longer hold. */
  private final boolean[] stale;

  /** Stale candidates whose changes held before the last choice. */
  private final boolean[] behind;

  /** Candidates whose changes only bound the true ones, see {@link #drift}. */
  private final boolean[] drifted;

  private final long[] clusterRise;

  /** The best candidate that the last choice left, -1 if there was none. */
  private int runnerUp = -1;

  private final double[] score;
  private final int[] moved;
  private final int[] together;

  private Greedy(Problem problem, CountTable table, double gamma) {
    this.problem = problem;
    this.table = table;
    this.gamma = gamma;
    inverseGamma = 1 / gamma;
    m = problem.m;
    distances = problem.distances;
    int c = problem.classCount();
    near = new double[m];
    isMedoid = new boolean[m];
    medoids = new int[c];
    clusters = new Growing(problem, table);
    attraction = new Attraction(distances, near);
    clusterWords = (c + 63) / 64;
    takesFrom = new long[m * clusterWords];
    takesFromCount = new int[m];
    changes = new Changes(m);
    takingsSuit = Takings.suit(problem);
    stale = new boolean[m];
    behind = new boolean[m];
    drifted = new boolean[m];
    clusterRise = new long[m];
    score = new double[m];
    moved = new int[m];
    together = new int[m];
  }

  /** Chooses one medoid for each class of the batch. */
  static Greedy choose(Problem problem, CountTable table, double gamma) {
    Greedy greedy = new Greedy(problem, table, gamma);
    greedy.first();
    for (int s = 1; s < greedy.medoids.length; s++) {
      greedy.next(s);
    }
    return greedy;
  }

  /** The medoids in the order of their choice. */
  int[] medoids() {
    return medoids;
  }

  /** The gains that are left; null if there is but one medoid. */
  Gains gains() {
    return gains;
  }

  /** With one medoid every point is in one cluster, whichever it is. */
  private void first() {
    double margin = gamma * (1 - clusters.agreement());
    int best = 0;
    for (int j = 0; j < m; j++) {
      score[j] = -Sums.sum(distances, j * m, m) + margin;
      if (score[j] > score[best]) {
        best = j;
      }
    }
    medoids[0] = best;
    isMedoid[best] = true;
    System.arraycopy(distances, best * m, near, 0, m);
    if (medoids.length == 1) {
      return;
    }
    gains = new Gains(distances, near);
    Workers.forRange(
        m,
        (from, to) -> {
          for (int j = from; j < to; j++) {
            attraction.attract(j);
          }
        });
    Arrays.fill(stale, true);
  }

  private void next(int s) {
    int promising = markStale();
    double facility = -Sums.sum(near, 0, m);
    double slack = gains.scoreError(gamma);
    double best = scoreOf(promising, facility);
    if (runnerUp >= 0) {
      best = Math.max(best, scoreOf(runnerUp, facility));
    }
    measureTogether(best - slack - facility);
    for (int j = 0; j < m; j++) {
      if (isMedoid[j] || facility + gains.of(j) + gamma < best - slack) {
        score[j] = Double.NEGATIVE_INFINITY;
        continue;
      }
      double agreed = 1 - (best - 2 * slack - facility - gains.of(j)) * inverseGamma;
      if (isOut(j, agreed)) {
        score[j] = Double.NEGATIVE_INFINITY;
        continue;
      }
      score[j] = scoreOf(j, facility);
      best = Math.max(best, score[j]);
    }
    int chosen = -1;
    int rivals = 0;
    for (int j = 0; j < m; j++) {
      if (!isMedoid[j] && score[j] >= best - slack) {
        rivals++;
        chosen = chosen < 0 ? j : chosen;
      }
    }
    if (rivals > 1) {
      double exact = Double.NEGATIVE_INFINITY;
      for (int j = 0; j < m; j++) {
        if (!isMedoid[j] && score[j] >= best - slack) {
          double value = facilityWith(j) + gamma * margin(j);
          if (value > exact) {
            exact = value;
            chosen = j;
          }
        }
      }
    }
    choose(chosen, s);
    runnerUp = -1;
    for (int j = 0; j < m; j++) {
      if (!isMedoid[j] && (runnerUp < 0 || score[j] > score[runnerUp])) {
        runnerUp = j;
      }
    }
  }

  /** Whether candidate j certainly agrees more than it may to be in the running. */
  private boolean isOut(int j, double agreed) {
    if (!stale[j] && drifted[j] && isAbove(j, agreed)) {
      return true;
    }
    update(j);
    return isAbove(j, agreed);
  }

  private boolean isAbove(int j, double agreed) {
    return table.isAbove(
        agreed,
        clusters.cellSum + changes.cells[j],
        clusters.clusterSum + changes.clusters[j] + clusterRise[j]);
  }

  /** Marks the candidates that the last choice touched; returns the one with the largest gain. */
  private int markStale() {
    int promising = -1;
    for (int j = 0; j < m; j++) {
      if (isMedoid[j]) {
        continue;
      }
      behind[j] = false;
      if (!stale[j] && touches(j)) {
        if (takings != null && !attraction.isFew(j)) {
          behind[j] = !drifted[j] && takings.knows(j);
          stale[j] = true;
        } else if (attraction.attractsAny(j, clusters.taken)) {
          stale[j] = true;
        } else {
          drift(j);
        }
      }
      if (promising < 0 || gains.of(j) > gains.of(promising)) {
        promising = j;
      }
    }
    return promising;
  }

  private double scoreOf(int j, double facility) {
    update(j);
    return facility + gains.of(j) + gamma * margin(j);
  }

  private double margin(int j) {
    return 1
        - table.agreement(
            clusters.cellSum + changes.cells[j],
            clusters.clusterSum + changes.clusters[j],
            clusters.expectation + changes.expectation[j]);
  }

  private double facilityWith(int j) {
    return -Sums.sumOfMin(distances, j * m, near, 0, m);
  }

  private boolean touches(int j) {
    for (int w = 0; w < clusterWords; w++) {
      if ((takesFrom[j * clusterWords + w] & clusters.changed[w]) != 0) {
        return true;
      }
    }
    return false;
  }

  /**
   * Notes what the last choice did to candidate j if it took from clusters that j takes from, but
   * no point that j attracts: its changes of their terms rose. What it takes from one of them is at
   * most what it does not take from its other clusters. Its changes of the cells rose as well,
   * which raises the agreement: left out, they leave a bound.
   */
  private void drift(int j) {
    int most = changes.count[j] - takesFromCount[j] + 1;
    long sum = 0;
    for (int w = 0; w < clusterWords; w++) {
      long hit = takesFrom[j * clusterWords + w] & clusters.changed[w];
      while (hit != 0) {
        sum += clusters.rise(w * 64 + Long.numberOfTrailingZeros(hit), most);
        hit &= hit - 1;
      }
    }
    clusterRise[j] += sum;
    drifted[j] = true;
  }

  /** Brings up to date what candidate j would do to the contingency table. */
  private void update(int j) {
    if (stale[j] || drifted[j]) {
      measure(j);
    }
  }

  private void measure(int j) {
    if (takings != null && !attraction.isFew(j) && measureByTakings(j, moved)) {
      return;
    }
    int count = attraction.collect(j, moved);
    if (takings == null && takingsSuit && !attraction.isFew(j)) {
      measured += count;
      if (measured > (long) MEASURED_BEFORE_TAKINGS * m) {
        takings = Takings.of(problem, table, clusters, changes);
      }
    }
    clusters.measure(j, moved, count, changes);
    takesFrom(j, moved, count);
    isMeasured(j);
  }

  /** Notes which clusters candidate j takes points from. */
  private void takesFrom(int j, int[] points, int count) {
    int start = j * clusterWords;
    Arrays.fill(takesFrom, start, start + clusterWords, 0);
    for (int k = 0; k < count; k++) {
      int from = clusters.cluster[points[k]];
      takesFrom[start + (from >> 6)] |= 1L << from;
    }
    int number = 0;
    for (int w = start; w < start + clusterWords; w++) {
      number += Long.bitCount(takesFrom[w]);
    }
    takesFromCount[j] = number;
  }

  private void isMeasured(int j) {
    stale[j] = false;
    behind[j] = false;
    drifted[j] = false;
    clusterRise[j] = 0;
  }

  /**
   * Measures a candidate that attracts many points. Touches nothing that is another candidate's.
   *
   * @param points takes points
   * @return false if it attracts few by now: then it has its list and is still to be measured
   */
  private boolean measureByTakings(int j, int[] points) {
    if (takings.ready() && behind[j]) {
      long hits = attraction.collect(j, clusters.taken, points);
      takings.update(j, points, (int) (hits >>> 32), (int) hits);
      int last = clusters.count - 1;
      takesFrom[j * clusterWords + (last >> 6)] |= 1L << last;
      if (changes.count[j] > Attraction.FEW) {
        isMeasured(j);
        return true;
      }
    }
    int count = attraction.collect(j, points);
    if (attraction.isFew(j)) {
      stale[j] = true;
      behind[j] = false;
      return false;
    }
    takings.measure(j, points, count);
    takesFrom(j, points, count);
    isMeasured(j);
    return true;
  }

  /**
   * Measures the candidates in the running that attract many points, if there are so many that
   * threads can share the work.
   *
   * @param least the least sum of gain and γ in the running
   */
  private void measureTogether(double least) {
    if (takings == null) {
      return;
    }
    int count = 0;
    for (int j = 0; j < m; j++) {
      if (!isMedoid[j] && stale[j] && !attraction.isFew(j) && gains.of(j) + gamma >= least) {
        together[count++] = j;
      }
    }
    if (Workers.parts(count) > 1) {
      takings.ready();
      Workers.forRange(
          count,
          (from, to) -> {
            int[] points = new int[m];
            for (int n = from; n < to; n++) {
              measureByTakings(together[n], points);
            }
          });
    }
  }

  private void choose(int chosen, int s) {
    medoids[s] = chosen;
    isMedoid[chosen] = true;
    int count = attraction.collect(chosen, moved);
    clusters.add(
        moved, count, changes.cells[chosen], changes.clusters[chosen], changes.expectation[chosen]);
    for (int k = 0; k < count; k++) {
      int i = moved[k];
      double after = distances[chosen * m + i];
      if (after < near[i]) {
        gains.move(i, near[i], after);
        near[i] = after;
      }
    }
    if (takings != null) {
      takings.choose();
    }
  }
}
