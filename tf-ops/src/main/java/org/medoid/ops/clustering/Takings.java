package org.medoid.ops.clustering;

import java.util.Arrays;

/**
 * What candidates of the greedy choice that attract many points take from each class and each
 * cluster. A choice then costs such a candidate what the choice moved, not what it attracts.
 *
 * <p>Of a class the points that a candidate takes are a pattern of bits, and what taking them does
 * to the class's cells, t(Σ r_c) + Σ_c [t(n_c - r_c) - t(n_c)] with r_c of the n_c points of cell c
 * taken, is a table over the patterns, made anew for the classes of the points that a choice moved.
 * For classes of up to {@value #LARGEST} points; batches of metric learning have 2 to 5.
 *
 * <p>Memory: 3 bytes for each candidate and class, 1 KB at most for each class.
 */
final class Takings {
  private static final int LARGEST = 6;

  private final CountTable table;
  private final Growing clusters;
  private final int[] classOf;
  private final int c;

  /** The bit of each point in the patterns of its class. */
  private final byte[] bit;

  /** The points of class l from place l << shift on. */
  private final int[] points;

  private final int[] classSizes;
  private final int shift;
  private final int patternShift;

  /** Of candidate j and class l at j·C + l. */
  private final byte[] pattern;

  /** The points of candidate j in cluster k at j·C + k. */
  private final char[] from;

  private final boolean[] known;

  /** By class and pattern; before the last choice for the classes of the points it moved. */
  private final long[] value;

  private final long[] valueBefore;
  private final int[] masks = new int[LARGEST];

  /** Classes whose values do not hold, and for how many clusters the others do. */
  private final boolean[] old;

  private final int[] oldLabels;
  private int oldCount;
  private int valid;
  private boolean hasBefore;
  private final Changes changes;

  private Takings(
      Problem problem, CountTable table, Growing clusters, Changes changes, int largest) {
    this.table = table;
    this.clusters = clusters;
    this.changes = changes;
    classOf = problem.classes;
    classSizes = problem.classSizes;
    c = problem.classCount();
    shift = 32 - Integer.numberOfLeadingZeros(largest - 1);
    patternShift = largest;
    bit = new byte[problem.m];
    points = new int[c << shift];
    int[] next = new int[c];
    for (int i = 0; i < problem.m; i++) {
      int rank = next[classOf[i]]++;
      points[(classOf[i] << shift) + rank] = i;
      bit[i] = (byte) (1 << rank);
    }
    known = new boolean[problem.m];
    pattern = new byte[problem.m * c];
    from = new char[problem.m * c];
    value = new long[c << patternShift];
    valueBefore = new long[c << patternShift];
    old = new boolean[c];
    oldLabels = new int[c];
    for (int label = 0; label < c; label++) {
      evaluate(label);
    }
    valid = clusters.count;
  }

  /** Whether no class of a batch is too large. */
  static boolean suit(Problem problem) {
    return Arrays.stream(problem.classSizes).max().orElseThrow() <= LARGEST;
  }

  /** The takings of candidates yet to be measured, in a batch that they suit. */
  static Takings of(Problem problem, CountTable table, Growing clusters, Changes changes) {
    int largest = Arrays.stream(problem.classSizes).max().orElseThrow();
    return new Takings(problem, table, clusters, changes, largest);
  }

  private void evaluate(int label) {
    int start = label << patternShift;
    int size = classSizes[label];
    int cellCount = 0;
    for (int rank = 0; rank < size; rank++) {
      int cell = clusters.cellOf[points[(label << shift) + rank]];
      int n = 0;
      while (n < cellCount && clusters.cellOf[firstOf(label, masks[n])] != cell) {
        n++;
      }
      if (n == cellCount) {
        masks[cellCount++] = 0;
      }
      masks[n] |= 1 << rank;
    }
    for (int bits = 1; bits < (1 << size); bits++) {
      long sum = table.t[Integer.bitCount(bits)];
      for (int n = 0; n < cellCount; n++) {
        int left = Integer.bitCount(masks[n] & ~bits);
        sum += table.t[left] - table.t[Integer.bitCount(masks[n])];
      }
      value[start + bits] = sum;
    }
  }

  private int firstOf(int label, int mask) {
    return points[(label << shift) + Integer.numberOfTrailingZeros(mask)];
  }

  /** Takes note of the last choice; to be called once after each. */
  void choose() {
    for (int n = 0; n < clusters.labelCount; n++) {
      int label = clusters.labels[n];
      if (!old[label]) {
        old[label] = true;
        oldLabels[oldCount++] = label;
      }
    }
  }

  /**
   * Brings the values up to date; to be called before a candidate is measured.
   *
   * @return whether candidates may be brought up to date rather than measured
   */
  boolean ready() {
    if (valid < clusters.count) {
      hasBefore = valid == clusters.count - 1;
      for (int n = 0; n < oldCount; n++) {
        int start = oldLabels[n] << patternShift;
        System.arraycopy(value, start, valueBefore, start, 1 << patternShift);
        evaluate(oldLabels[n]);
        old[oldLabels[n]] = false;
      }
      oldCount = 0;
      valid = clusters.count;
    }
    return hasBefore;
  }

  /** Whether candidate j was ever measured here. */
  boolean knows(int j) {
    return known[j];
  }

  /** Measures candidate j, which takes some points, anew. */
  void measure(int j, int[] moved, int count) {
    known[j] = true;
    int row = j * c;
    Arrays.fill(pattern, row, row + c, (byte) 0);
    Arrays.fill(from, row, row + c, (char) 0);
    for (int n = 0; n < count; n++) {
      pattern[row + classOf[moved[n]]] |= bit[moved[n]];
      from[row + clusters.cluster[moved[n]]]++;
    }
    long cellSum = 0;
    for (int label = 0; label < c; label++) {
      cellSum += value[(label << patternShift) + pattern[row + label]];
    }
    long clusterSum = table.t[count];
    long expectation = table.expected(count);
    for (int k = 0; k < clusters.count; k++) {
      int a = from[row + k];
      if (a > 0) {
        int n = clusters.sizes[k];
        clusterSum += table.t[n - a] - table.t[n];
        expectation += table.expected(n - a) - table.expected(n);
      }
    }
    changes.set(j, cellSum, clusterSum, expectation, count);
  }

  /**
   * Measures candidate j, which was measured before the last choice, by what that changed.
   *
   * @param hits the points that the choice moved and j took, as {@link Attraction} gives them
   * @param kept how many of them j still takes
   * @param lost how many it does not
   */
  void update(int j, int[] hits, int kept, int lost) {
    int row = j * c;
    int before = changes.count[j];
    int count = before - lost;
    int to = clusters.count - 1;
    long cellSum = changes.cells[j];
    long clusterSum = changes.clusters[j] - table.t[before] + table.t[count];
    long expectation = changes.expectation[j] - table.expected(before) + table.expected(count);
    for (int n = 0; n < clusters.labelCount; n++) {
      int label = clusters.labels[n];
      cellSum -= valueBefore[(label << patternShift) + pattern[row + label]];
    }
    for (int n = 0; n < clusters.changedCount; n++) {
      int k = clusters.changedList[n];
      int a = from[row + k];
      int size = clusters.sizesBefore[k];
      clusterSum -= table.t[size - a] - table.t[size];
      expectation -= table.expected(size - a) - table.expected(size);
    }
    for (int n = 0; n < kept; n++) {
      from[row + clusters.clusterBefore[hits[n]]]--;
    }
    for (int n = hits.length - lost; n < hits.length; n++) {
      from[row + clusters.clusterBefore[hits[n]]]--;
      pattern[row + classOf[hits[n]]] &= (byte) ~bit[hits[n]];
    }
    from[row + to] = (char) kept;
    for (int n = 0; n < clusters.changedCount; n++) {
      int k = clusters.changedList[n];
      int a = from[row + k];
      int size = clusters.sizes[k];
      clusterSum += table.t[size - a] - table.t[size];
      expectation += table.expected(size - a) - table.expected(size);
    }
    int size = clusters.sizes[to];
    clusterSum += table.t[size - kept] - table.t[size];
    expectation += table.expected(size - kept) - table.expected(size);
    for (int n = 0; n < clusters.labelCount; n++) {
      int label = clusters.labels[n];
      cellSum += value[(label << patternShift) + pattern[row + label]];
    }
    changes.set(j, cellSum, clusterSum, expectation, count);
  }
}
