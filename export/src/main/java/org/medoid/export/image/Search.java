package org.medoid.export.image;

import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TUint8;

/** Finds bytes in bytes. */
final class Search {
  private Search() {}

  /** A constant, uint8 [n]. */
  static Operand<TUint8> bytes(Ops tf, byte... values) {
    try (TUint8 tensor = TUint8.tensorOf(Shape.of(values.length), DataBuffers.of(values))) {
      return tf.constantOf(tensor);
    }
  }

  /**
   * The first place where some bytes stand at some distances. Cost: the comparison of all places
   * with each byte, half a millisecond for six in 256 KB.
   *
   * @param tf the ops
   * @param text uint8 [n]
   * @param sign uint8 [k]
   * @param offsets of the k bytes from the place, ascending
   * @return scalar; -1 if there is none
   */
  static Operand<TInt32> find(Ops tf, Operand<TUint8> text, Operand<TUint8> sign, int... offsets) {
    int last = offsets[offsets.length - 1];
    Operand<TInt32> places =
        tf.math.maximum(tf.math.sub(tf.size(text), tf.constant(last)), tf.constant(0));
    Operand<TInt32> many = tf.expandDims(places, tf.constant(0));
    Operand<TBool> match = null;
    for (int k = 0; k < offsets.length; k++) {
      Operand<TInt32> from = tf.math.minimum(tf.constant(new int[] {offsets[k]}), tf.shape(text));
      Operand<TBool> here =
          tf.math.equal(
              tf.slice(text, from, many),
              tf.slice(sign, tf.constant(new int[] {k}), tf.constant(new int[] {1})));
      match = match == null ? here : tf.math.logicalAnd(match, here);
    }
    Operand<TInt64> found =
        tf.min(
            tf.concat(
                List.of(
                    tf.reshape(tf.where(match), tf.constant(new int[] {-1})),
                    tf.constant(new long[] {Integer.MAX_VALUE})),
                tf.constant(0)),
            tf.constant(0));
    Operand<TInt32> first = tf.dtypes.cast(found, TInt32.class);
    return tf.select(tf.math.equal(first, tf.constant(Integer.MAX_VALUE)), tf.constant(-1), first);
  }
}
