package org.medoid.graph.loss;

import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.ReduceMax;
import org.tensorflow.op.core.ReduceSum;
import org.tensorflow.op.core.Squeeze;
import org.tensorflow.op.core.Stack;
import org.tensorflow.op.linalg.MatMul;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TNumber;

/**
 * What the losses have in common: pairs of a batch, sums over some of them, and their limits where
 * there is nothing to sum. No gradient here is ever NaN for finite embeddings.
 */
final class Batches {
  /** The logarithm of nothing: exp of it is 0, and a sum with any loss stays finite. */
  static final double LOW = -1e300;

  /**
   * A squared distance of at most this share of the squared lengths is rounding: eight units in the
   * last place of the inner products it is a difference of.
   */
  private static final double ROUNDING = 0x1p-50;

  private Batches() {}

  /** Which pairs [m, m] are of one class, each point with itself included. */
  static Operand<TBool> same(Ops tf, Operand<TInt64> labels) {
    return tf.math.equal(column(tf, labels), row(tf, labels));
  }

  /** Which pairs [m, m] are different points of one class. */
  static Operand<TBool> positives(Ops tf, Operand<TInt64> labels) {
    Operand<TInt64> index = indices(tf, labels);
    return tf.math.logicalAnd(
        same(tf, labels), tf.math.notEqual(column(tf, index), row(tf, index)));
  }

  /** Which pairs [m, m] are of two classes. */
  static Operand<TBool> negatives(Ops tf, Operand<TInt64> labels) {
    return tf.math.logicalNot(same(tf, labels));
  }

  /** 0, 1, ..., m - 1. */
  static Operand<TInt64> indices(Ops tf, Operand<? extends TNumber> batch) {
    return tf.range(tf.constant(0L), tf.size(batch, TInt64.class), tf.constant(1L));
  }

  /**
   * Labels as int64 [m], one for each row of the embeddings.
   *
   * @throws IllegalArgumentException if they are known to be more or fewer; running the graph fails
   *     where they turn out to be
   */
  static Operand<TInt64> labels(
      Ops tf, Operand<? extends TNumber> labels, Operand<? extends TNumber> embeddings) {
    long given = labels.shape().size();
    long rows = embeddings.shape().isUnknown() ? -1 : embeddings.shape().get(0);
    if (given >= 0 && rows >= 0 && given != rows) {
      throw new IllegalArgumentException(
          "labels has shape %s, not one for each of the %d rows of embeddings"
              .formatted(labels.shape(), rows));
    }
    Operand<TInt64> all = tf.shape(embeddings, TInt64.class);
    Operand<TInt64> count = tf.slice(all, tf.array(0L), tf.array(1L));
    return tf.reshape(tf.dtypes.cast(labels, TInt64.class), count);
  }

  static <T extends TNumber> Operand<T> column(Ops tf, Operand<T> vector) {
    return tf.expandDims(vector, tf.constant(1));
  }

  static <T extends TNumber> Operand<T> row(Ops tf, Operand<T> vector) {
    return tf.expandDims(vector, tf.constant(0));
  }

  /** Inner products of all rows of x with all rows of y. */
  static Operand<TFloat64> products(Ops tf, Operand<TFloat64> x, Operand<TFloat64> y) {
    return tf.linalg.matMul(x, y, MatMul.transposeB(true));
  }

  /** Squared Euclidean distances [m, m] of the rows; 0, with gradient 0, within rounding of 0. */
  static Operand<TFloat64> squaredDistances(Ops tf, Operand<TFloat64> x) {
    Operand<TFloat64> lengths = tf.reduceSum(tf.math.square(x), tf.constant(1));
    Operand<TFloat64> both = tf.math.add(column(tf, lengths), row(tf, lengths));
    Operand<TFloat64> squares =
        tf.math.sub(both, tf.math.mul(tf.constant(2.0), products(tf, x, x)));
    return tf.select(
        tf.math.greater(squares, tf.math.mul(both, tf.constant(ROUNDING))),
        squares,
        tf.constant(0.0));
  }

  /** Euclidean distances [m, m] of the rows; the gradient of a distance of 0 is 0. */
  static Operand<TFloat64> distances(Ops tf, Operand<TFloat64> x) {
    Operand<TFloat64> squares = squaredDistances(tf, x);
    Operand<TBool> apart = tf.math.greater(squares, tf.constant(0.0));
    // Twice, because the gradient of the root at 0 is infinite, and 0 times that is NaN.
    Operand<TFloat64> safe = tf.select(apart, squares, tf.constant(1.0));
    return tf.select(apart, tf.math.sqrt(safe), tf.constant(0.0));
  }

  /** Rows scaled to length 1; a row of zeros stays zero. */
  static Operand<TFloat64> normalized(Ops tf, Operand<TFloat64> x) {
    Operand<TFloat64> squares =
        tf.reduceSum(tf.math.square(x), tf.constant(1), ReduceSum.keepDims(true));
    return tf.math.mul(x, tf.math.rsqrt(tf.math.maximum(squares, tf.constant(1e-24))));
  }

  /** The mean of some values, 0 if there are none. */
  static Operand<TFloat64> mean(Ops tf, Operand<TFloat64> values, Operand<TBool> of) {
    Operand<TFloat64> sum = sum(tf, tf.select(of, values, tf.constant(0.0)));
    return tf.math.div(sum, tf.math.maximum(sum(tf, number(tf, of)), tf.constant(1.0)));
  }

  /** The sum of all values. */
  static Operand<TFloat64> sum(Ops tf, Operand<TFloat64> values) {
    return tf.reduceSum(values, tf.range(tf.constant(0), tf.rank(values), tf.constant(1)));
  }

  /** 1 for true, 0 for false. */
  static Operand<TFloat64> number(Ops tf, Operand<TBool> condition) {
    return tf.dtypes.cast(condition, TFloat64.class);
  }

  /** log(sum of exp) along an axis; about {@link #LOW} where all are masked out. */
  static Operand<TFloat64> logSumExp(Ops tf, Operand<TFloat64> logits, int axis) {
    Operand<TFloat64> top = top(tf, logits, axis);
    return tf.math.add(
        tf.squeeze(top, Squeeze.axis(List.of((long) axis))),
        tf.math.log(tf.reduceSum(tf.math.exp(tf.math.sub(logits, top)), tf.constant(axis))));
  }

  /** log(1 + sum of exp) along an axis; 0 where all are masked out. */
  static Operand<TFloat64> logOnePlusSumExp(Ops tf, Operand<TFloat64> logits, int axis) {
    Operand<TFloat64> top = tf.math.maximum(top(tf, logits, axis), tf.constant(0.0));
    Operand<TFloat64> flat = tf.squeeze(top, Squeeze.axis(List.of((long) axis)));
    Operand<TFloat64> rest = tf.reduceSum(tf.math.exp(tf.math.sub(logits, top)), tf.constant(axis));
    return tf.math.add(flat, tf.math.log(tf.math.add(tf.math.exp(tf.math.neg(flat)), rest)));
  }

  private static Operand<TFloat64> top(Ops tf, Operand<TFloat64> logits, int axis) {
    return tf.stopGradient(tf.reduceMax(logits, tf.constant(axis), ReduceMax.keepDims(true)));
  }

  /** The logits of some, {@link #LOW} for the others. */
  static Operand<TFloat64> masked(Ops tf, Operand<TFloat64> logits, Operand<TBool> of) {
    return tf.select(of, logits, tf.constant(LOW));
  }

  /** Places [m, 2]: in row i the column that the label i says. */
  static Operand<TInt64> places(Ops tf, Operand<TInt64> labels) {
    return tf.stack(List.of(indices(tf, labels), labels), Stack.axis(1L));
  }

  /** The classes of a batch, numbered in the order of their first appearance. */
  record Classes(Operand<TInt32> index, Operand<TInt32> number) {
    static Classes of(Ops tf, Operand<TInt64> labels) {
      var unique = tf.unique(labels, tf.constant(new int[] {0}));
      return new Classes(unique.idx(), tf.size(unique.y()));
    }

    /** Sums of the rows of each class. */
    Operand<TFloat64> sums(Ops tf, Operand<TFloat64> x) {
      return tf.math.unsortedSegmentSum(x, index, number);
    }

    /** How many points [C, 1] each class has. */
    Operand<TFloat64> sizes(Ops tf) {
      return sums(
          tf,
          tf.math.add(
              tf.constant(1.0), column(tf, tf.dtypes.cast(tf.zerosLike(index), TFloat64.class))));
    }
  }

  /**
   * A loss times a weight.
   *
   * @throws IllegalArgumentException if the weight is not a scalar
   */
  static <T extends TNumber> Operand<T> scaled(Ops tf, Operand<T> loss, Operand<T> weight) {
    if (weight == null) {
      return loss;
    }
    if (weight.shape().numDimensions() != 0) {
      throw new IllegalArgumentException(
          "sampleWeights must be a scalar, not of shape "
              + weight.shape()
              + ": a loss on a batch as a whole has no term per sample");
    }
    return tf.math.mul(loss, weight);
  }

  /**
   * Checks a setting of a loss.
   *
   * @throws IllegalArgumentException if it does not hold
   */
  static void check(boolean holds, String setting, String must, double got) {
    if (!holds) {
      throw new IllegalArgumentException(setting + " must be " + must + ", got " + got);
    }
  }

  static void checkPositive(String setting, double got) {
    check(got > 0 && got < Double.POSITIVE_INFINITY, setting, "positive and finite", got);
  }

  static void checkNotNegative(String setting, double got) {
    check(got >= 0 && got < Double.POSITIVE_INFINITY, setting, "finite and not negative", got);
  }
}
