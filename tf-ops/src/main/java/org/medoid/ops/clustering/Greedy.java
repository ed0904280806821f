package org.medoid.ops.clustering;

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
 *       set that only loses members, again about m/s at step s ({@link Attraction}). What moving
 *       them does to the contingency table is known from when j was last measured, and bounded
 *       since ({@link Candidates}). It is measured anew only if j is in the running: first, Δ is at
 *       most 1, so that facility part + γ bounds a candidate's score; this suffices where γ is
 *       small beside the spread of the gains. Then the bounds.
 * </ul>
 *
 * <p>With γ = 0 there is no margin part: the points move, the gains follow, half the time.
 *
 * <p>Threads share what is independent of who leads: the gains, what a choice did to the
 * candidates, and the measuring of those without bounds. All else would be measured in vain.
 *
 * <p>Kept gains carry rounding, so they only narrow the choice: candidates within the largest
 * possible error of the best are scored anew from the definition, points in ascending order, and
 * the choice is the definition's to the last bit.
 *
 * <p>Memory: m²/8 bytes for the bits of attraction, some 700m besides and 40m for each thread.
 */
final class Greedy {
  private final int m;
  private final double[] distances;
  private final double gamma;
  private final double inverseGamma;

  /** Distance of each point to its nearest medoid; 0 for a medoid. */
  private final double[] near;

  private final boolean[] isMedoid;
  private final int[] medoids;

  /** Null until the first medoid is chosen. */
  private Gains gains;

  private final Growing clusters;

  /** Null without margin, and so are the candidates. */
  private final Attraction attraction;

  private final Candidates candidates;

  /** The best candidate that the last choice left, -1 if there was none. */
  private int runnerUp = -1;

  /** Candidates in the running, ascending, and their scores. */
  private final int[] running;

  private final double[] score;
  private final double[] hit;
  private final double[] before;

  private Greedy(Problem problem, CountTable table, double gamma) {
    this.gamma = gamma;
    inverseGamma = 1 / gamma;
    m = problem.m;
    distances = problem.distances;
    near = new double[m];
    isMedoid = new boolean[m];
    medoids = new int[problem.classCount()];
    clusters = new Growing(problem, table);
    attraction = gamma == 0 ? null : new Attraction(distances, near);
    candidates = gamma == 0 ? null : new Candidates(problem, table, clusters, attraction, near);
    running = new int[m];
    score = new double[m];
    hit = new double[m];
    before = new double[m];
  }

  /** Chooses one medoid for each class of the batch. */
  static Greedy choose(Problem problem, CountTable table, double gamma) {
    Greedy greedy = new Greedy(problem, table, gamma);
    greedy.first();
    for (int s = 1; s < greedy.medoids.length; s++) {
      greedy.choose(gamma == 0 ? greedy.nextWithoutMargin() : greedy.next(), s);
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
    if (gamma > 0) {
      Workers.forRange(
          m,
          (from, to) -> {
            for (int j = from; j < to; j++) {
              attraction.attract(j);
            }
          });
    }
  }

  /** The candidate that raises F most. */
  private int nextWithoutMargin() {
    double least = gains.of(promising()) - gains.scoreError(0);
    int count = 0;
    for (int j = 0; j < m; j++) {
      if (!isMedoid[j] && gains.of(j) >= least) {
        running[count] = j;
        score[count++] = gains.of(j);
      }
    }
    return best(count, least);
  }

  /** The candidate that raises A(S) most. */
  private int next() {
    double facility = -Sums.sum(near, 0, m);
    double slack = gains.scoreError(gamma);
    double best = scoreOf(promising(), facility);
    if (runnerUp >= 0) {
      best = Math.max(best, scoreOf(runnerUp, facility));
    }
    measureUnknown(best - slack - gamma, facility);
    int count = 0;
    for (int j = 0; j < m; j++) {
      if (isMedoid[j] || isOut(j, best - slack, slack, facility)) {
        continue;
      }
      if (!candidates.isKnown(j)) {
        candidates.update(j);
        if (isOut(j, best - slack, slack, facility)) {
          continue;
        }
      }
      running[count] = j;
      score[count] = scoreOf(j, facility);
      best = Math.max(best, score[count]);
      count++;
    }
    return best(count, best - slack);
  }

  /** Measures those candidates without bounds that score at least a limit but for the margin. */
  private void measureUnknown(double least, double facility) {
    int count = 0;
    for (int j = 0; j < m; j++) {
      if (!isMedoid[j] && candidates.isUnknown(j) && facility + gains.of(j) >= least) {
        running[count++] = j;
      }
    }
    candidates.update(running, count);
  }

  /** The candidate with the largest gain. */
  private int promising() {
    int promising = -1;
    for (int j = 0; j < m; j++) {
      if (!isMedoid[j] && (promising < 0 || gains.of(j) > gains.of(promising))) {
        promising = j;
      }
    }
    return promising;
  }

  /** Whether candidate j certainly scores less than the least that is in the running. */
  private boolean isOut(int j, double least, double slack, double facility) {
    double kept = facility + gains.of(j);
    if (kept + gamma < least) {
      return true;
    }
    double limit = 1 - (least - slack - kept) * inverseGamma;
    return candidates.isAbove(j, limit) || (candidates.narrow(j) && candidates.isAbove(j, limit));
  }

  private double scoreOf(int j, double facility) {
    candidates.update(j);
    return facility + gains.of(j) + gamma * margin(j);
  }

  private double margin(int j) {
    return gamma == 0 ? 0 : 1 - candidates.agreement(j);
  }

  /** The best of those in the running that score no less than a limit; notes the runner-up. */
  private int best(int count, double least) {
    int chosen = -1;
    int rivals = 0;
    for (int n = 0; n < count; n++) {
      if (score[n] >= least) {
        rivals++;
        chosen = chosen < 0 ? running[n] : chosen;
      }
    }
    if (rivals > 1) {
      double exact = Double.NEGATIVE_INFINITY;
      for (int n = 0; n < count; n++) {
        if (score[n] >= least) {
          int j = running[n];
          double value = -Sums.sumOfMin(distances, j * m, near, 0, m) + gamma * margin(j);
          if (value > exact) {
            exact = value;
            chosen = j;
          }
        }
      }
    }
    runnerUp = -1;
    double next = Double.NEGATIVE_INFINITY;
    for (int n = 0; n < count; n++) {
      if (running[n] != chosen && score[n] > next) {
        next = score[n];
        runnerUp = running[n];
      }
    }
    return chosen;
  }

  private void choose(int chosen, int s) {
    medoids[s] = chosen;
    isMedoid[chosen] = true;
    if (gamma == 0) {
      moveTo(chosen);
      return;
    }
    candidates.choose(chosen);
    for (int n = 0; n < clusters.takenCount; n++) {
      int i = clusters.taken[n];
      before[n] = near[i];
      double after = distances[chosen * m + i];
      if (after < near[i]) { // all but the candidate itself where it lies on a medoid
        near[i] = after;
        attraction.move(i, clusters.count);
      }
    }
    gains.take(clusters.taken, clusters.takenCount, before, near, hit);
    candidates.hit(hit, before);
  }

  private void moveTo(int chosen) {
    int[] moved = running; // nobody is in the running between two choices
    int count = 0;
    for (int i = 0; i < m; i++) {
      double after = distances[chosen * m + i];
      if (after < near[i]) {
        moved[count] = i;
        before[count++] = near[i];
        near[i] = after;
      }
    }
    gains.take(moved, count, before, near, null);
  }
}
