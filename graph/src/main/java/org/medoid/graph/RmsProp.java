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
 * @param decay share of the mean square that a step keeps, in [0, 1)
 * @param momentum share of the last step that is repeated, in [0, 1)
 * @param epsilon added to the mean square
 */
public record RmsProp(float decay, float momentum, float epsilon) {
  /**
   * How much faster proxies move than the network. RMSProp moves every value by about the learning
   * rate, and a proxy has to turn by a right angle where the network is tuned finely; the papers
   * use factors from 10 to 100.
   */
  private static final float PROXY_RATE = 10;

  /**
   * TensorFlow's own defaults.
   *
   * @return decay 0.9, no momentum, epsilon 1e-10
   */
  public static RmsProp defaults() {
    return new RmsProp(0.9f, 0, 1e-10f);
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
    List<Op> updates = new ArrayList<>();
    for (int i = 0; i < variables.size(); i++) {
      LayerVariable each = variables.get(i);
      updates.add(
          tf.train.applyRmsProp(
              each.variable(),
              slot(tf, each, "RMSProp", 1),
              slot(tf, each, "Momentum", 0),
              each.group() == LayerVariable.Group.PROXY
                  ? tf.math.mul(learningRate, tf.constant(PROXY_RATE))
                  : learningRate,
              tf.constant(decay),
              tf.constant(momentum),
              tf.constant(epsilon),
              gradients.get(i)));
    }
    return updates;
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
