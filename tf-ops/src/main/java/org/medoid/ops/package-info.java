/**
 * The TensorFlow op {@link org.medoid.ops.FacilityLocationLoss}: the structured clustering loss of
 * Song, Jegelka, Rathod and Murphy, "Deep Metric Learning via Facility Location", CVPR 2017
 * (arXiv:1612.01213), with a kernel in Java.
 *
 * <p>{@link org.medoid.ops.clustering} holds the method without TensorFlow, {@link
 * org.medoid.ops.host} the binding for any op with a Java kernel.
 */
package org.medoid.ops;
