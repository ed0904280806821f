package org.medoid.ops.clustering;

import java.util.Arrays;

/**
 * What each candidate of the greedy choice would do to the sums over the contingency table as one
 * more medoid: as it was when the candidate was last measured, and how far it can have gone since.
 *
 * <p>Let T be the points that a candidate takes and U those that a choice took, u_c of them from
 * class c and u_k from cluster k. X = Σ t(n_ck) over the cells and K = Σ t(n_k) over the clusters
 * are those of the clustering with the candidate in it; t is convex and t(0) = 0, so that t(a + b)
 * ≥ t(a) + t(b). The agreement rises with X and falls with K, so what rules a candidate out is a
 * lower bound of X and an upper bound of K. A choice changes them as follows.
 *
 * <ul>
 *   <li>Where T and U have no point in common, all of U moves with the candidate as it does
 *       without, but from cells and clusters that have fewer points left. Hence X changes by at
 *       least what it changes without, and K by at most Σ_k [t(n_k - u_k - a) - t(n_k - u_k)] -
 *       [t(n_k - a) - t(n_k)] more than it does without, if the candidate takes at most a points of
 *       any cluster: {@link #rise}, summed up over the choices for some values of a.
 *   <li>Where they have, the candidate keeps some points of U and loses others to the choice, as
 *       their distances say. Of a class it has T_c points and loses l; g points of the class go to
 *       the choice, g - l of them from among the o that are not the candidate's, all in one cell at
 *       worst: X changes by at least t(g) + [t(o - g + l) - t(o)] + [t(T_c - l) - t(T_c)]. The
 *       change of K is known but for a.
 * </ul>
 *
 * <p>The candidate's parts ({@link Parts}) make K exact again when it is asked for. So a choice
 * costs a few look-ups for each candidate that it hit, and a candidate is measured, point by point,
 * only if its bounds leave it in the running. One that no choice touched, none having taken
 * anything from the clusters of its points, is not measured either.
 *
 * <p>Bounds are kept as doubles: they are sums over all choices, and rounding is below what {@link
 * CountTable#isAbove} allows for. Memory: some 100 bytes a candidate.
 */
final class Candidates {
  /**
   * Candidates whose hits are looked up together, in as many neighbouring columns: a line of cache.
   */
  private static final int TILE = 8;

  /** In a class of more points than these it is not counted how many a candidate takes. */
  private static final int LARGE = 64;

  private final CountTable table;
  private final Growing clusters;
  private final Attraction attraction;
  private final Problem problem;
  private final int m;
  private final double[] distances;
  private final double[] near;

  /** What each candidate did to the sums when it was last measured. */
  private final long[] cellChange;

  private final long[] clusterChange;
  private final long[] expectationChange;

  /** The choice after which that holds; 0 if it was never measured. */
  private final int[] measuredAt;

  /** How many points it takes, or more if it is {@link #isUnknown}. */
  private final int[] count;

  /** Whether it has since been hit: a choice has taken a point that the candidate takes. */
  private final boolean[] isHit;

  /** By how much more than the table's X is at least, the table's K and {@link #rise} at most. */
  private final double[] cellBound;

  private final double[] clusterBound;

  /** Which of {@link #most} holds for each candidate. */
  private final byte[] level;

  /** The choice after which the bounds were narrowed. */
  private final int[] narrowedAt;

  private final Parts parts;

  /** Some values of a, ascending, and for each a up to m the first of them that is not less. */
  private final int[] most;

  private final byte[] levelOf;
  private final double[] rise;
  private final double[] lastRise;
  private long lastClusterChange;

  /** Of each thread. */
  private final Scratch[] scratch;

  /** Nothing is measured yet. */
  Candidates(
      Problem problem, CountTable table, Growing clusters, Attraction attraction, double[] near) {
    this.table = table;
    this.clusters = clusters;
    this.attraction = attraction;
    m = problem.m;
    distances = problem.distances;
    this.near = near;
    count = new int[m];
    this.problem = problem;
    cellChange = new long[m];
    clusterChange = new long[m];
    expectationChange = new long[m];
    measuredAt = new int[m];
    isHit = new boolean[m];
    cellBound = new double[m];
    clusterBound = new double[m];
    level = new byte[m];
    narrowedAt = new int[m];
    parts = new Parts(clusters, table, m);
    Arrays.fill(cellBound, Double.NEGATIVE_INFINITY);
    Arrays.fill(count, m);
    int[] values = new int[64];
    int number = 0;
    levelOf = new byte[m + 1];
    for (int a = 1, next = 1; a <= m; a++) {
      if (a > next) {
        number++;
        boolean isPower = (next & (next - 1)) == 0;
        next = isPower ? Math.max(next + 1, next / 2 * 3) : next / 3 * 4;
      }
      values[number] = next;
      levelOf[a] = (byte) number;
    }
    most = Arrays.copyOf(values, number + 1);
    rise = new double[most.length];
    lastRise = new double[most.length];
    scratch = new Scratch[Workers.parts(m)];
    Arrays.setAll(scratch, part -> new Scratch(problem));
  }

  /** What a thread needs to bring candidates up to date. */
  private static final class Scratch {
    /** The points that the candidate in turn takes, and what it would do. */
    private final int[] points;

    private final Growing.Trial trial;

    /** Of candidates that were hit: the places of the points, and in the last bit who is kept. */
    private final int[] hits;

    private final int[] columns = new int[TILE];
    private final int[] hitCount = new int[TILE];

    /** Of one of them, hits by cluster, and by class with those that are kept in the upper half. */
    private final int[] hitsFrom;

    private final int[] hitsOf;

    Scratch(Problem problem) {
      points = new int[problem.m];
      trial = new Growing.Trial(problem);
      hits = new int[problem.m * TILE];
      hitsFrom = new int[problem.classCount()];
      hitsOf = new int[problem.classCount()];
    }
  }

  /** Whether candidate j certainly agrees more than a limit says. */
  boolean isAbove(int j, double limit) {
    return table.isAbove(
        limit,
        clusters.cellSum + cellBound[j],
        clusters.clusterSum + (clusterBound[j] + rise[level[j]]));
  }

  /** Whether what is known of candidate j holds after the last choice. */
  boolean isKnown(int j) {
    return measuredAt[j] == clusters.count;
  }

  /**
   * Narrows the bounds of candidate j: K becomes exact, where its parts are listed.
   *
   * @return whether the bounds are other than before
   */
  boolean narrow(int j) {
    if (narrowedAt[j] == clusters.count || !parts.isListed(j)) {
      return false;
    }
    narrowedAt[j] = clusters.count;
    if (!isHit[j] && parts.isUntouched(j, measuredAt[j])) {
      measuredAt[j] = clusters.count;
      cellBound[j] = cellChange[j];
      clusterBound[j] = clusterChange[j] - rise[level[j]];
    } else {
      level[j] = levelOf[parts.most(j)];
      clusterBound[j] = table.t[count[j]] + parts.change(j) - rise[level[j]];
    }
    return true;
  }

  /** Whether there are no bounds for candidate j. */
  boolean isUnknown(int j) {
    return cellBound[j] == Double.NEGATIVE_INFINITY;
  }

  /** Brings candidate j up to date. */
  void update(int j) {
    update(j, scratch[0]);
  }

  /** Brings some candidates up to date, all threads together where that pays. */
  void update(int[] which, int number) {
    long work = 0;
    for (int n = 0; n < number; n++) {
      work += count[which[n]];
    }
    Workers.share(
        work,
        scratch.length,
        (part, parts) -> {
          for (int n = part; n < number; n += parts) {
            update(which[n], scratch[part]);
          }
        });
  }

  private void update(int j, Scratch scratch) {
    narrow(j);
    if (isKnown(j)) {
      return;
    }
    Growing.Trial trial = scratch.trial;
    count[j] = attraction.collect(j, scratch.points, clusters.count);
    clusters.measure(j, scratch.points, count[j], parts, trial);
    cellChange[j] = trial.cells;
    clusterChange[j] = trial.clusters;
    expectationChange[j] = trial.expectation;
    level[j] = levelOf[trial.most];
    isHit[j] = false;
    measuredAt[j] = clusters.count;
    narrowedAt[j] = clusters.count;
    cellBound[j] = cellChange[j];
    clusterBound[j] = clusterChange[j] - rise[level[j]];
  }

  /** The agreement with candidate j, which is up to date, as one more medoid. */
  double agreement(int j) {
    return table.agreement(
        clusters.cellSum + cellChange[j],
        clusters.clusterSum + clusterChange[j],
        clusters.expectation + expectationChange[j]);
  }

  /** Chooses candidate j, which is up to date: makes a cluster of the points that it takes. */
  void choose(int j) {
    clusters.takenCount = attraction.collect(j, clusters.taken, clusters.count);
    lastClusterChange = clusterChange[j];
    clusters.add(clusterChange[j], expectationChange[j]);
    for (int n = 0; n < lastRise.length; n++) {
      double sum = 0;
      for (int k = 0; k < clusters.changedCount; k++) {
        int left = clusters.sizes[clusters.changed[k]];
        int before = clusters.sizesBefore[k];
        int a = Math.min(most[n], left);
        sum += table.t[left - a] - table.t[left] - table.t[before - a] + table.t[before];
      }
      lastRise[n] = sum;
      rise[n] += sum;
    }
  }

  /**
   * Takes note of the candidates that the last choice hit.
   *
   * @param hit positive for those candidates; set to 0
   * @param before for the points taken, the distances to their medoids before the choice
   */
  void hit(double[] hit, double[] before) {
    long work = 0;
    for (double each : hit) {
      work += each > 0 ? clusters.takenCount : 0;
    }
    Workers.share(
        work,
        scratch.length,
        (part, parts) -> {
          for (int start = part * TILE; start < m; start += parts * TILE) {
            hit(start, hit, before, scratch[part]);
          }
        });
  }

  /** The same for {@value #TILE} candidates from one on. */
  private void hit(int start, double[] hit, double[] before, Scratch scratch) {
    int count = 0;
    for (int j = start; j < Math.min(m, start + TILE); j++) {
      if (hit[j] > 0) {
        hit[j] = 0;
        isHit[j] = true;
        if (clusters.takenCount > this.count[j] / 2 + m / 64 + 8) { // cheaper to measure
          cellBound[j] = Double.NEGATIVE_INFINITY;
          parts.forget(j);
        } else if (!isUnknown(j)) {
          scratch.columns[count++] = j;
        }
      }
    }
    if (count > 0) {
      lookUp(count, before, scratch);
    }
  }

  /** Finds what the last choice did to some candidates next to each other. */
  private void lookUp(int columnCount, double[] before, Scratch scratch) {
    int[] columns = scratch.columns;
    int[] hits = scratch.hits;
    int[] hitCount = scratch.hitCount;
    Arrays.fill(hitCount, 0);
    for (int n = 0; n < clusters.takenCount; n++) {
      int row = clusters.taken[n] * m;
      long was = Double.doubleToRawLongBits(before[n]);
      long is = Double.doubleToRawLongBits(near[clusters.taken[n]]);
      for (int c = 0; c < columnCount; c++) {
        // The bits of two values that are not negative compare as they do; a branch here nobody
        // could foretell.
        long distance = Double.doubleToRawLongBits(distances[row + columns[c]]);
        hits[c * m + hitCount[c]] = (n << 1) | (int) ((distance - is) >>> 63);
        hitCount[c] += (int) ((distance - was) >>> 63);
      }
    }
    for (int c = 0; c < columnCount; c++) {
      hit(columns[c], c * m, hitCount[c], scratch);
    }
  }

  private void hit(int j, int start, int hitCount, Scratch scratch) {
    int[] hits = scratch.hits;
    int kept = 0;
    for (int e = start; e < start + hitCount; e++) {
      int n = hits[e] >> 1;
      int i = clusters.taken[n];
      int keeps = i == j ? 1 : hits[e] & 1; // as it takes itself also where it lies on a medoid
      scratch.hitsFrom[clusters.changedOf[n]]++;
      scratch.hitsOf[clusters.labelOf[n]] += 1 + (keeps << 16);
      kept += keeps;
      attraction.lose(j, i, 1 - (hits[e] & 1));
    }
    attraction.know(j, clusters.count);
    int lost = hitCount - kept;
    if (kept > 0) {
      parts.add(j, clusters.count - 1, kept);
    }
    cellBound[j] += cellsAfterHit(j, scratch.hitsOf);
    long sum = clustersAfterHit(j, scratch.hitsFrom);
    sum += table.t[clusters.takenCount - kept] + table.t[count[j] - lost] - table.t[count[j]];
    clusterBound[j] += sum - lastClusterChange - lastRise[level[j]];
    count[j] -= lost;
    byte least = levelOf[kept];
    if (level[j] < least) { // what it keeps of the points is in one cluster now
      clusterBound[j] += rise[level[j]] - rise[least];
      level[j] = least;
    }
  }

  /** By how much more at least X changed than without candidate j. */
  private long cellsAfterHit(int j, int[] hitsOf) {
    long sum = 0;
    for (int n = 0; n < clusters.labelCount; n++) {
      if (hitsOf[n] != 0) {
        int kept = hitsOf[n] >>> 16;
        int lost = (hitsOf[n] & 0xffff) - kept;
        int gone = clusters.takenOfLabel[n] - kept;
        int others = problem.classSizes[clusters.labels[n]] - kept - lost;
        int left = others - (gone - lost);
        sum += table.t[gone] + table.t[left] - table.t[others] - clusters.labelChange[n];
        if (lost > 0) {
          int[] members = problem.members[clusters.labels[n]];
          int had = kept + lost + left;
          if (members.length <= LARGE) {
            had = Math.min(had, lost + attraction.atMostOf(j, members));
          }
          sum += table.t[had - lost] - table.t[had];
        }
        hitsOf[n] = 0;
      }
    }
    return sum;
  }

  /** How K changed with candidate j but for the clusters of the choice and of the candidate. */
  private long clustersAfterHit(int j, int[] hitsFrom) {
    long sum = 0;
    int atMost = most[level[j]];
    for (int n = 0; n < clusters.changedCount; n++) {
      int size = clusters.sizesBefore[n];
      int left = clusters.sizes[clusters.changed[n]] + hitsFrom[n];
      int a = Math.min(atMost, left);
      sum += table.t[left - a] - table.t[size - a];
      if (hitsFrom[n] > 0) {
        parts.remove(j, clusters.changed[n], hitsFrom[n]);
        hitsFrom[n] = 0;
      }
    }
    return sum;
  }
}
