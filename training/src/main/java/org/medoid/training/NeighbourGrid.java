package org.medoid.training;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.medoid.ops.clustering.Distance;
import org.medoid.training.data.ImageDataSet;
import org.medoid.training.data.ImagePipeline;
import org.medoid.training.evaluation.Embeddings;
import org.medoid.training.evaluation.Neighbours;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;

/**
 * One picture of what a few queries find among all images of a data set: a row for each query, the
 * query itself first, then its nearest others, in a green frame if they are of its class and in a
 * red one if not. The queries are the same at every evaluation, so that TensorBoard's slider shows
 * what training changes.
 *
 * <p>Cost: queries · n · d, and decoding some 50 images.
 */
final class NeighbourGrid implements AutoCloseable {
  /** Queries, evenly spaced over the classes. */
  static final int ROWS = 8;

  /** Nearest others of each. */
  static final int NEIGHBOURS = 5;

  /** Height and width of an image with its frame. */
  static final int CELL = 48;

  private static final int FRAME = 2;
  private static final int INNER = CELL - 2 * FRAME;
  private static final float[] GREY = {0.6f, 0.6f, 0.6f};
  private static final float[] GREEN = {0, 0.6f, 0.2f};
  private static final float[] RED = {0.8f, 0.1f, 0.1f};

  private final ImageDataSet data;

  /** Read from at each evaluation. */
  private ImagePipeline pictures;

  private final int[] labels;
  private final int[] queries;

  NeighbourGrid(ImageDataSet data) {
    this.data = data;
    labels = data.labels();
    int[] sizes = data.sizes();
    boolean[] seen = new boolean[sizes.length];
    int[] candidates = // the first image of each class that has something to find
        IntStream.range(0, labels.length)
            .filter(row -> sizes[labels[row]] > 1 && !seen[labels[row]])
            .peek(row -> seen[labels[row]] = true)
            .toArray();
    int count = Math.min(ROWS, candidates.length);
    queries =
        IntStream.range(0, count)
            .map(i -> candidates[(int) ((2L * i + 1) * candidates.length / (2L * count))])
            .toArray();
  }

  /** Whether there is a query at all. */
  boolean any() {
    return queries.length > 0;
  }

  /**
   * Draws.
   *
   * @param embeddings a row for each image of the data set
   * @return float [1, rows · cell, columns · cell, 3] in [0, 1]; the caller closes it
   */
  TFloat32 draw(float[] embeddings) {
    int columns = 1 + Math.min(NEIGHBOURS, labels.length - 1);
    int[][] nearest =
        Neighbours.leaveOneOut(
            Embeddings.of(embeddings, labels.length), queries, columns - 1, Distance.EUCLIDEAN);
    int[] shown =
        IntStream.range(0, queries.length)
            .flatMap(i -> IntStream.concat(IntStream.of(queries[i]), Arrays.stream(nearest[i])))
            .toArray();
    if (pictures == null) {
      pictures = Embedder.pipeline(data, INNER, INNER);
    }
    float[] images = Embedder.pixels(pictures, shown);
    int width = columns * CELL;
    float[] pixels = new float[queries.length * CELL * width * 3];
    for (int i = 0; i < shown.length; i++) {
      int query = queries[i / columns];
      float[] frame = i % columns == 0 ? GREY : labels[shown[i]] == labels[query] ? GREEN : RED;
      int corner = i / columns * CELL * width + i % columns * CELL;
      for (int y = 0; y < CELL; y++) {
        for (int x = 0; x < CELL; x++) {
          System.arraycopy(frame, 0, pixels, 3 * (corner + y * width + x), 3);
        }
      }
      for (int y = 0; y < INNER; y++) {
        System.arraycopy(
            images,
            3 * (i * INNER + y) * INNER,
            pixels,
            3 * (corner + (FRAME + y) * width + FRAME),
            3 * INNER);
      }
    }
    return TFloat32.tensorOf(
        Shape.of(1, (long) queries.length * CELL, width, 3), DataBuffers.of(pixels));
  }

  @Override
  public void close() {
    if (pictures != null) {
      pictures.close();
    }
  }
}
