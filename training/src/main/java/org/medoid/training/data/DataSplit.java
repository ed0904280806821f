package org.medoid.training.data;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * A data set split by classes: no class is in both parts, unless whoever made the parts put it
 * there ({@link #commonClasses}).
 *
 * @param train images to train on
 * @param test images of classes never seen in training
 */
public record DataSplit(ImageDataSet train, ImageDataSet test) {
  /**
   * The test classes that are trained on too, by their names: folders {@code train} and {@code
   * test} may hold the same classes.
   *
   * @return their names, in order; empty for a split by classes
   */
  public Set<String> commonClasses() {
    Set<String> common = new LinkedHashSet<>(test.classNames());
    common.retainAll(new HashSet<>(train.classNames()));
    return common;
  }

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
