package org.medoid.graph.network;

import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;

/** Checks what a network is given. */
final class InputShape {
  private InputShape() {}

  /**
   * Checks the static shape of images.
   *
   * @param network name for the message
   * @param images what a network was given
   * @param smallest side in pixels below which the network does not work
   * @throws IllegalArgumentException unless they are [*, h, w, 3] with h, w unknown or at least
   *     {@code smallest}
   */
  static void check(String network, Operand<TFloat32> images, int smallest) {
    Shape shape = images.asOutput().shape();
    if (shape.isUnknown() || shape.numDimensions() != 4 || shape.get(3) != 3) {
      throw new IllegalArgumentException(
          network + " wants images [batch, height, width, 3], got shape " + shape);
    }
    for (int axis = 1; axis <= 2; axis++) {
      if (shape.get(axis) != Shape.UNKNOWN_SIZE && shape.get(axis) < smallest) {
        throw new IllegalArgumentException(
            network
                + " wants images of at least "
                + smallest
                + "x"
                + smallest
                + " pixels, got "
                + shape.get(1)
                + "x"
                + shape.get(2));
      }
    }
  }
}
