package org.medoid.tests.faults;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import javax.imageio.ImageIO;
import us.hebi.matlab.mat.format.Mat5;
import us.hebi.matlab.mat.format.Mat5File;
import us.hebi.matlab.mat.types.Struct;

/** Valid files of the kinds that Medoid reads, small, in a folder. */
final class Material {
  private Material() {}

  /** Pictures in a folder per class: stripes of another direction for each class, PNG and JPEG. */
  static Path pictures(Path folder, int classes, int each, int size) throws IOException {
    for (int c = 0; c < classes; c++) {
      for (int i = 0; i < each; i++) {
        picture(
            folder.resolve("class" + c).resolve(i + (i % 2 == 0 ? ".png" : ".jpg")), c, i, size);
      }
    }
    return folder;
  }

  private static void picture(Path file, int c, int i, int size) throws IOException {
    Random random = new Random(31L * c + i);
    BufferedImage picture = new BufferedImage(size, size, BufferedImage.TYPE_INT_RGB);
    double phase = 6 * random.nextDouble();
    for (int y = 0; y < size; y++) {
      for (int x = 0; x < size; x++) {
        double along = x * Math.cos(0.7 * c) + y * Math.sin(0.7 * c);
        int grey = (int) (128 + 90 * Math.sin(0.4 * along + phase) + 30 * random.nextDouble());
        picture.setRGB(x, y, grey << 16 | (grey / 2) << 8 | (40 * c & 255));
      }
    }
    Files.createDirectories(file.getParent());
    String format = file.toString().endsWith(".png") ? "png" : "jpg";
    ImageIO.write(picture, format, file.toFile());
  }

  /** Embeddings e.npy, float32 [rows, width] of four groups, and their labels l.npy, int64. */
  static Path embeddings(Path folder, int rows, int width) throws IOException {
    Files.createDirectories(folder);
    Random random = new Random(5);
    byte[] x = new byte[4 * rows * width];
    byte[] y = new byte[8 * rows];
    ByteBuffer values = little(x);
    ByteBuffer labels = little(y);
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < width; j++) {
        values.putFloat((float) (random.nextGaussian() / 4 + (i % 4 == j % 4 ? 1 : 0)));
      }
      labels.putLong(i % 4);
    }
    npy(folder.resolve("e.npy"), "<f4", "(" + rows + ", " + width + ")", x);
    npy(folder.resolve("l.npy"), "<i8", "(" + rows + ",)", y);
    return folder;
  }

  private static ByteBuffer little(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** As NumPy writes it, not as Medoid does. */
  private static void npy(Path file, String type, String shape, byte[] values) throws IOException {
    String header = "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }";
    header += " ".repeat(63 - (10 + header.length()) % 64) + "\n";
    byte[] content = new byte[10 + header.length() + values.length];
    ByteBuffer bytes = little(content);
    bytes.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0});
    bytes.putShort((short) header.length());
    bytes.put(header.getBytes(StandardCharsets.US_ASCII)).put(values);
    Files.write(file, content);
  }

  /** Cars196 as its authors publish it, but of four classes of two pictures. */
  static Path cars(Path folder) throws IOException {
    int[] classes = {97, 98, 99, 100};
    Struct annotations = Mat5.newStruct(1, 2 * classes.length);
    for (int i = 0; i < 2 * classes.length; i++) {
      String name = String.format(java.util.Locale.ROOT, "car_ims/%06d.jpg", i + 1);
      picture(folder.resolve(name), i / 2, i % 2, 20);
      annotations.set("relative_im_path", i, Mat5.newString(name));
      annotations.set("class", i, Mat5.newScalar(classes[i / 2]));
    }
    try (Mat5File file = Mat5.newMatFile()) {
      file.addArray("annotations", annotations);
      Mat5.writeToFile(file, folder.resolve("cars_annos.mat").toFile());
    }
    return folder;
  }
}
