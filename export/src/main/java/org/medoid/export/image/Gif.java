package org.medoid.export.image;

import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.NdArray;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint8;

/** Transparent GIF files. */
final class Gif {
  private static final int SCREEN = 13;

  /** Bytes after the colours in which the first frame's control block is looked for. */
  private static final int WINDOW = 1 << 12;

  private Gif() {}

  /**
   * Makes the first frame opaque: TensorFlow paints what is transparent in it black, whatever its
   * colour, and so a black drawing on a clear ground all black. Without the flag its pixels have
   * the colours of their palette, as in Pillow's {@code convert("RGB")}.
   *
   * @param tf the ops
   * @param encoded scalar: a GIF file
   * @return scalar: the same without the flag in the first graphic control block (GIF89a, 23)
   */
  static Operand<TString> opaque(Ops tf, Operand<TString> encoded) {
    FileBytes file = new FileBytes(tf, encoded);
    Operand<TInt32> table = file.at(tf.constant(10));
    Operand<TInt32> colours =
        tf.math.mul(
            tf.math.div(table, tf.constant(128)),
            tf.gather(
                tf.constant(new int[] {6, 12, 24, 48, 96, 192, 384, 768}),
                tf.bitwise.bitwiseAnd(table, tf.constant(7)),
                tf.constant(0)));
    Operand<TInt32> start = file.inside(tf.math.add(tf.constant(SCREEN), colours));
    Operand<TUint8> window = tf.io.decodeRaw(file.part(start, tf.constant(WINDOW)), TUint8.class);
    Operand<TInt32> found =
        Search.find(tf, window, Search.bytes(tf, (byte) 0x21, (byte) 0xf9, (byte) 4), 0, 1, 2);
    Operand<TInt32> flags = tf.math.add(tf.math.add(start, found), tf.constant(3));
    Operand<TInt32> value = tf.bitwise.bitwiseAnd(file.at(flags), tf.constant(0xfe));
    Operand<TString> changed =
        tf.strings.join(
            List.of(
                file.part(tf.constant(0), flags),
                tf.gather(everyByte(tf), value, tf.constant(0)),
                file.part(tf.math.add(flags, tf.constant(1)), file.length())));
    return tf.select(tf.math.less(found, tf.constant(0)), encoded, changed);
  }

  /** The strings of one byte. */
  private static Operand<TString> everyByte(Ops tf) {
    NdArray<byte[]> bytes = NdArrays.ofObjects(byte[].class, Shape.of(256));
    for (int i = 0; i < 256; i++) {
      bytes.setObject(new byte[] {(byte) i}, i);
    }
    try (TString tensor = TString.tensorOfBytes(bytes)) {
      return tf.constantOf(tensor);
    }
  }
}
