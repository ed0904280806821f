package org.medoid.export.image;

import java.util.Arrays;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint8;

/**
 * The bytes of a file that a graph has as a string. Nothing here fails for a place outside the
 * file: there are zeros.
 */
final class FileBytes {
  /** What a byte counts for in a number whose first byte is the least. */
  static final int[] LITTLE_ENDIAN = {1, 1 << 8, 1 << 16, 1 << 24};

  private final Ops tf;
  private final Operand<TString> file;
  private final Operand<TInt32> length;

  FileBytes(Ops tf, Operand<TString> file) {
    this.tf = tf;
    this.file = file;
    length = tf.strings.stringLength(file);
  }

  Operand<TInt32> length() {
    return length;
  }

  /** A place in the file: its end for one that lies outside. */
  Operand<TInt32> inside(Operand<TInt32> place) {
    return tf.select(tf.math.less(place, tf.constant(0)), length, tf.math.minimum(place, length));
  }

  /** A part of the file as a string, shorter where the file ends. */
  Operand<TString> part(Operand<TInt32> from, Operand<TInt32> size) {
    return tf.strings.substr(file, inside(from), size);
  }

  /** A part of the file, uint8 [size]. */
  Operand<TUint8> raw(Operand<TInt32> from, int size) {
    Operand<TInt32> many = tf.constant(size);
    return tf.ensureShape(
        tf.io.decodePaddedRaw(part(from, many), many, TUint8.class), Shape.of(size));
  }

  /** A part of the file, int32 [size], 0 to 255. */
  Operand<TInt32> ints(Operand<TInt32> from, int size) {
    return tf.dtypes.cast(raw(from, size), TInt32.class);
  }

  /** A byte of the file, a scalar, 0 to 255. */
  Operand<TInt32> at(Operand<TInt32> place) {
    return tf.reshape(ints(place, 1), tf.constant(new int[0]));
  }

  /** A little-endian number of two or four bytes; four give a signed one. */
  static Operand<TInt32> number(Ops tf, Operand<TInt32> bytes, int from, int size) {
    return weighed(tf, bytes, from, tf.constant(Arrays.copyOf(LITTLE_ENDIAN, size)));
  }

  /** The sum of some bytes, each times its weight. */
  static Operand<TInt32> weighed(Ops tf, Operand<TInt32> bytes, int from, Operand<TInt32> weights) {
    int size = Math.toIntExact(weights.shape().get(0));
    Operand<TInt32> some =
        tf.slice(bytes, tf.constant(new int[] {from}), tf.constant(new int[] {size}));
    return tf.sum(tf.math.mul(some, weights), tf.constant(0));
  }
}
