package org.medoid.training.evaluation;

import java.util.Map;

/**
 * The retrieval of the queries of one class. Without a match in the gallery every score is NaN.
 *
 * @param label the class
 * @param queries how many queries it has
 * @param matches how many others of the class each of them can find
 * @param recallAt as {@link EvaluationResult#recallAt()}
 * @param precisionAt1 as {@link EvaluationResult#precisionAt1()}
 * @param rPrecision as {@link EvaluationResult#rPrecision()}
 * @param mapAtR as {@link EvaluationResult#mapAtR()}
 */
public record ClassScores(
    int label,
    int queries,
    int matches,
    Map<Integer, Double> recallAt,
    double precisionAt1,
    double rPrecision,
    double mapAtR) {}
