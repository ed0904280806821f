package org.medoid.graph;

import java.util.List;
import org.medoid.graph.network.LayerVariable;
import org.tensorflow.Operand;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * Moves variables by gradients: {@link RmsProp}, {@link AdamW}, those of TensorFlow's framework
 * through {@link FrameworkOptimizer}, or your own.
 *
 * <p>An implementation only describes; it keeps no TensorFlow object and may be built into any
 * number of graphs. What it has to remember from step to step it keeps in variables ({@code
 * VariableV2}) of the graph, so that they are in every checkpoint.
 */
public interface Optimizer {
  /**
   * Adds a step to a graph.
   *
   * @param tf the ops of the graph
   * @param variables to change
   * @param gradients of the loss, one for each variable, none available before all are, as {@link
   *     org.medoid.graph.network.Layers#gradients} gives them; whatever reads a variable has read
   *     it by then
   * @param rates the learning rates of this step
   * @param step int64 scalar: the steps done before this one
   * @return the updates, each to be run once per step
   */
  List<Op> apply(
      Ops tf,
      List<LayerVariable> variables,
      List<Operand<TFloat32>> gradients,
      Rates rates,
      Operand<TInt64> step);

  /**
   * Learning rates, float scalars.
   *
   * @param backbone of {@link LayerVariable.Group#BACKBONE}
   * @param head of {@link LayerVariable.Group#HEAD}
   * @param proxies of {@link LayerVariable.Group#PROXY}
   */
  record Rates(Operand<TFloat32> backbone, Operand<TFloat32> head, Operand<TFloat32> proxies) {
    /**
     * The rates that follow from the head's.
     *
     * @param tf the ops of the graph
     * @param head the learning rate
     * @param backbone the backbone's is this times the head's
     * @param proxies that of the loss's own variables is this times the head's
     * @return the three
     */
    static Rates of(
        Ops tf, Operand<TFloat32> head, Operand<TFloat32> backbone, Operand<TFloat32> proxies) {
      return new Rates(tf.math.mul(head, backbone), head, tf.math.mul(head, proxies));
    }

    /**
     * The rate of a variable.
     *
     * @param variable the variable
     * @return that of its group
     */
    public Operand<TFloat32> of(LayerVariable variable) {
      return switch (variable.group()) {
        case BACKBONE -> backbone;
        case HEAD -> head;
        case PROXY -> proxies;
      };
    }
  }
}
