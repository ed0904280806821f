package org.medoid.graph.network;

import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.op.nn.FusedBatchNorm;
import org.tensorflow.types.TFloat32;

/** Batch normalisation as {@link Layers} defines it. */
final class BatchNorm {
  /** Slim's epsilon; the operation's own default is 1e-4. */
  private static final float EPSILON = 0.001f;

  private BatchNorm() {}

  /** Normalises x [batch, height, width, channels] in the current scope. */
  static Operand<TFloat32> of(Layers layers, Operand<TFloat32> x) {
    Ops tf = layers.tf();
    Shape shape = Shape.of(layers.channels(x));
    Variable<TFloat32> beta = layers.variable("beta", shape, true, Initializer.constant(0));
    Variable<TFloat32> mean = layers.variable("moving_mean", shape, false, Initializer.constant(0));
    Variable<TFloat32> variance =
        layers.variable("moving_variance", shape, false, Initializer.constant(1));
    Operand<TFloat32> one = tf.fill(tf.constant(shape), tf.constant(1f));
    boolean frozen =
        layers.mode() == Layers.Mode.INFERENCE
            || layers.options().batchNormalization() == Layers.BatchNormalization.FROZEN
            || layers.frozen();
    if (!frozen && layers.exchange().workers() > 1) {
      return ofAllWorkers(layers, x, beta, mean, variance);
    }
    // In training the operation wants the averages empty: it would mix them in otherwise.
    Operand<TFloat32> empty = tf.constant(new float[0]);
    FusedBatchNorm<TFloat32, TFloat32> norm =
        tf.nn.fusedBatchNorm(
            x,
            one,
            beta,
            frozen ? mean : empty,
            frozen ? variance : empty,
            FusedBatchNorm.epsilon(EPSILON),
            FusedBatchNorm.isTraining(!frozen));
    if (!frozen) {
      move(layers, mean, norm.batchMean());
      move(layers, variance, norm.batchVariance());
    }
    return norm.y();
  }

  /** By the means and variances of all workers' images, of which each has as many. */
  private static Operand<TFloat32> ofAllWorkers(
      Layers layers,
      Operand<TFloat32> x,
      Operand<TFloat32> beta,
      Variable<TFloat32> movingMean,
      Variable<TFloat32> movingVariance) {
    Ops tf = layers.tf();
    Operand<TFloat32> mean = meanOfAll(layers, x);
    // Centred first: the difference of two means of squares would lose the digits of a small one.
    Operand<TFloat32> centred = tf.math.sub(x, mean);
    Operand<TFloat32> variance = meanOfAll(layers, tf.math.square(centred));
    Operand<TFloat32> deviation = tf.math.rsqrt(tf.math.add(variance, tf.constant(EPSILON)));
    move(layers, movingMean, mean);
    Operand<TFloat32> n =
        tf.math.mul(
            tf.dtypes.cast(tf.size(x), TFloat32.class),
            tf.constant((float) layers.exchange().workers() / layers.channels(x)));
    Operand<TFloat32> one = tf.constant(1f);
    Operand<TFloat32> bessel = tf.math.div(n, tf.math.maximum(tf.math.sub(n, one), one));
    move(layers, movingVariance, tf.math.mul(variance, bessel));
    return tf.math.add(tf.math.mul(centred, deviation), beta);
  }

  private static Operand<TFloat32> meanOfAll(Layers layers, Operand<TFloat32> x) {
    Ops tf = layers.tf();
    return tf.math.mul(
        layers.exchange().differentiableSum(tf, tf.math.mean(x, tf.constant(new int[] {0, 1, 2}))),
        tf.constant(1f / layers.exchange().workers()));
  }

  private static void move(Layers layers, Variable<TFloat32> average, Operand<TFloat32> batch) {
    Ops tf = layers.tf();
    Operand<TFloat32> share = tf.constant((float) (1 - layers.options().movingAverageDecay()));
    layers.update(tf.assignSub(average, tf.math.mul(tf.math.sub(average, batch), share)));
  }
}
