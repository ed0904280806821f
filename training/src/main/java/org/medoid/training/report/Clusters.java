package org.medoid.training.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.medoid.ops.clustering.Clustering;
import org.medoid.ops.clustering.ClusteringOptions;
import org.medoid.ops.clustering.StructuredClustering;

/**
 * Embeddings grouped around medoids: what the method infers without its margin (γ = 0), with as
 * many clusters as there are classes.
 *
 * @param nmi of clusters and classes
 * @param clusters all of them
 */
record Clusters(double nmi, List<Cluster> clusters) {
  /**
   * A medoid and what is nearest to it.
   *
   * @param medoid its row
   * @param others the rows of the other members, those of the medoid's class first
   * @param strangers how many members are of another class than the medoid
   */
  record Cluster(int medoid, List<Integer> others, int strangers) {
    int size() {
      return others.size() + 1;
    }
  }

  /**
   * Clusters some rows.
   *
   * @param x their embeddings
   * @param rows what to call them in the result
   * @param labels the class of each
   * @return the clusters
   */
  static Clusters of(double[][] x, int[] rows, int[] labels) {
    int n = rows.length;
    int d = x[0].length;
    double[] flat = new double[n * d];
    for (int i = 0; i < n; i++) {
      System.arraycopy(x[i], 0, flat, i * d, d);
    }
    Clustering found =
        new StructuredClustering(ClusteringOptions.defaults())
            .solve(flat, n, d, Arrays.stream(labels).asLongStream().toArray(), 0);
    int[] medoids = found.medoids();
    int[] assignments = found.assignments();
    List<List<Integer>> members = new ArrayList<>();
    int[] strangers = new int[medoids.length];
    for (int k = 0; k < medoids.length; k++) {
      members.add(new ArrayList<>());
    }
    for (boolean same : new boolean[] {true, false}) {
      for (int i = 0; i < n; i++) {
        int k = assignments[i];
        if (i != medoids[k] && (labels[i] == labels[medoids[k]]) == same) {
          members.get(k).add(rows[i]);
          strangers[k] += same ? 0 : 1;
        }
      }
    }
    List<Cluster> clusters = new ArrayList<>();
    for (int k = 0; k < medoids.length; k++) {
      clusters.add(new Cluster(rows[medoids[k]], members.get(k), strangers[k]));
    }
    return new Clusters(found.nmi(), clusters);
  }

  /** The clusters with the most members of another class than their medoid. */
  List<Cluster> mixed(int most) {
    return clusters.stream()
        .filter(cluster -> cluster.strangers() > 0)
        .sorted(Comparator.comparingInt(Cluster::strangers).reversed())
        .limit(most)
        .toList();
  }

  /** The largest clusters of one class alone. */
  List<Cluster> pure(int most) {
    return clusters.stream()
        .filter(cluster -> cluster.strangers() == 0)
        .sorted(Comparator.comparingInt(Cluster::size).reversed())
        .limit(most)
        .toList();
  }
}
