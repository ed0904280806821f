package org.medoid.training.data;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens the data sets that the command line names. */
public final class DataSets {
  /** How files lie in a folder. */
  private interface Layout {
    DataSplit open(Path folder) throws IOException;
  }

  private static final Map<String, Layout> LAYOUTS = new LinkedHashMap<>();

  static {
    LAYOUTS.put("folder", ClassFolders::open);
    LAYOUTS.put("cub200", PublishedLayouts::cub200);
    LAYOUTS.put("cars196", PublishedLayouts::cars196);
    LAYOUTS.put("sop", PublishedLayouts::sop);
    LAYOUTS.put("omniglot", PublishedLayouts::omniglot);
  }

  private static final Logger LOG = LoggerFactory.getLogger(DataSets.class);

  private DataSets() {}

  /**
   * Opens a data set, split into classes to train on and classes to evaluate with.
   *
   * <ul>
   *   <li>{@code icons}: concepts drawn by several icon families, see {@link Icons}.
   *   <li>{@code folder:DIR}: one folder per class, with links followed and hidden files passed
   *       over. Of the classes, sorted by name, the first half trains and the second half tests; if
   *       DIR holds folders called {@code train} (or training) and {@code test} (testing, val,
   *       valid, validation, eval, dev), these are the split. Classes with fewer than two pictures
   *       are left out, and told.
   *   <li>{@code cub200:DIR}, {@code cars196:DIR}, {@code sop:DIR}, {@code omniglot:DIR}: as their
   *       authors publish them, see {@link PublishedLayouts}.
   * </ul>
   *
   * <p>Images are PNG, JPEG (grey and CMYK too), GIF (of an animation the first frame) and BMP (not
   * run-length encoded), known by their content whatever they are called, of at most 67 million
   * pixels. Other files are left out, and told with their number.
   *
   * @param spec the SPEC of the command line
   * @param skipBroken whether to leave out, with a warning that counts them, images that cannot be
   *     read and classes of fewer than two images; every image is then decoded here once
   * @return the split
   * @throws IllegalArgumentException if there is no such kind of data set, or, unless skipBroken, a
   *     class has fewer than two images or an image too many pixels
   * @throws IllegalStateException if a library that reads this kind is not on the class path, which
   *     {@code icons} and {@code cars196} want; names it
   * @throws IOException if a folder or file cannot be read
   */
  public static DataSplit open(String spec, boolean skipBroken) throws IOException {
    DataSplit split = read(spec);
    return skipBroken
        ? new DataSplit(readable(split.train(), 2), readable(split.test(), 2))
        : new DataSplit(pairs(decodable(split.train())), pairs(decodable(split.test())));
  }

  /**
   * A specification that holds in every folder.
   *
   * @param spec the SPEC of the command line
   * @return the same with the folder's absolute path; as it is where it names none
   */
  public static String absolute(String spec) {
    int colon = spec.indexOf(':') + 1;
    String folder = spec.substring(colon);
    return colon == 0 || folder.isBlank() || !LAYOUTS.containsKey(spec.substring(0, colon - 1))
        ? spec
        : spec.substring(0, colon) + Path.of(folder).toAbsolutePath().normalize();
  }

  /**
   * Opens a data set in which nothing may be broken.
   *
   * @param spec the SPEC of the command line
   * @return the split
   * @throws IllegalArgumentException as {@link #open(String, boolean)}
   * @throws IOException as {@link #open(String, boolean)}
   */
  public static DataSplit open(String spec) throws IOException {
    return open(spec, false);
  }

  private static DataSplit read(String spec) throws IOException {
    if (spec.equals("icons")) {
      return Icons.open(cache());
    }
    int colon = spec.indexOf(':');
    String kind = spec.substring(0, Math.max(colon, 0));
    Layout layout = LAYOUTS.get(kind);
    if (layout == null) {
      throw new IllegalArgumentException(
          "data set '"
              + spec
              + "': no such data set; it must be icons or one of "
              + String.join(":DIR, ", LAYOUTS.keySet())
              + ":DIR"
              + (Files.isDirectory(Path.of(spec)) ? "; for this folder folder:" + spec : ""));
    }
    if (spec.substring(colon + 1).isBlank()) { // the current folder would be taken
      throw new IllegalArgumentException("data set '" + spec + "': it must be " + kind + ":DIR");
    }
    Path folder = Path.of(spec.substring(colon + 1));
    requireFolder(folder);
    return layout.open(folder);
  }

  /** Refuses images that are too large to decode. */
  private static ImageDataSet decodable(ImageDataSet data) {
    BrokenImagesException.check(ImageCheck.huge(data.files()));
    return data;
  }

  /** Refuses a class that has no pair. */
  private static ImageDataSet pairs(ImageDataSet data) {
    int[] sizes = data.sizes();
    for (int c = 0; c < sizes.length; c++) {
      if (sizes[c] < 2) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s: a class needs two images or more, '%s' has %d; add some, remove it, or"
                    + " train with skip-broken",
                data.name(),
                data.classNames().get(c),
                sizes[c]));
      }
    }
    return data;
  }

  /** Leaves out what cannot be read, and the classes that have fewer images then. */
  private static ImageDataSet readable(ImageDataSet data, int least) {
    Map<Path, String> broken = ImageCheck.broken(data);
    Map<String, List<Path>> byClass = new LinkedHashMap<>();
    data.classNames().forEach(name -> byClass.put(name, new ArrayList<>()));
    int[] labels = data.labels();
    for (int i = 0; i < labels.length; i++) {
      if (!broken.containsKey(data.files().get(i))) {
        byClass.get(data.classNames().get(labels[i])).add(data.files().get(i));
      }
    }
    broken.forEach((file, reason) -> LOG.warn("left out: {}: {}", file, reason));
    int before = byClass.size();
    byClass.values().removeIf(images -> images.size() < least);
    String classes =
        least < 2
            ? ""
            : " and %d of %d classes with fewer than two images"
                .formatted(before - byClass.size(), before);
    if (!broken.isEmpty() || byClass.size() < before) {
      LOG.warn(
          "{}: left out {} of {} images that cannot be read{}",
          data.name(),
          broken.size(),
          data.size(),
          classes);
    }
    return ImageDataSet.of(data.name(), byClass);
  }

  /**
   * The folder that keeps what is made once: {@code medoid} in {@code XDG_CACHE_HOME}, or in {@code
   * .cache} of the user's home where that is not set, or relative: its specification says so.
   *
   * @return its path; it need not exist
   */
  public static Path cache() {
    String xdg = System.getenv("XDG_CACHE_HOME");
    Path base =
        xdg != null && Path.of(xdg).isAbsolute()
            ? Path.of(xdg)
            : Path.of(System.getProperty("user.home"), ".cache");
    return base.resolve("medoid");
  }

  /**
   * The pictures under a folder, by their content. What else is there is told with its number.
   *
   * @param folder the folder
   * @return PNG, JPEG, GIF and BMP files in it and in its subfolders, and what is named so and is
   *     broken, sorted by their names' bytes
   * @throws IOException if the folder cannot be read
   */
  public static List<Path> images(Path folder) throws IOException {
    requireFolder(folder);
    Folders folders = new Folders();
    List<Path> pictures = folders.pictures(folder);
    folders.tell(folder);
    return pictures;
  }

  /**
   * Pictures without classes.
   *
   * @param place a picture, or a folder of PNG, JPEG, GIF and BMP files in it and its subfolders
   * @param skipBroken whether to leave out, with a warning that counts them, images that cannot be
   *     read; every image is then decoded here once
   * @return the pictures sorted by path, in one class
   * @throws IllegalArgumentException if there are none, or, unless skipBroken, one has too many
   *     pixels
   * @throws IOException if the place cannot be read
   */
  public static ImageDataSet unlabelled(Path place, boolean skipBroken) throws IOException {
    List<Path> files;
    if (Files.isRegularFile(place)) {
      if (!Files.isReadable(place)) {
        throw new AccessDeniedException(place.toString());
      }
      files = PictureKind.of(place).kept() ? List.of(place) : List.of();
    } else {
      files = images(place);
    }
    if (files.isEmpty()) {
      throw new IllegalArgumentException(
          place
              + (Files.isDirectory(place)
                  ? ": no PNG, JPEG, GIF or BMP file in this folder"
                  : ": " + PictureKind.of(place).unread()));
    }
    String name = place.toString();
    ImageDataSet all = new ImageDataSet(name, files, new int[files.size()], List.of(name));
    return skipBroken ? readable(all, 1) : decodable(all);
  }

  /** Splits classes, in their order, into a half that trains and a half that tests. */
  static DataSplit halves(String name, Map<String, List<Path>> classes) {
    List<String> names = new ArrayList<>(classes.keySet());
    if (names.size() < 4) {
      throw new IllegalArgumentException(
          name
              + ": "
              + names.size()
              + " classes with two pictures or more; at least 4 are needed, 2 to train and 2 to"
              + " evaluate with, or two folders of classes called train and test");
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

  private static void requireFolder(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      throw new NoSuchFileException(folder.toString());
    }
    if (!Files.isDirectory(folder)) {
      throw new NotDirectoryException(folder.toString());
    }
  }
}
