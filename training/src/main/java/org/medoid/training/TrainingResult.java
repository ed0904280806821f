package org.medoid.training;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import org.medoid.training.evaluation.EvaluationResult;
import org.medoid.training.settings.ScheduleSettings.Choice;

/**
 * What came of a run: the scores of one checkpoint, the one that {@link Checkpoints#best} names and
 * that is exported. Stored as {@code result.json}, one flat object.
 *
 * @param scores on the test classes; of a trial, on the held-out training classes
 * @param checkpoint steps done in the checkpoint
 * @param chosenOn what chose it
 */
@JsonPropertyOrder({"scores", "checkpoint", "chosen_on"})
public record TrainingResult(
    @JsonUnwrapped EvaluationResult scores,
    @JsonProperty("checkpoint") long checkpoint,
    @JsonProperty("chosen_on") Choice chosenOn) {
  /** Its file in the run folder. */
  public static final String FILE = "result.json";

  /**
   * What chose the checkpoint, for a person to read.
   *
   * @return for example {@code "step 300, chosen on validation classes"}
   */
  public String origin() {
    return "step "
        + checkpoint
        + switch (chosenOn) {
          case VALIDATION -> ", chosen on validation classes";
          case TEST -> ", chosen on the test classes themselves";
          case LAST -> ", the last";
        };
  }
}
