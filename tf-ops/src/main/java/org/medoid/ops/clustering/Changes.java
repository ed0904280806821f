package org.medoid.ops.clustering;

/** What each candidate would do to the sums over the contingency table as one more medoid. */
final class Changes {
  /** To Σ t over the cells. */
  final long[] cells;

  /** To Σ t over the clusters. */
  final long[] clusters;

  /** To Σ u over the clusters. */
  final long[] expectation;

  /** How many points the candidate takes. */
  final int[] count;

  Changes(int m) {
    cells = new long[m];
    clusters = new long[m];
    expectation = new long[m];
    count = new int[m];
  }

  void set(int j, long cellChange, long clusterChange, long expectationChange, int points) {
    cells[j] = cellChange;
    clusters[j] = clusterChange;
    expectation[j] = expectationChange;
    count[j] = points;
  }
}
