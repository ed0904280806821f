package org.medoid.export.image;

import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.SwitchCond;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint8;

/**
 * Uncompressed BMP files of 1, 2, 4, 8, 16, 24 and 32 bits a pixel, with palettes and colour masks.
 * TensorFlow reads none as RGB but those of 24 bits, and dies of a bad allocation where one of
 * those starts with its top row (2.18, DecodeImage): no BMP file may reach it. Layout: Windows'
 * BITMAPFILEHEADER and BITMAPCOREHEADER, BITMAPINFOHEADER, BITMAPV4HEADER, BITMAPV5HEADER.
 */
final class Bmp {
  private static final int HEADER = 70;
  private static final int FILE_HEADER = 14;
  private static final int CORE = 12;
  private static final int BIT_FIELDS = 3;
  private static final int TRUE_COLOUR = 24;

  private final Ops tf;
  private final FileBytes file;
  private final Operand<TInt32> header;
  private final Operand<TBool> core;
  private final Operand<TInt32> width;
  private final Operand<TInt32> height;
  private final Operand<TInt32> bits;

  private Bmp(Ops tf, Operand<TString> encoded) {
    this.tf = tf;
    file = new FileBytes(tf, encoded);
    header = file.ints(tf.constant(0), HEADER);
    core = tf.math.equal(number(FILE_HEADER, 4), tf.constant(CORE));
    width = tf.select(core, number(18, 2), number(18, 4));
    height = tf.select(core, number(20, 2), number(22, 4));
    bits = tf.select(core, number(24, 2), number(28, 2));
  }

  /**
   * Decodes.
   *
   * @param tf the ops
   * @param encoded scalar: such a file
   * @return float [height, width, 3], RGB in [0, 1]; alpha is dropped
   */
  static Operand<TFloat32> decode(Ops tf, Operand<TString> encoded) {
    Bmp file = new Bmp(tf, encoded);
    Op readable =
        tf.assertThat(
            file.readable(),
            List.of(
                tf.constant(
                    "a BMP file that is compressed, or not of 1, 2, 4, 8, 16, 24 or 32 bits a"
                        + " pixel: it is not read")));
    return new Bmp(tf.withControlDependencies(List.of(readable)), encoded).pixels();
  }

  private Operand<TBool> readable() {
    Operand<TInt32> compression = number(30, 4);
    Operand<TBool> plain =
        tf.math.logicalOr(
            core,
            tf.math.logicalOr(
                tf.math.equal(compression, tf.constant(0)),
                tf.math.equal(compression, tf.constant(BIT_FIELDS))));
    Operand<TBool> depth =
        tf.any(
            tf.math.equal(bits, tf.constant(new int[] {1, 2, 4, 8, 16, 24, 32})), tf.constant(0));
    return tf.math.logicalAnd(plain, depth);
  }

  private Operand<TInt32> number(int from, int size) {
    return FileBytes.number(tf, header, from, size);
  }

  private Operand<TFloat32> pixels() {
    // Rows are padded to a multiple of 32 bits.
    Operand<TInt32> stride =
        tf.math.mul(
            tf.math.floorDiv(
                tf.math.add(tf.math.mul(width, bits), tf.constant(31)), tf.constant(32)),
            tf.constant(4));
    Operand<TInt32> rows = tf.math.abs(height);
    Operand<TUint8> body =
        tf.reshape(
            tf.io.decodeRaw(file.part(number(10, 4), tf.math.mul(stride, rows)), TUint8.class),
            tf.stack(List.of(rows, stride)));
    SwitchCond<TUint8> indexed = tf.switchCond(body, tf.math.lessEqual(bits, tf.constant(8)));
    SwitchCond<TUint8> plain =
        tf.switchCond(indexed.outputFalse(), tf.math.equal(bits, tf.constant(TRUE_COLOUR)));
    Operand<TFloat32> image =
        tf.merge(
                List.of(
                    tf.merge(
                            List.of(
                                masked(plain.outputFalse(), rows),
                                trueColour(plain.outputTrue(), rows)))
                        .output(),
                    indexed(indexed.outputTrue(), rows, stride)))
            .output();
    // The last row comes first unless the height is negative.
    Operand<TInt32> bottomUp =
        tf.dtypes.cast(tf.math.greater(height, tf.constant(0)), TInt32.class);
    return tf.ensureShape(
        tf.reverse(
            image,
            tf.slice(
                tf.constant(new int[] {0}),
                tf.constant(new int[] {0}),
                tf.expandDims(bottomUp, tf.constant(0)))),
        Shape.of(-1, -1, 3));
  }

  /** Pixels of up to 8 bits, the leftmost in a byte's highest bits, which number a colour. */
  private Operand<TFloat32> indexed(
      Operand<TUint8> body, Operand<TInt32> rows, Operand<TInt32> stride) {
    // What does not depend on the body is worked out for deeper pixels too, and must not fail.
    Operand<TInt32> size = tf.math.maximum(tf.math.minimum(bits, tf.constant(8)), tf.constant(1));
    Operand<TInt32> shifts =
        tf.range(tf.math.sub(tf.constant(8), size), tf.constant(-1), tf.math.neg(size));
    Operand<TInt32> bytes = tf.expandDims(tf.dtypes.cast(body, TInt32.class), tf.constant(2));
    Operand<TInt32> mask = tf.math.sub(tf.bitwise.leftShift(tf.constant(1), size), tf.constant(1));
    Operand<TInt32> all =
        tf.reshape(
            tf.bitwise.bitwiseAnd(tf.bitwise.rightShift(bytes, shifts), mask),
            tf.stack(List.of(rows, tf.math.mul(stride, tf.size(shifts)))));
    Operand<TInt32> numbers =
        tf.slice(all, tf.constant(new int[2]), tf.stack(List.of(rows, width)));
    Operand<TInt32> entry = tf.select(core, tf.constant(3), tf.constant(4));
    Operand<TInt32> start = tf.math.add(number(FILE_HEADER, 4), tf.constant(FILE_HEADER));
    Operand<TInt32> bytesOfPalette = tf.math.mul(entry, tf.constant(256));
    Operand<TUint8> palette =
        tf.reshape(
            tf.io.decodePaddedRaw(file.part(start, bytesOfPalette), bytesOfPalette, TUint8.class),
            tf.stack(List.of(tf.constant(256), entry)));
    Operand<TFloat32> colours =
        tf.math.div(
            tf.dtypes.cast(
                tf.reverse(
                    tf.slice(palette, tf.constant(new int[2]), tf.constant(new int[] {256, 3})),
                    tf.constant(new int[] {1})),
                TFloat32.class),
            tf.constant(255f));
    return tf.gather(colours, numbers, tf.constant(0));
  }

  /** Pixels of three bytes: blue, green, red. */
  private Operand<TFloat32> trueColour(Operand<TUint8> body, Operand<TInt32> rows) {
    Operand<TInt32> three = tf.constant(3);
    Operand<TUint8> pixels =
        tf.reshape(
            tf.slice(
                body, tf.constant(new int[2]), tf.stack(List.of(rows, tf.math.mul(width, three)))),
            tf.stack(List.of(rows, width, three)));
    return tf.math.div(
        tf.dtypes.cast(tf.reverse(pixels, tf.constant(new int[] {2})), TFloat32.class),
        tf.constant(255f));
  }

  /** Pixels of 16 and 32 bits, in which masks mark the three colours. */
  private Operand<TFloat32> masked(Operand<TUint8> body, Operand<TInt32> rows) {
    Operand<TInt32> size =
        tf.math.maximum(
            tf.math.minimum(tf.math.floorDiv(bits, tf.constant(8)), tf.constant(4)),
            tf.constant(0));
    Operand<TInt64> bytes =
        tf.dtypes.cast(
            tf.reshape(
                tf.slice(
                    body,
                    tf.constant(new int[2]),
                    tf.stack(List.of(rows, tf.math.mul(width, size)))),
                tf.stack(List.of(rows, width, size))),
            TInt64.class);
    Operand<TInt64> weights =
        tf.slice(
            tf.constant(new long[] {1, 1 << 8, 1 << 16, 1L << 24}),
            tf.constant(new int[1]),
            tf.expandDims(size, tf.constant(0)));
    Operand<TInt64> values = tf.sum(tf.math.mul(bytes, weights), tf.constant(2));
    Operand<TInt64> usual =
        tf.select(
            tf.math.equal(bits, tf.constant(16)),
            tf.constant(new long[] {0x7c00, 0x03e0, 0x001f}),
            tf.constant(new long[] {0xff0000, 0x00ff00, 0x0000ff}));
    Operand<TInt64> given =
        tf.bitwise.bitwiseAnd(
            tf.dtypes.cast(
                tf.stack(List.of(number(54, 4), number(58, 4), number(62, 4))), TInt64.class),
            tf.constant(0xffffffffL));
    Operand<TBool> fields =
        tf.math.logicalAnd(
            tf.math.equal(number(30, 4), tf.constant(BIT_FIELDS)), tf.math.logicalNot(core));
    Operand<TInt64> masks = tf.select(fields, given, usual);
    // A colour over its mask is in [0, 1] wherever the mask's bits are.
    Operand<TInt64> colours = tf.bitwise.bitwiseAnd(tf.expandDims(values, tf.constant(2)), masks);
    return tf.math.div(
        tf.dtypes.cast(colours, TFloat32.class),
        tf.dtypes.cast(tf.math.maximum(masks, tf.constant(1L)), TFloat32.class));
  }
}
