package org.medoid.training;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.medoid.training.data.DataSplit;
import org.medoid.training.data.ImageDataSet;
import org.medoid.training.settings.ScheduleSettings;
import org.medoid.training.settings.ScheduleSettings.Choice;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A data set parted for a run: images to train on, images that choose the checkpoint, images of the
 * test classes.
 *
 * @param train the images to train on, classes numbered anew from 0
 * @param trainRows the place of each among all training images
 * @param watched the images that choose the checkpoint; null for none
 * @param watchedRows the place of each among all training images; null if they are the test images
 * @param choice what chooses the checkpoint
 */
record TrainingData(
    ImageDataSet train, int[] trainRows, ImageDataSet watched, int[] watchedRows, Choice choice) {
  private static final Logger LOG = LoggerFactory.getLogger(TrainingData.class);

  /** Held-out classes from which Recall@1 and NMI tell anything. */
  private static final int LEAST = 2;

  /**
   * Parts a data set. Whole classes are held out, drawn by the seed alone.
   *
   * @param data all of it
   * @param schedule says what chooses the checkpoint, and of how many classes
   * @param classesPerBatch classes that must remain to train on
   * @return the parts; without held-out classes, which is told, where these would be too few
   */
  static TrainingData of(DataSplit data, ScheduleSettings schedule, int classesPerBatch) {
    int[] all = new int[data.train().size()];
    Arrays.setAll(all, i -> i);
    if (schedule.chooseOn() == Choice.TEST) {
      return new TrainingData(data.train(), all, data.test(), null, Choice.TEST);
    }
    int classes = data.train().classNames().size();
    int held = (int) Math.round(schedule.validationClasses() * classes);
    if (held == 0) {
      return new TrainingData(data.train(), all, null, null, Choice.LAST);
    }
    if (held < LEAST || classes - held < classesPerBatch) {
      LOG.warn(
          "{}: {} classes are too few to hold out {} for validation; the last checkpoint counts",
          data.train().name(),
          classes,
          schedule.validationClasses());
      return new TrainingData(data.train(), all, null, null, Choice.LAST);
    }
    boolean[] isHeld = draw(classes, held, schedule.seed());
    int[] labels = data.train().labels();
    int[] rows = Arrays.stream(all).filter(i -> !isHeld[labels[i]]).toArray();
    int[] heldRows = Arrays.stream(all).filter(i -> isHeld[labels[i]]).toArray();
    return new TrainingData(
        pick(data.train(), data.train().name(), rows),
        rows,
        pick(data.train(), data.train().name() + " (validation classes)", heldRows),
        heldRows,
        schedule.chooseOn());
  }

  private static boolean[] draw(int classes, int count, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int[] order = new int[classes];
    Arrays.setAll(order, i -> i);
    boolean[] drawn = new boolean[classes];
    for (int i = 0; i < count; i++) {
      int at = i + random.nextInt(classes - i);
      int chosen = order[at];
      order[at] = order[i];
      drawn[chosen] = true;
    }
    return drawn;
  }

  /** Some of the images, their classes numbered from 0 in the order of before. */
  private static ImageDataSet pick(ImageDataSet data, String name, int[] rows) {
    int[] labels = data.labels();
    int[] number = new int[data.classNames().size()];
    Arrays.stream(rows).forEach(row -> number[labels[row]] = 1);
    List<String> names = new ArrayList<>();
    for (int c = 0; c < number.length; c++) {
      if (number[c] == 1) {
        number[c] = names.size();
        names.add(data.classNames().get(c));
      }
    }
    return new ImageDataSet(
        name,
        Arrays.stream(rows).mapToObj(data.files()::get).toList(),
        Arrays.stream(rows).map(row -> number[labels[row]]).toArray(),
        names);
  }
}
