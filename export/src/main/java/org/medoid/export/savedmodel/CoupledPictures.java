package org.medoid.export.savedmodel;

import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.types.TFloat32;

/**
 * Whether a picture's features depend on the others of its batch, or on its place among them: a
 * graph written for one picture may take means over everything, which are its own there and those
 * of all pictures in a larger batch.
 */
final class CoupledPictures {
  /** Beyond rounding, of the largest value; a coupling by chance as small as that is none. */
  private static final double ROUNDING = 1e-3;

  /** The height and width of images where the graph leaves it open. */
  private static final int ANY = 128;

  private CoupledPictures() {}

  /**
   * Runs a graph with one picture among different others.
   *
   * @param flat from images, float32 [batch, height, width, 3], to features, [batch, features]
   * @param values of its variables
   * @param first pictures in one run, of which the picture is the first
   * @param second pictures in another, of which it is the last
   * @return whether its features differ, or the graph cannot be run so
   */
  static boolean in(
      FlatGraph flat,
      Map<String, TensorProto> values,
      int first,
      int second,
      int height,
      int width) {
    Shape image = Shape.of(height < 0 ? ANY : height, width < 0 ? ANY : width, 3);
    int size = Math.toIntExact(image.size());
    Random random = new Random(1);
    float[] before = pictures(random, first, size);
    float[] behind = pictures(random, second, size);
    System.arraycopy(before, 0, behind, (second - 1) * size, size);
    String in = flat.inputs().values().iterator().next();
    String out = flat.outputs().values().iterator().next();
    try (Graph graph = new Graph()) {
      graph.importGraphDef(flat.frozen(values));
      try (Session session = new Session(graph, AsWritten.CONFIG)) {
        float[] ones = features(session, in, out, before, image.prepend(first));
        float[] others = features(session, in, out, behind, image.prepend(second));
        int row = ones.length / first;
        if (row != others.length / second) {
          return true;
        }
        return Difference.of(Arrays.copyOf(ones, row), others, (second - 1) * row)
            .exceeds(ROUNDING);
      }
    } catch (TensorFlowException | IllegalArgumentException | IllegalStateException e) {
      return true;
    }
  }

  /** Noise, each picture of other colours and contrasts. */
  private static float[] pictures(Random random, int count, int size) {
    float[] pixels = new float[Math.multiplyExact(count, size)];
    for (int picture = 0; picture < count; picture++) {
      float[] dark = {random.nextFloat(), random.nextFloat(), random.nextFloat()};
      float[] bright = {random.nextFloat(), random.nextFloat(), random.nextFloat()};
      for (int i = 0; i < size; i++) {
        float part = random.nextFloat();
        pixels[picture * size + i] = dark[i % 3] * part + bright[i % 3] * (1 - part);
      }
    }
    return pixels;
  }

  private static float[] features(
      Session session, String in, String out, float[] pixels, Shape shape) {
    try (TFloat32 images = TFloat32.tensorOf(shape, DataBuffers.of(pixels, true, false));
        Result result = session.runner().feed(in, images).fetch(out).run()) {
      float[] values = new float[Math.toIntExact(result.get(0).size())];
      ((TFloat32) result.get(0)).copyTo(DataBuffers.of(values, false, false));
      return values;
    }
  }
}
