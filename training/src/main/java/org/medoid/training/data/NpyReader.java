package org.medoid.training.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.ndarray.buffer.layout.DataLayouts;

/** Reads {@link Npy} files, a chunk at a time. */
final class NpyReader {
  private static final Pattern TYPE = Pattern.compile("['\"]descr['\"]\\s*:\\s*(\\[|[^,}]+)");
  private static final Pattern ORDER =
      Pattern.compile("['\"]fortran_order['\"]\\s*:\\s*(True|False|1|0)\\b");
  private static final Pattern SHAPE = Pattern.compile("['\"]shape['\"]\\s*:\\s*\\(([^)]*)\\)");

  /** {@code <f4}: byte order, kind, size. */
  private static final Pattern SIMPLE =
      Pattern.compile("u?['\"]([<>=|]?)([a-zA-Z?])(\\d*)(?:\\[.*\\])?['\"]");

  /** A size; Python 2 wrote an L behind it. */
  private static final Pattern SIZE = Pattern.compile("(\\d{1,18})[lL]?");

  /** No array that is read here has a longer one; NumPy itself takes 10,000. */
  private static final int LONGEST_HEADER = 1 << 20;

  /** The Java machine has no longer arrays. */
  private static final int MOST = Integer.MAX_VALUE - 8;

  private static final int CHUNK = 1 << 20;

  private final Path file;
  private final FileChannel channel;
  private final char kind;
  private final int bytes;
  private final ByteOrder order;
  private final boolean fortran;
  private final int[] shape;
  private final Map<String, String> texts = new HashMap<>();

  private NpyReader(Path file, FileChannel channel, String header) {
    this.file = file;
    this.channel = channel;
    String type = find(header, TYPE).strip();
    Matcher simple = SIMPLE.matcher(type);
    if (type.equals("[")) {
      throw refused("its elements are records (a structured type); save one field, a['name']");
    }
    if (!simple.matches()) {
      throw refused("its header is not understood: " + header.strip());
    }
    order = simple.group(1).equals(">") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    kind = simple.group(2).equals("?") ? 'b' : simple.group(2).charAt(0);
    String size = simple.group(3);
    bytes =
        elementBytes(type, size.isEmpty() ? 1 : size.length() > 8 ? -1 : Integer.parseInt(size));
    String fortranOrder = find(header, ORDER);
    fortran = fortranOrder.equals("True") || fortranOrder.equals("1");
    shape = dimensions(find(header, SHAPE));
  }

  /** Reads a file. */
  static Npy read(Path file) throws IOException {
    boolean pipe = Files.exists(file) && !Files.isDirectory(file) && !Files.isRegularFile(file);
    return FileErrors.naming(file, () -> pipe ? piped(file) : read(file, file));
  }

  /** Reads the content of a file by its name. */
  static Npy read(Path file, Path content) throws IOException {
    if (Files.isDirectory(content)) {
      throw new IllegalArgumentException(file + ": a folder, not a NumPy .npy file");
    }
    try (FileChannel channel = FileChannel.open(content)) {
      NpyReader reader = new NpyReader(file, channel, header(file, channel));
      return new Npy(reader.shape, reader.elements());
    }
  }

  /** Reads what comes through a pipe, whose size nobody knows: {@code <(zcat e.npy.gz)}. */
  private static Npy piped(Path pipe) throws IOException {
    Path kept = Files.createTempFile("medoid", ".npy");
    try (InputStream in = Files.newInputStream(pipe)) {
      byte[] start = in.readNBytes(Npy.MAGIC.length);
      if (!Arrays.equals(Npy.MAGIC, start)) { // some devices never end
        throw new IllegalArgumentException(pipe + ": " + OtherFiles.name(start));
      }
      try (OutputStream out = FileErrors.named(kept)) {
        out.write(start);
        in.transferTo(out);
      }
      return read(pipe, kept);
    } finally {
      Files.delete(kept);
    }
  }

  private static String header(Path file, FileChannel channel) throws IOException {
    ByteBuffer start = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
    fill(channel, start);
    start.flip();
    byte[] magic = Arrays.copyOf(start.array(), Npy.MAGIC.length);
    if (start.limit() < 10 || !Arrays.equals(Npy.MAGIC, magic)) {
      throw new IllegalArgumentException(
          file + ": " + OtherFiles.name(Arrays.copyOf(start.array(), start.limit())));
    }
    int version = start.get(6);
    long length = version == 1 ? start.getShort(8) & 0xffff : start.getInt(8) & 0xffffffffL;
    int before = version == 1 ? 10 : 12;
    if (version < 1 || version > 3) {
      throw new IllegalArgumentException(
          file + ": an .npy file of version " + version + "; 1, 2 and 3 are read");
    }
    if (length > Math.min(LONGEST_HEADER, channel.size() - before)) {
      throw new IllegalArgumentException(
          file + ": a damaged .npy file (its header of " + length + " bytes is cut short)");
    }
    ByteBuffer header = ByteBuffer.allocate((int) length);
    channel.position(before);
    fill(channel, header);
    return new String(
        header.array(), version == 3 ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1);
  }

  private static void fill(FileChannel channel, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining() && channel.read(buffer) >= 0) {}
  }

  private String find(String header, Pattern pattern) {
    Matcher matcher = pattern.matcher(header);
    if (!matcher.find()) {
      throw refused("its header is not understood: " + header.strip());
    }
    return matcher.group(1);
  }

  private IllegalArgumentException refused(String why) {
    return new IllegalArgumentException(file + ": an .npy file that cannot be read here: " + why);
  }

  private int elementBytes(String type, int size) {
    int element = kind == 'U' ? Math.multiplyExact(4, size) : size;
    boolean read =
        switch (kind) {
          case 'f' -> size == 2 || size == 4 || size == 8;
          case 'i', 'u' -> size == 1 || size == 2 || size == 4 || size == 8;
          case 'b' -> size == 1;
          case 'U', 'S', 'a' -> size > 0;
          default -> false;
        };
    if (read) {
      return element;
    }
    throw refused(
        switch (kind) {
          case 'O' ->
              "its elements are Python objects (pickled), which only Python reads; save"
                  + " a.astype(str), or astype(float) if they are numbers";
          case 'c' ->
              "its elements are complex; save a.real, or real and imaginary parts side by side";
          case 'f', 'g' -> "its elements are " + type + " (long double?); save a.astype('float64')";
          case 'M', 'm' -> "its elements are dates or durations; save a.astype('int64')";
          case 'V' ->
              "its elements are raw bytes ("
                  + type
                  + "; bfloat16 or float8 are saved so); save a.astype('float32')";
          default -> "its elements are of type " + type;
        });
  }

  private int[] dimensions(String text) {
    String[] parts = text.strip().isEmpty() ? new String[0] : text.split(",", -1);
    int count =
        parts.length > 0 && parts[parts.length - 1].isBlank() ? parts.length - 1 : parts.length;
    long[] sizes = new long[count];
    for (int i = 0; i < count; i++) {
      Matcher size = SIZE.matcher(parts[i].strip());
      if (!size.matches()) {
        throw refused("its shape (" + text + ") is not understood");
      }
      sizes[i] = Long.parseLong(size.group(1));
    }
    boolean empty = Arrays.stream(sizes).anyMatch(size -> size == 0);
    double elements = Arrays.stream(sizes).asDoubleStream().reduce(1, (a, b) -> a * b);
    if (Arrays.stream(sizes).anyMatch(size -> size > MOST) || (!empty && elements > MOST)) {
      throw refused(
          "its shape (" + text + ") has more than 2^31 - 9 elements; save it in several files");
    }
    return Arrays.stream(sizes).mapToInt(size -> (int) size).toArray();
  }

  /** Reads the elements; the array is made once the file is known to hold them. */
  private Object elements() throws IOException {
    int n = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    long held = channel.size() - channel.position();
    long claimed = (long) n * bytes;
    if (held > claimed && another(claimed)) {
      throw refused("it holds several arrays, one after the other; save each in a file of its own");
    }
    if (held != claimed) {
      throw new IllegalArgumentException(
          "%s: a damaged .npy file: %d bytes of data, but %s of %d bytes each has %d"
              .formatted(file, held, Arrays.toString(shape), bytes, claimed));
    }
    return switch (kind) {
      case 'f' -> bytes == 8 ? doubles(new double[n]) : floats(new float[n]);
      case 'b' -> ints(new int[n]);
      case 'i' -> bytes == 8 ? longs(new long[n]) : ints(new int[n]);
      case 'u' -> bytes >= 4 ? longs(new long[n]) : ints(new int[n]);
      default -> texts(new String[n]);
    };
  }

  /** Whether the elements are followed by another array, as of a second numpy.save to a file. */
  private boolean another(long claimed) throws IOException {
    ByteBuffer next = ByteBuffer.allocate(Npy.MAGIC.length);
    channel.read(next, channel.position() + claimed);
    return Arrays.equals(Npy.MAGIC, next.array());
  }

  /** Takes an element from a buffer. */
  @FunctionalInterface
  private interface Element {
    void take(ByteBuffer from, int index);
  }

  private double[] doubles(double[] values) throws IOException {
    each(values.length, (from, index) -> values[index] = from.getDouble());
    return values;
  }

  private float[] floats(float[] values) throws IOException {
    each(
        values.length,
        bytes == 4
            ? (from, index) -> values[index] = from.getFloat()
            : (from, index) -> values[index] = half(from.getShort()));
    return values;
  }

  private int[] ints(int[] values) throws IOException {
    boolean unsigned = kind == 'u';
    each(
        values.length,
        switch (bytes) {
          case 1 ->
              kind == 'b'
                  ? (from, index) -> values[index] = from.get() == 0 ? 0 : 1
                  : (from, index) -> values[index] = from.get() & (unsigned ? 0xff : -1);
          case 2 -> (from, index) -> values[index] = from.getShort() & (unsigned ? 0xffff : -1);
          default -> (from, index) -> values[index] = from.getInt();
        });
    return values;
  }

  private long[] longs(long[] values) throws IOException {
    each(
        values.length,
        (from, index) -> {
          values[index] = bytes == 4 ? from.getInt() & 0xffffffffL : from.getLong();
          if (kind == 'u' && values[index] < 0) {
            throw refused(
                Long.toUnsignedString(values[index])
                    + " (element "
                    + index
                    + ") is beyond int64; save numpy.unique(a, return_inverse=True)[1]");
          }
        });
    return values;
  }

  private String[] texts(String[] values) throws IOException {
    each(
        values.length,
        (from, index) -> {
          byte[] raw = new byte[bytes];
          from.get(raw);
          values[index] = texts.computeIfAbsent(kind == 'U' ? wide(raw) : narrow(raw), t -> t);
        });
    return values;
  }

  private String wide(byte[] raw) {
    ByteBuffer points = ByteBuffer.wrap(raw).order(order);
    StringBuilder text = new StringBuilder();
    int end = 0;
    while (points.hasRemaining()) {
      int point = points.getInt();
      if (!Character.isValidCodePoint(point)) {
        throw refused("damaged: " + Integer.toUnsignedString(point) + " is no character");
      }
      text.appendCodePoint(point);
      end = point == 0 ? end : text.length();
    }
    return text.substring(0, end); // NumPy fills up with zeros
  }

  private static String narrow(byte[] raw) {
    int end = raw.length;
    while (end > 0 && raw[end - 1] == 0) {
      end--;
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(raw, 0, end)).toString();
    } catch (CharacterCodingException e) {
      return new String(raw, 0, end, StandardCharsets.ISO_8859_1);
    }
  }

  /** Hands out all elements in the order of the file, each with its place in C order. */
  private void each(int n, Element element) throws IOException {
    int most = Math.max(1, CHUNK / bytes);
    ByteBuffer chunk =
        ByteBuffer.allocate(Math.multiplyExact(Math.min(most, Math.max(1, n)), bytes)).order(order);
    Place place = new Place(shape, fortran);
    for (int done = 0; done < n; ) {
      int count = Math.min(most, n - done);
      chunk.clear().limit(count * bytes);
      fill(channel, chunk);
      if (chunk.hasRemaining()) {
        throw new IOException(file + ": the file ended while it was read");
      }
      chunk.flip();
      for (int i = 0; i < count; i++) {
        element.take(chunk, place.next());
      }
      done += count;
    }
  }

  /** Where the elements of a file belong in C order, one after the other. */
  private static final class Place {
    private final int[] shape;
    private final int[] strides;
    private final int[] index;
    private final boolean fortran;
    private int place;

    Place(int[] shape, boolean fortran) {
      this.shape = shape;
      this.fortran = fortran && shape.length > 1;
      strides = new int[shape.length];
      index = new int[shape.length];
      int stride = 1;
      for (int i = shape.length - 1; i >= 0; i--) {
        strides[i] = stride;
        stride *= shape[i];
      }
    }

    int next() {
      int now = place;
      if (!fortran) {
        place++;
        return now;
      }
      for (int i = 0; i < shape.length; i++) { // the first index runs fastest
        place += strides[i];
        if (++index[i] < shape[i]) {
          break;
        }
        place -= strides[i] * shape[i];
        index[i] = 0;
      }
      return now;
    }
  }

  /** A float16 (IEEE 754 binary16) as the same number of 32 bits. */
  static float half(short bits) {
    return DataLayouts.FLOAT16.applyTo(DataBuffers.of(bits)).getFloat(0);
  }
}
