package org.medoid.export;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.medoid.export.image.ImageSize;

/**
 * The pictures by which the parts of an export are compared, as pixels and as files.
 *
 * @param pixels [n, height, width, 3] in a row, in [0, 1]
 * @param encoded n files
 * @param decoded the pixels of the files; {@code pixels} itself where there is no difference
 */
record ComparedPictures(float[] pixels, List<byte[]> encoded, float[] decoded) {
  /** Pictures that are made up if none are given. */
  private static final int MADE_UP = 8;

  /**
   * Completes what is given.
   *
   * @param given pixels or null
   * @param files files, which belong to the pixels if those are given too
   */
  static ComparedPictures of(float[] given, List<Path> files, ImageSize image) throws IOException {
    ImageBytes coder = new ImageBytes(image.height(), image.width(), image.resize());
    List<String> names = new ArrayList<>();
    files.forEach(file -> names.add(file.toString()));
    List<byte[]> encoded = ImageBytes.read(files);
    int size = image.height() * image.width() * 3;
    if (given == null && encoded.isEmpty()) {
      // Of the 256 steps that a file has: what is compared for pixels is compared for files too.
      encoded = coder.encode(smooth(image));
      encoded.forEach(each -> names.add("a made-up picture"));
    }
    float[] pixels = given == null ? coder.decode(encoded, names) : given;
    if (pixels.length == 0 || pixels.length % size != 0) {
      throw new IllegalArgumentException(
          "%d pixels are not pictures of %dx%dx3"
              .formatted(pixels.length, image.height(), image.width()));
    }
    if (encoded.isEmpty()) {
      encoded = coder.encode(pixels);
      encoded.forEach(each -> names.add("a PNG of the pixels"));
      return new ComparedPictures(pixels, encoded, coder.decode(encoded, names));
    }
    if (encoded.size() != pixels.length / size) {
      throw new IllegalArgumentException(
          "%d picture files do not belong to the pixels of %d"
              .formatted(encoded.size(), pixels.length / size));
    }
    return new ComparedPictures(pixels, encoded, pixels);
  }

  /** A few random waves in each colour, the same every time. */
  private static float[] smooth(ImageSize image) {
    int size = image.height() * image.width() * 3;
    float[] made = new float[MADE_UP * size];
    Random random = new Random(1);
    for (int picture = 0; picture < MADE_UP; picture++) {
      for (int colour = 0; colour < 3; colour++) {
        double down = random.nextGaussian() * 12 / image.height();
        double across = random.nextGaussian() * 12 / image.width();
        double phase = random.nextDouble() * 2 * Math.PI;
        for (int y = 0; y < image.height(); y++) {
          for (int x = 0; x < image.width(); x++) {
            made[picture * size + (y * image.width() + x) * 3 + colour] =
                (float) (0.5 + 0.5 * Math.sin(phase + down * y + across * x));
          }
        }
      }
    }
    return made;
  }
}
