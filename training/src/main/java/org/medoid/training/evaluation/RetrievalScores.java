package org.medoid.training.evaluation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The retrieval scores of each query, and their means. */
final class RetrievalScores {
  private final List<Integer> recallAt;
  private final int[] labels;

  /** For each query R: how many others of its class it can find. */
  private final int[] matches;

  /** For each query the rank of the first match, from 0; the largest integer if none was seen. */
  private final int[] first;

  private final double[] rPrecision;
  private final double[] average;

  private RetrievalScores(int[] labels, int[] galleryLabels, int self, List<Integer> recallAt) {
    this.recallAt = recallAt;
    this.labels = labels;
    Map<Integer, Integer> sizes = Evaluator.sizes(galleryLabels);
    matches = Arrays.stream(labels).map(label -> sizes.getOrDefault(label, self) - self).toArray();
    first = new int[labels.length];
    rPrecision = new double[labels.length];
    average = new double[labels.length];
  }

  /**
   * Searches, for each point, the max(K, R) nearest others.
   *
   * @param x the points
   * @param labels of the points
   * @param cosine or Euclidean distance
   * @param recallAt the K, ascending
   * @param progress hears of the points
   */
  static RetrievalScores leaveOneOut(
      Embeddings x, int[] labels, boolean cosine, List<Integer> recallAt, TaskProgress progress) {
    RetrievalScores scores = new RetrievalScores(labels, labels, 1, recallAt);
    NeighbourSearch.leaveOneOut(
        x,
        NeighbourSearch.range(x.rows()),
        cosine,
        query -> scores.depth(query, x.rows() - 1),
        (query, nearest, count) -> scores.score(query, nearest, count, labels),
        done -> scores.tell(progress, done));
    return scores;
  }

  /**
   * Searches, for each query, the max(K, R) nearest of a gallery.
   *
   * @param queries the queries
   * @param labels of the queries
   * @param gallery rows of the same width
   * @param galleryLabels of the gallery
   * @param cosine or Euclidean distance
   * @param recallAt the K, ascending
   * @param progress hears of the queries
   */
  static RetrievalScores inGallery(
      Embeddings queries,
      int[] labels,
      Embeddings gallery,
      int[] galleryLabels,
      boolean cosine,
      List<Integer> recallAt,
      TaskProgress progress) {
    RetrievalScores scores = new RetrievalScores(labels, galleryLabels, 0, recallAt);
    NeighbourSearch.inGallery(
        queries,
        gallery,
        cosine,
        query -> scores.depth(query, gallery.rows()),
        (query, nearest, count) -> scores.score(query, nearest, count, galleryLabels),
        done -> scores.tell(progress, done));
    return scores;
  }

  /** How many neighbours a query needs: none without a match, else what the scores look at. */
  private int depth(int query, int available) {
    int most = recallAt.get(recallAt.size() - 1);
    return matches[query] == 0 ? 0 : Math.min(available, Math.max(most, matches[query]));
  }

  private synchronized void tell(TaskProgress progress, int done) {
    progress.at("retrieval", done, labels.length);
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
    return mean(0, 0, Arrays.stream(NeighbourSearch.range(labels.length)).boxed().toList());
  }

  /** The means of each class, labels ascending. */
  List<ClassScores> classes() {
    Map<Integer, List<Integer>> members =
        Arrays.stream(NeighbourSearch.range(labels.length))
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
