package org.medoid.training.evaluation;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Map;

/**
 * The scores of some embeddings; all but seconds in [0, 1], more is better, NaN where there is
 * nothing to score: clusters without k-means, retrieval without a query that has a match. Queries
 * without a match count in no retrieval score ({@link Evaluator}).
 *
 * @param nmi normalised mutual information (geometric mean) of k-means clusters and classes
 * @param ami adjusted mutual information (arithmetic mean), 0 where negative
 * @param ari adjusted Rand index, 0 where negative
 * @param vMeasure harmonic mean of homogeneity and completeness
 * @param f1 harmonic mean of precision and recall over the pairs that share a cluster or a class
 * @param recallAt for each K the share of queries with one of their class among the K nearest
 *     others
 * @param precisionAt1 the share of queries whose nearest other is of their class
 * @param rPrecision the mean share of its class among a query's R nearest others, R being the
 *     number of others of its class
 * @param mapAtR mean average precision over the R nearest others
 * @param seconds what took how long: {@code kmeans}, {@code retrieval}
 */
public record EvaluationResult(
    @JsonProperty("nmi") double nmi,
    @JsonProperty("ami") double ami,
    @JsonProperty("ari") double ari,
    @JsonProperty("v_measure") double vMeasure,
    @JsonProperty("f1") double f1,
    @JsonProperty("recall_at") Map<Integer, Double> recallAt,
    @JsonProperty("precision_at_1") double precisionAt1,
    @JsonProperty("r_precision") double rPrecision,
    @JsonProperty("map_at_r") double mapAtR,
    @JsonProperty("seconds") Map<String, Double> seconds) {}
