package org.medoid.training;

/** Training has left all bounds: a loss or an embedding is infinite or not a number. */
public final class DivergedException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  /**
   * Tells where.
   *
   * @param message the step or the image, what it has, and what helps
   */
  DivergedException(String message) {
    super(message);
  }
}
