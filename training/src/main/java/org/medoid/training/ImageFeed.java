package org.medoid.training;

import org.medoid.training.data.BatchSampler;
import org.medoid.training.data.ImageDataSet;
import org.medoid.training.data.ImagePipeline;
import org.medoid.training.settings.TrainingSettings;
import org.tensorflow.types.TFloat32;

/** The images of a run's batches, whole or in chunks, from a step on. Reads ahead. */
final class ImageFeed implements AutoCloseable {
  /**
   * Steps whose batches are drawn at once: few enough that a run of many steps over many classes
   * starts at once, enough that the pause to start anew does not count.
   */
  private static final int WINDOW = 256;

  private final TrainingSettings settings;
  private final BatchSampler sampler;
  private final Share share;
  private final ImagePipeline pipeline;
  private long nextStep;
  private int left;

  /**
   * Starts to read.
   *
   * @param data the images
   * @param settings of the run
   * @param sampler of the batches
   * @param share what of each batch to give, and how many images at once
   * @param firstStep the step of the first batch
   */
  ImageFeed(
      ImageDataSet data,
      TrainingSettings settings,
      BatchSampler sampler,
      Share share,
      long firstStep) {
    this.settings = settings;
    this.sampler = sampler;
    this.share = share;
    nextStep = firstStep;
    pipeline =
        ImagePipeline.training(
            data,
            share.rows(),
            settings.data().size(),
            settings.data().crop(),
            settings.data().mirror(),
            settings.schedule().seed());
  }

  /** The next batch or chunk, float [rows, imageSize, imageSize, 3]; the caller closes it. */
  TFloat32 next() {
    if (left == 0) {
      int steps = (int) Math.min(WINDOW, Math.max(1, settings.schedule().steps() - nextStep));
      int size = share.size();
      int[] images = new int[Math.multiplyExact(steps, size)];
      long[] places = new long[images.length];
      for (int i = 0; i < steps; i++) {
        int[] batch = sampler.batch(nextStep + i);
        for (int k = 0; k < size; k++) {
          images[i * size + k] = batch[share.first() + k];
          places[i * size + k] = (nextStep + i) * share.batch() + share.first() + k;
        }
      }
      pipeline.start(images, places);
      nextStep += steps;
      left = steps * (size / share.rows());
    }
    left--;
    return pipeline.next();
  }

  @Override
  public void close() {
    pipeline.close();
  }
}
