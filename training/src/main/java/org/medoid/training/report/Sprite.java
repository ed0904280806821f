package org.medoid.training.report;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.medoid.training.Embedder;
import org.medoid.training.data.ImageDataSet;

/**
 * Thumbnails of some images of a data set in one picture, as PNG or JPEG, whichever is smaller. The
 * images are read as the network reads them, whole.
 */
final class Sprite {
  /** Side of a thumbnail in pixels: 1,000 photographs are about 2 MB of JPEG. */
  static final int SIDE = 64;

  private static final float JPEG_QUALITY = 0.8f;

  private final ImageDataSet data;
  private final int[] labels;
  private final Map<Integer, Integer> slots = new HashMap<>();
  private final int columns;
  private final int lines;
  private final byte[] png;
  private final String dataUri;

  /**
   * Reads and encodes the thumbnails.
   *
   * @param data the images
   * @param rows which of them, distinct, at least one
   * @throws IOException if the picture cannot be encoded
   */
  Sprite(ImageDataSet data, List<Integer> rows) throws IOException {
    this.data = data;
    labels = data.labels();
    for (int row : rows) {
      slots.put(row, slots.size());
    }
    columns = (int) Math.ceil(Math.sqrt(rows.size()));
    float[] pixels =
        Embedder.pixels(
            new ImageDataSet(
                data.name(),
                rows.stream().map(data.files()::get).toList(),
                rows.stream().mapToInt(row -> labels[row]).toArray(),
                data.classNames()),
            SIDE,
            SIDE);
    lines = (rows.size() + columns - 1) / columns;
    BufferedImage sheet = draw(pixels, rows.size());
    png = png(sheet);
    byte[] jpeg = jpeg(sheet);
    dataUri =
        (png.length <= jpeg.length ? "data:image/png;base64," : "data:image/jpeg;base64,")
            + Base64.getEncoder().encodeToString(png.length <= jpeg.length ? png : jpeg);
  }

  private BufferedImage draw(float[] pixels, int count) {
    int[] rgb = new int[SIDE * SIDE];
    boolean grey = true;
    for (int i = 0; grey && i < pixels.length; i += 3) {
      grey = pixels[i] == pixels[i + 1] && pixels[i] == pixels[i + 2];
    }
    BufferedImage sheet =
        new BufferedImage(
            columns * SIDE,
            lines * SIDE,
            grey ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_INT_RGB);
    for (int slot = 0; slot < count; slot++) {
      for (int i = 0; i < rgb.length; i++) {
        int at = (slot * rgb.length + i) * 3;
        rgb[i] = level(pixels[at]) << 16 | level(pixels[at + 1]) << 8 | level(pixels[at + 2]);
      }
      int left = slot % columns * SIDE;
      int top = slot / columns * SIDE;
      if (grey) { // raw levels: setRGB would convert between colour spaces
        int[] levels = Arrays.stream(rgb).map(value -> value & 0xff).toArray();
        sheet.getRaster().setSamples(left, top, SIDE, SIDE, 0, levels);
      } else {
        sheet.setRGB(left, top, SIDE, SIDE, rgb, 0, SIDE);
      }
    }
    return sheet;
  }

  private static int level(float value) {
    return Math.min(255, Math.max(0, Math.round(value * 255)));
  }

  private static byte[] png(BufferedImage image) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    // In memory: by itself ImageIO keeps a temporary file, and names none where that cannot be.
    try (ImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      ImageIO.write(image, "png", out);
    }
    return bytes.toByteArray();
  }

  private static byte[] jpeg(BufferedImage image) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    try (ImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      ImageWriteParam how = writer.getDefaultWriteParam();
      how.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
      how.setCompressionQuality(JPEG_QUALITY);
      writer.setOutput(out);
      writer.write(null, new IIOImage(image, null, null), how);
    } finally {
      writer.dispose();
    }
    return bytes.toByteArray();
  }

  /** Thumbnails in a line of the sprite. */
  int columns() {
    return columns;
  }

  /** Where an image's thumbnail is: line·columns + column. */
  int slot(int row) {
    return slots.get(row);
  }

  /** The picture as PNG. */
  byte[] png() {
    return png;
  }

  /** The style rule that thumbnails need. */
  String css() {
    return ".p{--n:" + columns + ";--m:" + lines + ";background-image:url(" + dataUri + ")}";
  }

  /** What shows an image of the data set: its class, and where it is in the sprite. */
  Picture picture(int row) {
    int slot = slot(row);
    return new Picture(name(row), slot % columns, slot / columns);
  }

  /**
   * An image for {@code picture.mustache}.
   *
   * @param name its class
   * @param x its column in the sprite
   * @param y its line
   */
  record Picture(String name, int x, int y) {}

  /** The class of an image of the data set. */
  String name(int row) {
    return data.classNames().get(labels[row]);
  }
}
