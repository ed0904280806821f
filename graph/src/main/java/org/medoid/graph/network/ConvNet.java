package org.medoid.graph.network;

import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

/**
 * A small network for icons, characters and other pictures of 32 to 64 pixels: blocks of 3x3
 * convolution, batch normalisation and ReLU of 32, 64, 128 and 256 filters, with 2x2 maximum
 * pooling between them and the mean over all places at the end. 256 features, 388,416 trainable
 * values.
 *
 * <p>Cost: forward and backward through a batch of 128 images of 40x40 pixels is 18 GFLOP.
 */
public final class ConvNet implements Network {

  private static final int[] FILTERS = {32, 64, 128, 256};

  /** Creates the description. */
  public ConvNet() {}

  @Override
  public String name() {
    return "convnet";
  }

  @Override
  public int defaultImageSize() {
    return 40;
  }

  @Override
  public Operand<TFloat32> features(Layers layers, Operand<TFloat32> images) {
    // Three halvings leave a map of at least 2x2: below that the last block sees only its padding.
    InputShape.check(name(), images, 16);
    return layers.scope(
        "ConvNet",
        () -> {
          Operand<TFloat32> x = layers.affine(images, 2, -1);
          for (int i = 0; i < FILTERS.length; i++) {
            if (i > 0) {
              x = layers.maxPool(x, 2, 2);
            }
            x = layers.convBatchNormRelu("Block" + (i + 1), x, FILTERS[i], 3, 1);
          }
          return layers.globalMean(x);
        });
  }
}
