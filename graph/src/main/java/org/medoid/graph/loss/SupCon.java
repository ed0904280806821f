package org.medoid.graph.loss;

import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt64;

/**
 * Supervised contrastive loss: each positive of an anchor against all other points of the batch.
 *
 * <p>P. Khosla, P. Teterwak, C. Wang, A. Sarna, Y. Tian, P. Isola, A. Maschinot, C. Liu, D.
 * Krishnan: "Supervised Contrastive Learning", NeurIPS 2020, the form with the sum outside of the
 * logarithm. With cosine s, temperature τ, P_i the positives of i:
 *
 * <pre>
 *   mean over the i with positives of
 *     -1/|P_i| sum_{j in P_i} log( exp(s_ij / τ) / sum_{k != i} exp(s_ik / τ) )
 * </pre>
 *
 * <p>The same as pytorch-metric-learning's {@code SupConLoss(temperature=τ)}, which also leaves out
 * anchors without a positive.
 *
 * <p>Cost: O(m² d) time, O(m²) memory. A batch without a positive pair has loss 0.
 *
 * @param temperature τ, positive and finite
 */
public record SupCon(double temperature) implements EmbeddingLoss {
  /**
   * Checks the temperature.
   *
   * @param temperature τ
   * @throws IllegalArgumentException if it is not positive and finite
   */
  public SupCon {
    Batches.checkPositive("temperature", temperature);
  }

  @Override
  public Operand<TFloat64> value(Ops tf, Operand<TInt64> labels, Operand<TFloat64> embeddings) {
    Operand<TFloat64> x = Batches.normalized(tf, embeddings);
    Operand<TFloat64> logits = tf.math.div(Batches.products(tf, x, x), tf.constant(temperature));
    Operand<TBool> positive = Batches.positives(tf, labels);
    Operand<TBool> others = tf.math.logicalOr(positive, Batches.negatives(tf, labels));
    Operand<TFloat64> all = Batches.logSumExp(tf, Batches.masked(tf, logits, others), 1);
    Operand<TFloat64> share =
        tf.reduceSum(
            tf.select(positive, tf.math.sub(Batches.column(tf, all), logits), tf.constant(0.0)),
            tf.constant(1));
    Operand<TFloat64> positives = tf.reduceSum(Batches.number(tf, positive), tf.constant(1));
    Operand<TFloat64> ofAnchor = tf.math.div(share, tf.math.maximum(positives, tf.constant(1.0)));
    return Batches.mean(tf, ofAnchor, tf.math.greater(positives, tf.constant(0.0)));
  }
}
