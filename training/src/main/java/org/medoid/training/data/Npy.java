package org.medoid.training.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * An array in NumPy's file format, versions 1 to 3: float32, float64, int32 or int64, in C order.
 *
 * @param shape the dimensions
 * @param data float[], double[], int[] or long[], row-major
 */
public record Npy(int[] shape, Object data) {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final Pattern TYPE = Pattern.compile("'descr'\\s*:\\s*'([^']*)'");
  private static final Pattern ORDER = Pattern.compile("'fortran_order'\\s*:\\s*(True|False)");
  private static final Pattern SHAPE = Pattern.compile("'shape'\\s*:\\s*\\(([^)]*)\\)");

  /**
   * Checks that shape and data fit.
   *
   * @param shape the dimensions
   * @param data float[], double[], int[] or long[], row-major
   * @throws IllegalArgumentException if they do not, or data is of another type
   */
  public Npy {
    if (length(data) != size(shape)) {
      throw new IllegalArgumentException(
          "an array of shape " + Arrays.toString(shape) + " has not " + length(data) + " elements");
    }
  }

  /**
   * Reads a file.
   *
   * @param file the file
   * @return its array
   * @throws IOException if it cannot be read
   * @throws IllegalArgumentException if it is not such an array; names the file
   */
  public static Npy read(Path file) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
    if (bytes.remaining() < 10
        || !Arrays.equals(MAGIC, Arrays.copyOf(bytes.array(), MAGIC.length))) {
      throw new IllegalArgumentException(file + ": not a NumPy .npy file");
    }
    bytes.order(ByteOrder.LITTLE_ENDIAN).position(MAGIC.length);
    int version = bytes.get();
    bytes.get();
    int length = version == 1 ? bytes.getShort() & 0xffff : version <= 3 ? bytes.getInt() : -1;
    if (version < 1 || length < 0 || length > bytes.remaining()) {
      throw new IllegalArgumentException(file + ": a damaged .npy file (its header is cut short)");
    }
    byte[] header = new byte[length];
    bytes.get(header);
    return read(file, new String(header, StandardCharsets.UTF_8), bytes);
  }

  private static Npy read(Path file, String header, ByteBuffer bytes) {
    String type = find(file, header, TYPE);
    if (find(file, header, ORDER).equals("True")) {
      throw new IllegalArgumentException(
          file + ": an array in Fortran order; save numpy.ascontiguousarray(a)");
    }
    int[] shape =
        Arrays.stream(find(file, header, SHAPE).split(","))
            .map(String::strip)
            .filter(each -> !each.isEmpty())
            .mapToInt(Integer::parseInt)
            .toArray();
    bytes.order(type.startsWith(">") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
    int elementBytes = type.endsWith("8") ? 8 : 4;
    long size = size(shape);
    if (size * elementBytes != bytes.remaining()) {
      throw new IllegalArgumentException(
          file
              + ": a damaged .npy file: "
              + bytes.remaining()
              + " bytes of data, but "
              + Arrays.toString(shape)
              + " of "
              + type
              + " has "
              + size * elementBytes);
    }
    int n = Math.toIntExact(size);
    Object data =
        switch (type.substring(1)) {
          case "f4" -> {
            float[] values = new float[n];
            bytes.asFloatBuffer().get(values);
            yield values;
          }
          case "f8" -> {
            double[] values = new double[n];
            bytes.asDoubleBuffer().get(values);
            yield values;
          }
          case "i4" -> {
            int[] values = new int[n];
            bytes.asIntBuffer().get(values);
            yield values;
          }
          case "i8" -> {
            long[] values = new long[n];
            bytes.asLongBuffer().get(values);
            yield values;
          }
          default ->
              throw new IllegalArgumentException(
                  file
                      + ": elements of type "
                      + type
                      + "; only float32, float64, int32 and int64 are read");
        };
    return new Npy(shape, data);
  }

  private static String find(Path file, String header, Pattern pattern) {
    Matcher matcher = pattern.matcher(header);
    if (!matcher.find()) {
      throw new IllegalArgumentException(
          file + ": an .npy file whose header is not understood: " + header.strip());
    }
    return matcher.group(1);
  }

  /**
   * Writes a file: aside, then renamed.
   *
   * @param file the file; replaced if it exists
   * @throws IOException if it cannot be written; a file that existed is then unchanged
   */
  public void write(Path file) throws IOException {
    String type =
        data instanceof float[]
            ? "<f4"
            : data instanceof double[] ? "<f8" : data instanceof int[] ? "<i4" : "<i8";
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
    int elementBytes = type.endsWith("8") ? 8 : 4;
    ByteBuffer bytes =
        ByteBuffer.allocate(before + header.length() + Math.toIntExact(size(shape)) * elementBytes)
            .order(ByteOrder.LITTLE_ENDIAN);
    bytes.put(MAGIC).put((byte) 1).put((byte) 0).putShort((short) header.length());
    bytes.put(header.getBytes(StandardCharsets.ISO_8859_1));
    if (data instanceof float[] values) {
      bytes.asFloatBuffer().put(values);
    } else if (data instanceof double[] values) {
      bytes.asDoubleBuffer().put(values);
    } else if (data instanceof int[] values) {
      bytes.asIntBuffer().put(values);
    } else {
      bytes.asLongBuffer().put((long[]) data);
    }
    Path aside = file.resolveSibling(file.getFileName() + ".part");
    try {
      Files.write(aside, bytes.array());
      Files.move(aside, file, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(aside);
    }
  }

  private static long size(int[] shape) {
    long size = 1;
    for (int each : shape) {
      size = Math.multiplyExact(size, (long) each);
    }
    return size;
  }

  private static int length(Object data) {
    if (data instanceof float[] values) {
      return values.length;
    } else if (data instanceof double[] values) {
      return values.length;
    } else if (data instanceof int[] values) {
      return values.length;
    } else if (data instanceof long[] values) {
      return values.length;
    }
    throw new IllegalArgumentException("not an array of float, double, int or long: " + data);
  }

  /** The type and shape, for messages. */
  @Override
  public String toString() {
    String type =
        data instanceof float[]
            ? "float32"
            : data instanceof double[] ? "float64" : data instanceof int[] ? "int32" : "int64";
    return type + " " + Arrays.toString(shape);
  }
}
