package org.medoid.graph.network;

import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;

/**
 * A variable of a network.
 *
 * @param name the operation's name, which is also its name in a checkpoint
 * @param shape its shape, known in full
 * @param trainable whether gradient descent changes it; moving averages and a frozen backbone are
 *     not trainable
 * @param group the part of the model it belongs to, for learning rates of their own
 * @param variable the {@code VariableV2} in the graph
 */
public record LayerVariable(
    String name, Shape shape, boolean trainable, Group group, Variable<TFloat32> variable) {

  /** The parts of a model that train differently. */
  public enum Group {
    /** The network that makes features; pretrained when there are weights for it. */
    BACKBONE,
    /** What stands on the features: the embedding, always trained from scratch. */
    HEAD,
    /** Vectors of the loss that stand for classes: they train with the model and end with it. */
    PROXY
  }
}
