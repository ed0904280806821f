package org.medoid.training;

import java.util.List;
import java.util.stream.IntStream;
import org.medoid.export.image.ImageSize;
import org.medoid.training.data.ImageDataSet;
import org.medoid.training.data.ImagePipeline;
import org.medoid.training.evaluation.Embeddings;
import org.tensorflow.Session;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;

/** Runs the images of a data set through a network, in order. */
public final class Embedder {
  /** Images per run, two runs at a time; at 227x227 pixels 20 MB of input each. */
  private static final int BATCH = 32;

  private Embedder() {}

  /**
   * Embeds every image of a data set.
   *
   * @param session with the network's weights
   * @param input the network's input, float [batch, imageSize, imageSize, 3]
   * @param output the network's output, float [batch, d]
   * @param data the images
   * @param imageSize height and width of the network's input in pixels
   * @param resize height and width of an image before its centre is cut out
   * @return n·d values, a row for each image
   */
  public static float[] embed(
      Session session, String input, String output, ImageDataSet data, int imageSize, int resize) {
    try (ImagePipeline pictures = pipeline(data, imageSize, resize)) {
      return embed(session, input, output, pictures);
    }
  }

  /** A picture of a list; throws IllegalArgumentException, with its number, if it is null. */
  static <T> T picture(List<T> pictures, int index) {
    T picture = pictures.get(index);
    if (picture == null) {
      throw new IllegalArgumentException("picture " + index + " is null");
    }
    return picture;
  }

  /** What reads images as {@link #embed} does. */
  static ImagePipeline pipeline(ImageDataSet data, int imageSize, int resize) {
    return ImagePipeline.evaluation(data, BATCH, ImageSize.square(imageSize, resize));
  }

  /** Embeds every image of a pipeline, which may be used again. */
  static float[] embed(Session session, String input, String output, ImagePipeline pictures) {
    Rows rows = new Rows(pictures.size());
    pictures.<TFloat32, RuntimeException>compute(
        images -> (TFloat32) session.runner().feed(input, images).fetch(output).run().get(0),
        embeddings -> {
          try (embeddings) {
            rows.add(embeddings);
          }
        });
    return rows.values;
  }

  /**
   * The pixels of every image of a data set, as a network sees them.
   *
   * @param data the images
   * @param imageSize height and width in pixels
   * @param resize height and width of an image before its centre is cut out
   * @return n·(imageSize·imageSize·3) values in [0, 1], a row for each image
   */
  public static float[] pixels(ImageDataSet data, int imageSize, int resize) {
    try (ImagePipeline pictures = pipeline(data, imageSize, resize)) {
      return pixels(pictures);
    }
  }

  /** The pixels of every image of a pipeline, which may be used again. */
  static float[] pixels(ImagePipeline pictures) {
    return pixels(pictures, IntStream.range(0, pictures.size()).toArray());
  }

  /** The pixels of some images of a pipeline, which may be used again. */
  static float[] pixels(ImagePipeline pictures, int[] sequence) {
    Rows rows = new Rows(sequence.length);
    pictures.forEach(sequence, rows::add);
    return rows.values;
  }

  /** Gathers tensors of any rank as rows. */
  private static final class Rows {
    private final int count;
    private float[] values = new float[0];
    private int filled;

    Rows(int count) {
      this.count = count;
    }

    void add(TFloat32 batch) {
      int size = Math.toIntExact(batch.size());
      if (filled == 0) {
        values = new float[Embeddings.size(count, size / Math.toIntExact(batch.shape().get(0)))];
      }
      batch.copyTo(DataBuffers.of(values, false, false).offset(filled).narrow(size));
      filled += size;
    }
  }
}
