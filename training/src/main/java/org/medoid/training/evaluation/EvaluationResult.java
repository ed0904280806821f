package org.medoid.training.evaluation;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Map;
import org.medoid.training.format.Json;

/**
 * The scores of some embeddings; at most 1, and but for AMI and ARI at least 0, more is better.
 * NaN, and null in JSON, where there is nothing to score: clusters without k-means, pairs where no
 * two points share a cluster or a class, retrieval without a query that has a match. Queries
 * without a match count in no retrieval score ({@link Evaluator}).
 *
 * @param nmi normalised mutual information (geometric mean) of k-means clusters and classes
 * @param ami adjusted mutual information (arithmetic mean); below 0: agrees less than chance
 * @param ari adjusted Rand index, at least -0.5; below 0: agrees less than chance
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
    @JsonProperty("nmi") @Json.OrNull double nmi,
    @JsonProperty("ami") @Json.OrNull double ami,
    @JsonProperty("ari") @Json.OrNull double ari,
    @JsonProperty("v_measure") @Json.OrNull double vMeasure,
    @JsonProperty("f1") @Json.OrNull double f1,
    @JsonProperty("recall_at") @Json.ValuesOrNull Map<Integer, Double> recallAt,
    @JsonProperty("precision_at_1") @Json.OrNull double precisionAt1,
    @JsonProperty("r_precision") @Json.OrNull double rPrecision,
    @JsonProperty("map_at_r") @Json.OrNull double mapAtR,
    @JsonProperty("seconds") Map<String, Double> seconds) {}
