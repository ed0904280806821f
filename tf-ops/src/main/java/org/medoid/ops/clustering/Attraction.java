package org.medoid.ops.clustering;

import java.util.Arrays;

/**
 * The points that each candidate of the greedy choice would attract: those nearer to it than to
 * their medoid. A point that is lost is lost for good, since medoids only come, and it can be lost
 * only to a choice that moved it: of a row of distances only those to points that moved are looked
 * at, each of which is a cache miss.
 *
 * <p>Memory: m²/8 bytes for sets of bits, and 4 bytes for each of the {@value #FEW} places in a
 * candidate's list.
 */
final class Attraction {
  /** A list of so many is as long as the bits of 2048 points. */
  private static final int FEW = 64;

  private final int m;
  private final double[] distances;
  private final double[] near;
  private final long[] attracted;
  private final int attractedWords;

  /** For candidates that attract {@value #FEW} points or fewer: the points. */
  private final int[] fewPoints;

  /** How many points are in the list of each candidate; -1 where there is no list yet. */
  private final int[] fewCount;

  /** The number of the choice that last moved each point, and up to which a candidate knows it. */
  private final int[] movedAt;

  private final int[] collectedAt;

  /**
   * Makes the sets, empty.
   *
   * @param distances of all points, m·m
   * @param near the distance of each point to its nearest medoid, as it is at each call
   */
  Attraction(double[] distances, double[] near) {
    this.distances = distances;
    this.near = near;
    m = near.length;
    attractedWords = (m + 63) / 64;
    attracted = new long[m * attractedWords];
    fewPoints = new int[m * FEW];
    fewCount = new int[m];
    movedAt = new int[m];
    collectedAt = new int[m];
    Arrays.fill(fewCount, -1);
  }

  /** Finds what candidate j attracts; to be called once, before any collection. */
  void attract(int j) {
    int row = j * m;
    for (int w = 0; w < attractedWords; w++) {
      long bits = 0;
      int end = Math.min(m, w * 64 + 64);
      for (int i = w * 64; i < end; i++) {
        if (distances[row + i] < near[i]) {
          bits |= 1L << i;
        }
      }
      attracted[j * attractedWords + w] = bits;
    }
  }

  /** Takes note that a choice, numbered upwards from 1, has brought point i nearer to a medoid. */
  void move(int i, int choice) {
    movedAt[i] = choice;
  }

  /**
   * Collects the points that candidate j attracts, itself among them even where it lies on a
   * medoid, and forgets those that it has lost.
   *
   * @param points takes the points
   * @param choice the number of the last choice
   * @return their number
   */
  int collect(int j, int[] points, int choice) {
    int count = fewCount[j] >= 0 ? collectFew(j, points) : collectBits(j, points);
    collectedAt[j] = choice;
    if (near[j] == 0) {
      points[count++] = j;
    }
    return count;
  }

  /** Takes note that candidate j has lost point i if lost is 1, or nothing if it is 0. */
  void lose(int j, int i, int lost) {
    attracted[j * attractedWords + (i >> 6)] &= ~((long) lost << i);
  }

  /** Takes note that all that candidate j lost up to a choice has been told. */
  void know(int j, int choice) {
    collectedAt[j] = choice;
  }

  /** At most how many of some points candidate j takes, itself among them. */
  int atMostOf(int j, int[] points) {
    int row = j * attractedWords;
    int count = 0;
    for (int i : points) {
      count += i == j ? 1 : (int) ((attracted[row + (i >> 6)] >>> i) & 1);
    }
    return count;
  }

  private int collectFew(int j, int[] points) {
    int row = j * m;
    int bits = j * attractedWords;
    int since = collectedAt[j];
    int count = 0;
    int start = j * FEW;
    for (int e = start; e < start + fewCount[j]; e++) {
      int i = fewPoints[e];
      boolean told = ((attracted[bits + (i >> 6)] >>> i) & 1) == 0;
      if (!told && (movedAt[i] <= since || distances[row + i] < near[i])) {
        fewPoints[start + count] = i;
        points[count++] = i;
      }
    }
    fewCount[j] = count;
    return count;
  }

  private int collectBits(int j, int[] points) {
    int row = j * m;
    int since = collectedAt[j];
    int count = 0;
    for (int w = 0; w < attractedWords; w++) {
      long bits = attracted[j * attractedWords + w];
      long kept = bits;
      while (bits != 0) {
        int i = w * 64 + Long.numberOfTrailingZeros(bits);
        if (movedAt[i] <= since || distances[row + i] < near[i]) {
          points[count++] = i;
        } else {
          kept &= ~(1L << i);
        }
        bits &= bits - 1;
      }
      attracted[j * attractedWords + w] = kept;
    }
    if (count <= FEW) {
      fewCount[j] = count;
      System.arraycopy(points, 0, fewPoints, j * FEW, count);
    }
    return count;
  }
}
