package org.medoid.ops.clustering;

import java.util.Arrays;

/**
 * The clustering of the greedy choice as medoids come, its contingency table, and what the last
 * choice changed.
 *
 * <p>Of the table only the cells that have points are kept, so that it has m places, not C².
 */
final class Growing {
  private static final int FEW = 8;

  private final Problem problem;
  private final CountTable table;

  /** The cluster of each point. */
  final int[] cluster;

  /** The size of each cluster. */
  final int[] sizes;

  /** The counts of the cells that have points, in no order. */
  final int[] cells;

  /** Where in {@link #cells} each point is counted. */
  final int[] cellOf;

  private final int[] unused;
  private int unusedCount;
  private final int[] cellOfLabel;

  /** For each class the points of a candidate's cluster while it is measured. */
  private final int[] fresh;

  /** Σ t over the cells. */
  long cellSum;

  /** Σ t over the clusters. */
  long clusterSum;

  /** Σ u over the clusters. */
  long expectation;

  /** The number of clusters. */
  int count;

  /** The points that the last choice moved, a bit each. */
  final long[] taken;

  /** The clusters that it took them from, a bit each, and as a list. */
  final long[] changed;

  final int[] changedList;
  int changedCount;

  /** The sizes of those clusters before it. */
  final int[] sizesBefore;

  /**
   * For such a cluster k and a = 1 to {@value #FEW}, at k · {@value #FEW} + a - 1: by how much more
   * taking a of its points changes its t than before, see {@link #rise}.
   */
  private final long[] rise;

  /** For the points that it moved, their clusters before it. */
  final int[] clusterBefore;

  /** The classes of the points that it moved. */
  final int[] labels;

  int labelCount;

  /** One cluster, of all points. */
  Growing(Problem problem, CountTable table) {
    this.problem = problem;
    this.table = table;
    int m = problem.m;
    int c = problem.classCount();
    cluster = new int[m];
    sizes = new int[c];
    cells = new int[m];
    cellOf = problem.classes.clone();
    unused = new int[m];
    cellOfLabel = new int[c];
    fresh = new int[c];
    taken = new long[(m + 63) / 64];
    changed = new long[(c + 63) / 64];
    changedList = new int[c];
    sizesBefore = new int[c];
    rise = new long[c * FEW];
    clusterBefore = new int[m];
    labels = new int[c];
    System.arraycopy(problem.classSizes, 0, cells, 0, c);
    for (int cell = m - 1; cell >= c; cell--) {
      unused[unusedCount++] = cell;
    }
    sizes[0] = m;
    for (int n : problem.classSizes) {
      cellSum += table.t[n];
    }
    clusterSum = table.t[m];
    expectation = table.expected(m);
    count = 1;
    Arrays.fill(cellOfLabel, -1);
  }

  /** The agreement with the classes. */
  double agreement() {
    return table.agreement(cellSum, clusterSum, expectation);
  }

  /**
   * Measures, point by point, what candidate j would do.
   *
   * @param points the points that it would take
   * @param changes takes the measure
   */
  void measure(int j, int[] points, int pointCount, Changes changes) {
    long cellDelta = 0;
    long clusterDelta = table.t[pointCount];
    long expectationDelta = table.expected(pointCount);
    for (int n = 0; n < pointCount; n++) {
      int i = points[n];
      cellDelta += table.step[fresh[problem.classes[i]]++] - table.step[--cells[cellOf[i]]];
      int size = --sizes[cluster[i]];
      clusterDelta -= table.step[size];
      expectationDelta -= table.expected(size + 1) - table.expected(size);
    }
    for (int n = 0; n < pointCount; n++) {
      int i = points[n];
      cells[cellOf[i]]++;
      sizes[cluster[i]]++;
      fresh[problem.classes[i]] = 0;
    }
    changes.set(j, cellDelta, clusterDelta, expectationDelta, pointCount);
  }

  /** Makes a new cluster of some points, the sums of the table being told. */
  void add(int[] points, int pointCount, long cellChange, long clusterChange, long expected) {
    for (int n = 0; n < labelCount; n++) {
      cellOfLabel[labels[n]] = -1;
    }
    labelCount = 0;
    changedCount = 0;
    Arrays.fill(taken, 0);
    Arrays.fill(changed, 0);
    int to = count++;
    for (int n = 0; n < pointCount; n++) {
      int i = points[n];
      int from = cluster[i];
      int label = problem.classes[i];
      if (((changed[from >> 6] >>> from) & 1) == 0) {
        changed[from >> 6] |= 1L << from;
        changedList[changedCount++] = from;
        sizesBefore[from] = sizes[from];
      }
      taken[i >> 6] |= 1L << i;
      clusterBefore[i] = from;
      if (--cells[cellOf[i]] == 0) {
        unused[unusedCount++] = cellOf[i];
      }
      if (cellOfLabel[label] < 0) {
        cellOfLabel[label] = unused[--unusedCount];
        labels[labelCount++] = label;
      }
      cellOf[i] = cellOfLabel[label];
      cells[cellOf[i]]++;
      sizes[from]--;
      sizes[to]++;
      cluster[i] = to;
    }
    for (int n = 0; n < changedCount; n++) {
      int k = changedList[n];
      for (int a = 1; a <= Math.min(FEW, sizes[k]); a++) {
        rise[k * FEW + a - 1] = computeRise(k, a);
      }
    }
    cellSum += cellChange;
    clusterSum += clusterChange;
    expectation += expected;
  }

  /**
   * By how much taking a points of a cluster from which the last choice took u changes its t more
   * than before: t(n - u - a) - t(n - u) over t(n - a) - t(n). Not negative, t being convex, and
   * more the larger a is.
   *
   * @param a 1 or more; counts as the size of the cluster if it is more
   */
  long rise(int k, int a) {
    int points = Math.min(a, sizes[k]);
    return points <= FEW ? rise[k * FEW + points - 1] : computeRise(k, points);
  }

  private long computeRise(int k, int a) {
    int n = sizes[k];
    int before = sizesBefore[k];
    return table.t[n - a] - table.t[n] - table.t[before - a] + table.t[before];
  }
}
