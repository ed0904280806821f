package org.medoid.training;

import java.io.IOException;
import java.nio.file.Path;
import org.medoid.graph.network.SavedModelNetwork;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/** A SavedModel whose features are the mean colours of the upper and the lower half. */
public final class SmallSavedModel {
  private SmallSavedModel() {}

  /**
   * Writes it.
   *
   * @param height of its images, even; -1 to leave it open
   * @param width of its images; -1 to leave it open
   * @return the folder
   */
  public static Path write(Path folder, int height, int width) throws IOException {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> images =
          tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, height, width, 3)));
      // Half a height of -1 cannot be told: then the whole image is both halves.
      int half = Math.max(0, height / 2);
      int rest = height < 0 ? -1 : half;
      SavedModelNetwork.write(
          session,
          images,
          tf.concat(
              java.util.List.of(
                  mean(tf, images, 0, rest), mean(tf, images, height < 0 ? 0 : half, rest)),
              tf.constant(1)),
          folder);
    }
    return folder;
  }

  /**
   * Writes one whose features are the mean colours less those of all pictures of the batch.
   *
   * @param folder where to
   * @return the folder
   * @throws IOException if it cannot be written
   */
  public static Path writeCoupled(Path folder) throws IOException {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> images =
          tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 8, 8, 3)));
      Operand<TFloat32> own = tf.math.mean(images, tf.constant(new int[] {1, 2}));
      Operand<TFloat32> all = tf.math.mean(own, tf.constant(0));
      SavedModelNetwork.write(session, images, tf.math.sub(own, all), folder);
    }
    return folder;
  }

  private static Operand<TFloat32> mean(Ops tf, Operand<TFloat32> images, int from, int rows) {
    Operand<TFloat32> part =
        tf.slice(
            images,
            tf.constant(new int[] {0, from, 0, 0}),
            tf.constant(new int[] {-1, rows, -1, 3}));
    return tf.math.mean(part, tf.constant(new int[] {1, 2}));
  }
}
