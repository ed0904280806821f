/**
 * The page that shows what a run learned: {@link org.medoid.training.report.Report} writes {@code
 * report.html}, one file with scores, curves, what queries find, confused classes, a map and
 * clusters, and {@link org.medoid.training.report.Projector} the same embeddings for TensorBoard's
 * projector.
 */
package org.medoid.training.report;
