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
 * RMSProp as TensorFlow 1 has it, the optimizer of the paper: the mean square of each gradient
 * starts at 1, so that the first steps are small. The learning rate is an operand, which
 * TensorFlow's framework bakes into the graph.
 *
 * <p>A step first adds weightDecay · w to the gradient of every weight w of two or more dimensions
 * (as TF-Slim does: biases and the betas of batch normalisation are left alone), then scales all
 * gradients together so that their global norm, the square root of the sum of all squares, is at
 * most clipNorm, then moves each variable. The slots of variable v are {@code v/RMSProp} and {@code
 * v/Momentum}.
 *
 * @param decay share of the mean square that a step keeps, in [0, 1)
 * @param momentum share of the last step that is repeated, in [0, 1)
 * @param epsilon added to the mean square
 * @param weightDecay λ, not negative; 0 for none
 * @param clipNorm the largest global norm, positive; 0 for no limit
 */
public record RmsProp(float decay, float momentum, float epsilon, float weightDecay, float clipNorm)
    implements Optimizer {
  /**
   * Checks the values.
   *
   * @param decay share of the mean square that a step keeps, in [0, 1)
   * @param momentum share of the last step that is repeated, in [0, 1)
   * @param epsilon added to the mean square
   * @param weightDecay λ, not negative; 0 for none
   * @param clipNorm the largest global norm, positive; 0 for no limit
   * @throws IllegalArgumentException if one is out of range
   */
  public RmsProp {
    new Gradients.Check("RMSProp")
        .share("decay", decay)
        .share("momentum", momentum)
        .notNegative("epsilon", epsilon)
        .notNegative("weight decay", weightDecay)
        .notNegative("clip norm", clipNorm);
  }

  /**
   * TensorFlow's own defaults.
   *
   * @return decay 0.9, no momentum, epsilon 1e-10, no weight decay, no limit on the norm
   */
  public static RmsProp defaults() {
    return new RmsProp(0.9f, 0, 1e-10f, 0, 0);
  }

  /**
   * The same with a weight decay.
   *
   * @param weightDecay λ, not negative; 0 for none
   * @return new settings
   */
  public RmsProp withWeightDecay(float weightDecay) {
    return new RmsProp(decay, momentum, epsilon, weightDecay, clipNorm);
  }

  /**
   * The same with a limit on the norm of the gradients.
   *
   * @param clipNorm the largest global norm, positive; 0 for no limit
   * @return new settings
   */
  public RmsProp withClipNorm(float clipNorm) {
    return new RmsProp(decay, momentum, epsilon, weightDecay, clipNorm);
  }

  @Override
  public List<Op> apply(
      Ops tf,
      List<LayerVariable> variables,
      List<Operand<TFloat32>> gradients,
      Rates rates,
      Operand<TInt64> step) {
    List<Operand<TFloat32>> moving =
        Gradients.clipped(tf, decayed(tf, variables, gradients), clipNorm);
    // Whatever reads a variable, the decay of its weights too, must have read it before the first
    // update.
    Ops whenAll = tf.withControlDependencies(List.<Op>copyOf(moving));
    List<Op> updates = new ArrayList<>();
    for (int i = 0; i < variables.size(); i++) {
      LayerVariable each = variables.get(i);
      updates.add(
          tf.train.applyRmsProp(
              each.variable(),
              Gradients.slot(tf, each, "RMSProp", 1),
              Gradients.slot(tf, each, "Momentum", 0),
              rates.of(each),
              tf.constant(decay),
              tf.constant(momentum),
              tf.constant(epsilon),
              weightDecay == 0 && clipNorm == 0
                  ? gradients.get(i)
                  : whenAll.identity(moving.get(i))));
    }
    return updates;
  }

  private List<Operand<TFloat32>> decayed(
      Ops tf, List<LayerVariable> variables, List<Operand<TFloat32>> gradients) {
    List<Operand<TFloat32>> decayed = new ArrayList<>(gradients);
    for (int i = 0; weightDecay > 0 && i < decayed.size(); i++) {
      if (Gradients.decays(variables.get(i))) {
        decayed.set(
            i,
            tf.math.add(
                gradients.get(i),
                tf.math.mul(variables.get(i).variable(), tf.constant(weightDecay))));
      }
    }
    return decayed;
  }
}
