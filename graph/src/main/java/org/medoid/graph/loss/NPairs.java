package org.medoid.graph.loss;

import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt64;

/**
 * Multi-class N-pair loss: of the positives of all classes, an anchor should pick its own.
 *
 * <p>K. Sohn: "Improved Deep Metric Learning with Multi-class N-pair Loss Objective", NIPS 2016,
 * there N-pair-mc. With one pair (f_i, f_i⁺) of each of N classes:
 *
 * <pre>
 *   1/N sum_i log( 1 + sum_{j≠i} exp(s f_i·f_j⁺ - s f_i·f_i⁺) )
 * </pre>
 *
 * <p>The pair of a class is its first two points in the batch; classes with one point, and further
 * points, take no part, so batches of two per class use all of them. This is what
 * pytorch-metric-learning's {@code NPairsLoss} does on {@code
 * DotProductSimilarity(normalize_embeddings=False)}, at s = 1.
 *
 * <p>The scale s is not in the paper, which leaves the embeddings their length and holds it back by
 * a penalty on its square, because with inner products in [-1, 1] the softmax cannot become sharp.
 * Embeddings of length 1 need s instead of the length, and the penalty would be a constant.
 *
 * <p>Cost: O(m² d) time, O(m²) memory. With fewer than two classes that have a pair the loss is 0.
 *
 * @param scale s, positive and finite
 */
public record NPairs(double scale) implements EmbeddingLoss {
  /**
   * Checks the scale.
   *
   * @param scale s
   * @throws IllegalArgumentException if it is not positive and finite
   */
  public NPairs {
    Batches.checkPositive("scale", scale);
  }

  /**
   * For embeddings of length 1: s = 16, as for vectors of length 4.
   *
   * @return the loss
   */
  public static NPairs defaults() {
    return new NPairs(16);
  }

  @Override
  public Operand<TFloat64> value(Ops tf, Operand<TInt64> labels, Operand<TFloat64> embeddings) {
    Operand<TFloat64> logits =
        tf.math.mul(Batches.products(tf, embeddings, embeddings), tf.constant(scale));
    Operand<TBool> same = Batches.same(tf, labels);
    Operand<TInt64> index = Batches.indices(tf, labels);
    Operand<TBool> earlier = tf.math.less(Batches.row(tf, index), Batches.column(tf, index));
    Operand<TFloat64> rank = count(tf, tf.math.logicalAnd(same, earlier));
    Operand<TBool> anchor =
        tf.math.logicalAnd(
            tf.math.equal(rank, tf.constant(0.0)),
            tf.math.greater(count(tf, same), tf.constant(1.0)));
    Operand<TBool> positive = tf.math.equal(Batches.row(tf, rank), tf.constant(1.0));
    Operand<TFloat64> own =
        tf.reduceSum(
            tf.select(tf.math.logicalAnd(same, positive), logits, tf.constant(0.0)),
            tf.constant(1));
    Operand<TFloat64> all = Batches.logSumExp(tf, Batches.masked(tf, logits, positive), 1);
    return Batches.mean(tf, tf.math.sub(all, own), anchor);
  }

  private static Operand<TFloat64> count(Ops tf, Operand<TBool> inRow) {
    return tf.reduceSum(Batches.number(tf, inRow), tf.constant(1));
  }
}
