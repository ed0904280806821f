/**
 * Losses on a batch of embeddings, in the style of TensorFlow's framework, and what a training
 * graph needs to know of them.
 */
package org.medoid.graph.loss;
