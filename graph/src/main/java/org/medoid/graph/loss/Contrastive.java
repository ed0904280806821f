package org.medoid.graph.loss;

import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt64;

/**
 * Contrastive loss: draws the pairs of a class together and pushes the others apart up to a margin.
 *
 * <p>R. Hadsell, S. Chopra, Y. LeCun: "Dimensionality Reduction by Learning an Invariant Mapping",
 * CVPR 2006. Over all pairs of the batch, with Euclidean distance D:
 *
 * <pre>
 *   mean over positive pairs of 1/2 max(0, D - positiveMargin)²
 * + mean over negative pairs of 1/2 max(0, negativeMargin - D)²
 * </pre>
 *
 * <p>The paper sums over pairs that someone has drawn. In a batch of m there are m² pairs and few
 * of them positive, hence a mean of each kind; with {@code activeOnly} of those pairs alone that
 * have a loss, which keeps the gradient from fading as more and more pairs are far enough apart.
 *
 * <p>pytorch-metric-learning's {@code ContrastiveLoss} is {@code squared} false (no square and no
 * half) with {@code activeOnly} true, on {@code LpDistance(normalize_embeddings=False)}.
 *
 * <p>Cost: O(m² d) time, O(m²) memory. Batches of one class, or of all different ones, have terms
 * of one kind only.
 *
 * @param positiveMargin distance below which a positive pair has no loss, not negative; 0 in the
 *     paper
 * @param negativeMargin distance above which a negative pair has no loss, positive
 * @param squared whether the excess counts as half its square, as in the paper, or as it is
 * @param activeOnly whether the means leave out the pairs without a loss
 */
public record Contrastive(
    double positiveMargin, double negativeMargin, boolean squared, boolean activeOnly)
    implements EmbeddingLoss {
  /**
   * Checks the margins.
   *
   * @param positiveMargin distance below which a positive pair has no loss
   * @param negativeMargin distance above which a negative pair has no loss
   * @param squared whether the excess counts as half its square
   * @param activeOnly whether the means leave out the pairs without a loss
   * @throws IllegalArgumentException if a margin is out of its range
   */
  public Contrastive {
    Batches.checkNotNegative("positiveMargin", positiveMargin);
    Batches.checkPositive("negativeMargin", negativeMargin);
  }

  /**
   * The paper's form with margin 1 (unit vectors are at most 2 apart), means over active pairs.
   *
   * @return the loss
   */
  public static Contrastive defaults() {
    return new Contrastive(0, 1, true, true);
  }

  @Override
  public Operand<TFloat64> value(Ops tf, Operand<TInt64> labels, Operand<TFloat64> embeddings) {
    Operand<TFloat64> d = Batches.distances(tf, embeddings);
    // The square of the distance itself has a gradient where the distance has none.
    Operand<TFloat64> near =
        squared && positiveMargin == 0
            ? tf.math.mul(Batches.squaredDistances(tf, embeddings), tf.constant(0.5))
            : excess(tf, tf.math.sub(d, tf.constant(positiveMargin)));
    Operand<TFloat64> far = excess(tf, tf.math.sub(tf.constant(negativeMargin), d));
    return tf.math.add(
        mean(tf, near, Batches.positives(tf, labels)),
        mean(tf, far, Batches.negatives(tf, labels)));
  }

  private Operand<TFloat64> excess(Ops tf, Operand<TFloat64> over) {
    Operand<TFloat64> excess = tf.nn.relu(over);
    return squared ? tf.math.mul(tf.math.square(excess), tf.constant(0.5)) : excess;
  }

  private Operand<TFloat64> mean(Ops tf, Operand<TFloat64> losses, Operand<TBool> of) {
    Operand<TBool> counted =
        activeOnly ? tf.math.logicalAnd(of, tf.math.greater(losses, tf.constant(0.0))) : of;
    return Batches.mean(tf, losses, counted);
  }
}
