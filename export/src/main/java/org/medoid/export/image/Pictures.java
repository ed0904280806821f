package org.medoid.export.image;

import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Squeeze;
import org.tensorflow.op.core.SwitchCond;
import org.tensorflow.op.image.DecodeImage;
import org.tensorflow.op.image.ResizeBilinear;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TString;

/** Steps from an encoded picture to what a network takes, for a function or a signature. */
public final class Pictures {
  /**
   * How the files start that have their tables, as all JPEG files do, with nothing before them that
   * may hold Exif: after the JFIF segment, whose version, density and thumbnail may be any, or at
   * once. Bytes in hexadecimal; a dot is half a byte of any value.
   */
  private static final List<String> PLAIN_JPEG =
      List.of("ffd8ffe00010" + ".".repeat(28) + "ffdb....", "ffd8ffdb" + ".".repeat(40));

  /** How files of each kind start, and what is done with them; the first that fits. */
  private static final List<String> STARTS =
      List.of("ffd8ff..", "89504e47", "474946..", "424d....", "........");

  private static final List<Rare.Way> WAYS =
      List.of(
          new Rare.Way("jpeg", (tf, file) -> Orientation.upright(tf, plain(tf, file), file, false)),
          new Rare.Way("png", (tf, file) -> Orientation.upright(tf, plain(tf, file), file, true)),
          new Rare.Way("gif", (tf, file) -> plain(tf, Gif.opaque(tf, file))),
          new Rare.Way("bmp", Bmp::decode),
          new Rare.Way("other", Pictures::plain));

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
    SwitchCond<TString> file =
        tf.switchCond(encoded, tf.any(starts(tf, encoded, PLAIN_JPEG), tf.constant(0)));
    // Constants run unless they wait for something that does not.
    Operand<TString> rare = tf.identity(file.outputFalse());
    Ops waiting = tf.withControlDependencies(List.of(rare));
    Operand<TInt32> kind =
        waiting.math.argMax(
            waiting.dtypes.cast(starts(waiting, rare, STARTS), TInt32.class),
            waiting.constant(0),
            TInt32.class);
    return tf.ensureShape(
        tf.merge(List.of(Rare.take(tf, rare, kind, WAYS), plain(tf, file.outputTrue()))).output(),
        Shape.of(-1, -1, 3));
  }

  /** The pixels as TensorFlow reads them. */
  private static Operand<TFloat32> plain(Ops tf, Operand<TString> encoded) {
    return tf.image.decodeImage(
        encoded, TFloat32.class, DecodeImage.channels(3L), DecodeImage.expandAnimations(false));
  }

  /** Whether a file starts so, bool [patterns]; all of a length, a multiple of four bytes. */
  private static Operand<TBool> starts(Ops tf, Operand<TString> encoded, List<String> patterns) {
    int bytes = patterns.get(0).length() / 2;
    Operand<TInt32> head = tf.io.decodePaddedRaw(encoded, tf.constant(bytes), TInt32.class);
    int[][] masks = new int[patterns.size()][bytes / 4];
    int[][] values = new int[patterns.size()][bytes / 4];
    for (int k = 0; k < masks.length; k++) {
      for (int i = 0; i < masks[k].length; i++) {
        String word = patterns.get(k).substring(8 * i, 8 * i + 8);
        masks[k][i] = word(word.replaceAll("[^.]", "f").replace('.', '0'));
        values[k][i] = word(word.replace('.', '0'));
      }
    }
    return tf.all(
        tf.math.equal(tf.bitwise.bitwiseAnd(head, tf.constant(masks)), tf.constant(values)),
        tf.constant(1));
  }

  /** Four bytes in hexadecimal as a little-endian number. */
  private static int word(String bytes) {
    return Integer.reverseBytes(Integer.parseUnsignedInt(bytes, 16));
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
