package org.medoid.tests.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.medoid.export.image.ImageSize;
import org.medoid.training.EmbeddingModel;
import org.medoid.training.data.DataSets;
import org.medoid.training.data.ImageDataSet;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.SessionFunction;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;

/**
 * Prints how many JPEGs of 500x375 pixels a second an exported model embeds, from listing the
 * folder and looking for broken files to the last row, and how many images its network alone, fed
 * with the same batch again and again. They take turns; the medians of the rounds count.
 */
public final class EmbeddingRate {
  private static final int BATCH = 32;

  private EmbeddingRate() {}

  /**
   * Measures.
   *
   * @param arguments the folder of an exported model, photographs, rounds
   * @throws IOException if pictures cannot be written or the model not read
   */
  public static void main(String[] arguments) throws IOException {
    Path exported = Path.of(arguments[0]);
    int count = Integer.parseInt(arguments[1]);
    int rounds = Integer.parseInt(arguments[2]);
    Path folder = Files.createTempDirectory("photographs");
    Photographs.write(folder, count, 0.9f);
    try (EmbeddingModel model = EmbeddingModel.ofSavedModel(exported);
        SavedModelBundle bundle = SavedModelBundle.load(exported.toString())) {
      ImageSize size = model.imageSize();
      float[] pixels = new float[BATCH * size.height() * size.width() * 3];
      Random random = new Random(1);
      for (int i = 0; i < pixels.length; i++) {
        pixels[i] = random.nextFloat();
      }
      SessionFunction network = bundle.function("serving_default");
      try (TFloat32 images =
          TFloat32.tensorOf(
              Shape.of(BATCH, size.height(), size.width(), 3), DataBuffers.of(pixels))) {
        double[] whole = new double[rounds];
        double[] alone = new double[rounds];
        for (int round = -1; round < rounds; round++) { // the first round warms up
          double embedding = rate(count, () -> embed(model, folder));
          double running =
              rate(count / BATCH * BATCH, () -> repeat(network, images, count / BATCH));
          if (round >= 0) {
            whole[round] = embedding;
            alone[round] = running;
          }
        }
        Arrays.sort(whole);
        Arrays.sort(alone);
        System.out.printf(
            Locale.ROOT,
            "%d photographs, %dx%d: %.1f images/s, network alone %.1f, ratio %.3f%n",
            count,
            size.height(),
            size.width(),
            whole[rounds / 2],
            alone[rounds / 2],
            whole[rounds / 2] / alone[rounds / 2]);
      }
    }
  }

  private static double rate(int images, Work work) throws IOException {
    long start = System.nanoTime();
    work.run();
    return images / ((System.nanoTime() - start) / 1e9);
  }

  /** As {@code medoid embed} does it. */
  private static void embed(EmbeddingModel model, Path folder) throws IOException {
    ImageDataSet pictures = DataSets.unlabelled(folder, false);
    pictures.requireWhole();
    model.embed(pictures, (values, width) -> {});
  }

  private static void repeat(SessionFunction network, TFloat32 images, int times) {
    for (int i = 0; i < times; i++) {
      network.call(Map.of("images", images)).close();
    }
  }

  /** Something to time. */
  private interface Work {
    void run() throws IOException;
  }
}
