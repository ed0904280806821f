package org.medoid.graph.loss;

/** A loss has nothing to learn from in batches of so few pictures, whatever they are. */
public final class BatchTooSmallException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  /**
   * Tells which and why.
   *
   * @param message the loss, the size of the batch, and what it must be
   */
  public BatchTooSmallException(String message) {
    super(message);
  }
}
