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

  private static void move(Layers layers, Variable<TFloat32> average, Operand<TFloat32> batch) {
    Ops tf = layers.tf();
    Operand<TFloat32> share = tf.constant((float) (1 - layers.options().movingAverageDecay()));
    layers.update(tf.assignSub(average, tf.math.mul(tf.math.sub(average, batch), share)));
  }
}
