/**
 * The structured clustering loss in plain Java, without TensorFlow.
 *
 * <p>Hyun Oh Song, Stefanie Jegelka, Vivek Rathod, Kevin Murphy: "Deep Metric Learning via Facility
 * Location", CVPR 2017 (arXiv:1612.01213, "Learnable Structured Clustering Framework for Deep
 * Metric Learning"). {@link org.medoid.ops.clustering.StructuredClustering} finds the clustering
 * that violates the margin most (algorithms 1 and 2) and gives the loss and its subgradient; {@link
 * org.medoid.ops.clustering.Agreement} compares two partitions.
 *
 * <p>Nothing here keeps state between calls; everything may be used from many threads at once.
 *
 * <p>Example: medoids of six points on a line that are two groups.
 *
 * <pre>{@code
 * import java.util.Arrays;
 * import org.medoid.ops.clustering.*;
 *
 * public class SixPoints {
 *   public static void main(String[] arguments) {
 *     double[] points = {0, 1, 2, 10, 11, 12}; // six rows of one value
 *     long[] classes = {0, 0, 1, 1, 1, 1};
 *     Clustering found =
 *         new StructuredClustering(ClusteringOptions.defaults()).solve(points, 6, 1, classes, 0);
 *     System.out.println(Arrays.toString(found.medoids())); // prints [1, 4]
 *     System.out.println(found.facilityScore()); // prints -4.0
 *     double[] gradient = new double[6];
 *     found.gradient(gradient);
 *     System.out.println(gradient[2]); // prints -2.0
 *     System.out.println(
 *         Agreement.between(Margin.NMI, new int[] {0, 0, 1, 1}, new int[] {5, 5, 2, 2})); // prints 1.0
 *   }
 * }
 * }</pre>
 */
package org.medoid.ops.clustering;
