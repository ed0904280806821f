package org.medoid.training.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.medoid.ops.clustering.Distance;
import org.medoid.training.data.ImageDataSet;
import org.medoid.training.evaluation.Embeddings;
import org.medoid.training.evaluation.Neighbours;

/** What every image of a data set finds when it is a query to all others. */
final class Retrieval {
  /** Neighbours shown of a query. */
  private static final int NEIGHBOURS = 8;

  /** How a query went, judged by the nearest others, as many as its class could fill. */
  enum Outcome {
    /** All of its class. */
    FOUND("All right", 3),
    /** Some of its class. */
    PARTLY("Some right", 6),
    /** None of its class among all that are shown. */
    MISSED("None right", 3);

    final String title;

    /** Queries to show. */
    final int examples;

    Outcome(String title, int examples) {
      this.title = title;
      this.examples = examples;
    }
  }

  /**
   * Two classes that are taken for each other.
   *
   * @param a a class
   * @param b another
   * @param count images of either whose nearest other is of the other class
   * @param images in both classes together
   * @param examples images of such, each with its nearest
   */
  record Confusion(int a, int b, int count, int images, List<int[]> examples) {}

  private final int[] labels;
  private final int[] classSizes;
  private final int[][] neighbours;

  /**
   * Searches.
   *
   * @param embeddings n·d values
   * @param images n of them
   */
  Retrieval(float[] embeddings, ImageDataSet images) {
    int n = images.size();
    labels = images.labels();
    classSizes = images.sizes();
    neighbours =
        Neighbours.leaveOneOut(
            Embeddings.of(embeddings, n), Math.min(NEIGHBOURS, n - 1), Distance.EUCLIDEAN);
  }

  /** The nearest others of an image, the nearest first. */
  int[] nearest(int row) {
    return neighbours[row];
  }

  /** Whether an image's nearest other is of its class. */
  boolean right(int row) {
    return labels[neighbours[row][0]] == labels[row];
  }

  /** The queries of each outcome; an image that is alone in its class has none. */
  Map<Outcome, List<Integer>> outcomes() {
    Map<Outcome, List<Integer>> all = new LinkedHashMap<>();
    for (Outcome outcome : Outcome.values()) {
      all.put(outcome, new ArrayList<>());
    }
    for (int row = 0; row < labels.length; row++) {
      if (classSizes[labels[row]] > 1) {
        all.get(outcome(row)).add(row);
      }
    }
    return all;
  }

  private Outcome outcome(int row) {
    int could = Math.min(neighbours[row].length, classSizes[labels[row]] - 1);
    int first = 0;
    int any = 0;
    for (int i = 0; i < neighbours[row].length; i++) {
      if (labels[neighbours[row][i]] == labels[row]) {
        any++;
        first += i < could ? 1 : 0;
      }
    }
    return first == could ? Outcome.FOUND : any > 0 ? Outcome.PARTLY : Outcome.MISSED;
  }

  /** A few of some queries: evenly spaced, each of another class as far as there are classes. */
  List<Integer> sample(List<Integer> queries, int most) {
    Set<Integer> classes = new HashSet<>();
    List<Integer> distinct = queries.stream().filter(row -> classes.add(labels[row])).toList();
    List<Integer> sample = new ArrayList<>();
    int count = Math.min(most, distinct.size());
    for (int i = 0; i < count; i++) {
      sample.add(distinct.get((int) ((2L * i + 1) * distinct.size() / (2L * count))));
    }
    return sample;
  }

  /**
   * The pairs of classes most often taken for each other; among equals the smaller classes first.
   */
  List<Confusion> confusions(int most, int examples) {
    Map<Long, List<int[]>> pairs = new LinkedHashMap<>();
    for (int row = 0; row < labels.length; row++) {
      int nearest = neighbours[row][0];
      if (!right(row)) {
        long a = Math.min(labels[row], labels[nearest]);
        long b = Math.max(labels[row], labels[nearest]);
        pairs.computeIfAbsent(a << 32 | b, any -> new ArrayList<>()).add(new int[] {row, nearest});
      }
    }
    return pairs.entrySet().stream()
        .map(
            pair -> {
              int a = (int) (pair.getKey() >> 32);
              int b = pair.getKey().intValue();
              List<int[]> all = pair.getValue();
              return new Confusion(
                  a, b, all.size(), classSizes[a] + classSizes[b], distinct(all, examples));
            })
        .sorted(
            Comparator.comparingInt(Confusion::count)
                .reversed()
                .thenComparingInt(Confusion::images)
                .thenComparingInt(Confusion::a)
                .thenComparingInt(Confusion::b))
        .limit(most)
        .toList();
  }

  /** Some of the pairs, not the same two images twice. */
  private static List<int[]> distinct(List<int[]> pairs, int most) {
    Set<Long> seen = new HashSet<>();
    return pairs.stream()
        .filter(
            pair -> seen.add((long) Math.min(pair[0], pair[1]) << 32 | Math.max(pair[0], pair[1])))
        .limit(most)
        .toList();
  }
}
