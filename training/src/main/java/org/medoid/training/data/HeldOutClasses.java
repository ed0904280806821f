package org.medoid.training.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * Training images parted by whole classes: most to train on, some held out to choose a checkpoint.
 *
 * @param rest images to train on, their classes numbered anew from 0
 * @param restRows the place of each among all training images
 * @param held images of the held-out classes, numbered anew from 0
 * @param heldRows the place of each among all training images
 */
public record HeldOutClasses(ImageDataSet rest, int[] restRows, ImageDataSet held, int[] heldRows) {
  /** Classes of each part from which anything can be learnt or told. */
  public static final int LEAST = 2;

  /**
   * Draws classes to hold out; which, depends on the seed and the number of classes alone.
   *
   * @param train the training images
   * @param share of the classes, in [0, 1); rounded to whole classes
   * @param seed of the draw
   * @return the parts; nothing if one of them would have fewer than two classes
   */
  public static Optional<HeldOutClasses> of(ImageDataSet train, double share, long seed) {
    int classes = train.classNames().size();
    int count = (int) Math.round(share * classes);
    if (count < LEAST || classes - count < LEAST) {
      return Optional.empty();
    }
    boolean[] isHeld = draw(classes, count, seed);
    int[] labels = train.labels();
    int[] rest = rows(labels, label -> !isHeld[label]);
    int[] held = rows(labels, label -> isHeld[label]);
    return Optional.of(
        new HeldOutClasses(
            pick(train, train.name(), rest),
            rest,
            pick(train, train.name() + " (validation classes)", held),
            held));
  }

  private static int[] rows(int[] labels, IntPredicate ofLabel) {
    return IntStream.range(0, labels.length).filter(i -> ofLabel.test(labels[i])).toArray();
  }

  private static boolean[] draw(int classes, int count, long seed) {
    int[] order = IntStream.range(0, classes).toArray();
    BatchSampler.shuffle(order, count, new SplittableRandom(seed));
    boolean[] drawn = new boolean[classes];
    Arrays.stream(order, 0, count).forEach(chosen -> drawn[chosen] = true);
    return drawn;
  }

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
