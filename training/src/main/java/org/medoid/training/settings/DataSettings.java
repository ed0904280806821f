package org.medoid.training.settings;

import static org.medoid.training.settings.SettingException.require;

import org.medoid.export.image.ImageSize;
import org.medoid.graph.image.Crop;
import org.medoid.training.data.BatchShape;
import org.medoid.training.data.ImageDataSet;

/**
 * What is trained on.
 *
 * @param data the data set, as {@link org.medoid.training.data.DataSets#open(String)} takes it
 * @param skipBroken whether images that cannot be read are left out
 * @param imageSize height and width of the network's input in pixels
 * @param resize height and width to which an image is scaled before the crop of imageSize
 * @param crop which part of a picture the network is given in training
 * @param mirror whether half of the crops in training are mirrored
 * @param batch m, images per step
 * @param classesPerBatch C, distinct classes per step
 * @param chunk images that go through the network at once, a divisor of batch; 0 for all
 */
public record DataSettings(
    String data,
    boolean skipBroken,
    int imageSize,
    int resize,
    Crop crop,
    boolean mirror,
    int batch,
    int classesPerBatch,
    int chunk) {
  /**
   * The largest input of a network, in pixels: a picture of 67 million pixels, the largest that is
   * decoded, is no larger if it is square.
   */
  public static final int LARGEST_SIDE = 8_192;

  /**
   * Checks the values.
   *
   * @param data the data set, as {@link org.medoid.training.data.DataSets#open(String)} takes it
   * @param skipBroken whether images that cannot be read are left out
   * @param imageSize height and width of the network's input in pixels
   * @param resize height and width to which an image is scaled before the crop of imageSize
   * @param crop which part of a picture the network is given in training, not the centre
   * @param mirror whether half of the crops in training are mirrored
   * @param batch m, images per step
   * @param classesPerBatch C, distinct classes per step
   * @param chunk images that go through the network at once, a divisor of batch; 0 for all
   * @throws SettingException if one is missing or out of range
   */
  public DataSettings {
    require(data != null && !data.isBlank(), "data", data, "a run needs a data set");
    require(
        imageSize >= 1 && imageSize <= LARGEST_SIDE,
        "image_size",
        imageSize,
        "must be 1 to " + LARGEST_SIDE);
    require(resize >= imageSize, "resize", resize, "must not be below the image size " + imageSize);
    require(resize <= 2 * LARGEST_SIDE, "resize", resize, "must be at most " + 2 * LARGEST_SIDE);
    require(crop != null && crop != Crop.CENTRE, "crop", crop, "must be random or random_resized");
    require(batch >= 3, "batch", batch, "must be 3 or more");
    require(
        classesPerBatch >= 2 && classesPerBatch < batch,
        "classes_per_batch",
        classesPerBatch,
        "must be 2 or more and less than the batch of " + batch + ", else the loss is 0");
    require(
        chunk == 0 || (chunk > 0 && batch % chunk == 0),
        "chunk",
        chunk,
        "must divide the batch of " + batch + " without a remainder");
  }

  /**
   * Images that go through the network at once.
   *
   * @return the chunk, or the whole batch
   */
  public int rows() {
    return chunk == 0 ? batch : chunk;
  }

  /**
   * Requires that the batch can be shared evenly among workers, and a share be parted in chunks.
   *
   * @param workers how many
   * @throws SettingException if not
   */
  public void requireShared(int workers) {
    require(
        batch % workers == 0,
        "batch",
        batch,
        "cannot be shared evenly among " + workers + " workers");
    int share = batch / workers;
    require(
        share % Math.min(share, rows()) == 0,
        "chunk",
        chunk,
        "must divide a worker's share of the batch, " + share + " images, without a remainder");
  }

  /**
   * The images that the network takes.
   *
   * @return their size, and that before the cut
   */
  public ImageSize size() {
    return ImageSize.square(imageSize, resize);
  }

  /**
   * Requires that batches as these can be drawn from a data set.
   *
   * @param images the data set
   * @throws IllegalArgumentException if some classes of it have too few images, or there are too
   *     few classes
   */
  public void requireDrawn(ImageDataSet images) {
    BatchShape.fitting(images, batch, classesPerBatch, 1);
  }
}
