package org.medoid.training.data;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A data set split by classes: no class is in both parts.
 *
 * @param train images to train on
 * @param test images of classes never seen in training
 */
public record DataSplit(ImageDataSet train, ImageDataSet test) {
  /**
   * Requires that all images of both parts can be read: those of the test classes too, which a
   * training scores when it has ended. Cost: as {@link ImageDataSet#requireReadable}.
   *
   * @throws BrokenImagesException naming those that cannot
   */
  public void requireReadable() {
    Map<Path, String> broken = new LinkedHashMap<>(ImageCheck.broken(train));
    broken.putAll(ImageCheck.broken(test));
    BrokenImagesException.check(broken);
  }
}
