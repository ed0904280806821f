package org.medoid.training;

import java.util.Arrays;
import java.util.Optional;
import org.medoid.training.data.DataSplit;
import org.medoid.training.data.HeldOutClasses;
import org.medoid.training.data.ImageDataSet;
import org.medoid.training.settings.ScheduleSettings;
import org.medoid.training.settings.ScheduleSettings.Choice;
import org.medoid.training.settings.TrainingSettings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A data set parted for a run: images to train on, images that choose the checkpoint, images of the
 * test classes.
 *
 * @param train the images to train on, classes numbered from 0
 * @param trainRows the place of each among all training images
 * @param watched the images that choose the checkpoint; null for none
 * @param watchedRows the place of each among all training images; null if they are the test images
 * @param choice what chooses the checkpoint
 */
record TrainingData(
    ImageDataSet train, int[] trainRows, ImageDataSet watched, int[] watchedRows, Choice choice) {
  private static final Logger LOG = LoggerFactory.getLogger(TrainingData.class);

  /**
   * Parts a data set.
   *
   * @param data all of it
   * @param settings say what chooses the checkpoint, and what a batch needs
   * @return the parts; without held-out classes, which is told, where these would be too few or
   *     leave too little to train on
   */
  static TrainingData of(DataSplit data, TrainingSettings settings) {
    if (data.test().size() < 2) { // as the evaluation after the last step would
      throw new IllegalArgumentException(
          "%s: the scores need two test images or more, and there are %d"
              .formatted(data.test().name(), data.test().size()));
    }
    int[] all = new int[data.train().size()];
    Arrays.setAll(all, i -> i);
    ScheduleSettings schedule = settings.schedule();
    if (schedule.chooseOn() == Choice.TEST) {
      return new TrainingData(data.train(), all, data.test(), null, Choice.TEST);
    }
    TrainingData whole = new TrainingData(data.train(), all, null, null, Choice.LAST);
    if (schedule.validationClasses() == 0) {
      return whole;
    }
    Optional<HeldOutClasses> parts =
        HeldOutClasses.of(data.train(), schedule.validationClasses(), schedule.seed());
    String not = whyNot(data.train(), parts, settings);
    if (not != null) {
      LOG.warn("{}; nothing is validated, and the last checkpoint counts", not);
      return whole;
    }
    HeldOutClasses some = parts.orElseThrow();
    return new TrainingData(
        some.rest(), some.restRows(), some.held(), some.heldRows(), schedule.chooseOn());
  }

  /** Why no classes can be held out; null if they can. */
  private static String whyNot(
      ImageDataSet train, Optional<HeldOutClasses> parts, TrainingSettings settings) {
    double share = settings.schedule().validationClasses();
    if (parts.isEmpty()) {
      int least = HeldOutClasses.LEAST;
      return "%s: of %d classes no share of %s can be held out for validation: %d must be, and %d be left"
          .formatted(train.name(), train.classNames().size(), share, least, least);
    }
    try {
      settings.data().requireDrawn(parts.get().rest());
      return null;
    } catch (IllegalArgumentException e) {
      return "%s: no classes are held out for validation, as the others are too few for the batch (%s)"
          .formatted(train.name(), e.getMessage());
    }
  }
}
