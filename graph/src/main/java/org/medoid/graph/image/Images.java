package org.medoid.graph.image;

import java.util.List;
import org.medoid.export.image.ImageSize;
import org.medoid.export.image.Pictures;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * Cuts that training makes at random: the same seed gives the same cut. Decoding, scaling and the
 * centre are {@link Pictures}'.
 */
public final class Images {
  /** Parts that a resized crop tries for one that lies within the picture. */
  private static final int TRIES = 10;

  private static final float LEAST_AREA = 0.16f;
  private static final double WIDEST = 4.0 / 3;

  private Images() {}

  /**
   * Scales a picture and cuts a part out anywhere, mirrored at random if wanted.
   *
   * @param tf the ops
   * @param picture float [any, any, 3]
   * @param size what the picture is scaled to, and the part
   * @param mirror whether to mirror left and right half of the time
   * @param seed int64 [2]; the same seed gives the same cut
   * @return float [height, width, 3]
   */
  public static Operand<TFloat32> randomCrop(
      Ops tf, Operand<TFloat32> picture, ImageSize size, boolean mirror, Operand<TInt64> seed) {
    Operand<TFloat32> scaled =
        Pictures.resize(tf, picture, size.scaledHeight(), size.scaledWidth());
    Operand<TInt32> draw =
        tf.random.statelessRandomUniformInt(
            tf.constant(new int[] {3}), seed, tf.constant(0), tf.constant(1 << 24));
    int[] corners = {
      size.scaledHeight() - size.height() + 1, size.scaledWidth() - size.width() + 1
    };
    Operand<TInt32> corner =
        tf.math.mod(
            tf.slice(draw, tf.constant(new int[] {0}), tf.constant(new int[] {2})),
            tf.constant(corners));
    Operand<TFloat32> cut =
        tf.slice(
            scaled,
            tf.concat(List.of(corner, tf.constant(new int[] {0})), tf.constant(0)),
            tf.constant(new int[] {size.height(), size.width(), 3}));
    Operand<TInt32> coin =
        tf.math.mod(
            tf.slice(draw, tf.constant(new int[] {2}), tf.constant(new int[] {1})), tf.constant(2));
    return mirror ? mirrored(tf, cut, coin) : cut;
  }

  /**
   * Cuts out a part of random area and shape, as {@link Crop#RANDOM_RESIZED} tells, and scales it
   * to what the network takes, mirrored at random if wanted. The part is the first of {@value
   * #TRIES} drawn that lies within the picture; of a picture so long that none does, the first one
   * clipped.
   *
   * @param tf the ops
   * @param picture float [any, any, 3]
   * @param size what the network takes; its resize plays no part
   * @param mirror whether to mirror left and right half of the time
   * @param seed int64 [2]; the same seed gives the same cut
   * @return float [height, width, 3]
   */
  public static Operand<TFloat32> randomResizedCrop(
      Ops tf, Operand<TFloat32> picture, ImageSize size, boolean mirror, Operand<TInt64> seed) {
    Operand<TInt32> sides =
        tf.slice(tf.shape(picture), tf.constant(new int[] {0}), tf.constant(new int[] {2}));
    Operand<TFloat32> draws =
        tf.random.statelessRandomUniform(tf.constant(new int[] {5, TRIES}), seed);
    List<? extends Operand<TFloat32>> draw = tf.unstack(draws, 5L).output();
    Operand<TFloat32> all = tf.dtypes.cast(tf.prod(sides, tf.constant(0)), TFloat32.class);
    Operand<TFloat32> area =
        tf.math.mul(
            all,
            tf.math.add(
                tf.constant(LEAST_AREA), tf.math.mul(draw.get(0), tf.constant(1 - LEAST_AREA))));
    double shape = (double) size.width() / size.height();
    // As often wider as narrower: uniform in the logarithm.
    Operand<TFloat32> ratio =
        tf.math.exp(
            tf.math.add(
                tf.constant((float) Math.log(shape / WIDEST)),
                tf.math.mul(draw.get(1), tf.constant((float) (2 * Math.log(WIDEST))))));
    Operand<TInt32> parts =
        tf.dtypes.cast(
            tf.math.round(
                tf.math.sqrt(
                    tf.stack(List.of(tf.math.div(area, ratio), tf.math.mul(area, ratio))))),
            TInt32.class);
    Operand<TBool> within =
        tf.all(tf.math.lessEqual(parts, tf.expandDims(sides, tf.constant(1))), tf.constant(0));
    Operand<TInt64> chosen = tf.math.argMax(tf.dtypes.cast(within, TInt32.class), tf.constant(0));
    Operand<TInt32> part =
        tf.math.maximum(
            tf.math.minimum(tf.gather(parts, chosen, tf.constant(1)), sides), tf.constant(1));
    Operand<TFloat32> places =
        tf.slice(draws, tf.constant(new int[] {2, 0}), tf.constant(new int[] {2, 1}));
    Operand<TInt32> free = tf.math.sub(sides, part);
    Operand<TInt32> corner =
        tf.math.minimum(
            tf.dtypes.cast(
                tf.math.mul(
                    tf.reshape(places, tf.constant(new int[] {2})),
                    tf.dtypes.cast(tf.math.add(free, tf.constant(1)), TFloat32.class)),
                TInt32.class),
            free);
    Operand<TFloat32> cut =
        tf.slice(
            picture,
            tf.concat(List.of(corner, tf.constant(new int[] {0})), tf.constant(0)),
            tf.concat(List.of(part, tf.constant(new int[] {3})), tf.constant(0)));
    Operand<TFloat32> scaled = Pictures.resize(tf, cut, size.height(), size.width());
    Operand<TInt32> coin =
        tf.dtypes.cast(
            tf.math.greaterEqual(
                tf.slice(draw.get(4), tf.constant(new int[] {0}), tf.constant(new int[] {1})),
                tf.constant(0.5f)),
            TInt32.class);
    return mirror ? mirrored(tf, scaled, coin) : scaled;
  }

  /** Mirrors where the coin, int32 [1], is 1. */
  private static Operand<TFloat32> mirrored(Ops tf, Operand<TFloat32> cut, Operand<TInt32> coin) {
    // The axes to reverse are none or the second. Choosing between the cut and its mirror image by
    // SelectV2 took 1.4 ms a crop of 227x227, as much as all else from the file to the batch.
    return tf.reverse(cut, tf.slice(tf.constant(new int[] {1}), tf.constant(new int[] {0}), coin));
  }
}
