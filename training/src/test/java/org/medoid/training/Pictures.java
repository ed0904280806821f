package org.medoid.training;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import javax.imageio.ImageIO;

/** Writes small pictures to train on: stripes of another direction and width for each class. */
public final class Pictures {
  private Pictures() {}

  /**
   * Writes a folder for each class.
   *
   * @return what {@code --data} takes
   */
  public static String write(Path folder, int classes, int each, int size) throws IOException {
    Random random = new Random(1);
    for (int c = 0; c < classes; c++) {
      Path of = Files.createDirectories(folder.resolve("class" + (char) ('a' + c)));
      for (int i = 0; i < each; i++) {
        BufferedImage picture = new BufferedImage(size, size, BufferedImage.TYPE_INT_RGB);
        double phase = 6 * random.nextDouble();
        for (int y = 0; y < size; y++) {
          for (int x = 0; x < size; x++) {
            double along = x * Math.cos(0.7 * c) + y * Math.sin(0.7 * c);
            double value = 128 + 90 * Math.sin((0.3 + 0.05 * c) * along + phase);
            int grey = (int) (value + 30 * random.nextDouble());
            picture.setRGB(x, y, grey << 16 | grey << 8 | grey);
          }
        }
        ImageIO.write(picture, "png", of.resolve(i + ".png").toFile());
      }
    }
    return "folder:" + folder;
  }
}
