package org.medoid.ops.clustering;

import java.util.HashMap;
import java.util.Map;

/** The agreement of two partitions of the same points. */
public final class Agreement {
  private Agreement() {}

  /**
   * Compares two partitions. Negative AMI and ARI, which mean less agreement than chance, are given
   * as 0, as margins need them; {@link #score} tells them. Two partitions that are the same up to
   * names agree by 1 in every measure, also when both are one cluster.
   *
   * <p>Cost: linear in the number of points; for AMI also distinct cluster sizes times distinct
   * class sizes times the smaller of the two.
   *
   * @param measure the measure
   * @param truth the class of each point, any values
   * @param found the cluster of each point, any values
   * @return in [0, 1]
   * @throws IllegalArgumentException if there are no points, or not as many in both
   */
  public static double between(Margin measure, int[] truth, int[] found) {
    return Math.max(0, score(measure, truth, found));
  }

  /**
   * Compares two partitions as {@link #between} does, but tells AMI and ARI below 0, where they
   * agree less than chance: the number that evaluations report.
   *
   * @param measure the measure
   * @param truth the class of each point, any values
   * @param found the cluster of each point, any values
   * @return at most 1; at least 0 but for AMI and ARI
   * @throws IllegalArgumentException if there are no points, or not as many in both
   */
  public static double score(Margin measure, int[] truth, int[] found) {
    if (truth.length != found.length) {
      throw new IllegalArgumentException(
          "two partitions of the same points, but one has "
              + truth.length
              + " and the other "
              + found.length);
    }
    if (truth.length == 0) {
      throw new IllegalArgumentException("the partitions are empty");
    }
    int[] y = number(truth);
    int[] g = number(found);
    int[] classSizes = sizes(y);
    CountTable table = new CountTable(measure, classSizes);
    Map<Long, Integer> cells = new HashMap<>();
    for (int i = 0; i < y.length; i++) {
      cells.merge(((long) y[i] << 32) | g[i], 1, Integer::sum);
    }
    long cellSum = 0;
    for (int n : cells.values()) {
      cellSum += table.t[n];
    }
    long clusterSum = 0;
    long expectation = 0;
    for (int n : sizes(g)) {
      clusterSum += table.t[n];
      expectation += table.expected(n);
    }
    return table.score(cellSum, clusterSum, expectation);
  }

  private static int[] number(int[] labels) {
    Map<Integer, Integer> numbers = new HashMap<>();
    int[] numbered = new int[labels.length];
    for (int i = 0; i < labels.length; i++) {
      Integer next = numbers.size();
      Integer before = numbers.putIfAbsent(labels[i], next);
      numbered[i] = before == null ? next : before;
    }
    return numbered;
  }

  private static int[] sizes(int[] numbered) {
    int count = 0;
    for (int each : numbered) {
      count = Math.max(count, each + 1);
    }
    int[] sizes = new int[count];
    for (int each : numbered) {
      sizes[each]++;
    }
    return sizes;
  }
}
