package org.medoid.graph.loss;

import java.util.Objects;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TNumber;

/**
 * ArcFace: classification by the angle to a trainable vector per class, which the own class must
 * win by a margin.
 *
 * <p>J. Deng, J. Guo, N. Xue, S. Zafeiriou: "ArcFace: Additive Angular Margin Loss for Deep Face
 * Recognition", CVPR 2019. With θ_c the angle between x and the proxy of class c, y the class of x:
 *
 * <pre>
 *   mean over x of -log( exp(s ψ(θ_y)) / (exp(s ψ(θ_y)) + sum_{c != y} exp(s cos θ_c)) )
 *   ψ(θ) = cos(θ + μ) for θ &lt;= π - μ, cos θ - μ sin μ beyond
 * </pre>
 *
 * <p>Up to μ = 2.33 (133 degrees) ψ falls everywhere, which is what its second branch is for; with
 * a larger margin it jumps up at π - μ.
 *
 * <p>The same as pytorch-metric-learning's {@code ArcFaceLoss(margin=μ in degrees, scale=s)}, whose
 * weights are the transposed proxies.
 *
 * <p>Cost: O(m n d) time and O(m n) memory for n classes, whatever the batch holds. The gradient is
 * 0 in a cosine of ±1 (there the angle has none).
 *
 * @param proxies float or double [classes, d], any length but 0; row c is the proxy of label c
 * @param margin μ in radians, in [0, π)
 * @param scale s, positive and finite
 */
public record ArcFace(Operand<? extends TNumber> proxies, double margin, double scale)
    implements EmbeddingLoss {
  /**
   * Checks the numbers.
   *
   * @param proxies one per class
   * @param margin μ
   * @param scale s
   * @throws IllegalArgumentException if one is out of its range
   */
  public ArcFace {
    Objects.requireNonNull(proxies, "proxies");
    Batches.check(margin >= 0 && margin < Math.PI, "margin", "in [0, π)", margin);
    Batches.checkPositive("scale", scale);
  }

  /**
   * The loss with proxies that train in the graph.
   *
   * @param classes the number of training classes, 2 or more; labels are 0 .. classes - 1
   * @param margin μ in radians, in [0, π); 0.5 in the paper
   * @param scale s, positive and finite; 64 in the paper
   * @return adds the loss and its proxies
   */
  public static BatchLoss.Builder builder(int classes, double margin, double scale) {
    return Proxies.builder(classes, proxies -> new ArcFace(proxies, margin, scale));
  }

  @Override
  public Operand<TFloat64> value(Ops tf, Operand<TInt64> labels, Operand<TFloat64> embeddings) {
    Operand<TFloat64> cosines = Proxies.cosines(tf, embeddings, proxies);
    Operand<TFloat64> own = Proxies.own(tf, cosines, labels);
    Operand<TFloat64> moved = moved(tf, own);
    Operand<TBool> isOwn = Proxies.isOwn(tf, cosines, labels);
    Operand<TFloat64> logits =
        tf.math.mul(tf.select(isOwn, Batches.column(tf, moved), cosines), tf.constant(scale));
    return tf.math.mean(
        tf.math.sub(Batches.logSumExp(tf, logits, 1), tf.math.mul(moved, tf.constant(scale))),
        tf.constant(0));
  }

  /** ψ of the angle of a cosine, without the angle: cos(θ + μ) = cos θ cos μ - sin θ sin μ. */
  private Operand<TFloat64> moved(Ops tf, Operand<TFloat64> cosine) {
    Operand<TFloat64> squares = tf.math.sub(tf.constant(1.0), tf.math.square(cosine));
    Operand<TBool> inside = tf.math.greater(squares, tf.constant(0.0));
    // Twice, because the gradient of the root at 0 is infinite, and 0 times that is NaN.
    Operand<TFloat64> sine =
        tf.select(
            inside, tf.math.sqrt(tf.select(inside, squares, tf.constant(1.0))), tf.constant(0.0));
    Operand<TFloat64> turned =
        tf.math.sub(
            tf.math.mul(cosine, tf.constant(Math.cos(margin))),
            tf.math.mul(sine, tf.constant(Math.sin(margin))));
    Operand<TFloat64> beyond = tf.math.sub(cosine, tf.constant(margin * Math.sin(margin)));
    return tf.select(
        tf.math.greaterEqual(cosine, tf.constant(Math.cos(Math.PI - margin))), turned, beyond);
  }
}
