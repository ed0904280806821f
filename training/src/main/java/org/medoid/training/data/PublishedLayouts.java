package org.medoid.training.data;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.medoid.training.format.Csv;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The data sets of metric learning in the layouts that their authors publish, with the splits that
 * papers use: the first half of the classes trains, the second half tests (for Omniglot and
 * Stanford Online Products the authors' own two parts).
 */
final class PublishedLayouts {
  private static final Logger LOG = LoggerFactory.getLogger(PublishedLayouts.class);

  /** Each tells where Cars196 lies. */
  private static final List<String> CARS =
      List.of("cars_annos.mat", "cars_train_annos.mat", "devkit/cars_train_annos.mat");

  /** How far below the folder that was named a data set is looked for. */
  private static final int DEPTH = 3;

  private PublishedLayouts() {}

  /**
   * Caltech-UCSD Birds 200-2011 (Wah et al. 2011): {@code images.txt}, {@code
   * image_class_labels.txt}, {@code classes.txt}, {@code images/}. Classes 1 to 100 train (5,864
   * images), 101 to 200 test (5,924).
   */
  static DataSplit cub200(Path place) throws IOException {
    Path folder =
        within(place, "CUB-200-2011", "images.txt", "image_class_labels.txt", "classes.txt");
    Path list = folder.resolve("image_class_labels.txt");
    Map<String, Entry> classOf = pairs(list);
    Map<String, Entry> nameOf = pairs(folder.resolve("classes.txt"));
    Map<Long, List<Path>> images = new TreeMap<>();
    Map<Long, String> names = new TreeMap<>();
    for (Map.Entry<String, Entry> image : pairs(folder.resolve("images.txt")).entrySet()) {
      Entry number = classOf.get(image.getKey());
      if (number == null || !nameOf.containsKey(number.text())) {
        throw new IllegalArgumentException(
            folder.resolve("images.txt")
                + ": image "
                + image.getKey()
                + " has no class in image_class_labels.txt and classes.txt");
      }
      long c = Csv.whole(list, number.line(), number.text());
      names.put(c, nameOf.get(number.text()).text());
      images
          .computeIfAbsent(c, any -> new ArrayList<>())
          .add(folder.resolve("images").resolve(image.getValue().text()));
    }
    return published(byNumber("cub200", folder, images, names, 200), 5_864, 5_924);
  }

  /**
   * Cars196 (Krause et al. 2013): {@code cars_annos.mat} with {@code car_ims/}, or the development
   * kit's {@code cars_train_annos.mat} and {@code cars_test_annos_withlabels.mat} with {@code
   * cars_train/} and {@code cars_test/}. Classes 1 to 98 train (8,054 images), 99 to 196 test
   * (8,131); the authors' own division into train and test images is not used.
   */
  static DataSplit cars196(Path place) throws IOException {
    Path folder =
        holding(place, CARS)
            .orElseThrow(
                () -> missing(place, "Cars196", "cars_annos.mat or devkit/cars_train_annos.mat"));
    Map<Long, List<Path>> images = new TreeMap<>();
    Path all = folder.resolve("cars_annos.mat");
    if (Files.exists(all)) {
      cars(all, "relative_im_path", folder, images);
    } else {
      cars(find(folder, "cars_train_annos.mat"), "fname", folder.resolve("cars_train"), images);
      cars(
          find(folder, "cars_test_annos_withlabels.mat"),
          "fname",
          folder.resolve("cars_test"),
          images);
    }
    Map<Long, String> names = new TreeMap<>();
    images.keySet().forEach(c -> names.put(c, String.format(Locale.ROOT, "%03d", c)));
    return published(byNumber("cars196", folder, images, names, 196), 8_054, 8_131);
  }

  private static Path find(Path folder, String file) throws NoSuchFileException {
    for (Path each : List.of(folder.resolve(file), folder.resolve("devkit").resolve(file))) {
      if (Files.exists(each)) {
        return each;
      }
    }
    throw new NoSuchFileException(
        folder.resolve(file).toString(),
        null,
        "nor is it in devkit/, and there is no cars_annos.mat: Cars196 has its classes there");
  }

  private static void cars(Path mat, String pathField, Path root, Map<Long, List<Path>> images)
      throws IOException {
    OptionalLibrary.MFL.require(); // before the class that cannot be loaded without it
    CarsAnnotations.read(
        mat,
        pathField,
        (c, path) ->
            images.computeIfAbsent((long) c, any -> new ArrayList<>()).add(root.resolve(path)));
  }

  /**
   * Stanford Online Products (Song et al. 2016): {@code Ebay_train.txt} (11,318 classes, 59,551
   * images) and {@code Ebay_test.txt} (11,316 classes, 60,502 images).
   */
  static DataSplit sop(Path place) throws IOException {
    Path folder = within(place, "Stanford Online Products", "Ebay_train.txt", "Ebay_test.txt");
    return published(
        new DataSplit(
            products(folder, "Ebay_train.txt", "training"),
            products(folder, "Ebay_test.txt", "test")),
        59_551,
        60_502);
  }

  private static ImageDataSet products(Path folder, String list, String part) throws IOException {
    Map<String, List<Path>> images = new LinkedHashMap<>();
    List<String> lines = lines(folder.resolve(list));
    for (int i = 1; i < lines.size(); i++) { // the first names the columns
      if (lines.get(i).isEmpty()) {
        continue;
      }
      String[] columns = lines.get(i).split("\\s+", 4);
      if (columns.length != 4) {
        throw new IllegalArgumentException(
            folder.resolve(list)
                + " line "
                + (i + 1)
                + ": expected 'image_id class_id super_class_id path', found '"
                + lines.get(i)
                + "'");
      }
      images
          .computeIfAbsent(columns[1], any -> new ArrayList<>())
          .add(existing(folder.resolve(columns[3]), folder.resolve(list)));
    }
    return ImageDataSet.of("sop (" + part + " classes)", images);
  }

  /**
   * Omniglot (Lake et al. 2015): {@code images_background/ALPHABET/CHARACTER/*.png} trains (964
   * characters), {@code images_evaluation} tests (659), 20 drawings of each.
   */
  static DataSplit omniglot(Path folder) throws IOException {
    return published(
        new DataSplit(
            characters(folder, "images_background"), characters(folder, "images_evaluation")),
        19_280,
        13_180);
  }

  private static ImageDataSet characters(Path place, String part) throws IOException {
    Path folder = holding(place, List.of(part)).orElseThrow(() -> missing(place, "Omniglot", part));
    Path inside = folder.resolve(part);
    if (Files.isDirectory(inside.resolve(part))) { // unpacked into a folder of its name
      folder = inside;
    }
    Map<String, List<Path>> images = new TreeMap<>();
    for (Path alphabet : Folders.in(folder.resolve(part))) {
      for (Path character : Folders.in(alphabet)) {
        FileNames.put(
            images,
            FileNames.name(alphabet) + "/" + FileNames.name(character),
            DataSets.images(character),
            character);
      }
    }
    if (images.isEmpty()) {
      throw new IllegalArgumentException(
          folder.resolve(part) + ": no ALPHABET/CHARACTER folders in it");
    }
    return ImageDataSet.of("omniglot (" + part + ")", images);
  }

  /** The lines of a list, without the byte order mark that some editors put before the first. */
  private static List<String> lines(Path file) throws IOException {
    List<String> lines = new ArrayList<>();
    for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
      lines.add((lines.isEmpty() && line.startsWith("\ufeff") ? line.substring(1) : line).strip());
    }
    return lines;
  }

  /** The folder that holds the lists of a data set: the one named, or one below it. */
  private static Path within(Path place, String set, String... lists) throws IOException {
    Path folder = holding(place, List.of(lists)).orElseThrow(() -> missing(place, set, lists[0]));
    for (String list : lists) {
      if (!Files.exists(folder.resolve(list))) {
        throw new NoSuchFileException(
            folder.resolve(list).toString(), null, "which " + set + " has, beside what is there");
      }
    }
    return folder;
  }

  private static NoSuchFileException missing(Path place, String set, String what) {
    return new NoSuchFileException(
        place.resolve(what).toString(),
        null,
        "nor in the folders below, %d deep: not %s as published".formatted(DEPTH, set));
  }

  /** The first folder, breadth first, with one of some files or folders in it. */
  private static Optional<Path> holding(Path place, List<String> signs) throws IOException {
    List<Path> level = List.of(place);
    for (int depth = 0; depth <= DEPTH && !level.isEmpty(); depth++) {
      List<Path> next = new ArrayList<>();
      for (Path folder : level) {
        if (signs.stream().anyMatch(sign -> Files.exists(folder.resolve(sign)))) {
          return Optional.of(folder);
        }
        if (depth < DEPTH) {
          next.addAll(Folders.in(folder));
        }
      }
      level = next;
    }
    return Optional.empty();
  }

  /** What a list says of a key, and in which line. */
  private record Entry(int line, String text) {}

  /** Lines of a key and the rest. */
  private static Map<String, Entry> pairs(Path file) throws IOException {
    Map<String, Entry> pairs = new LinkedHashMap<>();
    List<String> lines = lines(file);
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).isBlank()) {
        continue;
      }
      String[] words = lines.get(i).split("\\s+", 2);
      if (words.length != 2) {
        throw new IllegalArgumentException(
            file + " line " + (i + 1) + ": expected two columns, found '" + lines.get(i) + "'");
      }
      pairs.put(words[0], new Entry(i + 1, words[1]));
    }
    return pairs;
  }

  private static Path existing(Path image, Path list) throws NoSuchFileException {
    if (!Files.exists(image)) {
      throw new NoSuchFileException(image.toString(), null, "named in " + list);
    }
    return image;
  }

  /** Warns where a set is not the whole published one: its scores do not compare with papers'. */
  private static DataSplit published(DataSplit split, int train, int test) {
    if (split.train().size() != train || split.test().size() != test) {
      LOG.warn(
          "{}: {} training and {} test images; as published {} and {}: scores will not compare",
          split.train().name(),
          split.train().size(),
          split.test().size(),
          train,
          test);
    }
    return split;
  }

  private static DataSplit byNumber(
      String set, Path folder, Map<Long, List<Path>> images, Map<Long, String> names, int classes)
      throws NoSuchFileException {
    if (images.size() != classes) {
      throw new IllegalArgumentException(
          folder + ": " + images.size() + " classes, " + set + " has " + classes);
    }
    Map<String, List<Path>> train = new LinkedHashMap<>();
    Map<String, List<Path>> test = new LinkedHashMap<>();
    for (Map.Entry<Long, List<Path>> each : images.entrySet()) {
      for (Path image : each.getValue()) {
        existing(image, folder);
      }
      (each.getKey() <= classes / 2 ? train : test).put(names.get(each.getKey()), each.getValue());
    }
    return new DataSplit(
        ImageDataSet.of(set + " (first half of the classes)", train),
        ImageDataSet.of(set + " (second half of the classes)", test));
  }
}
