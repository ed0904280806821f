package org.medoid.training.settings;

import static org.medoid.training.settings.SettingException.require;

/**
 * How long training goes on, and when it is looked at.
 *
 * @param steps training steps in all; 0 only scores the untrained network
 * @param evalEvery steps between evaluations; 0 for only at the end
 * @param earlyStop evaluations without a better Recall@1, or of equal ones a better NMI, after
 *     which training ends early; 0 for never
 * @param validationClasses share of the training classes that is not trained on but chooses the
 *     checkpoint, in [0, 1)
 * @param chooseOn what chooses the checkpoint that is scored, reported and exported
 * @param seed of the weights, the batches, the crops and the choice of validation classes
 */
public record ScheduleSettings(
    long steps,
    long evalEvery,
    int earlyStop,
    double validationClasses,
    Choice chooseOn,
    long seed) {
  /** The usual share of the training classes that choose the checkpoint. */
  public static final double VALIDATION_CLASSES = 0.2;

  /** What chooses a checkpoint. */
  public enum Choice {
    /** Recall@1 on training classes that are held out of training: the test classes stay unseen. */
    VALIDATION,
    /**
     * Recall@1 on the test classes themselves, as the field has long done: scores chosen so are too
     * high.
     */
    TEST,
    /** Nothing: the last checkpoint counts. */
    LAST
  }

  /**
   * Checks the values.
   *
   * @param steps training steps in all
   * @param evalEvery steps between evaluations; 0 for only at the end
   * @param earlyStop evaluations without a better score after which training ends early
   * @param validationClasses share of the training classes that chooses the checkpoint, in [0, 1)
   * @param chooseOn what chooses the checkpoint
   * @param seed of the weights, the batches, the crops and the choice of validation classes
   * @throws SettingException if one is out of range
   */
  public ScheduleSettings {
    require(steps >= 0, "steps", steps, "must not be negative");
    require(evalEvery >= 0, "eval_every", evalEvery, "must not be negative");
    require(earlyStop >= 0, "early_stop", earlyStop, "must not be negative");
    require(
        earlyStop == 0 || evalEvery > 0,
        "early_stop",
        earlyStop,
        "needs evaluations on the way: eval_every of 1 or more");
    require(
        validationClasses >= 0 && validationClasses < 1,
        "validation_classes",
        validationClasses,
        "must be 0 or more and below 1");
    require(chooseOn != null, "choose_on", null, "must be validation, test or last");
    require(
        chooseOn != Choice.VALIDATION || validationClasses > 0,
        "choose_on",
        "validation",
        "needs validation_classes above 0");
    require(
        earlyStop == 0 || chooseOn != Choice.LAST,
        "early_stop",
        earlyStop,
        "needs scores to go by: choose_on validation or test");
  }
}
