package org.medoid.training.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import org.junit.jupiter.api.Test;

class EvaluationResultTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static Evaluation evaluate(float[] x, int... labels) {
    return Evaluator.leaveOneOut(
        Embeddings.of(x, labels.length),
        labels,
        Evaluator.Options.defaults().withRecallAt(List.of(1)),
        TaskProgress.NONE);
  }

  @Test
  void whatIsUndefinedIsNullInEveryJsonAndNaNWhenReadAgain() throws Exception {
    // Each alone in its class, and in its cluster: nothing to find, and not a single pair.
    Evaluation alone = evaluate(new float[] {0, 1, 2}, 5, 6, 7);
    assertThat(alone.scores().nmi()).isEqualTo(1);
    for (String text :
        new String[] {JSON.writeValueAsString(alone), JSON.writeValueAsString(alone.scores())}) {
      JsonNode json = JSON.readTree(text);
      for (String name : new String[] {"f1", "precision_at_1", "r_precision", "map_at_r"}) {
        assertThat(json.get(name).isNull()).as(name).isTrue();
      }
      assertThat(json.get("recall_at").get("1").isNull()).isTrue();
      assertThat(text).doesNotContain("NaN");
    }
    EvaluationResult again =
        JSON.readValue(JSON.writeValueAsString(alone.scores()), EvaluationResult.class);
    assertThat(again).isEqualTo(alone.scores());
    String old = JSON.writeValueAsString(alone.scores()).replace("null", "\"NaN\"");
    assertThat(JSON.readValue(old, EvaluationResult.class)).isEqualTo(alone.scores());
  }

  @Test
  void whatIsDefinedIsTheSameWhenReadAgain() throws Exception {
    EvaluationResult scores = evaluate(new float[] {0, 1, 5, 6, 6.5f}, 1, 1, 2, 2, 1).scores();
    assertThat(JSON.readValue(JSON.writeValueAsString(scores), EvaluationResult.class))
        .isEqualTo(scores);
  }

  @Test
  void clustersThatCutAcrossTheClassesAgreeLessThanChance() {
    EvaluationResult scores = evaluate(new float[] {0, 1, 100, 101}, 0, 1, 0, 1).scores();
    // Pairs: 2 in a cluster, 2 in a class, none in both, 2/3 by chance: (0 - 2/3) / (2 - 2/3).
    assertThat(scores.ari()).isCloseTo(-0.5, within(1e-12));
    // The mutual information is 0, by chance it is ln 2 / 3: (0 - 1/3) / (1 - 1/3).
    assertThat(scores.ami()).isCloseTo(-0.5, within(1e-12));
    assertThat(scores.nmi()).isZero();
    assertThat(scores.vMeasure()).isZero();
  }
}
