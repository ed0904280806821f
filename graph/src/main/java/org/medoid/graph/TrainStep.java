package org.medoid.graph;

import java.util.ArrayList;
import java.util.List;
import org.medoid.graph.network.Layers;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * What a step changes: the trainable variables by their gradients, the averages of batch
 * normalisation, and then the number of steps.
 *
 * @param counter the number of steps done
 * @param run the operation to run
 */
record TrainStep(Variable<TInt64> counter, Op run) {
  /**
   * Adds it to a graph.
   *
   * @param tf the ops of the graph
   * @param layers of network, head and loss
   * @param gradients of their trainable variables, in their order
   * @param optimizer moves the variables
   * @param rates the learning rates
   */
  static TrainStep of(
      Ops tf,
      Layers layers,
      List<Operand<TFloat32>> gradients,
      Optimizer optimizer,
      Optimizer.Rates rates) {
    Variable<TInt64> counter = tf.withName("global_step").variable(Shape.scalar(), TInt64.class);
    Ops init = tf.withInitScope();
    init.assign(counter, init.constant(0L));
    List<Op> updates =
        new ArrayList<>(
            Given.updates(
                optimizer.apply(tf, layers.trainables(), gradients, rates, tf.identity(counter))));
    updates.addAll(layers.updates());
    // Counted when all else is done: an optimizer may read the number of steps before.
    updates.add(tf.withControlDependencies(updates).assignAdd(counter, tf.constant(1L)));
    return new TrainStep(
        counter, tf.withControlDependencies(updates).withName("train_step").noOp());
  }
}
