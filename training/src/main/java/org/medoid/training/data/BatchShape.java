package org.medoid.training.data;

import java.util.Arrays;
import java.util.Locale;

/**
 * How many images and how many distinct classes a batch has.
 *
 * @param images m, at least 3
 * @param classes C, 2 to m - 1: with one class, or as many as images, the loss is 0
 */
public record BatchShape(int images, int classes) {
  /** Images of a batch where the data has as many and nothing else was asked for. */
  public static final int USUAL_IMAGES = 128;

  /** Images of each class in a usual batch. */
  private static final int USUAL_OF_A_CLASS = 4;

  /**
   * Checks.
   *
   * @param images m, at least 3
   * @param classes C, 2 to m - 1
   * @throws IllegalArgumentException if there is no such batch
   */
  public BatchShape {
    if (classes < 2 || classes >= images) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a batch of %d images of %d classes: it needs two classes or more and fewer classes"
                  + " than images, else the loss is 0",
              images,
              classes));
    }
  }

  /**
   * The batch that fits a data set. What is given is kept; what is not is the usual ({@value
   * #USUAL_IMAGES} images, a quarter as many classes), or, where the data has less, as much as
   * there is: first more classes, up to half as many as images, then fewer images.
   *
   * @param data the images
   * @param images m, or null for what fits
   * @param classes C, or null for what fits
   * @param divisor of m where m is not given (chunks, workers), at least 1
   * @return a batch that {@link BatchSampler} can draw
   * @throws IllegalArgumentException if what is given asks for more than the data has, or if the
   *     data has fewer than two classes, or no three images of them
   */
  public static BatchShape fitting(
      ImageDataSet data, Integer images, Integer classes, int divisor) {
    int[] sizes = sizes(data);
    if (sizes.length < 2) {
      throw new IllegalArgumentException(
          data.name() + ": training needs images of two classes or more; it has " + sizes.length);
    }
    int m = images != null ? images : usual(classes, divisor);
    int c = classes != null ? classes : Math.min(Math.max(2, m / USUAL_OF_A_CLASS), sizes.length);
    if (classes == null) {
      int most = Math.min(sizes.length, m / 2);
      while (c < most && room(sizes, c) < m) {
        c++;
      }
    }
    if (images == null && c >= 2 && c <= sizes.length) {
      m = (int) Math.min(m, room(sizes, c));
      m -= m % divisor;
      if (m < 3) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s: no batch of %d classes of it has 3 images or more and a multiple of %d",
                data.name(),
                c,
                divisor));
      }
      c = classes != null ? c : Math.min(c, m - 1);
    }
    BatchShape shape = new BatchShape(m, c);
    shape.require(data, sizes);
    return shape;
  }

  /**
   * The images of a batch where nothing says how many and the data has enough.
   *
   * @param classes C, or null for what fits
   * @param divisor of m, at least 1
   * @return {@value #USUAL_IMAGES} or twice the classes, whichever is more, less what the divisor
   *     leaves over
   */
  public static int usual(Integer classes, int divisor) {
    long m = classes == null ? USUAL_IMAGES : Math.max(USUAL_IMAGES, 2L * classes);
    return (int) Math.max(divisor, Math.min(Integer.MAX_VALUE, m - m % divisor));
  }

  /** Refuses what cannot be drawn, whichever classes are. */
  void require(ImageDataSet data, int[] sizes) {
    if (sizes.length < classes) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a batch of %d classes: %s has only %d classes; ask for as many or fewer",
              classes,
              data.name(),
              sizes.length));
    }
    long room = room(sizes, classes);
    if (room < images) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a batch of %d images of %d classes: the %d smallest classes of %s have only %d"
                  + " images; ask for fewer images or more classes",
              images,
              classes,
              classes,
              data.name(),
              room));
    }
  }

  /** The images of each class that has any, ascending. */
  static int[] sizes(ImageDataSet data) {
    return Arrays.stream(data.sizes()).filter(size -> size > 0).sorted().toArray();
  }

  /** The images that any so many classes have at least. */
  private static long room(int[] sizes, int classes) {
    return Arrays.stream(sizes).limit(classes).asLongStream().sum();
  }
}
