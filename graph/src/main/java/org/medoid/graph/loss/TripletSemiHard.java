package org.medoid.graph.loss;

import java.util.Objects;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Gather;
import org.tensorflow.op.math.Cumsum;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * Triplet loss with semi-hard negatives: a negative should be farther from the anchor than the
 * positive, by a margin.
 *
 * <p>F. Schroff, D. Kalenichenko, J. Philbin: "FaceNet: A Unified Embedding for Face Recognition
 * and Clustering", CVPR 2015. A triplet of anchor a, positive p of its class and negative n of
 * another has the loss
 *
 * <pre>
 *   max(0, D(a,p) - D(a,n) + margin),   D = ‖f_a - f_p‖²   (or without the square)
 * </pre>
 *
 * <p>and is semi-hard if D(a,p) &lt; D(a,n) &lt; D(a,p) + margin. All ordered positive pairs of the
 * batch are used; which negatives, {@link Negatives} says: {@code NEAREST} is what TensorFlow's
 * {@code triplet_semihard_loss} has done since 2016, and the rival in the facility location paper.
 * {@code ALL} is pytorch-metric-learning's {@code TripletMarginLoss} with {@code
 * TripletMarginMiner(type_of_triplets="semihard")}, which takes distances without the square.
 *
 * <p>Cost: O(m² (d + log m)) time and O(m²) memory, no m³ triplets: the negatives of an anchor are
 * sorted once, the semi-hard ones of each positive are a range among them, found by bisection and
 * summed by prefix sums. A batch without positive or negative pairs has loss 0.
 *
 * @param margin positive, 0.2 in the paper
 * @param squared whether D is the squared Euclidean distance, as in the paper, or not
 * @param negatives which negatives a positive pair is compared with
 */
public record TripletSemiHard(double margin, boolean squared, Negatives negatives)
    implements EmbeddingLoss {
  /** The negatives that a pair of anchor and positive meets. */
  public enum Negatives {
    /**
     * One: the nearest that is farther than the positive, or if there is none, the farthest of all.
     * The loss is the mean over all positive pairs.
     */
    NEAREST,
    /** Every semi-hard one. The loss is the mean over all semi-hard triplets. */
    ALL
  }

  /** Farther than any distance. */
  private static final double FAR = 1e300;

  /**
   * Checks the margin.
   *
   * @param margin of the triplets
   * @param squared whether distances are squared
   * @param negatives which negatives a positive pair is compared with
   * @throws IllegalArgumentException if the margin is not positive
   */
  public TripletSemiHard {
    Batches.checkPositive("margin", margin);
    Objects.requireNonNull(negatives, "negatives");
  }

  /**
   * The paper's: margin 0.2, squared distances, the nearest semi-hard negative.
   *
   * @return the loss
   */
  public static TripletSemiHard defaults() {
    return new TripletSemiHard(0.2, true, Negatives.NEAREST);
  }

  @Override
  public Operand<TFloat64> value(Ops tf, Operand<TInt64> labels, Operand<TFloat64> embeddings) {
    Operand<TFloat64> d =
        squared ? Batches.squaredDistances(tf, embeddings) : Batches.distances(tf, embeddings);
    Operand<TBool> negative = Batches.negatives(tf, labels);
    Operand<TInt32> count = // [m, 1]
        Batches.column(tf, tf.reduceSum(tf.dtypes.cast(negative, TInt32.class), tf.constant(1)));
    // In each row the negatives in ascending order, then the others; no gradient in the order.
    Operand<TFloat64> fixed = tf.stopGradient(d);
    var order =
        tf.nn.topK(
            tf.math.neg(tf.select(negative, fixed, tf.constant(FAR))),
            tf.size(labels),
            TInt32.class);
    Operand<TFloat64> ascending = tf.math.neg(order.values());
    Operand<TFloat64> sorted = pick(tf, d, order.indices());
    Operand<TInt32> first = tf.upperBound(ascending, fixed);
    Operand<TBool> pairs =
        tf.math.logicalAnd(Batches.positives(tf, labels), tf.math.greater(count, tf.constant(0)));
    return negatives == Negatives.NEAREST
        ? nearest(tf, d, sorted, first, count, pairs)
        : all(tf, d, sorted, ascending, first, count, pairs);
  }

  private Operand<TFloat64> nearest(
      Ops tf,
      Operand<TFloat64> d,
      Operand<TFloat64> sorted,
      Operand<TInt32> first,
      Operand<TInt32> count,
      Operand<TBool> pairs) {
    Operand<TInt32> last = tf.math.maximum(tf.math.sub(count, tf.constant(1)), tf.constant(0));
    Operand<TFloat64> negative = pick(tf, sorted, tf.math.minimum(first, last));
    Operand<TFloat64> over = tf.math.add(tf.math.sub(d, negative), tf.constant(margin));
    return Batches.mean(tf, tf.nn.relu(over), pairs);
  }

  private Operand<TFloat64> all(
      Ops tf,
      Operand<TFloat64> d,
      Operand<TFloat64> sorted,
      Operand<TFloat64> ascending,
      Operand<TInt32> first,
      Operand<TInt32> count,
      Operand<TBool> pairs) {
    Operand<TFloat64> reach = tf.math.add(d, tf.constant(margin));
    Operand<TInt32> end = tf.math.maximum(first, tf.lowerBound(ascending, tf.stopGradient(reach)));
    // Exclusive sums; end is at most the number of negatives, which is less than m.
    Operand<TInt32> index =
        Batches.row(tf, tf.dtypes.cast(Batches.indices(tf, count), TInt32.class));
    Operand<TFloat64> before =
        tf.math.cumsum(
            tf.select(tf.math.less(index, count), sorted, tf.constant(0.0)),
            tf.constant(1),
            Cumsum.exclusive(true));
    Operand<TFloat64> number =
        tf.math.mul(
            tf.dtypes.cast(tf.math.sub(end, first), TFloat64.class), Batches.number(tf, pairs));
    Operand<TFloat64> sums = tf.math.sub(pick(tf, before, end), pick(tf, before, first));
    Operand<TFloat64> total =
        Batches.sum(
            tf,
            tf.math.sub(tf.math.mul(number, reach), tf.math.mul(sums, Batches.number(tf, pairs))));
    return tf.math.div(total, tf.math.maximum(Batches.sum(tf, number), tf.constant(1.0)));
  }

  /** In each row the values at these columns. */
  private static Operand<TFloat64> pick(Ops tf, Operand<TFloat64> rows, Operand<TInt32> columns) {
    return tf.gather(rows, columns, tf.constant(1), Gather.batchDims(1L));
  }
}
