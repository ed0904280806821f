package org.medoid.ops.clustering;

import java.util.Arrays;

/**
 * Turns the counts of a contingency table into the agreement of two partitions.
 *
 * <p>Every measure here is a function of three sums over counts: Σ t(n_ck) over the cells, Σ t(n_k)
 * over the clusters, and for AMI Σ u(n_k), what the cluster adds to the expected mutual
 * information. t(n) is n ln n for the measures built on entropy and n(n-1)/2 for those that count
 * pairs. Both are tabulated as integers, n ln n in fixed point, so that sums are exact whatever the
 * order of their terms: a sum can be updated count by count without drift, and two tables that
 * differ only in the order of their cells have the same agreement to the last bit, which makes ties
 * true ties.
 *
 * <p>Fixed point: n ln n · 2^s with s chosen so that m ln m fills 60 bits; for m = 128 the unit is
 * 2^-50, for a million 2^-36, below the rounding of a double at that size.
 *
 * <p>Memory: two tables of m + 2 longs, a third for AMI.
 */
final class CountTable {
  private static final long UNKNOWN = Long.MIN_VALUE;

  private final Margin measure;
  private final int m;
  private final long total;
  private final double scale;

  /** t(n), exact or in fixed point. */
  final long[] t;

  /** t(n + 1) - t(n). */
  final long[] step;

  /** u(n), computed when first asked for; null unless AMI. */
  private final long[] expected;

  private final int[] classSizes;
  private final double[] logFactorial;

  /** Σ t over the true classes. */
  private final long classes;

  /**
   * Prepares the tables of a batch.
   *
   * @param measure the agreement measure
   * @param classSizes the number of points of each true class, none 0
   */
  CountTable(Margin measure, int[] classSizes) {
    this.measure = measure;
    int count = 0;
    for (int size : classSizes) {
      count += size;
    }
    m = count;
    t = new long[m + 2];
    step = new long[m + 1];
    if (measure == Margin.ARI || measure == Margin.IDENTICAL) {
      scale = 1;
      for (int n = 2; n < t.length; n++) {
        t[n] = (long) n * (n - 1) / 2;
      }
    } else {
      double largest = (m + 1) * Math.log(m + 1);
      scale = Math.scalb(1.0, 60 - Math.max(1, Math.getExponent(largest) + 1));
      for (int n = 2; n < t.length; n++) {
        t[n] = Math.round(n * Math.log(n) * scale);
      }
    }
    for (int n = 0; n < step.length; n++) {
      step[n] = t[n + 1] - t[n];
    }
    total = t[m];
    long sum = 0;
    for (int size : classSizes) {
      sum += t[size];
    }
    classes = sum;
    if (measure == Margin.AMI) {
      this.classSizes = Arrays.stream(classSizes).sorted().toArray();
      logFactorial = new double[m + 1];
      for (int n = 2; n <= m; n++) {
        logFactorial[n] = logFactorial[n - 1] + Math.log(n);
      }
      expected = new long[m + 1];
      Arrays.fill(expected, UNKNOWN);
    } else {
      this.classSizes = null;
      logFactorial = null;
      expected = null;
    }
  }

  /**
   * The agreement, 0 where {@link #score} is below.
   *
   * @param cells Σ t over the cells of the contingency table
   * @param clusters Σ t over the clusters
   * @param expectation Σ u over the clusters, for AMI
   * @return in [0, 1]
   */
  double agreement(long cells, long clusters, long expectation) {
    return Math.max(0, score(cells, clusters, expectation));
  }

  /**
   * The measure, below 0 where AMI or ARI find less agreement than chance has.
   *
   * @param cells Σ t over the cells of the contingency table
   * @param clusters Σ t over the clusters
   * @param expectation Σ u over the clusters, for AMI
   * @return at most 1
   */
  double score(long cells, long clusters, long expectation) {
    if (cells == clusters && cells == classes) {
      return 1; // each cell is a whole cluster and a whole class
    }
    double value;
    switch (measure) {
      case NMI -> {
        double product = (double) (total - clusters) * (double) (total - classes);
        value = product > 0 ? information(cells, clusters) / Math.sqrt(product) : 0;
      }
      case NMI_ARITHMETIC, V_MEASURE -> {
        double sum = (double) (total - clusters) + (double) (total - classes);
        value = sum > 0 ? 2 * information(cells, clusters) / sum : 0;
      }
      case AMI -> {
        double mean = 0.5 * ((double) (total - clusters) + (double) (total - classes));
        double above = information(cells, clusters) - expectation;
        double room = mean - expectation;
        value = room > 0 ? above / room : 0;
      }
      case ARI -> {
        double chance = (double) clusters * classes / total;
        double room = 0.5 * ((double) clusters + classes) - chance;
        value = room > 0 ? (cells - chance) / room : 0;
      }
      case IDENTICAL -> value = 0;
      default -> throw new AssertionError(measure);
    }
    boolean adjusted = measure == Margin.AMI || measure == Margin.ARI;
    return Math.min(1, adjusted ? value : Math.max(0, value));
  }

  /**
   * Whether the agreement is certainly above a limit, for less than the agreement costs: neither a
   * root nor a division. The agreement rises with the cells' sum and falls with the clusters', so
   * bounds of the two will do.
   *
   * @param limit any value
   * @param cells Σ t over the cells of the contingency table, or less
   * @param clusters Σ t over the clusters, or more
   * @return false also where it is not certain, as always for AMI and identical
   */
  boolean isAbove(double limit, double cells, double clusters) {
    double certain = limit + 1e-9; // the rounding of what is compared is a thirtieth of it at most
    double information = cells - clusters - classes + total;
    return switch (measure) {
      case NMI ->
          certain >= 0
              && information > 0
              && information * information
                  > certain * certain * (total - clusters) * (double) (total - classes);
      case NMI_ARITHMETIC, V_MEASURE ->
          2 * information > certain * ((total - clusters) + (double) (total - classes));
      case ARI -> {
        double chance = clusters * classes / total;
        double room = 0.5 * (clusters + classes) - chance;
        yield certain >= 0 && room > 0 && cells - chance > certain * room;
      }
      default -> false;
    };
  }

  /** m times the mutual information, in fixed point: exact up to the last conversion. */
  private double information(long cells, long clusters) {
    return cells - clusters - classes + total;
  }

  /**
   * u(b) = m Σ_c E[(n_c / m) ln(m n_c / (a_c b))] in fixed point, 0 unless AMI: what a cluster of b
   * points adds to the expected mutual information when its points are drawn at random, n_c then
   * being hypergeometric (Vinh, Epps, Bailey, "Information Theoretic Measures for Clusterings
   * Comparison", JMLR 2010, equation 24a).
   *
   * <p>Cost when first asked for b: min(a, b) for each distinct class size a. Two threads may do it
   * twice, with the same result.
   *
   * @param b the size of a cluster, 0 to m
   * @return its part of the expectation
   */
  long expected(int b) {
    if (expected == null || b == 0) {
      return 0;
    }
    long known = expected[b];
    if (known == UNKNOWN) {
      known = Math.round(expectedInformation(b) * scale);
      expected[b] = known;
    }
    return known;
  }

  private double expectedInformation(int b) {
    double sum = 0;
    double ofSize = 0;
    for (int c = 0; c < classSizes.length; c++) {
      if (c == 0 || classSizes[c] != classSizes[c - 1]) {
        ofSize = expectedInformation(classSizes[c], b);
      }
      sum += ofSize;
    }
    return sum;
  }

  private double expectedInformation(int a, int b) {
    double base =
        logFactorial[a]
            + logFactorial[b]
            + logFactorial[m - a]
            + logFactorial[m - b]
            - logFactorial[m];
    double sum = 0;
    for (int n = Math.max(1, a + b - m); n <= Math.min(a, b); n++) {
      double probability =
          Math.exp(
              base
                  - logFactorial[n]
                  - logFactorial[a - n]
                  - logFactorial[b - n]
                  - logFactorial[m - a - b + n]);
      sum += n * Math.log((double) m * n / ((double) a * b)) * probability;
    }
    return sum;
  }
}
