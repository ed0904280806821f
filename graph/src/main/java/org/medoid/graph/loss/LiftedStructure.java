package org.medoid.graph.loss;

import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt64;

/**
 * Lifted structured feature embedding: every positive pair against all negatives of both its
 * points.
 *
 * <p>H. Oh Song, Y. Xiang, S. Jegelka, S. Savarese: "Deep Metric Learning via Lifted Structured
 * Feature Embedding", CVPR 2016. With P the positive pairs, N(i) the points of other classes than
 * i, Euclidean distance D and margin α:
 *
 * <pre>
 *   J_ij = log( sum_{k in N(i)} exp(α - D_ik) + sum_{l in N(j)} exp(α - D_jl) ) + D_ij
 *   loss = 1 / (2 |P|) sum_{(i,j) in P} max(0, J_ij)²
 * </pre>
 *
 * <p>The same as pytorch-metric-learning's {@code LiftedStructureLoss(neg_margin=α)} on {@code
 * LpDistance(normalize_embeddings=False)}: it counts every pair twice, in P as well. (Its {@code
 * GeneralizedLiftedStructureLoss} is another loss, of Hermans et al. 2017, with one term per
 * anchor.)
 *
 * <p>Cost: O(m² d) time, O(m²) memory: the sum of a pair is that of two rows. A batch of one class,
 * or without a positive pair, has loss 0.
 *
 * @param margin α, finite, not negative; 1 in the paper
 */
public record LiftedStructure(double margin) implements EmbeddingLoss {
  /**
   * Checks the margin.
   *
   * @param margin α
   * @throws IllegalArgumentException if it is negative or not finite
   */
  public LiftedStructure {
    Batches.checkNotNegative("margin", margin);
  }

  /**
   * The paper's margin 1.
   *
   * @return the loss
   */
  public static LiftedStructure defaults() {
    return new LiftedStructure(1);
  }

  @Override
  public Operand<TFloat64> value(Ops tf, Operand<TInt64> labels, Operand<TFloat64> embeddings) {
    Operand<TFloat64> d = Batches.distances(tf, embeddings);
    Operand<TFloat64> negatives =
        Batches.logSumExp(
            tf,
            Batches.masked(tf, tf.math.sub(tf.constant(margin), d), Batches.negatives(tf, labels)),
            1);
    Operand<TFloat64> i = Batches.column(tf, negatives);
    Operand<TFloat64> j = Batches.row(tf, negatives);
    Operand<TFloat64> top = tf.stopGradient(tf.math.maximum(i, j));
    Operand<TFloat64> both =
        tf.math.log(
            tf.math.add(tf.math.exp(tf.math.sub(i, top)), tf.math.exp(tf.math.sub(j, top))));
    Operand<TFloat64> hinge = tf.nn.relu(tf.math.add(tf.math.add(top, both), d));
    return Batches.mean(
        tf, tf.math.mul(tf.math.square(hinge), tf.constant(0.5)), Batches.positives(tf, labels));
  }
}
