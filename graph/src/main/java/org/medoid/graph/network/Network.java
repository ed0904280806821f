package org.medoid.graph.network;

import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

/**
 * A backbone: from images to one feature vector each, without the embedding head.
 *
 * <p>An implementation only describes; it keeps no TensorFlow object and may be built into any
 * number of graphs.
 */
public interface Network {

  /**
   * Returns the name of the model as the command line spells it.
   *
   * @return for instance {@code convnet}
   */
  String name();

  /**
   * Returns the side of the square images that the network is meant for.
   *
   * @return side in pixels
   */
  int defaultImageSize();

  /**
   * Builds the layers from the images to the features.
   *
   * @param layers where the layers and their variables go, and whether they train
   * @param images [batch, height, width, 3], RGB in [0, 1]; the network scales them as it wants
   * @return [batch, features], any finite value
   * @throws IllegalArgumentException if the images' rank or channels are not as above, or (where
   *     height and width are known) they are too small
   */
  Operand<TFloat32> features(Layers layers, Operand<TFloat32> images);
}
