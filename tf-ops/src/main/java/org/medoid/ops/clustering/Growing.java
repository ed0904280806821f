package org.medoid.ops.clustering;

import java.util.Arrays;

/**
 * The clustering of the greedy choice as medoids come, its contingency table, and what the last
 * choice changed.
 *
 * <p>Of the table only the cells that have points are kept, so that it has m places, not C².
 */
final class Growing {
  private final Problem problem;
  private final CountTable table;

  /** The cluster of each point. */
  final int[] cluster;

  /** The size of each cluster. */
  final int[] sizes;

  /** The counts of the cells that have points, in no order. */
  private final int[] cells;

  /** Where in {@link #cells} each point is counted. */
  private final int[] cellOf;

  private final int[] unused;
  private int unusedCount;
  private final int[] cellOfLabel;
  private final int[] placeOf;
  private final int[] placeOfLabel;

  /** Σ t over the cells. */
  long cellSum;

  /** Σ t over the clusters. */
  long clusterSum;

  /** Σ u over the clusters. */
  long expectation;

  /** The number of clusters, which is the number of the last choice too. */
  int count;

  /** The choice that last changed each cluster. */
  final int[] changedAt;

  /** The points that the last choice took, and where their clusters and classes are listed. */
  final int[] taken;

  final int[] changedOf;
  final int[] labelOf;
  int takenCount;

  /** The clusters from which it took them. */
  final int[] changed;

  int changedCount;

  /** Their sizes before it, in the same order. */
  final int[] sizesBefore;

  /** The classes of the points that it took. */
  final int[] labels;

  /** How many points it took of each of them. */
  final int[] takenOfLabel;

  /** What it did to Σ t over the cells of each of them. */
  final long[] labelChange;

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
    changedAt = new int[c];
    changed = new int[c];
    sizesBefore = new int[c];
    labels = new int[c];
    labelChange = new long[c];
    takenOfLabel = new int[c];
    taken = new int[m];
    changedOf = new int[m];
    labelOf = new int[m];
    placeOf = new int[c];
    placeOfLabel = new int[c];
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
    changedAt[0] = 1;
    Arrays.fill(cellOfLabel, -1);
  }

  /** The agreement with the classes. */
  double agreement() {
    return table.agreement(cellSum, clusterSum, expectation);
  }

  /** What one more medoid would do, and what it takes to find that. */
  static final class Trial {
    private final int[] ofCell;
    private final int[] ofCluster;
    private final int[] ofClass;

    /** What it does to Σ t over the cells. */
    long cells;

    /** To Σ t over the clusters. */
    long clusters;

    /** To Σ u over the clusters. */
    long expectation;

    /** The most points that it takes from one cluster. */
    int most;

    Trial(Problem problem) {
      ofCell = new int[problem.m];
      ofCluster = new int[problem.classCount()];
      ofClass = new int[problem.classCount()];
    }
  }

  /**
   * Measures what candidate j would do. Changes nothing but the trial and the candidate's parts.
   *
   * @param points the points that it would take
   */
  void measure(int j, int[] points, int pointCount, Parts parts, Trial trial) {
    if (count == 1) {
      measureSecond(j, points, pointCount, parts, trial);
      return;
    }
    long cellDelta = 0;
    for (int n = 0; n < pointCount; n++) {
      int i = points[n];
      int cell = cellOf[i];
      trial.ofCluster[cluster[i]]++;
      cellDelta += table.step[trial.ofClass[problem.classes[i]]++];
      cellDelta -= table.step[cells[cell] - ++trial.ofCell[cell]];
    }
    parts.clear(j);
    long clusterDelta = table.t[pointCount];
    long expectationDelta = table.expected(pointCount);
    int most = 0;
    for (int n = 0; n < pointCount; n++) {
      int i = points[n];
      int from = cluster[i];
      int part = trial.ofCluster[from];
      if (part > 0) {
        int size = sizes[from];
        parts.add(j, from, part);
        most = Math.max(most, part);
        clusterDelta += table.t[size - part] - table.t[size];
        expectationDelta += table.expected(size - part) - table.expected(size);
        trial.ofCluster[from] = 0;
      }
      trial.ofCell[cellOf[i]] = 0;
      trial.ofClass[problem.classes[i]] = 0;
    }
    trial.cells = cellDelta;
    trial.clusters = clusterDelta;
    trial.expectation = expectationDelta;
    trial.most = most;
  }

  /**
   * The same for the second medoid, when all points are in one cluster and each class is a cell.
   */
  private void measureSecond(int j, int[] points, int pointCount, Parts parts, Trial trial) {
    for (int n = 0; n < pointCount; n++) {
      trial.ofClass[problem.classes[points[n]]]++;
    }
    long cellDelta = 0;
    for (int c = 0; c < trial.ofClass.length; c++) {
      int size = problem.classSizes[c];
      int part = trial.ofClass[c];
      cellDelta += table.t[part] + table.t[size - part] - table.t[size];
      trial.ofClass[c] = 0;
    }
    parts.clear(j);
    parts.add(j, 0, pointCount);
    int left = problem.m - pointCount;
    trial.cells = cellDelta;
    trial.clusters = table.t[pointCount] + table.t[left] - clusterSum;
    trial.expectation = table.expected(pointCount) + table.expected(left) - expectation;
    trial.most = pointCount;
  }

  /**
   * Makes a new cluster of the first {@link #takenCount} points of {@link #taken}.
   *
   * @param clusterChange what that does to Σ t over the clusters
   * @param expected and to Σ u
   */
  void add(long clusterChange, long expected) {
    for (int n = 0; n < labelCount; n++) {
      cellOfLabel[labels[n]] = -1;
    }
    labelCount = 0;
    changedCount = 0;
    int to = count++;
    changedAt[to] = count;
    for (int n = 0; n < takenCount; n++) {
      int i = taken[n];
      int from = cluster[i];
      int label = problem.classes[i];
      if (changedAt[from] < count) {
        changedAt[from] = count;
        placeOf[from] = changedCount;
        sizesBefore[changedCount] = sizes[from];
        changed[changedCount++] = from;
      }
      changedOf[n] = placeOf[from];
      long change = -table.step[--cells[cellOf[i]]];
      if (cells[cellOf[i]] == 0) {
        unused[unusedCount++] = cellOf[i];
      }
      if (cellOfLabel[label] < 0) {
        cellOfLabel[label] = unused[--unusedCount];
        placeOfLabel[label] = labelCount;
        labelChange[labelCount] = 0;
        takenOfLabel[labelCount] = 0;
        labels[labelCount++] = label;
      }
      cellOf[i] = cellOfLabel[label];
      change += table.step[cells[cellOf[i]]++];
      labelOf[n] = placeOfLabel[label];
      labelChange[labelOf[n]] += change;
      takenOfLabel[labelOf[n]]++;
      cellSum += change;
      sizes[from]--;
      sizes[to]++;
      cluster[i] = to;
    }
    clusterSum += clusterChange;
    expectation += expected;
  }
}
