package org.medoid.graph.loss;

import java.util.Map;
import org.tensorflow.Operand;
import org.tensorflow.framework.losses.Loss;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TNumber;

/**
 * A loss of TensorFlow's framework that compares the embeddings of a batch with each other or with
 * proxies.
 *
 * <p>It is computed in double precision whatever the type of the embeddings. Products of float
 * numbers are exact in it, so that distances come from inner products, without the [m, m, d] tensor
 * of differences, and near-duplicates still have the right distance: in float the smallest distance
 * of unit vectors that such a form can tell from zero is about 5e-4, in double 3e-8, less than the
 * embeddings themselves resolve. The cost is small beside the network that made them: value and
 * gradient of a batch of m = 128, d = 64 take 0.5 to 8 ms on two busy cores, on pairs and on 100
 * proxies alike; with m = 512 and 11,318 proxies 0.2 to 0.4 s.
 *
 * <p>All of them have a gradient in TensorFlow's C++ core, so they train in TensorFlow Java's
 * graphs.
 */
public interface EmbeddingLoss extends Loss {
  /**
   * Adds the loss in double precision.
   *
   * @param tf the ops of a graph or an eager session
   * @param labels int64 [m]
   * @param embeddings double [m, d]
   * @return double scalar, differentiable in the embeddings
   */
  Operand<TFloat64> value(Ops tf, Operand<TInt64> labels, Operand<TFloat64> embeddings);

  /**
   * The loss of a batch.
   *
   * @param tf the ops of a graph or an eager session
   * @param labels int32 or int64 [m], the same value for the same class
   * @param predictions the embeddings, float or double [m, d]
   * @param <T> the type of the embeddings
   * @return T scalar; NaN if one of the embeddings is not finite
   * @throws IllegalArgumentException if there is not one label for each row; where the graph does
   *     not know their numbers, running it fails
   */
  default <T extends TNumber> Operand<T> call(
      Ops tf, Operand<? extends TNumber> labels, Operand<T> predictions) {
    Operand<TFloat64> x = tf.dtypes.cast(predictions, TFloat64.class);
    Operand<TFloat64> value = value(tf, Batches.labels(tf, labels, predictions), x);
    // Losses that look for the hardest pair, or for pairs within a margin, find none among NaNs.
    Operand<TBool> finite = tf.math.isFinite(Batches.sum(tf, x));
    return tf.dtypes.cast(tf.select(finite, value, tf.constant(Double.NaN)), predictions.type());
  }

  /**
   * The loss of a batch, scaled.
   *
   * @param tf the ops of a graph or an eager session
   * @param labels int32 or int64 [m], the same value for the same class
   * @param predictions the embeddings, float or double [m, d]
   * @param sampleWeights a scalar that scales the loss, or null for 1. The loss is made of pairs,
   *     triplets or the whole batch: it has no terms that belong to one sample
   * @param <T> the type of the embeddings
   * @return T scalar
   * @throws IllegalArgumentException if the weights are not a scalar
   */
  @Override
  default <T extends TNumber> Operand<T> call(
      Ops tf, Operand<? extends TNumber> labels, Operand<T> predictions, Operand<T> sampleWeights) {
    return Batches.scaled(tf, call(tf, labels, predictions), sampleWeights);
  }

  /**
   * This loss for a training graph, without scores beside the value.
   *
   * @return adds the loss
   */
  default BatchLoss.Builder builder() {
    return (layers, labels, embeddings, marginMultiplier) ->
        new BatchLoss(call(layers.tf(), labels, embeddings), Map.of());
  }
}
