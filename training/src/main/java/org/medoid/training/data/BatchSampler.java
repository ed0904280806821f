package org.medoid.training.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Draws batches with a set number of distinct classes. The facility location loss is 0 when all
 * labels of a batch are equal and when all differ; a set number of classes keeps it between.
 *
 * <p>A batch is a function of the seed and the step alone, so that a run that goes on from step n
 * draws what one that was never interrupted would. Classes are drawn uniformly; within a batch no
 * image comes twice, and images are spread over the classes as evenly as their sizes allow.
 *
 * <p>Cost of a batch: linear in the number of classes of the data set. Thread-safe.
 */
public final class BatchSampler {
  private final int[][] byClass;
  private final int batch;
  private final int classes;
  private final long seed;

  /**
   * Prepares.
   *
   * @param data the images
   * @param batch m, images of a batch, at least 3
   * @param classesPerBatch C, distinct classes of a batch, 2 to m - 1
   * @param seed of all batches
   * @throws IllegalArgumentException if no such batch can be drawn from the data
   */
  public BatchSampler(ImageDataSet data, int batch, int classesPerBatch, long seed) {
    BatchShape shape = new BatchShape(batch, classesPerBatch);
    shape.require(data, BatchShape.sizes(data));
    int[] labels = data.labels();
    List<List<Integer>> images = new ArrayList<>();
    data.classNames().forEach(any -> images.add(new ArrayList<>()));
    for (int i = 0; i < labels.length; i++) {
      images.get(labels[i]).add(i);
    }
    images.removeIf(List::isEmpty);
    byClass =
        images.stream()
            .map(each -> each.stream().mapToInt(Integer::intValue).toArray())
            .toArray(int[][]::new);
    this.batch = batch;
    this.classes = classesPerBatch;
    this.seed = seed;
  }

  /**
   * The images of a batch.
   *
   * @param step from 0
   * @return m distinct indices into the data set, of exactly C classes, in random order
   */
  public int[] batch(long step) {
    // A generator of seed + step · 0x9E37... would replay the one of the step before, shifted by a
    // draw: that is how it advances itself. The second one scatters the steps.
    long scattered = new SplittableRandom(step).nextLong();
    SplittableRandom random =
        new SplittableRandom(new SplittableRandom(seed).split().nextLong() ^ scattered);
    int[] order = new int[byClass.length];
    Arrays.setAll(order, i -> i);
    shuffle(order, classes, random);
    int[][] chosen = new int[classes][];
    for (int c = 0; c < classes; c++) {
      chosen[c] = byClass[order[c]].clone();
      shuffle(chosen[c], chosen[c].length, random);
    }
    int[] images = new int[batch];
    int filled = 0;
    for (int round = 0; filled < batch; round++) {
      for (int c = 0; c < classes && filled < batch; c++) {
        if (round < chosen[c].length) {
          images[filled++] = chosen[c][round];
        }
      }
    }
    shuffle(images, batch, random);
    return images;
  }

  /** Brings a random choice into the first places. */
  static void shuffle(int[] values, int places, SplittableRandom random) {
    for (int i = 0; i < places; i++) {
      int at = i + random.nextInt(values.length - i);
      int value = values[at];
      values[at] = values[i];
      values[i] = value;
    }
  }
}
