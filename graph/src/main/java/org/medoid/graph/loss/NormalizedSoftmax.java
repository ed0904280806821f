package org.medoid.graph.loss;

import java.util.Objects;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TNumber;

/**
 * Normalised softmax: classification by the cosine with a trainable vector per class.
 *
 * <p>A. Zhai, H.-Y. Wu: "Classification is a Strong Baseline for Deep Metric Learning", BMVC 2019;
 * earlier F. Wang, X. Xiang, J. Cheng, A. L. Yuille: "NormFace: L2 Hypersphere Embedding for Face
 * Verification", ACM Multimedia 2017. With x and the proxies scaled to length 1 and temperature σ:
 *
 * <pre>
 *   mean over x of -log( exp(x·p(x) / σ) / sum_p exp(x·p / σ) )
 * </pre>
 *
 * <p>The same as pytorch-metric-learning's {@code NormalizedSoftmaxLoss(temperature=σ)}, whose
 * weights are the transposed proxies.
 *
 * <p>Cost: O(m n d) time and O(m n) memory for n classes, whatever the batch holds.
 *
 * @param proxies float or double [classes, d], any length but 0; row c is the proxy of label c
 * @param temperature σ, positive and finite; 0.05 in the paper
 */
public record NormalizedSoftmax(Operand<? extends TNumber> proxies, double temperature)
    implements EmbeddingLoss {
  /**
   * Checks the temperature.
   *
   * @param proxies one per class
   * @param temperature σ
   * @throws IllegalArgumentException if it is not positive and finite
   */
  public NormalizedSoftmax {
    Objects.requireNonNull(proxies, "proxies");
    Batches.checkPositive("temperature", temperature);
  }

  /**
   * The loss with proxies that train in the graph.
   *
   * @param classes the number of training classes, 2 or more; labels are 0 .. classes - 1
   * @param temperature σ, positive and finite
   * @return adds the loss and its proxies
   */
  public static BatchLoss.Builder builder(int classes, double temperature) {
    return Proxies.builder(classes, proxies -> new NormalizedSoftmax(proxies, temperature));
  }

  @Override
  public Operand<TFloat64> value(Ops tf, Operand<TInt64> labels, Operand<TFloat64> embeddings) {
    Operand<TFloat64> logits =
        tf.math.div(Proxies.cosines(tf, embeddings, proxies), tf.constant(temperature));
    return tf.math.mean(
        tf.math.sub(Batches.logSumExp(tf, logits, 1), Proxies.own(tf, logits, labels)),
        tf.constant(0));
  }
}
