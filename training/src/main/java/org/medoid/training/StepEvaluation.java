package org.medoid.training;

import org.medoid.training.data.ImageDataSet;
import org.medoid.training.evaluation.EvaluationResult;

/**
 * What an evaluation on the way found.
 *
 * @param step steps done
 * @param scores of the embeddings
 * @param images what was embedded
 * @param embeddings n·d values, a row for each image
 */
public record StepEvaluation(
    long step, EvaluationResult scores, ImageDataSet images, float[] embeddings) {}
