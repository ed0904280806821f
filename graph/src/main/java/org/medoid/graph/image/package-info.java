/**
 * Images in a graph: decoding, resizing, cropping; pieces for a tf.data function or a signature.
 */
package org.medoid.graph.image;
