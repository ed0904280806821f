package org.medoid.training;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tensorflow.exceptions.TFInvalidArgumentException;

/** Training has left all bounds: a loss or an embedding is infinite or not a number. */
public final class DivergedException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  /** What an op says of embeddings that it cannot work with; most losses are NaN then. */
  private static final Pattern BEYOND =
      Pattern.compile(
          "row \\d+ of embeddings has a value that is not finite: \\S+|of embeddings overflows"
              + "|Self-adjoint eigen decomposition was not successful");

  /**
   * Tells where.
   *
   * @param where the step or the image, and what it has
   */
  DivergedException(String where) {
    super(where + "; lower the learning rate or limit the norm of the gradients");
  }

  /**
   * Tells of a step that failed.
   *
   * @return null if it failed for another reason
   */
  static DivergedException of(long step, RuntimeException failure) {
    // TensorFlow hands on a code and a text, and the code is that of all bad input.
    Matcher beyond = BEYOND.matcher(String.valueOf(failure.getMessage()));
    return failure instanceof TFInvalidArgumentException && beyond.find()
        ? new DivergedException("step %d: %s".formatted(step, beyond.group()))
        : null;
  }
}
