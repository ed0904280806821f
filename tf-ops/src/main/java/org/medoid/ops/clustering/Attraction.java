package org.medoid.ops.clustering;

import java.util.Arrays;

/**
 * The points that each candidate of the greedy choice would attract: those nearer to it than to
 * their medoid. A point that is lost is lost for good, since medoids only come.
 *
 * <p>Memory: m²/8 bytes, and 12 bytes for each of the {@value #FEW} places in a candidate's list.
 */
final class Attraction {
  /** A row of distances is a cache miss a point; a list of so many is two or three lines. */
  static final int FEW = 32;

  private final int m;
  private final double[] distances;
  private final double[] near;
  private final long[] attracted;
  private final int attractedWords;

  /** For candidates that attract {@value #FEW} points or fewer: the points and their distances. */
  private final int[] fewPoints;

  private final double[] fewDistances;

  /** How many points are in the list of each candidate; -1 where there is no list yet. */
  private final int[] fewCount;

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
    fewDistances = new double[m * FEW];
    fewCount = new int[m];
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

  /**
   * Collects the points that candidate j attracts, itself among them even where it lies on a
   * medoid, and forgets those that it has lost.
   *
   * @param moved takes the points
   * @return their number
   */
  int collect(int j, int[] moved) {
    int count = fewCount[j] >= 0 ? collectFew(j, moved) : collectBits(j, moved);
    if (near[j] == 0) {
      moved[count++] = j;
    }
    return count;
  }

  /**
   * Whether candidate j attracts any of some points.
   *
   * @param points a bit for each point
   * @return true also where j attracted one when it was last collected, but no longer does
   */
  boolean attractsAny(int j, long[] points) {
    if (fewCount[j] >= 0) {
      for (int e = j * FEW; e < j * FEW + fewCount[j]; e++) {
        if (((points[fewPoints[e] >> 6] >>> fewPoints[e]) & 1) != 0) {
          return true;
        }
      }
      return false;
    }
    for (int w = 0; w < attractedWords; w++) {
      if ((attracted[j * attractedWords + w] & points[w]) != 0) {
        return true;
      }
    }
    return false;
  }

  /** Whether candidate j was found to attract few points when it was last collected. */
  boolean isFew(int j) {
    return fewCount[j] >= 0;
  }

  /**
   * Collects those of some points that candidate j attracted, and forgets those that it has lost.
   * Not for candidates that attract few.
   *
   * @param points a bit for each point
   * @param hits takes from its start on the points that j still takes, itself always among them,
   *     and towards its end those that it does not
   * @return the numbers of the two, the first in the upper half
   */
  long collect(int j, long[] points, int[] hits) {
    int row = j * m;
    int kept = 0;
    int lost = 0;
    for (int w = 0; w < attractedWords; w++) {
      long bits = attracted[j * attractedWords + w] & points[w];
      long gone = 0;
      while (bits != 0) {
        int bit = Long.numberOfTrailingZeros(bits);
        int i = w * 64 + bit;
        int attracts = distances[row + i] < near[i] ? 1 : 0; // no branch: nobody could foretell it
        int keeps = i == j ? 1 : attracts;
        gone |= (1L - attracts) << bit;
        hits[kept] = i;
        kept += keeps;
        hits[m - 1 - lost] = i;
        lost += 1 - keeps;
        bits &= bits - 1;
      }
      attracted[j * attractedWords + w] &= ~gone;
    }
    return ((long) kept << 32) | lost;
  }

  private int collectFew(int j, int[] moved) {
    int count = 0;
    int start = j * FEW;
    for (int e = start; e < start + fewCount[j]; e++) {
      int i = fewPoints[e];
      double distance = fewDistances[e];
      if (distance < near[i]) {
        fewPoints[start + count] = i;
        fewDistances[start + count] = distance;
        moved[count++] = i;
      }
    }
    fewCount[j] = count;
    return count;
  }

  private int collectBits(int j, int[] moved) {
    int row = j * m;
    int count = 0;
    for (int w = 0; w < attractedWords; w++) {
      long bits = attracted[j * attractedWords + w];
      long kept = bits;
      while (bits != 0) {
        int i = w * 64 + Long.numberOfTrailingZeros(bits);
        if (distances[row + i] < near[i]) {
          moved[count++] = i;
        } else {
          kept &= ~(1L << i);
        }
        bits &= bits - 1;
      }
      attracted[j * attractedWords + w] = kept;
    }
    if (count <= FEW) {
      fewCount[j] = count;
      for (int e = 0; e < count; e++) {
        fewPoints[j * FEW + e] = moved[e];
        fewDistances[j * FEW + e] = distances[row + moved[e]];
      }
    }
    return count;
  }
}
