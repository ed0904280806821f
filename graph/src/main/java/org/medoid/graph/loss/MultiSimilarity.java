package org.medoid.graph.loss;

import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.ReduceMax;
import org.tensorflow.op.core.ReduceMin;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt64;

/**
 * Multi-similarity loss: soft maxima over the positives and the negatives of each anchor.
 *
 * <p>X. Wang, X. Han, W. Huang, D. Dong, M. R. Scott: "Multi-Similarity Loss with General Pair
 * Weighting for Deep Metric Learning", CVPR 2019. With cosine similarity S and the pairs P_i, N_i
 * that are left of an anchor after mining:
 *
 * <pre>
 *   1/m sum_i ( 1/α log(1 + sum_{k in P_i} exp(-α (S_ik - λ)))
 *             + 1/β log(1 + sum_{k in N_i} exp( β (S_ik - λ))) )
 *   P_i: S_ik &lt; max over the negatives of i + ε
 *   N_i: S_ik &gt; min over the positives of i - ε
 * </pre>
 *
 * <p>The same as pytorch-metric-learning's {@code MultiSimilarityLoss} with {@code
 * MultiSimilarityMiner(epsilon=ε)}, or without a miner for ε = infinity. The mean is over all
 * points of the batch, also those that mining has left without a pair. The authors' code differs in
 * that it takes no positive pair of a similarity above 1 - 1e-5. Embeddings are scaled to length 1
 * first, so that S is a cosine for any of them.
 *
 * <p>Cost: O(m² d) time, O(m²) memory. With mining a batch of one class, or without a positive
 * pair, has loss 0.
 *
 * @param alpha α, positive
 * @param beta β, positive
 * @param base λ, finite
 * @param epsilon ε, not negative, infinite for no mining
 */
public record MultiSimilarity(double alpha, double beta, double base, double epsilon)
    implements EmbeddingLoss {
  /**
   * Checks the numbers.
   *
   * @param alpha α
   * @param beta β
   * @param base λ
   * @param epsilon ε
   * @throws IllegalArgumentException if one is out of its range
   */
  public MultiSimilarity {
    Batches.checkPositive("alpha", alpha);
    Batches.checkPositive("beta", beta);
    Batches.check(Double.isFinite(base), "base", "finite", base);
    Batches.check(epsilon >= 0, "epsilon", "0 or more", epsilon);
  }

  /**
   * α = 2, β = 50, ε = 0.1 of the paper and λ = 0.5 of its authors' code and of
   * pytorch-metric-learning; the paper prints λ = 1.
   *
   * @return the loss
   */
  public static MultiSimilarity defaults() {
    return new MultiSimilarity(2, 50, 0.5, 0.1);
  }

  @Override
  public Operand<TFloat64> value(Ops tf, Operand<TInt64> labels, Operand<TFloat64> embeddings) {
    Operand<TFloat64> x = Batches.normalized(tf, embeddings);
    Operand<TFloat64> s = Batches.products(tf, x, x);
    Operand<TBool> positive = Batches.positives(tf, labels);
    Operand<TBool> negative = Batches.negatives(tf, labels);
    Operand<TFloat64> fixed = tf.stopGradient(s);
    Operand<TFloat64> leastPositive =
        tf.reduceMin(
            tf.select(positive, fixed, tf.constant(-Batches.LOW)),
            tf.constant(1),
            ReduceMin.keepDims(true));
    Operand<TFloat64> mostNegative =
        tf.reduceMax(Batches.masked(tf, fixed, negative), tf.constant(1), ReduceMax.keepDims(true));
    Operand<TFloat64> slack = tf.constant(epsilon);
    Operand<TBool> hardPositive =
        tf.math.logicalAnd(positive, tf.math.less(tf.math.sub(fixed, slack), mostNegative));
    Operand<TBool> hardNegative =
        tf.math.logicalAnd(negative, tf.math.greater(tf.math.add(fixed, slack), leastPositive));
    Operand<TFloat64> above = tf.math.sub(s, tf.constant(base));
    return Batches.sum(
        tf,
        tf.math.div(
            tf.math.add(
                softMaximum(tf, above, -alpha, hardPositive),
                softMaximum(tf, above, beta, hardNegative)),
            tf.dtypes.cast(tf.size(labels), TFloat64.class)));
  }

  private static Operand<TFloat64> softMaximum(
      Ops tf, Operand<TFloat64> above, double sharpness, Operand<TBool> of) {
    Operand<TFloat64> logits = tf.math.mul(above, tf.constant(sharpness));
    return tf.math.div(
        Batches.logOnePlusSumExp(tf, Batches.masked(tf, logits, of), 1),
        tf.constant(Math.abs(sharpness)));
  }
}
