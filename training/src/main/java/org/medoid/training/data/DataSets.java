package org.medoid.training.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Opens the data sets that the command line names. */
public final class DataSets {
  private static final Pattern IMAGE =
      Pattern.compile(".*\\.(png|jpe?g|gif|bmp)", Pattern.CASE_INSENSITIVE);

  private DataSets() {}

  /**
   * Opens a data set, split into classes to train on and classes to evaluate with.
   *
   * <ul>
   *   <li>{@code icons}: concepts drawn by several icon families, see {@link Icons}.
   *   <li>{@code folder:DIR}: one folder per class. Of the classes, sorted by name, the first half
   *       trains and the second half tests; if DIR holds the folders {@code train} and {@code
   *       test}, these are the split.
   * </ul>
   *
   * @param spec the SPEC of the command line
   * @return the split
   * @throws IllegalArgumentException if there is no such kind of data set, or a class has fewer
   *     than two images
   * @throws IOException if a folder or file cannot be read
   */
  public static DataSplit open(String spec) throws IOException {
    if (spec.equals("icons")) {
      return Icons.open(cache());
    }
    if (spec.startsWith("folder:")) {
      return folder(Path.of(spec.substring("folder:".length())));
    }
    throw new IllegalArgumentException(
        "--data " + spec + ": no such data set; it must be icons or folder:DIR");
  }

  /**
   * The folder that keeps what is made once: {@code medoid} in {@code XDG_CACHE_HOME}, or in {@code
   * .cache} of the user's home.
   *
   * @return its path; it need not exist
   */
  static Path cache() {
    String xdg = System.getenv("XDG_CACHE_HOME");
    Path base =
        xdg != null && !xdg.isEmpty()
            ? Path.of(xdg)
            : Path.of(System.getProperty("user.home"), ".cache");
    return base.resolve("medoid");
  }

  /**
   * The image files under a folder, by their endings.
   *
   * @param folder the folder
   * @return PNG, JPEG, GIF and BMP files in it and in its subfolders, sorted by path
   * @throws IOException if the folder cannot be read
   */
  public static List<Path> images(Path folder) throws IOException {
    requireFolder(folder);
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(file -> IMAGE.matcher(file.getFileName().toString()).matches())
          .filter(Files::isRegularFile)
          .sorted()
          .toList();
    }
  }

  private static DataSplit folder(Path folder) throws IOException {
    requireFolder(folder);
    Path train = folder.resolve("train");
    Path test = folder.resolve("test");
    if (Files.isDirectory(train) && Files.isDirectory(test)) {
      return new DataSplit(
          ImageDataSet.of(train.toString(), classes(train)),
          ImageDataSet.of(test.toString(), classes(test)));
    }
    return halves(folder.toString(), classes(folder));
  }

  /** Splits classes, in their order, into a half that trains and a half that tests. */
  static DataSplit halves(String name, Map<String, List<Path>> classes) {
    List<String> names = new ArrayList<>(classes.keySet());
    if (names.size() < 4) {
      throw new IllegalArgumentException(
          name
              + ": "
              + names.size()
              + " classes; at least 4 are needed, 2 to train and 2 to evaluate with");
    }
    int half = (names.size() + 1) / 2;
    return new DataSplit(
        ImageDataSet.of(name + " (training half)", pick(classes, names.subList(0, half))),
        ImageDataSet.of(name + " (unseen half)", pick(classes, names.subList(half, names.size()))));
  }

  private static Map<String, List<Path>> pick(Map<String, List<Path>> classes, List<String> names) {
    Map<String, List<Path>> picked = new LinkedHashMap<>();
    names.forEach(each -> picked.put(each, classes.get(each)));
    return picked;
  }

  private static Map<String, List<Path>> classes(Path folder) throws IOException {
    List<Path> folders;
    try (Stream<Path> content = Files.list(folder)) {
      folders =
          content
              .filter(Files::isDirectory)
              .filter(each -> !each.getFileName().toString().startsWith("."))
              .sorted()
              .toList();
    }
    Map<String, List<Path>> classes = new LinkedHashMap<>();
    for (Path each : folders) {
      List<Path> images = images(each);
      if (images.size() < 2) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s: a class needs two images or more, this one has %d; add some or remove it",
                each,
                images.size()));
      }
      classes.put(each.getFileName().toString(), images);
    }
    return classes;
  }

  private static void requireFolder(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      throw new NoSuchFileException(folder.toString());
    }
    if (!Files.isDirectory(folder)) {
      throw new NotDirectoryException(folder + ": not a folder");
    }
  }
}
