package org.medoid.graph.loss;

import java.util.List;
import java.util.Objects;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.nn.Softmax;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TNumber;

/**
 * SoftTriple: classification by several trainable centres per class, of which the nearest counts
 * most.
 *
 * <p>Q. Qian, L. Shang, B. Sun, J. Hu, H. Li, R. Jin: "SoftTriple Loss: Deep Metric Learning
 * Without Triplet Sampling", ICCV 2019, without its term that merges centres. With K centres w_c^k
 * of each class, x and the centres scaled to length 1, y the class of x:
 *
 * <pre>
 *   S_c = sum_k softmax_k(x·w_c^k / γ) x·w_c^k
 *   mean over x of -log( exp(λ (S_y - δ)) / (exp(λ (S_y - δ)) + sum_{c != y} exp(λ S_c)) )
 * </pre>
 *
 * <p>The same as pytorch-metric-learning's {@code SoftTripleLoss(centers_per_class=K, la=λ,
 * gamma=γ, margin=δ)}, whose weights are the transposed centres.
 *
 * <p>Cost: O(m n K d) time and O(m n K) memory for n classes, whatever the batch holds.
 *
 * @param centres float or double [classes K, d], any length but 0; rows c K to c K + K - 1 are the
 *     centres of label c
 * @param perClass K, 1 or more
 * @param lambda λ, positive and finite; 20 in the paper
 * @param gamma γ, positive and finite; 0.1 in the paper
 * @param margin δ, finite, not negative; 0.01 in the paper
 */
public record SoftTriple(
    Operand<? extends TNumber> centres, int perClass, double lambda, double gamma, double margin)
    implements EmbeddingLoss {
  /**
   * Checks the numbers.
   *
   * @param centres K per class
   * @param perClass K
   * @param lambda λ
   * @param gamma γ
   * @param margin δ
   * @throws IllegalArgumentException if one is out of its range
   */
  public SoftTriple {
    Objects.requireNonNull(centres, "centres");
    Batches.check(perClass >= 1, "centres per class", "1 or more", perClass);
    Batches.checkPositive("lambda", lambda);
    Batches.checkPositive("gamma", gamma);
    Batches.checkNotNegative("margin", margin);
  }

  /**
   * The loss with centres that train in the graph.
   *
   * @param classes the number of training classes, 2 or more; labels are 0 .. classes - 1
   * @param perClass K, 1 or more; 10 in the paper
   * @param lambda λ, positive and finite; 20 in the paper
   * @param gamma γ, positive and finite; 0.1 in the paper
   * @param margin δ, finite, not negative; 0.01 in the paper
   * @return adds the loss and its centres
   */
  public static BatchLoss.Builder builder(
      int classes, int perClass, double lambda, double gamma, double margin) {
    Batches.check(classes >= 2, "the number of training classes", "2 or more", classes);
    return Proxies.builder(
        Math.multiplyExact(classes, perClass),
        centres -> new SoftTriple(centres, perClass, lambda, gamma, margin));
  }

  @Override
  public Operand<TFloat64> value(Ops tf, Operand<TInt64> labels, Operand<TFloat64> embeddings) {
    Operand<TFloat64> each =
        tf.reshape(
            Proxies.cosines(tf, embeddings, centres),
            tf.stack(List.of(tf.size(labels), tf.constant(-1), tf.constant(perClass))));
    Operand<TFloat64> weights = Softmax.create(tf.scope(), tf.math.div(each, tf.constant(gamma)));
    Operand<TFloat64> ofClasses = tf.reduceSum(tf.math.mul(weights, each), tf.constant(2));
    Operand<TFloat64> own = Batches.number(tf, Proxies.isOwn(tf, ofClasses, labels));
    Operand<TFloat64> logits =
        tf.math.mul(
            tf.math.sub(ofClasses, tf.math.mul(own, tf.constant(margin))), tf.constant(lambda));
    return tf.math.mean(
        tf.math.sub(Batches.logSumExp(tf, logits, 1), Proxies.own(tf, logits, labels)),
        tf.constant(0));
  }
}
