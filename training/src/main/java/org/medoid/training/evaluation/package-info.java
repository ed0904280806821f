/**
 * Scores of embeddings, as the field reports them: k-means clusters against the true classes (NMI,
 * AMI, ARI, V-measure, F1) and retrieval, leave one out (Recall@K, precision@1, R-precision,
 * MAP@R).
 */
package org.medoid.training.evaluation;
