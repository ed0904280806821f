package org.medoid.export.savedmodel;

/** What a flat graph is wanted for, which decides what may vanish from it. */
public enum Purpose {
  /** To compute outputs: whatever does not change a value vanishes. */
  INFERENCE,
  /**
   * To be trained further: as {@link #INFERENCE}, but {@code StopGradient} and {@code
   * PreventGradient} stay, since a gradient must not pass them.
   */
  TRAINING
}
