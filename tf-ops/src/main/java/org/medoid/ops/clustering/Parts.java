package org.medoid.ops.clustering;

import java.util.Arrays;

/**
 * From which clusters each candidate of the greedy choice takes how many points.
 *
 * <p>A candidate that takes from more than {@value #FEW} clusters has no list. Memory: 4 bytes for
 * each of these places.
 */
final class Parts {
  private static final int FEW = 64;

  private final Growing clusters;
  private final CountTable table;

  /** Cluster and number, each in half of an int, from place j · FEW on. */
  private final int[] parts;

  /** How many clusters candidate j takes from; -1 if it has no list. */
  private final int[] count;

  Parts(Growing clusters, CountTable table, int m) {
    this.clusters = clusters;
    this.table = table;
    parts = new int[m * FEW];
    count = new int[m];
    Arrays.fill(count, -1);
  }

  boolean isListed(int j) {
    return count[j] >= 0;
  }

  /** Begins the list of candidate j. */
  void clear(int j) {
    count[j] = 0;
  }

  /** Gives up the list of candidate j. */
  void forget(int j) {
    count[j] = -1;
  }

  /** Lists a cluster that is not in the list of candidate j. */
  void add(int j, int cluster, int number) {
    if (count[j] == FEW) {
      count[j] = -1;
    }
    if (count[j] >= 0) {
      parts[j * FEW + count[j]++] = (cluster << 16) | number;
    }
  }

  /** Takes some points of a cluster from candidate j. */
  void remove(int j, int cluster, int number) {
    for (int e = j * FEW; e < j * FEW + count[j]; e++) {
      if ((parts[e] >>> 16) == cluster) {
        parts[e] -= number;
        return;
      }
    }
  }

  /** Whether a choice after the one that is told has changed none of the clusters listed for j. */
  boolean isUntouched(int j, int since) {
    for (int e = j * FEW; e < j * FEW + count[j]; e++) {
      if (clusters.changedAt[parts[e] >>> 16] > since) {
        return false;
      }
    }
    return true;
  }

  /** What taking its points would do to Σ t over the clusters but for the one that they make. */
  long change(int j) {
    long change = 0;
    for (int e = j * FEW; e < j * FEW + count[j]; e++) {
      int size = clusters.sizes[parts[e] >>> 16];
      change += table.t[size - (parts[e] & 0xffff)] - table.t[size];
    }
    return change;
  }

  /** The largest number of points that candidate j takes from a cluster. */
  int most(int j) {
    int most = 0;
    for (int e = j * FEW; e < j * FEW + count[j]; e++) {
      most = Math.max(most, parts[e] & 0xffff);
    }
    return most;
  }
}
