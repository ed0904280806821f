package org.medoid.ops.clustering;

/**
 * The contingency table of the clusters with the true classes, kept count by count, with the sums
 * of {@link CountTable} over it. Taking a point in or out costs a few table look-ups. Memory: 4
 * bytes for each cell, clusters times classes.
 */
final class Contingency {
  private final CountTable table;
  private final int[] classOf;
  private final int classes;
  private final int[] cells;
  private final int[] sizes;
  private long cellSum;
  private long clusterSum;
  private long expectation;

  /**
   * An empty table.
   *
   * @param table the values of the counts
   * @param classOf the true class of each point
   * @param classes the number of classes
   * @param clusters the number of clusters
   */
  Contingency(CountTable table, int[] classOf, int classes, int clusters) {
    this.table = table;
    this.classOf = classOf;
    this.classes = classes;
    cells = new int[classes * clusters];
    sizes = new int[clusters];
  }

  /** Takes a point into a cluster. */
  void add(int point, int cluster) {
    cellSum += table.step[cells[cluster * classes + classOf[point]]++];
    int n = sizes[cluster]++;
    clusterSum += table.step[n];
    expectation += table.expected(n + 1) - table.expected(n);
  }

  /** Takes a point out of its cluster. */
  void remove(int point, int cluster) {
    cellSum -= table.step[--cells[cluster * classes + classOf[point]]];
    int n = --sizes[cluster];
    clusterSum -= table.step[n];
    expectation -= table.expected(n + 1) - table.expected(n);
  }

  /** The agreement as the table stands. */
  double agreement() {
    return table.agreement(cellSum, clusterSum, expectation);
  }
}
