package org.medoid.export.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.function.Consumer;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TString;

/** The references are the pixels that the test encodes by hand, or Java's own decoder. */
class PicturesTest {
  private static final int HEIGHT = 3;
  private static final int WIDTH = 5;

  private static Graph graph;
  private static Session session;
  private static Placeholder<TString> encoded;
  private static Operand<TFloat32> decoded;

  @BeforeAll
  static void open() {
    graph = new Graph();
    Ops tf = Ops.create(graph);
    encoded = tf.placeholder(TString.class, Placeholder.shape(Shape.scalar()));
    decoded = Pictures.decode(tf, encoded);
    session = new Session(graph);
  }

  @AfterAll
  static void close() {
    session.close();
    graph.close();
  }

  /** Pixels as decoded, [height][width] of red, green and blue from 0 to 255. */
  private static float[][][] decode(byte[] file) {
    try (TString bytes = TString.tensorOfBytes(NdArrays.scalarOfObject(file));
        Result result = session.runner().feed(encoded, bytes).fetch(decoded).run()) {
      TFloat32 pixels = (TFloat32) result.get(0);
      float[][][] read = new float[(int) pixels.shape().get(0)][(int) pixels.shape().get(1)][3];
      for (int y = 0; y < read.length; y++) {
        for (int x = 0; x < read[y].length; x++) {
          for (int c = 0; c < 3; c++) {
            read[y][x][c] = 255 * pixels.getFloat(y, x, c);
          }
        }
      }
      return read;
    }
  }

  private static void assertPixels(byte[] file, float[][][] expected, float tolerance) {
    float[][][] read = decode(file);
    assertThat(read.length).isEqualTo(expected.length);
    for (int y = 0; y < read.length; y++) {
      assertThat(read[y].length).isEqualTo(expected[y].length);
      for (int x = 0; x < read[y].length; x++) {
        assertThat(read[y][x])
            .as("row %d column %d", y, x)
            .containsExactly(expected[y][x], within(tolerance));
      }
    }
  }

  /** A picture in which every place has its own colour. */
  private static int[][][] colours() {
    int[][][] colours = new int[HEIGHT][WIDTH][];
    for (int y = 0; y < HEIGHT; y++) {
      for (int x = 0; x < WIDTH; x++) {
        colours[y][x] = new int[] {50 * x, 100 * y, (90 * x + 40 * y) % 256};
      }
    }
    return colours;
  }

  private static float[][][] floats(int[][][] colours) {
    float[][][] floats = new float[colours.length][colours[0].length][3];
    for (int y = 0; y < floats.length; y++) {
      for (int x = 0; x < floats[y].length; x++) {
        for (int c = 0; c < 3; c++) {
          floats[y][x][c] = colours[y][x][c];
        }
      }
    }
    return floats;
  }

  // PNG

  private static byte[] chunk(String type, byte[] content) {
    ByteBuffer chunk = ByteBuffer.allocate(12 + content.length);
    chunk.putInt(content.length).put(type.getBytes(StandardCharsets.US_ASCII)).put(content);
    CRC32 sum = new CRC32();
    sum.update(chunk.array(), 4, 4 + content.length);
    return chunk.putInt((int) sum.getValue()).array();
  }

  private static byte[] png(int type, int depth, byte[] rows, byte[]... chunks) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (DeflaterOutputStream deflater = new DeflaterOutputStream(packed)) {
      deflater.write(rows);
    }
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.write(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 26, '\n'});
    ByteBuffer header = ByteBuffer.allocate(13).putInt(WIDTH).putInt(HEIGHT);
    header.put((byte) depth).put((byte) type);
    file.write(chunk("IHDR", header.array()));
    for (byte[] each : chunks) {
      file.write(each);
    }
    file.write(chunk("IDAT", packed.toByteArray()));
    file.write(chunk("IEND", new byte[0]));
    return file.toByteArray();
  }

  /** Rows of samples of so many bits, each row with the filter byte 0. */
  private static byte[] samples(int depth, int[][] rows) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int[] row : rows) {
      bytes.write(0);
      int bits = 0;
      int held = 0;
      for (int sample : row) {
        held = held << depth | sample;
        bits += depth;
        while (bits >= 8) {
          bytes.write(held >> (bits - 8));
          bits -= 8;
          held &= (1 << bits) - 1;
        }
      }
      if (bits > 0) {
        bytes.write(held << (8 - bits));
      }
    }
    return bytes.toByteArray();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8, 16})
  void greysOfEveryDepthFillTheRangeAndAlphaIsDropped(int depth) throws IOException {
    int most = (1 << depth) - 1;
    int[][] rows = new int[HEIGHT][WIDTH];
    int[][] withAlpha = new int[HEIGHT][2 * WIDTH];
    float[][][] expected = new float[HEIGHT][WIDTH][3];
    for (int y = 0; y < HEIGHT; y++) {
      for (int x = 0; x < WIDTH; x++) {
        rows[y][x] = (y * WIDTH + x) * most / (HEIGHT * WIDTH - 1);
        withAlpha[y][2 * x] = rows[y][x];
        withAlpha[y][2 * x + 1] = x == 0 ? 0 : most;
        Arrays.fill(expected[y][x], 255f * rows[y][x] / most);
      }
    }
    assertPixels(png(0, depth, samples(depth, rows)), expected, 0.01f);
    byte[] clear = chunk("tRNS", new byte[] {(byte) (most >> 8), (byte) most});
    assertPixels(png(0, depth, samples(depth, rows), clear), expected, 0.01f);
    if (depth >= 8) {
      assertPixels(png(4, depth, samples(depth, withAlpha)), expected, 0.01f);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {8, 16})
  void coloursKeepTheirValuesWhateverTheirAlpha(int depth) throws IOException {
    int scale = depth == 8 ? 1 : 257;
    int[][] rgb = new int[HEIGHT][3 * WIDTH];
    int[][] rgba = new int[HEIGHT][4 * WIDTH];
    for (int y = 0; y < HEIGHT; y++) {
      for (int x = 0; x < WIDTH; x++) {
        for (int c = 0; c < 3; c++) {
          rgb[y][3 * x + c] = rgba[y][4 * x + c] = scale * colours()[y][x][c];
        }
        rgba[y][4 * x + 3] = 60 * x * scale;
      }
    }
    assertPixels(png(2, depth, samples(depth, rgb)), floats(colours()), 0.01f);
    assertPixels(png(6, depth, samples(depth, rgba)), floats(colours()), 0.01f);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8})
  void palettesAreLookedUpWhateverTheirAlpha(int depth) throws IOException {
    int most = Math.min(1 << depth, HEIGHT * WIDTH);
    byte[] palette = new byte[3 * most];
    for (int i = 0; i < palette.length; i++) {
      palette[i] = (byte) (37 * i);
    }
    int[][] rows = new int[HEIGHT][WIDTH];
    float[][][] expected = new float[HEIGHT][WIDTH][3];
    for (int y = 0; y < HEIGHT; y++) {
      for (int x = 0; x < WIDTH; x++) {
        rows[y][x] = (y * WIDTH + x) % most;
        for (int c = 0; c < 3; c++) {
          expected[y][x][c] = palette[3 * rows[y][x] + c] & 0xff;
        }
      }
    }
    byte[] colours = chunk("PLTE", palette);
    byte[] clear = chunk("tRNS", new byte[] {0, 100});
    assertPixels(png(3, depth, samples(depth, rows), colours), expected, 0.01f);
    assertPixels(png(3, depth, samples(depth, rows), colours, clear), expected, 0.01f);
  }

  // BMP

  /**
   * A BMP file: pixels of rows from the top, each padded to four bytes; height below 0: top down.
   */
  private static byte[] bmp(
      int dib,
      int bits,
      int compression,
      boolean topDown,
      byte[] masks,
      byte[] palette,
      byte[][] rows) {
    int stride = (WIDTH * bits + 31) / 32 * 4;
    int extra = dib == 40 && compression == 3 ? 12 : 0;
    int start = 14 + dib + extra + palette.length;
    ByteBuffer file = ByteBuffer.allocate(start + stride * HEIGHT).order(ByteOrder.LITTLE_ENDIAN);
    file.put((byte) 'B')
        .put((byte) 'M')
        .putInt(file.capacity())
        .putInt(0)
        .putInt(start)
        .putInt(dib);
    if (dib == 12) {
      file.putShort((short) WIDTH)
          .putShort((short) HEIGHT)
          .putShort((short) 1)
          .putShort((short) bits);
    } else {
      file.putInt(WIDTH).putInt(topDown ? -HEIGHT : HEIGHT).putShort((short) 1);
      file.putShort((short) bits).putInt(compression);
      file.position(54);
      file.put(masks);
    }
    file.position(14 + dib + extra);
    file.put(palette);
    for (int y = 0; y < HEIGHT; y++) {
      file.position(start + stride * (topDown ? y : HEIGHT - 1 - y));
      file.put(rows[y]);
    }
    return file.array();
  }

  private static byte[] little(int... numbers) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
    Arrays.stream(numbers).forEach(bytes::putInt);
    return bytes.array();
  }

  private static byte[][] trueColour(int bytes) {
    byte[][] rows = new byte[HEIGHT][bytes * WIDTH];
    for (int y = 0; y < HEIGHT; y++) {
      for (int x = 0; x < WIDTH; x++) {
        for (int c = 0; c < 3; c++) {
          rows[y][bytes * x + c] = (byte) colours()[y][x][2 - c];
        }
      }
    }
    return rows;
  }

  @Test
  void trueColourBmpOfEveryHeaderAndDirection() {
    byte[] none = new byte[0];
    float[][][] expected = floats(colours());
    for (boolean topDown : new boolean[] {false, true}) {
      assertPixels(bmp(40, 24, 0, topDown, none, none, trueColour(3)), expected, 0.01f);
      assertPixels(bmp(124, 24, 0, topDown, none, none, trueColour(3)), expected, 0.01f);
      assertPixels(bmp(40, 32, 0, topDown, none, none, trueColour(4)), expected, 0.01f);
      byte[] masks = little(0xff0000, 0xff00, 0xff);
      assertPixels(bmp(40, 32, 3, topDown, masks, none, trueColour(4)), expected, 0.01f);
      assertPixels(bmp(108, 32, 3, topDown, masks, none, trueColour(4)), expected, 0.01f);
    }
    assertPixels(bmp(12, 24, 0, false, none, none, trueColour(3)), expected, 0.01f);
    // Masks in the other order give red for blue; one of them has the highest bit.
    float[][][] swapped = floats(colours());
    for (float[][] row : swapped) {
      for (float[] pixel : row) {
        float red = pixel[0];
        pixel[0] = pixel[2];
        pixel[2] = red;
      }
    }
    byte[] other = little(0xff, 0xff00, 0xff0000);
    assertPixels(bmp(40, 32, 3, false, other, none, trueColour(4)), swapped, 0.01f);
    byte[][] high = trueColour(4);
    for (byte[] row : high) {
      System.arraycopy(row.clone(), 0, row, 1, row.length - 1);
      row[0] = 9;
    }
    byte[] top = little(0xff000000, 0xff0000, 0xff00);
    assertPixels(bmp(40, 32, 3, false, top, none, high), expected, 0.01f);
  }

  @Test
  void bmpOfSixteenBits() {
    for (boolean six : new boolean[] {false, true}) {
      byte[][] rows = new byte[HEIGHT][2 * WIDTH];
      float[][][] expected = new float[HEIGHT][WIDTH][3];
      for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
          int[] rgb = colours()[y][x];
          int green = six ? rgb[1] >> 2 : rgb[1] >> 3;
          int value = rgb[0] >> 3 << (six ? 11 : 10) | green << 5 | rgb[2] >> 3;
          rows[y][2 * x] = (byte) value;
          rows[y][2 * x + 1] = (byte) (value >> 8);
          expected[y][x][0] = (rgb[0] >> 3) * 255f / 31;
          expected[y][x][1] = green * 255f / (six ? 63 : 31);
          expected[y][x][2] = (rgb[2] >> 3) * 255f / 31;
        }
      }
      byte[] masks = six ? little(0xf800, 0x7e0, 0x1f) : new byte[0];
      assertPixels(bmp(40, 16, six ? 3 : 0, false, masks, new byte[0], rows), expected, 0.01f);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4, 8})
  void bmpWithPalettes(int bits) {
    int most = Math.min(1 << bits, HEIGHT * WIDTH);
    for (int dib : new int[] {12, 40, 108}) {
      int entry = dib == 12 ? 3 : 4;
      byte[] palette = new byte[entry << bits];
      int[][] numbers = new int[HEIGHT][WIDTH];
      float[][][] expected = new float[HEIGHT][WIDTH][3];
      for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
          int number = (y * WIDTH + x) % most;
          numbers[y][x] = number;
          for (int c = 0; c < 3; c++) {
            palette[number * entry + 2 - c] = (byte) (31 * number + 70 * c);
            expected[y][x][c] = (31 * number + 70 * c) % 256;
          }
        }
      }
      byte[][] rows = new byte[HEIGHT][];
      for (int y = 0; y < HEIGHT; y++) {
        byte[] row = samples(bits, new int[][] {numbers[y]});
        rows[y] = Arrays.copyOfRange(row, 1, row.length);
      }
      assertPixels(bmp(dib, bits, 0, false, new byte[0], palette, rows), expected, 0.01f);
      if (dib != 12) {
        assertPixels(bmp(dib, bits, 0, true, new byte[0], palette, rows), expected, 0.01f);
      }
    }
  }

  @Test
  void whatIsNotReadIsAnErrorAndNeverTheEndOfTheProcess() {
    byte[] none = new byte[0];
    byte[] runLength = bmp(40, 8, 1, false, none, new byte[1024], new byte[HEIGHT][0]);
    assertThatThrownBy(() -> decode(runLength)).hasMessageContaining("compressed");
    byte[] whole = bmp(40, 24, 0, true, none, none, trueColour(3));
    for (int length = 0; length < whole.length; length++) {
      byte[] part = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> decode(part)).as("%d bytes", length).isNotNull();
    }
    for (int at = 10; at < 54; at++) {
      for (int value : new int[] {0, 1, 0x7f, 0x80, 0xff}) {
        byte[] changed = whole.clone();
        changed[at] = (byte) value;
        try {
          decode(changed);
        } catch (RuntimeException e) {
          assertThat(e).hasMessageMatching("(?s).+");
        }
      }
    }
  }

  // GIF

  @Test
  void aTransparentGifHasTheColoursOfItsPalette() {
    // 2 x 1 pixels: number 1 (transparent, 200 100 50), number 0 (10 20 30); two colours.
    byte[] head = {'G', 'I', 'F', '8', '9', 'a', 2, 0, 1, 0, (byte) 0x80, 0, 0};
    byte[] colours = {10, 20, 30, (byte) 200, 100, 50};
    byte[] loop =
        "!\u00ff\u000bNETSCAPE2.0\u0003\u0001\0\0\0".getBytes(StandardCharsets.ISO_8859_1);
    byte[] control = {0x21, (byte) 0xf9, 4, 1, 0, 0, 1, 0};
    // Codes of 3 bits: clear 4, then 1, 0, end 5.
    byte[] image = {0x2c, 0, 0, 0, 0, 2, 0, 1, 0, 0, 2, 2, (byte) 0x0c, 0x0a, 0, 0x3b};
    float[][][] expected = {{{200, 100, 50}, {10, 20, 30}}};
    assertPixels(join(head, colours, control, image), expected, 0.01f);
    assertPixels(join(head, colours, loop, control, image), expected, 0.01f);
    assertPixels(join(head, colours, image), expected, 0.01f);
  }

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] each : parts) {
      all.writeBytes(each);
    }
    return all.toByteArray();
  }

  // JPEG and orientation

  private static byte[] jpeg() throws IOException {
    BufferedImage image = new BufferedImage(32, 16, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < 16; y++) {
      for (int x = 0; x < 32; x++) {
        image.setRGB(x, y, (x < 16 ? 200 : 60) << 16 | (y < 8 ? 180 : 40) << 8 | 90);
      }
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageIO.write(image, "jpg", out);
    return out.toByteArray();
  }

  private static byte[] segment(int marker, byte[] content) {
    return ByteBuffer.allocate(4 + content.length)
        .put((byte) 0xff)
        .put((byte) marker)
        .putShort((short) (content.length + 2))
        .put(content)
        .array();
  }

  /** The Exif data of a photograph: a maker, then the orientation. */
  private static byte[] tiff(int orientation, ByteOrder order, int type) {
    ByteBuffer tiff = ByteBuffer.allocate(40).order(order);
    tiff.put(order == ByteOrder.BIG_ENDIAN ? new byte[] {'M', 'M'} : new byte[] {'I', 'I'});
    tiff.putShort((short) 42).putInt(8).putShort((short) 2);
    tiff.putShort((short) 0x010f).putShort((short) 2).putInt(4).put(new byte[] {'a', 'b', 'c', 0});
    tiff.putShort((short) 0x0112).putShort((short) type).putInt(1);
    if (type == 3) {
      tiff.putShort((short) orientation);
    } else {
      tiff.putInt(orientation);
    }
    return tiff.array();
  }

  private static byte[] exif(byte[] tiff) {
    return segment(0xe1, join(new byte[] {'E', 'x', 'i', 'f', 0, 0}, tiff));
  }

  /** A JPEG with more segments, behind its JFIF segment or in its place. */
  private static byte[] with(boolean jfif, byte[]... segments) throws IOException {
    byte[] plain = jpeg();
    assertThat(plain[3]).as("JFIF").isEqualTo((byte) 0xe0);
    byte[] start = Arrays.copyOf(plain, jfif ? 20 : 2);
    return join(start, join(segments), Arrays.copyOfRange(plain, 20, plain.length));
  }

  /** A picture turned as its orientation wants, by the definition in Exif 2.32. */
  private static float[][][] turned(float[][][] stored, int orientation) {
    int rows = stored.length;
    int columns = stored[0].length;
    boolean sideways = orientation >= 5;
    float[][][] turned = new float[sideways ? columns : rows][sideways ? rows : columns][];
    for (int y = 0; y < turned.length; y++) {
      for (int x = 0; x < turned[0].length; x++) {
        turned[y][x] =
            switch (orientation) {
              case 2 -> stored[y][columns - 1 - x];
              case 3 -> stored[rows - 1 - y][columns - 1 - x];
              case 4 -> stored[rows - 1 - y][x];
              case 5 -> stored[x][y];
              case 6 -> stored[rows - 1 - x][y];
              case 7 -> stored[rows - 1 - x][columns - 1 - y];
              case 8 -> stored[x][columns - 1 - y];
              default -> stored[y][x];
            };
      }
    }
    return turned;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void photographsAreTurnedUpright(int orientation) throws IOException {
    float[][][] expected = turned(decode(jpeg()), orientation);
    byte[] xmp =
        segment(
            0xe1,
            ("http://ns.adobe.com/xap/1.0/\0" + "x".repeat(9000))
                .getBytes(StandardCharsets.US_ASCII));
    byte[] profile = segment(0xe2, new byte[60_000]);
    for (ByteOrder order : List.of(ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN)) {
      byte[] exif = exif(tiff(orientation, order, 3));
      assertPixels(with(false, exif), expected, 0);
      assertPixels(with(true, exif), expected, 0);
      assertPixels(with(true, xmp, exif), expected, 0);
      assertPixels(with(false, segment(0xfe, new byte[9]), profile, profile, exif), expected, 0);
      assertPixels(with(false, exif(tiff(orientation, order, 4))), expected, 0);
    }
  }

  @Test
  void damagedOrientationsCountAsUpright() throws IOException {
    float[][][] expected = decode(jpeg());
    byte[] right = tiff(6, ByteOrder.LITTLE_ENDIAN, 3);
    List<Consumer<byte[]>> damages =
        List.of(
            b -> b[0] = 'Z',
            b -> b[7] = 0x7f,
            b -> b[7] = (byte) 0xff,
            b -> b[8] = 0,
            b -> b[22] = 0x13,
            b -> b[24] = 7,
            b -> b[30] = 0,
            b -> b[30] = 9,
            b -> b[31] = 1);
    for (Consumer<byte[]> damage : damages) {
      byte[] damaged = right.clone();
      damage.accept(damaged);
      assertPixels(with(false, exif(damaged)), expected, 0);
    }
    for (int length = 0; length < 30; length++) {
      assertPixels(with(false, exif(Arrays.copyOf(right, length))), expected, 0);
    }
    assertPixels(with(false, segment(0xe1, new byte[0])), expected, 0);
  }

  @Test
  void aPngMayHaveAnOrientationToo() throws IOException {
    int[][] rgb = new int[HEIGHT][3 * WIDTH];
    for (int y = 0; y < HEIGHT; y++) {
      for (int x = 0; x < WIDTH; x++) {
        System.arraycopy(colours()[y][x], 0, rgb[y], 3 * x, 3);
      }
    }
    byte[] exif = chunk("eXIf", tiff(6, ByteOrder.BIG_ENDIAN, 3));
    assertPixels(
        png(
            2,
            8,
            samples(8, rgb),
            chunk("gAMA", new byte[] {0, 0, (byte) 0xb1, (byte) 0x8f}),
            exif),
        turned(floats(colours()), 6),
        0.01f);
  }

  @Test
  void jpegOfOrdinaryFilesIsThatOfJava() throws IOException {
    BufferedImage java = ImageIO.read(new ByteArrayInputStream(jpeg()));
    float[][][] read = decode(jpeg());
    for (int[] at : new int[][] {{2, 2}, {2, 28}, {13, 2}, {13, 28}}) {
      int rgb = java.getRGB(at[1], at[0]);
      assertThat(read[at[0]][at[1]])
          .containsExactly(new float[] {rgb >> 16 & 0xff, rgb >> 8 & 0xff, rgb & 0xff}, within(3f));
    }
  }

  @Test
  void adobesInvertedCmykIsReadAsRgb() {
    // 8 x 6 pixels of the CMYK colour (200, 20, 0, 10), which Pillow converts to (53, 226, 245).
    String file =
        "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAGBAUGBQQGBgUGBwcGCAoQCgoJCQoUDg8MEBcUGBgXFBYWGh0lHxobIxwW"
            + "FiAsICMmJykqKRkfLTAtKDAlKCko/8AAFAgABgAIBEMRAE0RAFkRAEsRAP/EABUAAQEAAAAAAAAAAAAAAAAA"
            + "AAgH/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAA4EQwBNAFkASwAAPwCPEeVJOP/Z";
    assertThat(decode(Base64.getDecoder().decode(file))[3][4])
        .containsExactly(new float[] {53, 226, 245}, within(2f));
  }
}
