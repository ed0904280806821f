package org.medoid.training.data;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Image files with a class each.
 *
 * @param name what to call the set in messages
 * @param files the images, in an order that is the same on every machine
 * @param labels for each file the index of its class in classNames
 * @param classNames the classes
 */
public record ImageDataSet(String name, List<Path> files, int[] labels, List<String> classNames) {
  /**
   * Copies and checks.
   *
   * @param name what to call the set in messages
   * @param files the images, in an order that is the same on every machine
   * @param labels for each file the index of its class in classNames
   * @param classNames the classes
   * @throws IllegalArgumentException if there are no files, not a label for each, or a label of no
   *     class
   */
  public ImageDataSet {
    files = List.copyOf(files);
    labels = labels.clone();
    classNames = List.copyOf(classNames);
    if (files.isEmpty()) {
      throw new IllegalArgumentException(name + ": there are no images");
    }
    if (files.size() != labels.length) {
      throw new IllegalArgumentException(
          name + ": " + files.size() + " images but " + labels.length + " labels");
    }
    for (int label : labels) {
      if (label < 0 || label >= classNames.size()) {
        throw new IllegalArgumentException(name + ": label " + label + " names no class");
      }
    }
  }

  /**
   * Makes a set of the images of each class.
   *
   * @param name what to call the set in messages
   * @param byClass the images of each class, in order
   * @return the set
   */
  static ImageDataSet of(String name, Map<String, List<Path>> byClass) {
    List<Path> files = new ArrayList<>();
    List<Integer> labels = new ArrayList<>();
    List<String> names = new ArrayList<>();
    new LinkedHashMap<>(byClass)
        .forEach(
            (className, images) -> {
              for (Path image : images) {
                files.add(image);
                labels.add(names.size());
              }
              names.add(className);
            });
    return new ImageDataSet(
        name, files, labels.stream().mapToInt(Integer::intValue).toArray(), names);
  }

  /**
   * The class of each image.
   *
   * @return a copy
   */
  @Override
  public int[] labels() {
    return labels.clone();
  }

  /**
   * The number of images.
   *
   * @return at least 1
   */
  public int size() {
    return files.size();
  }

  /**
   * How many images each class has.
   *
   * @return by the index of the class
   */
  public int[] sizes() {
    int[] sizes = new int[classNames.size()];
    for (int label : labels) {
      sizes[label]++;
    }
    return sizes;
  }

  /**
   * Some of the images, with the same classes.
   *
   * @param from the first of them
   * @param to the one after the last, more than {@code from}
   * @return its images in the same order
   */
  public ImageDataSet part(int from, int to) {
    return new ImageDataSet(
        name, files.subList(from, to), Arrays.copyOfRange(labels, from, to), classNames);
  }

  /**
   * Requires that all images can be read, before work begins that would end at the first that
   * cannot. Cost: each is decoded once, some milliseconds for a photograph, shared among the
   * processors.
   *
   * @throws BrokenImagesException naming those that cannot
   */
  public void requireReadable() {
    BrokenImagesException.check(ImageCheck.broken(this));
  }

  /**
   * Requires that no image is cut short or is none at all: what {@link #requireReadable} does, but
   * for JPEGs and PNGs that have their end, which are not decoded. For work that takes not much
   * longer than decoding. Cost: both ends of every file are read.
   *
   * @throws BrokenImagesException naming those that cannot be read
   */
  public void requireWhole() {
    BrokenImagesException.check(ImageCheck.cutShort(this));
  }
}
