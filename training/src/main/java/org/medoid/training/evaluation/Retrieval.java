package org.medoid.training.evaluation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The retrieval scores of each query, and their means. */
final class Retrieval {
  private final List<Integer> recallAt;
  private final int[] labels;

  /** For each query R: how many others of its class it can find. */
  private final int[] matches;

  /** For each query the rank of the first match, from 0; the largest integer if none was seen. */
  private final int[] first;

  private final double[] rPrecision;
  private final double[] average;

  /**
   * Searches, for each query, the max(K, R) nearest.
   *
   * @param queries rows of d values
   * @param labels of the queries
   * @param gallery rows of d values; the same array as queries to leave each query out
   * @param galleryLabels of the gallery
   * @param d values of a row
   * @param cosine or Euclidean distance
   * @param recallAt the K, ascending
   * @param progress hears of the queries
   */
  Retrieval(
      float[] queries,
      int[] labels,
      float[] gallery,
      int[] galleryLabels,
      int d,
      boolean cosine,
      List<Integer> recallAt,
      Progress progress) {
    this.recallAt = recallAt;
    this.labels = labels;
    int n = labels.length;
    int self = queries == gallery ? 1 : 0;
    Map<Integer, Integer> sizes = Evaluator.sizes(galleryLabels);
    matches = Arrays.stream(labels).map(label -> sizes.getOrDefault(label, self) - self).toArray();
    first = new int[n];
    rPrecision = new double[n];
    average = new double[n];
    int most = recallAt.get(recallAt.size() - 1);
    int others = galleryLabels.length - self;
    Neighbours.search(
        queries,
        gallery,
        d,
        cosine,
        query -> matches[query] == 0 ? 0 : Math.min(others, Math.max(most, matches[query])),
        (query, nearest, count) -> score(query, nearest, count, galleryLabels),
        done -> {
          synchronized (this) {
            progress.at("retrieval", done, n);
          }
        });
  }

  private void score(int query, int[] nearest, int count, int[] galleryLabels) {
    int r = matches[query];
    int hits = 0;
    double sum = 0;
    first[query] = Integer.MAX_VALUE;
    for (int rank = 0; rank < count; rank++) {
      if (galleryLabels[nearest[rank]] == labels[query]) {
        first[query] = Math.min(first[query], rank);
        if (rank < r) {
          hits++;
          sum += (double) hits / (rank + 1);
        }
      }
    }
    if (r > 0) {
      rPrecision[query] = (double) hits / r;
      average[query] = sum / r;
    }
  }

  /** How many queries have nothing to find. */
  int withoutMatch() {
    return (int) Arrays.stream(matches).filter(r -> r == 0).count();
  }

  /** The means over all queries, NaN if none has anything to find. */
  ClassScores total() {
    return mean(0, 0, Arrays.stream(Neighbours.range(labels.length)).boxed().toList());
  }

  /** The means of each class, labels ascending. */
  List<ClassScores> classes() {
    Map<Integer, List<Integer>> members =
        Arrays.stream(Neighbours.range(labels.length))
            .boxed()
            .collect(Collectors.groupingBy(i -> labels[i], TreeMap::new, Collectors.toList()));
    List<ClassScores> classes = new ArrayList<>();
    members.forEach((label, of) -> classes.add(mean(label, matches[of.get(0)], of)));
    return classes;
  }

  private ClassScores mean(int label, int r, List<Integer> queries) {
    int[] scored = queries.stream().mapToInt(i -> i).filter(i -> matches[i] > 0).toArray();
    Map<Integer, Double> recall = new LinkedHashMap<>();
    for (int k : recallAt) {
      recall.put(k, found(scored, k));
    }
    return new ClassScores(
        label,
        queries.size(),
        r,
        recall,
        found(scored, 1),
        Arrays.stream(scored).mapToDouble(i -> rPrecision[i]).average().orElse(Double.NaN),
        Arrays.stream(scored).mapToDouble(i -> average[i]).average().orElse(Double.NaN));
  }

  private double found(int[] scored, int k) {
    return Arrays.stream(scored)
        .mapToDouble(i -> first[i] < k ? 1 : 0)
        .average()
        .orElse(Double.NaN);
  }
}
