package org.medoid.graph.loss;

import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.ReduceMax;
import org.tensorflow.op.linalg.MatMul;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * Spectral clustering by matrix backpropagation: the space that the columns of the embeddings span
 * should be the one that the labels' indicators span.
 *
 * <p>C. Ionescu, O. Vantzos, C. Sminchisescu: "Matrix Backpropagation for Deep Networks with
 * Structured Layers", ICCV 2015, compare projections for their normalised cuts layer and derive the
 * gradient; M. T. Law, R. Urtasun, R. S. Zemel: "Deep Spectral Clustering Learning", ICML 2017, do
 * so for metric learning. With V [m, d] the embeddings, Y [m, C] the indicators of the classes in
 * the batch and P_A = A A⁺ the orthogonal projection on the columns of A:
 *
 * <pre>
 *   ‖P_V - P_Y‖²_F  =  rank V + C - 2 tr(P_V P_Y)
 *   gradient        =  -4 (I - P_V) P_Y V (Vᵀ V)⁺
 * </pre>
 *
 * <p>Neither projection is built: P_Y V is, in each row, the mean of the row's class, and (Vᵀ V)⁺
 * is d x d, from an eigendecomposition. TensorFlow's core has no gradient for that, so this loss
 * has its own, the closed form above (valid while the rank stays). A direction of V counts towards
 * its rank if its singular value exceeds the largest one times max(m, d) 2⁻²³, what float
 * embeddings resolve. The value is in [0, d + C] and does not change if all embeddings go through
 * the same invertible linear map. Some write half of it. Not in pytorch-metric-learning.
 *
 * <p>The batch must be larger than d: with m ≤ d points in general position P_V is the identity and
 * nothing can be learnt. It also tells classes apart best if C is not far from d: rank V + C - 2
 * min(d, C) is the smallest value that can be reached.
 *
 * <p>Cost: O(m d² + d³) time and O((m + d) d) memory.
 */
public record SpectralClustering() implements EmbeddingLoss {
  private static final String NOTHING =
      "has no gradient: the batch must be larger than the embedding";

  /**
   * Adds the loss in double precision.
   *
   * @param tf the ops of a graph or an eager session
   * @param labels int64 [m]
   * @param embeddings double [m, d], m greater than d
   * @return double scalar, differentiable once in the embeddings
   * @throws BatchTooSmallException if m and d are known and m is not greater; where they are not,
   *     the run fails
   */
  @Override
  public Operand<TFloat64> value(Ops tf, Operand<TInt64> labels, Operand<TFloat64> embeddings) {
    Operand<TFloat64> v = tf.stopGradient(larger(tf, embeddings));
    var eigen = tf.linalg.selfAdjointEig(tf.linalg.matMul(v, v, MatMul.transposeA(true)));
    Operand<TFloat64> lambda = eigen.e();
    Operand<TFloat64> side =
        tf.dtypes.cast(tf.reduceMax(tf.shape(v), tf.constant(0)), TFloat64.class);
    Operand<TFloat64> resolution =
        tf.math.mul(
            tf.math.square(tf.math.mul(side, tf.constant(0x1p-23))),
            tf.reduceMax(lambda, tf.constant(0), ReduceMax.keepDims(true)));
    Operand<TBool> counts = tf.math.greater(lambda, resolution);
    Operand<TFloat64> one = tf.constant(1.0);
    Operand<TFloat64> inverse =
        tf.math.div(Batches.number(tf, counts), tf.select(counts, lambda, one));
    Operand<TFloat64> pseudoInverse = // (Vᵀ V)⁺
        Batches.products(tf, tf.math.mul(eigen.v(), inverse), eigen.v());

    Batches.Classes classes = Batches.Classes.of(tf, labels);
    Operand<TFloat64> means = tf.math.div(classes.sums(tf, v), classes.sizes(tf));
    Operand<TFloat64> w = // P_Y V (Vᵀ V)⁺
        tf.linalg.matMul(tf.gather(means, classes.index(), tf.constant(0)), pseudoInverse);
    Operand<TFloat64> projected = // P_V w
        tf.linalg.matMul(
            v, tf.linalg.matMul(pseudoInverse, tf.linalg.matMul(v, w, MatMul.transposeA(true))));
    Operand<TFloat64> gradient =
        tf.stopGradient(tf.math.mul(tf.math.sub(projected, w), tf.constant(4.0)));
    Operand<TFloat64> value =
        tf.math.sub(
            tf.math.add(
                Batches.sum(tf, Batches.number(tf, counts)),
                tf.dtypes.cast(classes.number(), TFloat64.class)),
            tf.math.mul(tf.constant(2.0), Batches.sum(tf, tf.math.mul(v, w))));
    // Zero, with the gradient above.
    Operand<TFloat64> carrier = Batches.sum(tf, tf.math.mul(embeddings, gradient));
    return tf.math.add(tf.stopGradient(value), tf.math.sub(carrier, tf.stopGradient(carrier)));
  }

  /** The embeddings, if there are more of them than numbers in one. */
  private static Operand<TFloat64> larger(Ops tf, Operand<TFloat64> embeddings) {
    Shape shape = embeddings.shape();
    if (shape.numDimensions() == 2 && !shape.hasUnknownDimension()) {
      if (shape.get(0) <= shape.get(1)) {
        throw new BatchTooSmallException(
            "spectral clustering of %d embeddings of length %d %s"
                .formatted(shape.get(0), shape.get(1), NOTHING));
      }
      return embeddings;
    }
    Operand<TInt32> sizes = tf.shape(embeddings);
    Operand<TBool> more =
        tf.math.greater(
            tf.gather(sizes, tf.constant(0), tf.constant(0)),
            tf.gather(sizes, tf.constant(1), tf.constant(0)));
    Op check =
        tf.assertThat(more, List.<Operand<?>>of(tf.constant("spectral clustering " + NOTHING)));
    return tf.withControlDependencies(check).identity(embeddings);
  }
}
