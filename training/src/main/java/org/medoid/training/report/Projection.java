package org.medoid.training.report;

import de.javagl.tsne.Tsne;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Points in the plane whose neighbours are neighbours among the embeddings, by Barnes-Hut t-SNE
 * (van der Maaten: "Accelerating t-SNE using Tree-Based Algorithms", JMLR 15, 2014). The same
 * embeddings give the same points.
 */
final class Projection {
  /** Neighbours that count, roughly; van der Maaten advises 5 to 50. */
  private static final double PERPLEXITY = 30;

  /** The pictures barely move after 500. */
  private static final int ITERATIONS = 600;

  /** With fewer there is nothing to lay out, and the library's search for neighbours fails. */
  private static final int FEWEST = 4;

  private Projection() {}

  /**
   * Lays out embeddings in the plane. 1,000 of 64 values take about 3 seconds.
   *
   * @param x n rows of d values
   * @return n points that fill [0, 1]²; null if there are fewer than four or all are the same
   */
  static double[][] of(double[][] x) {
    int n = x.length;
    if (n < FEWEST || Arrays.stream(x).allMatch(row -> Arrays.equals(row, x[0]))) {
      return null;
    }
    Tsne tsne = new Tsne();
    tsne.setPerplexity(Math.min(PERPLEXITY, (n - 1) / 3.0));
    tsne.setMaxIterations(ITERATIONS);
    tsne.setInitialDims(x[0].length); // no principal components first: d is small
    tsne.setRandomSeed(1);
    tsne.setMessageConsumer(message -> {});
    double[][] points = tsne.run(fromZero(x));
    double[] low = {Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY};
    double[] high = {Double.NEGATIVE_INFINITY, Double.NEGATIVE_INFINITY};
    for (double[] point : points) {
      for (int j = 0; j < 2; j++) {
        low[j] = Math.min(low[j], point[j]);
        high[j] = Math.max(high[j], point[j]);
      }
    }
    for (double[] point : points) {
      for (int j = 0; j < 2; j++) {
        point[j] = high[j] > low[j] ? (point[j] - low[j]) / (high[j] - low[j]) : 0.5;
      }
    }
    return points;
  }

  /**
   * The same points, moved so that none has a negative coordinate: the library divides by the
   * largest coordinate, 0 where all are below it, and then finds no neighbours.
   */
  private static double[][] fromZero(double[][] x) {
    double[] least = x[0].clone();
    for (double[] row : x) {
      Arrays.setAll(least, j -> Math.min(least[j], row[j]));
    }
    return Arrays.stream(x)
        .map(row -> IntStream.range(0, row.length).mapToDouble(j -> row[j] - least[j]).toArray())
        .toArray(double[][]::new);
  }
}
