package org.medoid.training.evaluation;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.util.List;
import org.medoid.training.format.Json;

/**
 * Scores, and what they were made of.
 *
 * @param scores the scores
 * @param queries how many queries there were
 * @param withoutMatch how many of them had no other of their class to find; retrieval leaves them
 *     out
 * @param inertia the sum of the squared distances of the queries to the centres of their clusters;
 *     NaN, null in JSON, without k-means
 * @param iterations of k-means, in the start that was best
 * @param classes the scores of each class of the queries, labels ascending
 * @param clusters the cluster of each query; null without k-means
 */
public record Evaluation(
    @JsonUnwrapped EvaluationResult scores,
    int queries,
    @JsonProperty("without_match") int withoutMatch,
    @Json.OrNull double inertia,
    int iterations,
    @JsonIgnore List<ClassScores> classes,
    @JsonIgnore int[] clusters) {}
