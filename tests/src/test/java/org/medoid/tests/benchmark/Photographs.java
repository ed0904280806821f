package org.medoid.tests.benchmark;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;

/**
 * Makes JPEGs that are as hard to decode as photographs: noise whose power falls with the
 * frequency, as that of natural images does, colour weaker than brightness.
 */
final class Photographs {
  private static final int WIDTH = 500;
  private static final int HEIGHT = 375;

  private Photographs() {}

  /** Writes count files into a folder, one class for every four. */
  static void write(Path folder, int count, float quality) throws IOException {
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    try {
      ImageWriteParam how = writer.getDefaultWriteParam();
      how.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
      how.setCompressionQuality(quality);
      for (int i = 0; i < count; i++) {
        Path file = folder.resolve("class" + i / 4).resolve(i + ".jpg");
        Files.createDirectories(file.getParent());
        try (ImageOutputStream out = ImageIO.createImageOutputStream(file.toFile())) {
          writer.setOutput(out);
          writer.write(null, new IIOImage(picture(new Random(i)), null, null), how);
        }
      }
    } finally {
      writer.dispose();
    }
  }

  private static BufferedImage picture(Random random) {
    float[] brightness = noise(random, 40);
    float[][] colours = {noise(random, 12), noise(random, 12), noise(random, 12)};
    BufferedImage picture = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < brightness.length; i++) {
      int rgb = 0;
      for (float[] colour : colours) {
        rgb = rgb << 8 | Math.max(0, Math.min(255, Math.round(128 + brightness[i] + colour[i])));
      }
      picture.setRGB(i % WIDTH, i / WIDTH, rgb);
    }
    return picture;
  }

  /** Octaves of value noise, each with 0.62 of the amplitude of the one twice as coarse. */
  private static float[] noise(Random random, float amplitude) {
    float[] sum = new float[WIDTH * HEIGHT];
    for (int cell = 256; cell >= 1; cell /= 2, amplitude *= 0.62f) {
      int columns = WIDTH / cell + 2;
      float[] knots = new float[columns * (HEIGHT / cell + 2)];
      for (int i = 0; i < knots.length; i++) {
        knots[i] = amplitude * (float) random.nextGaussian();
      }
      for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
          int at = y / cell * columns + x / cell;
          float right = (float) (x % cell) / cell;
          float down = (float) (y % cell) / cell;
          sum[y * WIDTH + x] +=
              (1 - down) * ((1 - right) * knots[at] + right * knots[at + 1])
                  + down * ((1 - right) * knots[at + columns] + right * knots[at + columns + 1]);
        }
      }
    }
    return sum;
  }
}
