package org.medoid.training;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/**
 * A trial of a loss: what it was trained with, and the scores on held-out training classes of the
 * checkpoint that they chose. Stored as {@code trial.json}.
 *
 * @param number from 0; trial 0 has the settings told and the loss's own default
 * @param learningRate of the embedding layer
 * @param parameter the name of the loss's main parameter; null if it has none
 * @param value of the parameter; null if it has none
 * @param recallAt1 Recall@1; null if the trial diverged, NaN if no held-out class has two pictures
 * @param nmi NMI; null if the trial diverged
 * @param checkpoint steps done in the checkpoint; null if the trial diverged
 * @param diverged how; null if it did not
 */
public record Trial(
    @JsonProperty("number") int number,
    @JsonProperty("learning_rate") double learningRate,
    @JsonProperty("parameter") String parameter,
    @JsonProperty("value") Double value,
    @JsonProperty("recall_at_1") Double recallAt1,
    @JsonProperty("nmi") Double nmi,
    @JsonProperty("checkpoint") Long checkpoint,
    @JsonProperty("diverged") String diverged) {
  /** Its file in the trial's folder. */
  static final String FILE = "trial.json";

  /** Higher Recall@1, then higher NMI, then earlier. */
  private static final Comparator<Trial> BETTER =
      Comparator.comparing(Trial::recallAt1)
          .thenComparing(Trial::nmi)
          .thenComparing(Comparator.comparing(Trial::number).reversed());

  /**
   * Takes what JSON has for NaN, which it has no number for.
   *
   * @param number from 0
   * @param learningRate of the embedding layer
   * @param parameter the name of the loss's main parameter; null if it has none
   * @param value of the parameter; null if it has none
   * @param recallAt1 Recall@1
   * @param nmi NMI
   * @param checkpoint steps done in the checkpoint
   * @param diverged how; null if it did not
   */
  public Trial {
    if (diverged == null) {
      recallAt1 = recallAt1 == null ? Double.valueOf(Double.NaN) : recallAt1;
      nmi = nmi == null ? Double.valueOf(Double.NaN) : nmi;
    }
  }

  /**
   * The best of some trials.
   *
   * @param trials of a loss
   * @return the one with the highest Recall@1, of equals the one with the highest NMI; nothing if
   *     all diverged
   */
  public static Optional<Trial> best(Collection<Trial> trials) {
    return trials.stream().filter(each -> each.diverged() == null).max(BETTER);
  }

  SearchSpace.Candidate candidate() {
    return new SearchSpace.Candidate(learningRate, value);
  }
}
