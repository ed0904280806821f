package org.medoid.graph.loss;

import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt64;

/**
 * Smooth-AP: one minus the average precision of the batch, each comparison of two ranks made
 * smooth.
 *
 * <p>A. Brown, W. Xie, V. Kalogeiton, A. Zisserman: "Smooth-AP: Smoothing the Path Towards
 * Large-Scale Image Retrieval", ECCV 2020. With cosine s, σ the logistic function, temperature τ
 * and P_i the points of i's class, i itself included:
 *
 * <pre>
 *   1 - 1/m sum_i 1/|P_i| sum_{j in P_i} R(i, j, P_i) / R(i, j, all)
 *   R(i, j, S) = 1 + sum_{k in S, k != j} σ((s_ik - s_ij) / τ)
 * </pre>
 *
 * <p>The same as pytorch-metric-learning's {@code SmoothAPLoss(temperature=τ,
 * reducer=MeanReducer())} for n classes of n points: it demands classes of one size, and version
 * 2.9 takes that size for their number. Here they may be of any sizes.
 *
 * <p>Cost: O(m³) time and memory: some 17 MB for each of a dozen tensors at m = 128, 1.1 GB at 512.
 *
 * @param temperature τ, positive and finite; 0.01 in the paper
 */
public record SmoothAp(double temperature) implements EmbeddingLoss {
  /**
   * Checks the temperature.
   *
   * @param temperature τ
   * @throws IllegalArgumentException if it is not positive and finite
   */
  public SmoothAp {
    Batches.checkPositive("temperature", temperature);
  }

  @Override
  public Operand<TFloat64> value(Ops tf, Operand<TInt64> labels, Operand<TFloat64> embeddings) {
    Operand<TFloat64> x = Batches.normalized(tf, embeddings);
    Operand<TFloat64> s = Batches.products(tf, x, x);
    Operand<TFloat64> same = Batches.number(tf, Batches.same(tf, labels));
    // above[i, j, k]: how much k ranks above j for the query i
    Operand<TFloat64> above =
        tf.math.sigmoid(
            tf.math.div(
                tf.math.sub(tf.expandDims(s, tf.constant(1)), tf.expandDims(s, tf.constant(2))),
                tf.constant(temperature)));
    // A point compared with itself is 1/2: with half a place less, no mask for it is needed.
    Operand<TFloat64> all = tf.math.add(tf.reduceSum(above, tf.constant(2)), tf.constant(0.5));
    Operand<TFloat64> among =
        tf.math.add(
            tf.reduceSum(tf.math.mul(above, tf.expandDims(same, tf.constant(1))), tf.constant(2)),
            tf.constant(0.5));
    Operand<TBool> positive = Batches.same(tf, labels);
    Operand<TFloat64> precisions =
        tf.reduceSum(
            tf.select(positive, tf.math.div(among, all), tf.constant(0.0)), tf.constant(1));
    Operand<TFloat64> ofQuery = tf.math.div(precisions, tf.reduceSum(same, tf.constant(1)));
    return tf.math.sub(tf.constant(1.0), tf.math.mean(ofQuery, tf.constant(0)));
  }
}
