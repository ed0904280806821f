package org.medoid.training.data;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Array;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.medoid.export.WholeFile;
import org.medoid.training.evaluation.Embeddings;

/**
 * An array in NumPy's file format, versions 1 to 3 (NumPy Enhancement Proposal 1 and {@code
 * numpy.lib.format}), in any byte order and in C or Fortran order.
 *
 * <table>
 *   <caption>Types</caption>
 *   <tr><th>in the file</th><th>here</th></tr>
 *   <tr><td>float16, float32</td><td>float[]</td></tr>
 *   <tr><td>float64</td><td>double[]</td></tr>
 *   <tr><td>bool, int8, int16, int32, uint8, uint16</td><td>int[]</td></tr>
 *   <tr><td>int64, uint32, uint64 below 2^63</td><td>long[]</td></tr>
 *   <tr><td>text, of str or bytes (UTF-8, else Latin-1)</td><td>String[]</td></tr>
 * </table>
 *
 * <p>Refused by name: complex, long double, dates, records and Python objects.
 *
 * @param shape the dimensions, none for a single value
 * @param data float[], double[], int[], long[] or String[], row-major; at most 2^31 - 9 elements
 */
public record Npy(int[] shape, Object data) {
  static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};

  /** Up to here float64 has every whole number. */
  private static final long WHOLE = 1L << 53;

  private static final int CHUNK = 1 << 20;

  /**
   * Checks that shape and data fit.
   *
   * @param shape the dimensions
   * @param data float[], double[], int[], long[] or String[], row-major
   * @throws IllegalArgumentException if they do not, or data is of another type
   */
  public Npy {
    double size = Arrays.stream(shape).asDoubleStream().reduce(1, (a, b) -> a * b);
    if (length(data) != size || Arrays.stream(shape).anyMatch(each -> each < 0)) {
      throw new IllegalArgumentException(
          "an array of shape " + Arrays.toString(shape) + " has not " + length(data) + " elements");
    }
  }

  /**
   * Whether a file is of this format, by its first bytes.
   *
   * @param file a file
   * @return whether it begins as such files do
   * @throws IOException if it cannot be read
   */
  public static boolean begins(Path file) throws IOException {
    try (InputStream content = Files.newInputStream(file)) {
      return Arrays.equals(MAGIC, content.readNBytes(MAGIC.length));
    }
  }

  /**
   * Reads a file. Takes memory for the array, and no more than the file's size justifies.
   *
   * @param file the file
   * @return its array
   * @throws IOException if it cannot be read
   * @throws IllegalArgumentException if it is not such an array; names the file and the reason
   */
  public static Npy read(Path file) throws IOException {
    return NpyReader.read(file);
  }

  /**
   * Takes the array as a matrix of embeddings.
   *
   * @param name what to call the array in messages, such as its file
   * @return its numbers, finite; an array of float64 is not copied
   * @throws IllegalArgumentException if the array is not [n, d] of numbers, d at least 1, a number
   *     is not finite (names the row), or a whole number is beyond 2^53, which float64 would round
   */
  public Embeddings embeddings(String name) {
    if (data instanceof String[]) {
      throw new IllegalArgumentException(name + ": embeddings must be numbers, not text");
    }
    if (shape.length != 2 || shape[1] == 0) {
      throw new IllegalArgumentException(
          name
              + ": embeddings must be [n, d], a row for each point, not of shape "
              + Arrays.toString(shape)
              + otherShape());
    }
    double[] values = data instanceof double[] wide ? wide : widened(name);
    Embeddings embeddings = new Embeddings(values, shape[0], shape[1]);
    embeddings.requireFinite(name);
    return embeddings;
  }

  /** The mend of a shape that is not that of embeddings. */
  private String otherShape() {
    if (length(data) == 0) {
      return ": there is nothing in it";
    }
    if (shape.length < 2) {
      return shape.length == 0 ? "" : "; save a.reshape(-1, 1) if each number is a point";
    }
    return shape[0] == 1 // a batch of one around them
        ? "; save a.reshape(%d, -1)".formatted(shape[1])
        : "; save a.reshape(len(a), -1)";
  }

  private double[] widened(String name) {
    double[] wide = new double[length(data)];
    if (data instanceof float[] values) {
      Arrays.setAll(wide, i -> values[i]);
    } else if (data instanceof int[] values) {
      Arrays.setAll(wide, i -> values[i]);
    } else {
      long[] values = (long[]) data;
      for (int i = 0; i < wide.length; i++) {
        if (Math.abs(values[i]) > WHOLE || values[i] == Long.MIN_VALUE) {
          throw new IllegalArgumentException(
              "%s: row %d has %d, beyond 2^53, where float64 rounds; subtract an offset first"
                  .formatted(name, i / shape[1], values[i]));
        }
        wide[i] = values[i];
      }
    }
    return wide;
  }

  /**
   * Writes a file, little-endian: aside, then renamed.
   *
   * @param file the file; replaced if it exists
   * @throws IOException if it cannot be written; a file that existed is then unchanged
   * @throws UnsupportedOperationException for text
   */
  public void write(Path file) throws IOException {
    ByteBuffer header = header();
    WholeFile.write(file, aside -> write(aside, header));
  }

  private void write(Path file, ByteBuffer header) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      writeWhole(channel, header);
      ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
      int each = CHUNK / elementBytes();
      for (int from = 0, n = length(data); from < n; from += Math.min(each, n - from)) {
        int count = Math.min(each, n - from);
        chunk.clear().limit(count * elementBytes());
        put(chunk, from, count);
        writeWhole(channel, chunk);
      }
    }
  }

  /** Puts elements into the whole of a buffer, whose position stays. */
  private void put(ByteBuffer chunk, int from, int count) {
    if (data instanceof float[] values) {
      chunk.asFloatBuffer().put(values, from, count);
    } else if (data instanceof double[] values) {
      chunk.asDoubleBuffer().put(values, from, count);
    } else if (data instanceof int[] values) {
      chunk.asIntBuffer().put(values, from, count);
    } else {
      chunk.asLongBuffer().put((long[]) data, from, count);
    }
  }

  static void writeWhole(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private ByteBuffer header() {
    String type =
        data instanceof float[]
            ? "<f4"
            : data instanceof double[]
                ? "<f8"
                : data instanceof int[] ? "<i4" : data instanceof long[] ? "<i8" : null;
    if (type == null) {
      throw new UnsupportedOperationException("text is read from .npy files, but not written");
    }
    return header(type, shape);
  }

  /** What stands before the elements. */
  static ByteBuffer header(String type, int... shape) {
    String dimensions =
        Arrays.stream(shape).mapToObj(Integer::toString).collect(Collectors.joining(", "));
    String header =
        "{'descr': '"
            + type
            + "', 'fortran_order': False, 'shape': ("
            + dimensions
            + (shape.length == 1 ? ",)" : ")")
            + ", }";
    int before = MAGIC.length + 4;
    header += " ".repeat(63 - (before + header.length()) % 64) + "\n";
    return ByteBuffer.allocate(before + header.length())
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(MAGIC)
        .put((byte) 1)
        .put((byte) 0)
        .putShort((short) header.length())
        .put(header.getBytes(StandardCharsets.ISO_8859_1))
        .flip();
  }

  private int elementBytes() {
    return data instanceof float[] || data instanceof int[] ? 4 : 8;
  }

  private static int length(Object data) {
    if (data instanceof float[]
        || data instanceof double[]
        || data instanceof int[]
        || data instanceof long[]
        || data instanceof String[]) {
      return Array.getLength(data);
    }
    throw new IllegalArgumentException("not an array of float, double, int, long or text: " + data);
  }

  /** The kind and shape, for messages. */
  @Override
  public String toString() {
    return (data instanceof String[]
            ? "text "
            : data instanceof int[] || data instanceof long[] ? "whole numbers " : "floats ")
        + Arrays.toString(shape);
  }
}
