package org.medoid.training.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files as {@code numpy.save} writes them, made here byte by byte. */
class NpyTest {
  @TempDir private Path folder;

  private static byte[] file(int version, String header, byte[] data) {
    int before = version == 1 ? 10 : 12;
    byte[] text =
        (header + " ".repeat(63 - (before + header.length()) % 64) + "\n")
            .getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(before + text.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', (byte) version, 0});
    if (version == 1) {
      bytes.putShort((short) text.length);
    } else {
      bytes.putInt(text.length);
    }
    return bytes.put(text).put(data).array();
  }

  private static String header(String type, String order, String shape) {
    return "{'descr': '%s', 'fortran_order': %s, 'shape': (%s), }".formatted(type, order, shape);
  }

  private Npy read(byte[] bytes) throws IOException {
    return Npy.read(Files.write(folder.resolve("a.npy"), bytes));
  }

  private static byte[] bytes(String type, double... values) {
    ByteBuffer buffer =
        ByteBuffer.allocate(8 * values.length)
            .order(type.startsWith(">") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
    for (double value : values) {
      switch (type.substring(1)) {
        case "b1", "i1", "u1" -> buffer.put((byte) (long) value);
        case "i2", "u2" -> buffer.putShort((short) (long) value);
        case "i4", "u4" -> buffer.putInt((int) (long) value);
        case "i8", "u8" -> buffer.putLong((long) value);
        case "f4" -> buffer.putFloat((float) value);
        case "f8" -> buffer.putDouble(value);
        default -> throw new AssertionError(type);
      }
    }
    return Arrays.copyOf(buffer.array(), buffer.position());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "|b1", "|i1", "|u1", "<i2", ">i2", "<u2", ">u2", "<i4", ">i4", "<u4", ">u4", "<i8", ">i8",
        "<u8", ">u8", "<f4", ">f4", "<f8", ">f8"
      })
  void everyTypeOrderAndVersionHoldsTheSameNumbers(String type) throws IOException {
    boolean signed = type.charAt(1) == 'i' || type.charAt(1) == 'f';
    boolean truth = type.equals("|b1");
    double[] rows = {1, 0, 1, truth ? 1 : 5, truth ? 0 : signed ? -100 : 200, 1};
    double[] columns = {rows[0], rows[3], rows[1], rows[4], rows[2], rows[5]};
    for (int version = 1; version <= 3; version++) {
      Npy c = read(file(version, header(type, "False", "2, 3"), bytes(type, rows)));
      Npy fortran = read(file(version, header(type, "True", "2, 3"), bytes(type, columns)));
      for (Npy each : List.of(c, fortran)) {
        assertThat(each.shape()).containsExactly(2, 3);
        assertThat(each.embeddings("a").values()).containsExactly(rows);
      }
    }
  }

  @Test
  void unsignedNumbersAreNotNegative() throws IOException {
    assertThat(read(file(1, header("<u4", "False", "1,"), bytes("<u4", 4294967295.0))).data())
        .isEqualTo(new long[] {4294967295L});
    assertThat(read(file(1, header("<u2", "False", "1,"), bytes("<u2", 65535))).data())
        .isEqualTo(new int[] {65535});
    assertThatThrownBy(() -> read(file(1, header("<u8", "False", "2,"), bytes("<u8", 1, -1))))
        .hasMessageContaining("a.npy")
        .hasMessageContaining("18446744073709551615")
        .hasMessageContaining("element 1");
  }

  @ParameterizedTest
  @CsvSource({
    "0x0000, 0",
    "0x8000, -0.0",
    "0x3c00, 1",
    "0xc000, -2",
    "0x3555, 0.333251953125",
    "0x0001, 5.9604644775390625e-8",
    "0x83ff, -6.097555160522461e-5",
    "0x0400, 6.103515625e-5",
    "0x7bff, 65504",
    "0x7c00, Infinity",
    "0xfc00, -Infinity",
    "0x7e00, NaN"
  })
  void halfPrecisionIsWidened(String bits, Float value) {
    assertThat(NpyReader.half((short) (int) Integer.decode(bits))).isEqualTo(value);
  }

  @Property(seed = "1", tries = 50)
  void whatIsWrittenIsReadInAnyShape(
      @ForAll @IntRange(min = 0, max = 4) int dimensions, @ForAll long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    int[] shape = random.ints(dimensions, 0, 5).toArray();
    int n = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    Path file = Files.createTempFile("array", ".npy");
    for (Object data :
        List.of(
            random.doubles(n).toArray(),
            random.ints(n).toArray(),
            random.longs(n).toArray(),
            floats(random, n))) {
      new Npy(shape, data).write(file);
      Npy again = Npy.read(file);
      assertThat(again.shape()).isEqualTo(shape);
      assertThat(again.data()).isEqualTo(data);
    }
    Files.delete(file);
  }

  private static float[] floats(SplittableRandom random, int n) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) random.nextDouble();
    }
    return values;
  }

  @Property(seed = "1", tries = 30)
  void fortranOrderOfAnyShapeIsTurned(
      @ForAll @IntRange(min = 2, max = 4) int dimensions, @ForAll long seed) throws IOException {
    int[] shape = new SplittableRandom(seed).ints(dimensions, 1, 6).toArray();
    int n = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    double[] data = new double[n]; // of each element its place in C order, the first index fastest
    for (int i = 0; i < n; i++) {
      int left = i;
      int place = 0;
      for (int k = 0; k < dimensions; k++) {
        int after = 1;
        for (int j = k + 1; j < dimensions; j++) {
          after *= shape[j];
        }
        place += left % shape[k] * after;
        left /= shape[k];
      }
      data[i] = place;
    }
    String sizes = Arrays.toString(shape).replaceAll("[\\[\\]]", "");
    Path file = Files.createTempFile("array", ".npy");
    Files.write(file, file(1, header("<i4", "True", sizes), bytes("<i4", data)));
    int[] expected = new int[n];
    Arrays.setAll(expected, i -> i);
    assertThat(Npy.read(file).data()).isEqualTo(expected);
    Files.delete(file);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'descr': '<i4', 'fortran_order': False, 'shape': (2L, 1L), }",
        "{'shape': (2L,1L,), 'fortran_order': False, 'descr': '<i4'}",
        "{ 'descr' :'<i4' , 'fortran_order' :False , 'shape' : ( 2 , 1 ) }",
        "{\"descr\": \"<i4\", \"fortran_order\": True, \"shape\": (2, 1)}"
      })
  void headersOfAnyWriterAreRead(String header) throws IOException {
    Npy array = read(file(1, header, bytes("<i4", 7, 8)));
    assertThat(array.shape()).containsExactly(2, 1);
    assertThat(array.data()).isEqualTo(new int[] {7, 8});
  }

  @Test
  void aSingleValueHasNoDimensions() throws IOException {
    Npy value = read(file(1, header("<f8", "False", ""), bytes("<f8", 2.5)));
    assertThat(value.shape()).isEmpty();
    assertThat(value.data()).isEqualTo(new double[] {2.5});
  }

  @Test
  void textIsReadInBothOfItsForms() throws IOException {
    ByteArrayOutputStream little = new ByteArrayOutputStream();
    ByteArrayOutputStream big = new ByteArrayOutputStream();
    for (String each : List.of("ab", "é", "", "😀")) {
      ByteBuffer points = ByteBuffer.allocate(8);
      each.codePoints().forEach(points::putInt);
      big.writeBytes(points.array());
      ByteBuffer turned = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      each.codePoints().forEach(turned::putInt);
      little.writeBytes(turned.array());
    }
    String[] expected = {"ab", "é", "", "😀"};
    assertThat(read(file(1, header("<U2", "False", "4,"), little.toByteArray())).data())
        .isEqualTo(expected);
    assertThat(read(file(1, header(">U2", "False", "4,"), big.toByteArray())).data())
        .isEqualTo(expected);
    byte[] utf8 = {'a', 'b', (byte) 0xc3, (byte) 0xa9, 0, 0};
    assertThat(read(file(1, header("|S2", "False", "3,"), utf8)).data())
        .isEqualTo(new String[] {"ab", "é", ""});
    byte[] latin = {(byte) 0xe9, 'x'};
    assertThat(read(file(1, header("|S2", "False", "1,"), latin)).data())
        .isEqualTo(new String[] {"éx"});
    assertThatThrownBy(() -> read(file(1, header("<U1", "False", "1,"), bytes("<i4", 0x7fffffff))))
        .hasMessageContaining("no character");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "'|O'; pickled",
        "'<c8'; complex",
        "'<c16'; complex",
        "'<f16'; long double",
        "'<M8[ns]'; dates",
        "'<m8[s]'; dates",
        "'|V2'; bfloat16",
        "'<U0'; '<U0'",
        "[('x', '<f4'), ('y', '<f4')]; records",
        "'<q9'; '<q9'",
        "nonsense; not understood"
      },
      quoteCharacter = '`')
  void otherTypesAreRefusedByName(String type, String reason) {
    byte[] bytes =
        file(1, "{'descr': " + type + ", 'fortran_order': False, 'shape': (1,), }", new byte[16]);
    assertThatThrownBy(() -> read(bytes))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("a.npy")
        .hasMessageContaining(reason)
        .message()
        .hasLineCount(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "3, 3",
        "1",
        "2000000000, 8",
        "99999999999",
        "9999999999999999999999",
        "-2, -1",
        "2, x",
        "1e3",
        "2, 2, 4294967296"
      })
  void aHeaderThatClaimsMoreThanTheFileHoldsAllocatesNothing(String shape) {
    byte[] bytes = file(1, header("<f8", "False", shape), bytes("<f8", 1, 2));
    assertThatThrownBy(() -> read(bytes))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("a.npy");
  }

  @Test
  void anythingCutShortIsAnErrorThatNamesTheFile() {
    byte[] whole = file(1, header("<f8", "False", "2,"), bytes("<f8", 1, 2));
    for (int length = 0; length < whole.length; length++) {
      byte[] part = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> read(part))
          .as("%d bytes", length)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("a.npy");
    }
  }

  @Test
  void otherFilesAreToldApart() throws IOException {
    assertThatThrownBy(() -> read(new byte[] {'P', 'K', 3, 4, 0, 0, 0, 0, 0, 0}))
        .hasMessageContaining(".npz");
    assertThatThrownBy(() -> Npy.read(folder)).hasMessageContaining("a folder");
    assertThatThrownBy(() -> read(file(9, header("<f8", "False", "0,"), new byte[0])))
        .hasMessageContaining("version 9");
    byte[] long2 = file(2, header("<f8", "False", "0,"), new byte[0]);
    ByteBuffer.wrap(long2).order(ByteOrder.LITTLE_ENDIAN).putInt(8, -1);
    assertThatThrownBy(() -> read(long2)).hasMessageContaining("4294967295 bytes");
  }

  @Test
  void otherFilesAreNamedWithTheMend() throws IOException {
    Path file = folder.resolve("other");
    byte[] array;
    new Npy(new int[] {2}, new int[] {1, 2}).write(file);
    array = Files.readAllBytes(file);
    byte[] two = Arrays.copyOf(array, 2 * array.length);
    System.arraycopy(array, 0, two, array.length, array.length);
    Map<String, byte[]> others =
        Map.of(
            "empty", new byte[0],
            "text?", "1,2\n3,4\n".getBytes(StandardCharsets.UTF_8),
            "archive", new byte[] {'P', 'K', 3, 4, 0, 0},
            "HDF5", new byte[] {(byte) 0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'},
            "pickle", new byte[] {(byte) 0x80, 4, (byte) 0x95, 0, 0},
            "not a NumPy .npy file", new byte[] {(byte) 0x80},
            "several arrays", two);
    for (Map.Entry<String, byte[]> other : others.entrySet()) {
      Files.write(file, other.getValue());
      assertThatThrownBy(() -> Npy.read(file))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(file.toString())
          .hasMessageContaining(other.getKey());
    }
  }

  @Test
  @Timeout(60)
  void whatComesThroughAPipeIsReadAndADeviceRefused() throws Exception {
    Path file = folder.resolve("a.npy");
    Path pipe = folder.resolve("pipe");
    new Npy(new int[] {2, 3}, new float[] {1, 2, 3, 4, 5, 6}).write(file);
    assumeThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    // Opening a pipe waits for the other side: a shell does it, not this process.
    String[] copy = {"sh", "-c", "cat \"$0\" >\"$1\"", file.toString(), pipe.toString()};
    Process cat = new ProcessBuilder(copy).start();
    Npy read = Npy.read(pipe);
    assertThat(cat.waitFor()).isZero();
    assertThat(read.shape()).containsExactly(2, 3);
    assertThat(read.data()).isEqualTo(new float[] {1, 2, 3, 4, 5, 6});
    assertThatThrownBy(() -> Npy.read(Path.of("/dev/zero")))
        .hasMessageContaining("/dev/zero: not a NumPy .npy file");
  }

  @Test
  void tooManyElementsAreRefusedAndManyAreReadInChunks() throws IOException {
    // More elements than a Java array has are refused before any is read; the file is sparse.
    Path sparse = folder.resolve("sparse.npy");
    Files.write(sparse, file(1, header("|u1", "False", "3000000000,"), new byte[0]));
    try (RandomAccessFile file = new RandomAccessFile(sparse.toFile(), "rw")) {
      file.setLength(file.length() + 3_000_000_000L);
    }
    assertThatThrownBy(() -> Npy.read(sparse)).hasMessageContaining("2^31");
    int[] some = new SplittableRandom(1).ints(700_001).toArray();
    Path file = folder.resolve("chunks.npy");
    new Npy(new int[] {some.length}, some).write(file);
    assertThat(Npy.read(file).data()).isEqualTo(some);
  }

  /** A pipe is read once: what it gives is an array or text. */
  @Test
  void labelsComeThroughPipes() throws Exception {
    Path array = folder.resolve("labels.npy");
    new Npy(new int[] {3}, new long[] {7, 7, 9}).write(array);
    Path pipe = folder.resolve("pipe");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    assertThat(piped(pipe, Files.readAllBytes(array))).isEqualTo(new long[] {7, 7, 9});
    assertThat(piped(pipe, "a\nb c\nä\n".getBytes(StandardCharsets.UTF_8)))
        .isEqualTo(new String[] {"a", "b c", "ä"});
    assertThatThrownBy(() -> piped(pipe, new byte[] {1, 0, 2})).hasMessageStartingWith(pipe + ": ");
    assertThatThrownBy(() -> piped(pipe, "a\tb\n".repeat(3).getBytes(StandardCharsets.UTF_8)))
        .hasMessageStartingWith(pipe + ": has several columns");
    assertThatThrownBy(
            () ->
                piped(
                    pipe,
                    new String(new char[20_000])
                        .replace('\0', 'y')
                        .getBytes(StandardCharsets.UTF_8)))
        .hasMessageStartingWith(pipe + ": more than 16384 bytes");
  }

  private static Object piped(Path pipe, byte[] content) throws IOException {
    Thread writer =
        new Thread(
            () -> {
              try (OutputStream out = Files.newOutputStream(pipe)) {
                out.write(content);
              } catch (IOException e) {
                // The reader has seen enough.
              }
            });
    writer.start();
    return LabelFile.read(pipe, 3).data();
  }

  @Test
  void embeddingsMustBeFiniteNumbersInRows() {
    double[] values = {1, 2, 3, Double.NaN};
    assertThatThrownBy(() -> new Npy(new int[] {2, 2}, values).embeddings("x.npy"))
        .hasMessageContaining("x.npy: row 1")
        .hasMessageContaining("NaN");
    assertThatThrownBy(() -> new Npy(new int[] {4}, new int[4]).embeddings("x.npy"))
        .hasMessageContaining("[n, d]")
        .hasMessageContaining("reshape(-1, 1)");
    assertThatThrownBy(() -> new Npy(new int[] {1, 2, 2}, new int[4]).embeddings("x.npy"))
        .hasMessageContaining("reshape(2, -1)");
    assertThatThrownBy(() -> new Npy(new int[] {2, 2, 1}, new int[4]).embeddings("x.npy"))
        .hasMessageContaining("reshape(len(a), -1)");
    for (int[] empty : List.of(new int[] {4, 0}, new int[] {0}, new int[] {1, 0, 3})) {
      assertThatThrownBy(() -> new Npy(empty, new int[0]).embeddings("x.npy"))
          .hasMessageContaining("there is nothing in it")
          .hasMessageNotContaining("reshape");
    }
    assertThatThrownBy(() -> new Npy(new int[] {1, 1}, new String[] {"a"}).embeddings("x.npy"))
        .hasMessageContaining("not text");
    assertThatThrownBy(
            () -> new Npy(new int[] {2, 1}, new long[] {1, 1L << 60}).embeddings("x.npy"))
        .hasMessageContaining("row 1")
        .hasMessageContaining("2^53");
  }

  @Test
  void aMissingFolderAndAnInterruptedThreadAreTold() throws IOException {
    Npy npy = new Npy(new int[] {1}, new int[] {5});
    Path nowhere = folder.resolve("none").resolve("x.npy");
    assertThatThrownBy(() -> npy.write(nowhere))
        .isInstanceOf(IOException.class)
        .hasMessage(nowhere + ": there is no folder " + nowhere.getParent());
    Path file = folder.resolve("x.npy");
    npy.write(file);
    Thread.currentThread().interrupt();
    try {
      assertThatThrownBy(() -> npy.write(file))
          .isInstanceOf(IOException.class)
          .hasMessage(file + " cannot be written: the thread was interrupted");
      assertThatThrownBy(() -> Npy.read(file))
          .isInstanceOf(IOException.class)
          .hasMessage(file + " cannot be read: the thread was interrupted");
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
    assertThat(Npy.read(file).data()).isEqualTo(new int[] {5});
  }

  @Test
  void whatCannotBeWrittenLeavesTheOldFile() throws IOException {
    Path file = folder.resolve("old.npy");
    new Npy(new int[] {1}, new int[] {5}).write(file);
    Path aside = folder.resolve(".old.npy." + ProcessHandle.current().pid() + ".part");
    Files.createDirectory(aside); // in the way
    Files.createFile(aside.resolve("x"));
    assertThatThrownBy(() -> new Npy(new int[] {1}, new int[] {6}).write(file))
        .isInstanceOf(IOException.class);
    assertThat(Npy.read(file).data()).isEqualTo(new int[] {5});
    assertThatThrownBy(() -> new Npy(new int[] {1}, new String[] {"a"}).write(file))
        .isInstanceOf(UnsupportedOperationException.class);
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left.filter(Files::isRegularFile)).containsExactly(file);
    }
  }
}
