/** Clustering and retrieval scores of embeddings. */
package org.medoid.training.evaluation;
