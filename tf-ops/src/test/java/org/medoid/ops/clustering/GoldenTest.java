package org.medoid.ops.clustering;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Values that the author's TensorFlow 1 graph, or a Python program of the definition, gave. */
class GoldenTest {
  static List<JsonNode> cases() throws IOException {
    try (InputStream file = GoldenTest.class.getResourceAsStream("/cluster_loss.json")) {
      List<JsonNode> cases = new ArrayList<>();
      new ObjectMapper().readTree(file).get("cases").forEach(cases::add);
      return cases;
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void everyCaseOfTheGoldenFileHolds(JsonNode golden) {
    int m = golden.get("labels").size();
    double[] x;
    int d;
    if (golden.get("embeddings").isArray()) {
      d = golden.get("embeddings").get(0).size();
      x = new double[m * d];
      for (int i = 0; i < x.length; i++) {
        x[i] = golden.get("embeddings").get(i / d).get(i % d).asDouble();
      }
    } else {
      d = 64;
      x = Samples.formula(m, d, 32);
    }
    long[] labels = new long[m];
    Arrays.setAll(labels, i -> golden.get("labels").get(i).asLong());
    Clustering result =
        new StructuredClustering(
                ClusteringOptions.defaults()
                    .withLocalSearch(LocalSearch.of(golden.get("refinement").asText())))
            .solve(x, m, d, labels, golden.get("gamma").asDouble());

    JsonNode expected = golden.get("expected");
    if (golden.get("embeddings").isArray()) {
      assertThat(result.medoids()).isEqualTo(ints(expected.get("medoids")));
      assertThat(result.assignments()).isEqualTo(ints(expected.get("assignments")));
    } else {
      // Each of two points that have only each other may be the medoid: in exact arithmetic they
      // tie, and the last bits of Python's and Java's sine decide. The clusters are the same.
      assertThat(pairs(result.assignments())).isEqualTo(pairs(ints(expected.get("assignments"))));
    }
    assertThat(result.facilityScore())
        .isCloseTo(expected.get("facility_score").asDouble(), within(1e-9));
    assertThat(result.nmi()).isCloseTo(expected.get("nmi").asDouble(), within(1e-12));
    assertThat(result.oracleScore())
        .isCloseTo(expected.get("oracle_score").asDouble(), within(1e-9));
    assertThat(result.loss()).isCloseTo(expected.get("loss").asDouble(), within(1e-9));
    if (expected.has("gradient")) {
      double[] gradient = new double[m * d];
      result.gradient(gradient);
      for (int i = 0; i < gradient.length; i++) {
        assertThat(gradient[i])
            .isCloseTo(expected.get("gradient").get(i / d).get(i % d).asDouble(), within(1e-9));
      }
    }
  }

  /** Which points share a cluster, whatever the clusters are called. */
  private static List<Integer> pairs(int[] assignments) {
    List<Integer> first = new ArrayList<>();
    for (int each : assignments) {
      first.add(Arrays.stream(assignments).boxed().toList().indexOf(each));
    }
    return first;
  }

  private static int[] ints(JsonNode array) {
    int[] values = new int[array.size()];
    Arrays.setAll(values, i -> array.get(i).asInt());
    return values;
  }

  @ParameterizedTest
  @CsvSource({"1, 20.299667, 1217.5558", "10, 23.624184, 1218.3179"})
  void theAuthorsGraphGivesTheSameLossAndGradient(double gamma, double loss, double sumOfGradient) {
    Clustering result =
        new StructuredClustering(
                ClusteringOptions.defaults().withLocalSearch(LocalSearch.REFERENCE))
            .solve(Samples.formula(128, 64, 32), 128, 64, Samples.labels(128, 32), gamma);
    double[] gradient = new double[128 * 64];
    result.gradient(gradient);
    // The graph computes in float.
    assertThat(result.loss()).isCloseTo(loss, within(2e-5));
    assertThat(Arrays.stream(gradient).map(Math::abs).sum()).isCloseTo(sumOfGradient, within(1e-3));
  }

  @Test
  void theGoldenFileHasCasesOfBothRefinements() throws IOException {
    assertThat(cases().stream().map(each -> each.get("refinement").asText()))
        .contains("none", "reference");
  }
}
