package org.medoid.graph;

import java.util.ArrayList;
import java.util.List;
import org.medoid.graph.network.LayerVariable;
import org.tensorflow.Operand;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TFloat32;

/**
 * RMSProp as TensorFlow 1 has it, the optimizer of the paper: the mean square of each gradient
 * starts at 1, so that the first steps are small. The learning rate is an operand, which
 * TensorFlow's framework bakes into the graph.
 *
 * <p>A step first adds weightDecay · w to the gradient of every weight w of two or more dimensions
 * (as TF-Slim does: biases and the betas of batch normalisation are left alone), then scales all
 * gradients together so that their global norm, the square root of the sum of all squares, is at
 * most clipNorm, then moves each variable, those of the backbone by backboneRate times the learning
 * rate.
 *
 * @param decay share of the mean square that a step keeps, in [0, 1)
 * @param momentum share of the last step that is repeated, in [0, 1)
 * @param epsilon added to the mean square
 * @param weightDecay λ, not negative; 0 for none
 * @param clipNorm the largest global norm, positive; 0 for no limit
 * @param backboneRate factor on the learning rate of {@link LayerVariable.Group#BACKBONE}, not
 *     negative
 */
public record RmsProp(
    float decay,
    float momentum,
    float epsilon,
    float weightDecay,
    float clipNorm,
    float backboneRate) {
  /**
   * Checks the values.
   *
   * @param decay share of the mean square that a step keeps, in [0, 1)
   * @param momentum share of the last step that is repeated, in [0, 1)
   * @param epsilon added to the mean square
   * @param weightDecay λ, not negative; 0 for none
   * @param clipNorm the largest global norm, positive; 0 for no limit
   * @param backboneRate factor on the learning rate of the backbone, not negative
   * @throws IllegalArgumentException if one is out of range
   */
  public RmsProp {
    check("decay", decay, decay >= 0 && decay < 1);
    check("momentum", momentum, momentum >= 0 && momentum < 1);
    check("epsilon", epsilon, epsilon >= 0 && Float.isFinite(epsilon));
    check("weight decay", weightDecay, weightDecay >= 0 && Float.isFinite(weightDecay));
    check("clip norm", clipNorm, clipNorm >= 0 && Float.isFinite(clipNorm));
    check("backbone rate", backboneRate, backboneRate >= 0 && Float.isFinite(backboneRate));
  }

  private static void check(String what, float value, boolean holds) {
    if (!holds) {
      throw new IllegalArgumentException("RMSProp cannot have a " + what + " of " + value);
    }
  }

  /**
   * How much faster proxies move than the network. RMSProp moves every value by about the learning
   * rate, and a proxy has to turn by a right angle where the network is tuned finely; the papers
   * use factors from 10 to 100.
   */
  private static final float PROXY_RATE = 10;

  /**
   * TensorFlow's own defaults.
   *
   * @return decay 0.9, no momentum, epsilon 1e-10, no weight decay, no limit on the norm, one
   *     learning rate for all
   */
  public static RmsProp defaults() {
    return new RmsProp(0.9f, 0, 1e-10f, 0, 0, 1);
  }

  /**
   * The same with a weight decay.
   *
   * @param weightDecay λ, not negative; 0 for none
   * @return new settings
   */
  public RmsProp withWeightDecay(float weightDecay) {
    return new RmsProp(decay, momentum, epsilon, weightDecay, clipNorm, backboneRate);
  }

  /**
   * The same with a limit on the norm of the gradients.
   *
   * @param clipNorm the largest global norm, positive; 0 for no limit
   * @return new settings
   */
  public RmsProp withClipNorm(float clipNorm) {
    return new RmsProp(decay, momentum, epsilon, weightDecay, clipNorm, backboneRate);
  }

  /**
   * The same with another rate for the backbone.
   *
   * @param backboneRate factor on the learning rate of the backbone, not negative
   * @return new settings
   */
  public RmsProp withBackboneRate(float backboneRate) {
    return new RmsProp(decay, momentum, epsilon, weightDecay, clipNorm, backboneRate);
  }

  /**
   * Adds a step. Variables of the group PROXY move ten times as fast. The slots of variable v are
   * {@code v/RMSProp} and {@code v/Momentum}.
   *
   * @param tf the ops of the graph
   * @param variables to change
   * @param gradients of the loss, one for each variable, none available before all are, as {@link
   *     org.medoid.graph.network.Layers#gradients} gives them
   * @param learningRate float scalar
   * @return the updates, each to be run once per step
   */
  public List<Op> apply(
      Ops tf,
      List<LayerVariable> variables,
      List<Operand<TFloat32>> gradients,
      Operand<TFloat32> learningRate) {
    List<Operand<TFloat32>> decayed = decayed(tf, variables, gradients);
    List<Operand<TFloat32>> clipped = clipNorm == 0 ? decayed : clipped(tf, decayed);
    // Whatever reads a variable must have read it before the first update.
    Ops whenAll = tf.withControlDependencies(List.<Op>copyOf(clipped));
    Operand<TFloat32> slower =
        backboneRate == 1 ? learningRate : tf.math.mul(learningRate, tf.constant(backboneRate));
    Operand<TFloat32> faster = tf.math.mul(learningRate, tf.constant(PROXY_RATE));
    List<Op> updates = new ArrayList<>();
    for (int i = 0; i < variables.size(); i++) {
      LayerVariable each = variables.get(i);
      updates.add(
          tf.train.applyRmsProp(
              each.variable(),
              slot(tf, each, "RMSProp", 1),
              slot(tf, each, "Momentum", 0),
              switch (each.group()) {
                case BACKBONE -> slower;
                case HEAD -> learningRate;
                case PROXY -> faster;
              },
              tf.constant(decay),
              tf.constant(momentum),
              tf.constant(epsilon),
              weightDecay == 0 && clipNorm == 0
                  ? gradients.get(i)
                  : whenAll.identity(clipped.get(i))));
    }
    return updates;
  }

  private List<Operand<TFloat32>> decayed(
      Ops tf, List<LayerVariable> variables, List<Operand<TFloat32>> gradients) {
    List<Operand<TFloat32>> decayed = new ArrayList<>(gradients);
    for (int i = 0; weightDecay > 0 && i < decayed.size(); i++) {
      if (variables.get(i).shape().numDimensions() >= 2) {
        decayed.set(
            i,
            tf.math.add(
                gradients.get(i),
                tf.math.mul(variables.get(i).variable(), tf.constant(weightDecay))));
      }
    }
    return decayed;
  }

  private List<Operand<TFloat32>> clipped(Ops tf, List<Operand<TFloat32>> gradients) {
    // l2Loss is half the sum of squares.
    List<Operand<TFloat32>> halves = new ArrayList<>();
    gradients.forEach(gradient -> halves.add(tf.nn.l2Loss(gradient)));
    Operand<TFloat32> norm = tf.math.sqrt(tf.math.mul(tf.math.addN(halves), tf.constant(2f)));
    Operand<TFloat32> limit = tf.constant(clipNorm);
    Operand<TFloat32> scale = tf.math.div(limit, tf.math.maximum(norm, limit));
    List<Operand<TFloat32>> clipped = new ArrayList<>();
    gradients.forEach(gradient -> clipped.add(tf.math.mul(gradient, scale)));
    return clipped;
  }

  private static Variable<TFloat32> slot(Ops tf, LayerVariable of, String role, float start) {
    // By hand: an endpoint takes no name with slashes.
    Variable<TFloat32> slot =
        new Variable<>(
            tf.scope()
                .env()
                .opBuilder(Variable.OP_NAME, of.name() + "/" + role, tf.scope())
                .setAttr("shape", of.shape())
                .setAttr("dtype", DataType.DT_FLOAT)
                .build());
    Ops init = tf.withInitScope();
    init.assign(slot, init.fill(init.constant(of.shape()), init.constant(start)));
    return slot;
  }
}
