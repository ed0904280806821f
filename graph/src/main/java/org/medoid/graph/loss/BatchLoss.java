package org.medoid.graph.loss;

import java.util.Map;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
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
  /** Adds a loss to a training graph. */
  @FunctionalInterface
  public interface Builder {
    /**
     * Adds the loss.
     *
     * @param tf the ops of the graph
     * @param labels int64 [m]
     * @param embeddings float [m, d], L2-normalised
     * @param marginMultiplier float scalar γ, for the losses that have one
     * @return the loss
     */
    BatchLoss build(
        Ops tf,
        Operand<TInt64> labels,
        Operand<TFloat32> embeddings,
        Operand<TFloat32> marginMultiplier);
  }
}
