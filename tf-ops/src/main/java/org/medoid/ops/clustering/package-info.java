/**
 * The structured clustering loss in plain Java, without TensorFlow.
 *
 * <p>Hyun Oh Song, Stefanie Jegelka, Vivek Rathod, Kevin Murphy: "Deep Metric Learning via Facility
 * Location", CVPR 2017 (arXiv:1612.01213, "Learnable Structured Clustering Framework for Deep
 * Metric Learning"). {@link org.medoid.ops.clustering.StructuredClustering} finds the clustering
 * that violates the margin most (algorithms 1 and 2) and gives the loss and its subgradient
 * (equations 5 to 9); {@link org.medoid.ops.clustering.Agreement} compares two partitions.
 *
 * <p>Nothing here keeps state between calls; everything may be used from many threads at once.
 */
package org.medoid.ops.clustering;
