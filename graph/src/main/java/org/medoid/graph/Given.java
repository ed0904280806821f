package org.medoid.graph;

import java.util.List;
import java.util.Objects;
import org.medoid.graph.loss.BatchLoss;
import org.medoid.graph.network.Layers;
import org.medoid.graph.network.Network;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.types.TFloat32;

/**
 * What a network, a loss and an optimizer give. They may be a program's own: what is not as their
 * interfaces say is refused in a line each, before TensorFlow meets it.
 */
final class Given {
  private Given() {}

  /**
   * The features of a network.
   *
   * @throws IllegalArgumentException if there are none, or they are not [batch, features]
   */
  static Operand<TFloat32> features(Network network, Layers layers, Operand<TFloat32> images) {
    Operand<TFloat32> features = network.features(layers, images);
    require(features != null, "the network gives no features");
    Shape shape = features.shape();
    require(
        shape.isUnknown() || shape.numDimensions() == 2,
        "the network gives features of shape "
            + shape.toString().replace("-1", "?")
            + ", it must give [batch, features]");
    return features;
  }

  /**
   * A loss.
   *
   * @throws IllegalArgumentException if there is none
   */
  static BatchLoss loss(BatchLoss loss) {
    require(loss != null, "the loss builder gives no loss");
    return loss;
  }

  /**
   * The updates of an optimizer.
   *
   * @throws IllegalArgumentException if there are none, or one is missing
   */
  static List<Op> updates(List<Op> updates) {
    require(updates != null, "the optimizer gives no updates");
    require(updates.stream().allMatch(Objects::nonNull), "the optimizer gives an update of null");
    return updates;
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException(otherwise);
    }
  }
}
