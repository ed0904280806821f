package org.medoid.graph.loss;

import java.util.Objects;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TNumber;

/**
 * Proxy-NCA: neighbourhood component analysis against one trainable proxy per class.
 *
 * <p>Y. Movshovitz-Attias, A. Toshev, T. K. Leung, S. Ioffe, S. Singh: "No Fuss Distance Metric
 * Learning using Proxies", ICCV 2017, static assignment of one proxy to each class. With x and the
 * proxies scaled to length 1, p(x) the proxy of the class of x and D the squared Euclidean distance
 * (2 - 2 cos):
 *
 * <pre>
 *   mean over x of -log( exp(-s D(x, p(x))) / sum_{p ≠ p(x)} exp(-s D(x, p)) )
 * </pre>
 *
 * <p>The paper leaves its own proxy out of the denominator, hence the loss can be negative; with
 * {@code ownInDenominator} it is in, a softmax, as in pytorch-metric-learning's {@code
 * ProxyNCALoss(softmax_scale=s)} and in "ProxyNCA++" (E. W. Teh, T. DeVries, G. W. Taylor, ECCV
 * 2020).
 *
 * <p>Cost: O(m n d) time and O(m n) memory for n classes, whatever the batch holds.
 *
 * @param proxies float or double [classes, d], any length but 0; row c is the proxy of label c
 * @param scale s, positive and finite
 * @param ownInDenominator whether a point's own proxy is in the denominator
 */
public record ProxyNca(Operand<? extends TNumber> proxies, double scale, boolean ownInDenominator)
    implements EmbeddingLoss {
  /**
   * Checks the scale.
   *
   * @param proxies one per class
   * @param scale s
   * @param ownInDenominator whether a point's own proxy is in the denominator
   * @throws IllegalArgumentException if the scale is not positive and finite
   */
  public ProxyNca {
    Objects.requireNonNull(proxies, "proxies");
    Batches.checkPositive("scale", scale);
  }

  /**
   * The loss with proxies that train in the graph.
   *
   * @param classes the number of training classes, 2 or more; labels are 0 .. classes - 1
   * @param scale s, positive and finite; 9 stands for vectors of length 3: at length 1 a softmax
   *     over distances in [0, 4] stays flat
   * @param ownInDenominator whether a point's own proxy is in the denominator; not in the paper's
   *     form
   * @return adds the loss and its proxies
   */
  public static BatchLoss.Builder builder(int classes, double scale, boolean ownInDenominator) {
    return Proxies.builder(classes, proxies -> new ProxyNca(proxies, scale, ownInDenominator));
  }

  @Override
  public Operand<TFloat64> value(Ops tf, Operand<TInt64> labels, Operand<TFloat64> embeddings) {
    Operand<TFloat64> cosines = Proxies.cosines(tf, embeddings, proxies);
    Operand<TFloat64> logits =
        tf.math.mul(tf.math.sub(cosines, tf.constant(1.0)), tf.constant(2 * scale));
    Operand<TFloat64> against =
        ownInDenominator
            ? logits
            : Batches.masked(tf, logits, tf.math.logicalNot(Proxies.isOwn(tf, logits, labels)));
    return tf.math.mean(
        tf.math.sub(Batches.logSumExp(tf, against, 1), Proxies.own(tf, logits, labels)),
        tf.constant(0));
  }
}
