package org.medoid.ops.clustering;

import java.util.Arrays;
import java.util.List;

/**
 * Algorithms 1 and 2 as the paper writes them: every candidate is scored from nothing. The kernel
 * must choose the same medoids, ties included. It shares with the kernel the distances, the order
 * of summation and the margin, which have tests of their own.
 */
final class Definition {
  private final Problem problem;
  private final ClusteringOptions options;
  private final double gamma;

  /** By how much the best candidate was ahead of the next, at the closest choice. */
  private double lead = Double.POSITIVE_INFINITY;

  Definition(Problem problem, ClusteringOptions options, double gamma) {
    this.problem = problem;
    this.options = options;
    this.gamma = gamma;
  }

  /** The smallest lead of all choices made so far, those of a class's own medoid included. */
  double lead() {
    return lead;
  }

  int[] assign(int[] medoids) {
    int[] cluster = new int[problem.m];
    for (int i = 0; i < problem.m; i++) {
      double least = Double.POSITIVE_INFINITY;
      for (int k = 0; k < medoids.length; k++) {
        if (distance(i, medoids[k]) < least) {
          least = distance(i, medoids[k]);
          cluster[i] = k;
        }
      }
    }
    for (int k = 0; k < medoids.length; k++) {
      cluster[medoids[k]] = k;
    }
    return cluster;
  }

  double facility(int[] medoids) {
    double[] least = new double[problem.m];
    for (int i = 0; i < problem.m; i++) {
      least[i] = Double.POSITIVE_INFINITY;
      for (int j : medoids) {
        least[i] = Math.min(least[i], distance(i, j));
      }
    }
    return -Sums.sum(least, 0, problem.m);
  }

  double augmented(int[] medoids) {
    return facility(medoids) + gamma * margin(medoids);
  }

  int[] greedy() {
    int[] medoids = new int[0];
    while (medoids.length < problem.classCount()) {
      int s = medoids.length;
      medoids = Arrays.copyOf(medoids, s + 1);
      int[] free = new int[problem.m - s];
      double[] scores = new double[free.length];
      int count = 0;
      for (int j = 0; j < problem.m; j++) {
        int candidate = j;
        if (Arrays.stream(medoids, 0, s).noneMatch(chosen -> chosen == candidate)) {
          medoids[s] = j;
          free[count] = j;
          scores[count++] = augmented(medoids);
        }
      }
      medoids[s] = free[best(scores)];
    }
    return medoids;
  }

  /** Searches in place. */
  void search(int[] medoids) {
    if (options.localSearch() == LocalSearch.NONE || options.maxSweeps() == 0) {
      return;
    }
    int[] straight = medoids.clone();
    sweep(medoids);
    if (options.localSearch() == LocalSearch.SWAP) {
      swap(medoids);
    }
    if (options.localSearch() == LocalSearch.SWAP && problem.m >= 8 * medoids.length) {
      swap(straight);
      double[] scores = {augmented(medoids), augmented(straight)};
      boolean same = scores[0] == scores[1] && sorted(medoids).equals(sorted(straight));
      if (!same && best(scores) == 1) { // where both end alike is no close choice
        System.arraycopy(straight, 0, medoids, 0, medoids.length);
      }
    }
  }

  private static List<Integer> sorted(int[] medoids) {
    return Arrays.stream(medoids).sorted().boxed().toList();
  }

  private void sweep(int[] medoids) {
    for (int sweep = 0; sweep < options.maxSweeps(); sweep++) {
      int[] cluster = assign(medoids);
      for (int k = 0; k < medoids.length; k++) {
        int own = k;
        int[] members =
            java.util.stream.IntStream.range(0, problem.m).filter(i -> cluster[i] == own).toArray();
        double[] scores = new double[members.length];
        int before = medoids[k];
        int stay = 0;
        for (int n = 0; n < members.length; n++) {
          stay = members[n] == before ? n : stay;
          medoids[k] = members[n];
          scores[n] =
              options.localSearch() == LocalSearch.REFERENCE
                  ? within(members, members[n]) + gamma * margin(medoids)
                  : augmented(medoids);
        }
        int best = best(scores);
        boolean keep =
            options.localSearch() != LocalSearch.REFERENCE && !(scores[best] > scores[stay]);
        medoids[k] = keep ? before : members[best];
      }
    }
  }

  private void swap(int[] medoids) {
    int since = 0;
    for (int j = 0; since < problem.m; j = (j + 1) % problem.m) {
      since = swap(medoids, j) ? 0 : since + 1;
    }
  }

  /** Puts point j in the place of the medoid where it is best, if that is better. */
  private boolean swap(int[] medoids, int j) {
    if (Arrays.stream(medoids).anyMatch(each -> each == j)) {
      return false;
    }
    double[] scores = new double[medoids.length + 1];
    scores[0] = augmented(medoids); // first: not to move wins a tie
    for (int k = 0; k < medoids.length; k++) {
      scores[k + 1] = augmented(with(medoids, k, j));
    }
    int best = best(scores);
    if (best > 0) {
      medoids[best - 1] = j;
    }
    return best > 0;
  }

  /** The medoids with point j in the place of one of them. */
  static int[] with(int[] medoids, int k, int j) {
    int[] other = medoids.clone();
    other[k] = j;
    return other;
  }

  double oracle() {
    double total = 0;
    for (int c = 0; c < problem.classCount(); c++) {
      int label = c;
      int[] members =
          java.util.stream.IntStream.range(0, problem.m)
              .filter(i -> problem.classes[i] == label)
              .toArray();
      double[] scores = Arrays.stream(members).mapToDouble(j -> within(members, j)).toArray();
      total += scores[members.length == 2 ? 0 : best(scores)]; // two always tie
    }
    return total;
  }

  private double within(int[] members, int j) {
    return -Sums.sum(
        Arrays.stream(members).mapToDouble(i -> distance(i, j)).toArray(), 0, members.length);
  }

  private double margin(int[] medoids) {
    return 1 - Agreement.between(options.margin(), problem.classes, assign(medoids));
  }

  private int best(double[] scores) {
    int best = 0;
    double next = Double.NEGATIVE_INFINITY;
    for (int n = 1; n < scores.length; n++) {
      if (scores[n] > scores[best]) {
        next = scores[best];
        best = n;
      } else {
        next = Math.max(next, scores[n]);
      }
    }
    lead = Math.min(lead, scores[best] - next);
    return best;
  }

  private double distance(int i, int j) {
    return problem.distances[i * problem.m + j];
  }
}
