package org.medoid.graph.loss;

import java.util.Objects;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TNumber;

/**
 * Proxy-Anchor loss: each class's trainable proxy is an anchor for the whole batch.
 *
 * <p>S. Kim, D. Kim, M. Cho, S. Kwak: "Proxy Anchor Loss for Deep Metric Learning", CVPR 2020. With
 * cosine s, P all proxies, P⁺ those of the classes in the batch, X_p⁺ the points of p's class and
 * X_p⁻ the others:
 *
 * <pre>
 *   1/|P⁺| sum_{p in P⁺} log(1 + sum_{x in X_p⁺} exp(-α (s(x,p) - δ)))
 * + 1/|P|  sum_{p in P}  log(1 + sum_{x in X_p⁻} exp( α (s(x,p) + δ)))
 * </pre>
 *
 * <p>The same as pytorch-metric-learning's {@code ProxyAnchorLoss(margin=δ, alpha=α)}.
 *
 * <p>Cost: O(m n d) time and O(m n) memory for n classes, whatever the batch holds.
 *
 * @param proxies float or double [classes, d], any length but 0; row c is the proxy of label c
 * @param margin δ, finite, not negative; 0.1 in the paper
 * @param alpha α, positive and finite; 32 in the paper
 */
public record ProxyAnchor(Operand<? extends TNumber> proxies, double margin, double alpha)
    implements EmbeddingLoss {
  /**
   * Checks the numbers.
   *
   * @param proxies one per class
   * @param margin δ
   * @param alpha α
   * @throws IllegalArgumentException if one is out of its range
   */
  public ProxyAnchor {
    Objects.requireNonNull(proxies, "proxies");
    Batches.checkNotNegative("margin", margin);
    Batches.checkPositive("alpha", alpha);
  }

  /**
   * The loss with proxies that train in the graph.
   *
   * @param classes the number of training classes, 2 or more; labels are 0 .. classes - 1
   * @param margin δ, finite, not negative
   * @param alpha α, positive and finite
   * @return adds the loss and its proxies
   */
  public static BatchLoss.Builder builder(int classes, double margin, double alpha) {
    return Proxies.builder(classes, proxies -> new ProxyAnchor(proxies, margin, alpha));
  }

  @Override
  public Operand<TFloat64> value(Ops tf, Operand<TInt64> labels, Operand<TFloat64> embeddings) {
    Operand<TFloat64> cosines = Proxies.cosines(tf, embeddings, proxies);
    Operand<TBool> own = Proxies.isOwn(tf, cosines, labels);
    Operand<TFloat64> near =
        tf.math.mul(tf.math.sub(tf.constant(margin), cosines), tf.constant(alpha));
    Operand<TFloat64> far =
        tf.math.mul(tf.math.add(tf.constant(margin), cosines), tf.constant(alpha));
    // A class that is not in the batch has no positives, and the logarithm of 1.
    Operand<TFloat64> positive =
        Batches.sum(tf, Batches.logOnePlusSumExp(tf, Batches.masked(tf, near, own), 0));
    Operand<TFloat64> present =
        tf.dtypes.cast(Batches.Classes.of(tf, labels).number(), TFloat64.class);
    Operand<TFloat64> negative =
        Batches.logOnePlusSumExp(tf, Batches.masked(tf, far, tf.math.logicalNot(own)), 0);
    return tf.math.add(tf.math.div(positive, present), tf.math.mean(negative, tf.constant(0)));
  }
}
