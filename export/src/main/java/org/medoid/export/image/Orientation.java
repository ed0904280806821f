package org.medoid.export.image;

import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.SwitchCond;
import org.tensorflow.op.core.Unstack;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint8;

/**
 * The orientation that a camera writes beside its pixels (Exif 2.32, tag 0x0112 of IFD0; CIPA
 * DC-008), in the APP1 segment of a JPEG file or the eXIf chunk of a PNG file, wherever that stands
 * in the first {@value #JPEG_HEAD} bytes of the one and {@value #PNG_HEAD} of the other. What is
 * damaged counts as upright.
 */
final class Orientation {
  private static final int JPEG_HEAD = 1 << 18;
  private static final int PNG_HEAD = 1 << 14;
  private static final int UPRIGHT = 1;
  private static final int TAG = 0x0112;
  private static final int SHORT = 3;
  private static final int LONG = 4;

  /** Entries of IFD0 that are looked at; cameras write 10 to 20, in ascending order of tags. */
  private static final int ENTRIES = 128;

  private static final int ENTRY = 12;

  /** The bytes searched for: of the marker or the length, and the name that follows 2 later. */
  private static final int[] OFFSETS = {0, 1, 4, 5, 6, 7};

  private static final byte[] JPEG_SIGN = {(byte) 0xff, (byte) 0xe1, 'E', 'x', 'i', 'f'};
  private static final byte[] PNG_SIGN = {0, 0, 'e', 'X', 'I', 'f'};

  private Orientation() {}

  /**
   * Reads it.
   *
   * @param tf the ops
   * @param encoded scalar: a JPEG or PNG file
   * @param png which of them
   * @return scalar, 1 to 8
   */
  private static Operand<TInt32> read(Ops tf, Operand<TString> encoded, boolean png) {
    FileBytes file = new FileBytes(tf, encoded);
    Operand<TInt32> tiff = tiff(tf, file, encoded, png);
    Operand<TInt32> head = file.ints(tiff, 8);
    Operand<TBool> big =
        tf.math.equal(FileBytes.number(tf, head, 0, 2), tf.constant('M' | 'M' << 8));
    Operand<TBool> little =
        tf.math.equal(FileBytes.number(tf, head, 0, 2), tf.constant('I' | 'I' << 8));
    Operand<TInt32> order =
        tf.select(
            big,
            tf.constant(new int[] {1 << 24, 1 << 16, 1 << 8, 1}),
            tf.constant(FileBytes.LITTLE_ENDIAN));
    Operand<TInt32> start =
        file.inside(tf.math.add(file.inside(tiff), FileBytes.weighed(tf, head, 4, order)));
    Operand<TInt32> directory = file.ints(start, 2 + ENTRIES * ENTRY);
    Operand<TInt32> count =
        tf.select(
            big,
            FileBytes.weighed(tf, directory, 0, tf.constant(new int[] {1 << 8, 1})),
            FileBytes.number(tf, directory, 0, 2));
    Operand<TInt32> entries =
        tf.reshape(
            tf.slice(
                directory, tf.constant(new int[] {2}), tf.constant(new int[] {ENTRIES * ENTRY})),
            tf.constant(new int[] {ENTRIES, ENTRY}));
    // Each entry has its tag, its type, and its value as a SHORT and as a LONG.
    Operand<TInt32> columns =
        tf.select(big, tf.constant(columns(true)), tf.constant(columns(false)));
    List<? extends Operand<TInt32>> fields =
        tf.unstack(tf.linalg.matMul(entries, columns), 4L, Unstack.axis(1L)).output();
    Operand<TBool> isShort = tf.math.equal(fields.get(1), tf.constant(SHORT));
    Operand<TBool> wanted =
        tf.math.logicalAnd(
            tf.math.logicalAnd(
                tf.math.equal(fields.get(0), tf.constant(TAG)),
                tf.math.logicalOr(isShort, tf.math.equal(fields.get(1), tf.constant(LONG)))),
            tf.math.less(tf.range(tf.constant(0), tf.constant(ENTRIES), tf.constant(1)), count));
    Operand<TInt32> value =
        tf.max(
            tf.select(
                wanted, tf.select(isShort, fields.get(2), fields.get(3)), tf.constant(UPRIGHT)),
            tf.constant(0));
    Operand<TBool> valid =
        tf.math.logicalAnd(
            tf.math.logicalOr(big, little),
            tf.math.logicalAnd(
                tf.math.greaterEqual(value, tf.constant(UPRIGHT)),
                tf.math.lessEqual(value, tf.constant(8))));
    return tf.select(valid, value, tf.constant(UPRIGHT));
  }

  /** Where the Exif data starts; the file's end if there is none. */
  private static Operand<TInt32> tiff(
      Ops tf, FileBytes file, Operand<TString> encoded, boolean png) {
    Operand<TUint8> head =
        tf.io.decodeRaw(
            tf.strings.substr(encoded, tf.constant(0), tf.constant(png ? PNG_HEAD : JPEG_HEAD)),
            TUint8.class);
    Operand<TUint8> sign = Search.bytes(tf, png ? PNG_SIGN : JPEG_SIGN);
    Operand<TInt32> place = Search.find(tf, head, sign, OFFSETS);
    Operand<TInt32> after = tf.constant(png ? 8 : 10);
    return tf.select(
        tf.math.equal(place, tf.constant(-1)), file.length(), tf.math.add(place, after));
  }

  private static int[][] columns(boolean big) {
    int[][] columns = new int[ENTRY][4];
    int[] offsets = {0, 2, 8, 8};
    int[] sizes = {2, 2, 2, 4};
    for (int c = 0; c < offsets.length; c++) {
      for (int i = 0; i < sizes[c]; i++) {
        columns[offsets[c] + i][c] = FileBytes.LITTLE_ENDIAN[big ? sizes[c] - 1 - i : i];
      }
    }
    return columns;
  }

  /**
   * Turns a picture upright.
   *
   * @param tf the ops
   * @param image float [height, width, 3] as stored
   * @param encoded scalar: its file, JPEG or PNG
   * @param png which of them
   * @return float [height or width, width or height, 3]
   */
  static Operand<TFloat32> upright(
      Ops tf, Operand<TFloat32> image, Operand<TString> encoded, boolean png) {
    Operand<TInt32> orientation = read(tf, encoded, png);
    SwitchCond<TFloat32> either =
        tf.switchCond(image, tf.math.notEqual(orientation, tf.constant(UPRIGHT)));
    Operand<TInt32> axes =
        tf.gather(
            tf.constant(new int[][] {{0, 1, 2}, {1, 0, 2}}),
            tf.dtypes.cast(tf.math.greater(orientation, tf.constant(4)), TInt32.class),
            tf.constant(0));
    Operand<TFloat32> standing = tf.linalg.transpose(either.outputTrue(), axes);
    // Which axes run backwards then, of rows and columns: the first of them and how many.
    Operand<TInt32> first =
        tf.gather(tf.constant(new int[] {0, 0, 1, 0, 0, 0, 1, 0, 0}), orientation, tf.constant(0));
    Operand<TInt32> many =
        tf.gather(tf.constant(new int[] {0, 0, 1, 2, 1, 0, 1, 2, 1}), orientation, tf.constant(0));
    Operand<TFloat32> turned =
        tf.reverse(
            standing,
            tf.slice(
                tf.constant(new int[] {0, 1}),
                tf.expandDims(first, tf.constant(0)),
                tf.expandDims(many, tf.constant(0))));
    return tf.ensureShape(
        tf.merge(List.of(either.outputFalse(), turned)).output(), Shape.of(-1, -1, 3));
  }
}
