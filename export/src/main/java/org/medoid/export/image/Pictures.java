package org.medoid.export.image;

import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Squeeze;
import org.tensorflow.op.core.SwitchCond;
import org.tensorflow.op.image.DecodeImage;
import org.tensorflow.op.image.ResizeBilinear;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint8;

/** Steps from an encoded picture to what a network takes, for a function or a signature. */
public final class Pictures {
  private static final int HEAD = 22;

  // Rows of KINDS.
  private static final int JPEG = 0;
  private static final int PLAIN_JFIF = 1;
  private static final int BARE_JPEG = 2;
  private static final int PNG = 3;
  private static final int GIF = 4;
  private static final int BMP = 5;

  /**
   * Kinds of files by their first bytes: for each the bytes that must be so, as place, mask, value.
   */
  private static final int[][][] KINDS = {
    // JPEG; and two ways to the tables that all JPEG files have, past nothing that may hold Exif.
    {{0, 0xff, 0xff}, {1, 0xff, 0xd8}, {2, 0xff, 0xff}},
    {{3, 0xff, 0xe0}, {4, 0xff, 0}, {5, 0xff, 16}, {20, 0xff, 0xff}, {21, 0xff, 0xdb}},
    {{3, 0xff, 0xdb}},
    {{0, 0xff, 0x89}, {1, 0xff, 'P'}, {2, 0xff, 'N'}, {3, 0xff, 'G'}},
    {{0, 0xff, 'G'}, {1, 0xff, 'I'}, {2, 0xff, 'F'}},
    {{0, 0xff, 'B'}, {1, 0xff, 'M'}}
  };

  private Pictures() {}

  /**
   * Decodes a picture and turns it upright. The colours are those of Pillow's {@code
   * convert("RGB")}: grey is repeated, a palette looked up, transparency dropped (what is under it
   * shows), 1, 2 and 4 bits are stretched, and 16 divided by 65,535 (Pillow clips those). Of an
   * animation the first frame. The Exif orientation of JPEG and PNG files is applied.
   *
   * @param tf the ops
   * @param encoded scalar: a PNG, JPEG (grey, RGB, CMYK), GIF or BMP file (not run-length encoded)
   * @return float [height, width, 3], RGB in [0, 1]
   */
  public static Operand<TFloat32> decode(Ops tf, Operand<TString> encoded) {
    Operand<TUint8> head = tf.io.decodePaddedRaw(encoded, tf.constant(HEAD), TUint8.class);
    Operand<TBool> same =
        tf.all(
            tf.math.equal(tf.bitwise.bitwiseAnd(head, table(tf, 1)), table(tf, 2)), tf.constant(1));
    List<? extends Operand<TBool>> is = tf.unstack(same, (long) KINDS.length).output();
    Operand<TBool> turnable =
        tf.math.logicalOr(
            is.get(PNG),
            tf.math.logicalAnd(
                is.get(JPEG),
                tf.math.logicalNot(tf.math.logicalOr(is.get(PLAIN_JFIF), is.get(BARE_JPEG)))));
    SwitchCond<TString> file = tf.switchCond(encoded, turnable);
    SwitchCond<TInt32> upright = tf.switchCond(tf.constant(1), turnable);
    Operand<TInt32> orientation =
        tf.merge(
                List.of(
                    upright.outputFalse(), Orientation.read(tf, file.outputTrue(), is.get(PNG))))
            .output();
    return Orientation.upright(tf, stored(tf, encoded, is.get(GIF), is.get(BMP)), orientation);
  }

  /** The pixels as the file has them. */
  private static Operand<TFloat32> stored(
      Ops tf, Operand<TString> encoded, Operand<TBool> gif, Operand<TBool> bmp) {
    // Only the ops of the branch that is taken run.
    SwitchCond<TString> byBmp = tf.switchCond(encoded, bmp);
    SwitchCond<TString> byGif = tf.switchCond(byBmp.outputFalse(), gif);
    Operand<TString> other =
        tf.merge(List.of(byGif.outputFalse(), Gif.opaque(tf, byGif.outputTrue()))).output();
    Operand<TFloat32> decoded =
        tf.image.decodeImage(
            other, TFloat32.class, DecodeImage.channels(3L), DecodeImage.expandAnimations(false));
    return tf.ensureShape(
        tf.merge(List.of(decoded, Bmp.decode(tf, byBmp.outputTrue()))).output(),
        Shape.of(-1, -1, 3));
  }

  /**
   * A column of KINDS, uint8 [kinds, HEAD]: 1 for masks, 2 for values; 0 where any byte will do.
   */
  private static Operand<TUint8> table(Ops tf, int column) {
    byte[] table = new byte[KINDS.length * HEAD];
    for (int kind = 0; kind < KINDS.length; kind++) {
      for (int[] each : KINDS[kind]) {
        table[kind * HEAD + each[0]] = (byte) each[column];
      }
    }
    try (TUint8 tensor = TUint8.tensorOf(Shape.of(KINDS.length, HEAD), DataBuffers.of(table))) {
      return tf.constantOf(tensor);
    }
  }

  /**
   * Scales an image, bilinear between pixel centres without antialiasing, as {@code
   * tf.image.resize} does in Python by default.
   *
   * @param tf the ops
   * @param image float [any, any, 3]
   * @param height new height
   * @param width new width
   * @return float [height, width, 3]
   */
  public static Operand<TFloat32> resize(Ops tf, Operand<TFloat32> image, int height, int width) {
    Operand<TFloat32> batch =
        tf.image.resizeBilinear(
            tf.expandDims(image, tf.constant(0)),
            tf.constant(new int[] {height, width}),
            ResizeBilinear.halfPixelCenters(true));
    return tf.ensureShape(tf.squeeze(batch, Squeeze.axis(List.of(0L))), Shape.of(height, width, 3));
  }

  /**
   * Scales an image and cuts out the centre, if it is scaled to more than the network takes.
   *
   * @param tf the ops
   * @param image float [any, any, 3]
   * @param size what the network takes
   * @return float [height, width, 3]
   */
  public static Operand<TFloat32> centre(Ops tf, Operand<TFloat32> image, ImageSize size) {
    Operand<TFloat32> scaled = resize(tf, image, size.scaledHeight(), size.scaledWidth());
    int[] corner = {
      (size.scaledHeight() - size.height()) / 2, (size.scaledWidth() - size.width()) / 2, 0
    };
    return tf.slice(
        scaled, tf.constant(corner), tf.constant(new int[] {size.height(), size.width(), 3}));
  }
}
