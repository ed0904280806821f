/** Losses on a batch of embeddings. */
package org.medoid.graph.loss;
