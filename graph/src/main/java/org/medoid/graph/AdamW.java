package org.medoid.graph;

import java.util.ArrayList;
import java.util.List;
import org.medoid.graph.network.LayerVariable;
import org.tensorflow.Operand;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, "Decoupled Weight Decay Regularization",
 * ICLR 2019), on TensorFlow's ApplyAdam. A step first scales all gradients together so that their
 * global norm is at most clipNorm, then takes learning rate · weightDecay · w from every weight w
 * of two or more dimensions, then moves each variable as Adam does by the gradient alone: where the
 * learning rate is 0, nothing moves.
 *
 * <p>The slots of variable v are {@code v/Adam} and {@code v/Adam_1}. The bias correction takes the
 * number of steps from the graph.
 *
 * @param beta1 share of the mean gradient that a step keeps, in [0, 1)
 * @param beta2 share of the mean square that a step keeps, in [0, 1)
 * @param epsilon added to the root of the mean square, before its correction as TensorFlow has it
 * @param weightDecay λ, not negative; 0 for none
 * @param clipNorm the largest global norm, positive; 0 for no limit
 */
public record AdamW(float beta1, float beta2, float epsilon, float weightDecay, float clipNorm)
    implements Optimizer {
  /**
   * Checks the values.
   *
   * @param beta1 share of the mean gradient that a step keeps, in [0, 1)
   * @param beta2 share of the mean square that a step keeps, in [0, 1)
   * @param epsilon added to the root of the mean square
   * @param weightDecay λ, not negative; 0 for none
   * @param clipNorm the largest global norm, positive; 0 for no limit
   * @throws IllegalArgumentException if one is out of range
   */
  public AdamW {
    new Gradients.Check("AdamW")
        .share("beta1", beta1)
        .share("beta2", beta2)
        .notNegative("epsilon", epsilon)
        .notNegative("weight decay", weightDecay)
        .notNegative("clip norm", clipNorm);
  }

  /**
   * The usual values.
   *
   * @return beta1 0.9, beta2 0.999, epsilon 1e-8, no weight decay, no limit on the norm
   */
  public static AdamW defaults() {
    return new AdamW(0.9f, 0.999f, 1e-8f, 0, 0);
  }

  /**
   * The same with a weight decay.
   *
   * @param weightDecay λ, not negative; 0 for none
   * @return new settings
   */
  public AdamW withWeightDecay(float weightDecay) {
    return new AdamW(beta1, beta2, epsilon, weightDecay, clipNorm);
  }

  /**
   * The same with a limit on the norm of the gradients.
   *
   * @param clipNorm the largest global norm, positive; 0 for no limit
   * @return new settings
   */
  public AdamW withClipNorm(float clipNorm) {
    return new AdamW(beta1, beta2, epsilon, weightDecay, clipNorm);
  }

  @Override
  public List<Op> apply(
      Ops tf,
      List<LayerVariable> variables,
      List<Operand<TFloat32>> gradients,
      Rates rates,
      Operand<TInt64> step) {
    List<Operand<TFloat32>> clipped = Gradients.clipped(tf, gradients, clipNorm);
    Ops whenAll = tf.withControlDependencies(List.<Op>copyOf(clipped));
    Operand<TFloat32> next = tf.dtypes.cast(tf.math.add(step, tf.constant(1L)), TFloat32.class);
    Operand<TFloat32> power1 = tf.math.pow(tf.constant(beta1), next);
    Operand<TFloat32> power2 = tf.math.pow(tf.constant(beta2), next);
    List<Op> updates = new ArrayList<>();
    for (int i = 0; i < variables.size(); i++) {
      LayerVariable each = variables.get(i);
      Ops after = whenAll;
      if (weightDecay > 0 && Gradients.decays(each)) {
        Operand<TFloat32> share = whenAll.math.mul(rates.of(each), tf.constant(weightDecay));
        after =
            tf.withControlDependencies(
                whenAll.assignSub(each.variable(), whenAll.math.mul(each.variable(), share)));
      }
      updates.add(
          tf.train.applyAdam(
              each.variable(),
              Gradients.slot(tf, each, "Adam", 0),
              Gradients.slot(tf, each, "Adam_1", 0),
              power1,
              power2,
              rates.of(each),
              tf.constant(beta1),
              tf.constant(beta2),
              tf.constant(epsilon),
              after.identity(clipped.get(i))));
    }
    return updates;
  }
}
