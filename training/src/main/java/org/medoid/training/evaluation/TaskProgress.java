package org.medoid.training.evaluation;

/** Hears how far an evaluation is. Calls come from several threads, one at a time. */
@FunctionalInterface
public interface TaskProgress {
  /** Hears nothing. */
  TaskProgress NONE = (task, done, total) -> {};

  /**
   * Some more is done.
   *
   * @param task {@code retrieval}, {@code k-means start} or {@code k-means}
   * @param done how many rows, centres or iterations of the task are done
   * @param total how many there are; k-means may need fewer iterations
   */
  void at(String task, long done, long total);
}
