/** The structured clustering method in plain Java, without TensorFlow. */
package org.medoid.ops.clustering;
