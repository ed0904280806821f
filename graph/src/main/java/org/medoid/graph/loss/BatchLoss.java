package org.medoid.graph.loss;

import java.util.Map;
import java.util.Objects;
import org.medoid.graph.network.Layers;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * The loss of a batch as a training graph holds it.
 *
 * @param value float scalar, differentiable in the embeddings
 * @param scores float scalars worth watching beside the value, by name, for example {@code
 *     agreement}; they need not be differentiable
 */
public record BatchLoss(Operand<TFloat32> value, Map<String, Operand<TFloat32>> scores) {
  /**
   * Checks shapes as far as the graph knows them.
   *
   * @param value the loss
   * @param scores beside it
   * @throws IllegalArgumentException if one of them is no scalar
   * @throws NullPointerException if one of them is null
   */
  public BatchLoss {
    Objects.requireNonNull(value, "value");
    scores = Map.copyOf(scores);
    requireScalar("the loss", value);
    scores.forEach((name, score) -> requireScalar("the score " + name, score));
  }

  private static void requireScalar(String what, Operand<TFloat32> given) {
    Shape shape = given.shape();
    if (!shape.isUnknown() && shape.numDimensions() > 0) {
      throw new IllegalArgumentException("%s has shape %s, not []".formatted(what, shape));
    }
  }

  /** Adds a loss to a training graph. */
  @FunctionalInterface
  public interface Builder {
    /**
     * Adds the loss.
     *
     * @param layers of the training graph: gives the ops, and takes the variables of a loss that
     *     trains some
     * @param labels int64 [m], the index of each class among the training classes
     * @param embeddings float [m, d], L2-normalised
     * @param marginMultiplier float scalar γ, for the losses that have one
     * @return the loss
     */
    BatchLoss build(
        Layers layers,
        Operand<TInt64> labels,
        Operand<TFloat32> embeddings,
        Operand<TFloat32> marginMultiplier);
  }
}
