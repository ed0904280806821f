package org.medoid.training.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder of one's own: a folder for each class, or two or three parts of such folders. What is
 * not used is told with its number.
 */
final class ClassFolders {
  private static final Logger LOG = LoggerFactory.getLogger(ClassFolders.class);

  private static final List<String> TRAIN = List.of("train", "training");

  /** Names of the part that tests, the first one found is taken. */
  private static final List<String> TEST =
      List.of("test", "testing", "val", "valid", "validation", "eval", "dev");

  private final Folders folders = new Folders();
  private final Path root;

  private ClassFolders(Path root) {
    this.root = root;
  }

  /** Opens a folder; see {@link DataSets#open(String, boolean)}. */
  static DataSplit open(Path root) throws IOException {
    return new ClassFolders(root).split();
  }

  private DataSplit split() throws IOException {
    Path base = unwrapped();
    List<Path> all = Folders.in(base);
    Optional<Path> train = named(all, TRAIN);
    Optional<Path> test = named(all, TEST);
    if (train.isPresent() && !Folders.in(train.get()).isEmpty() && test.isPresent()) {
      return parts(train.get(), test.get(), all);
    }
    if (test.isPresent() && all.stream().allMatch(each -> named(List.of(each), TEST).isPresent())) {
      throw new IllegalArgumentException(
          base
              + ": has a folder "
              + test.get().getFileName()
              + " but none called train; name the two parts train and test, or put all folders of"
              + " classes into one folder");
    }
    if (all.isEmpty()) {
      throw new IllegalArgumentException(
          base
              + ": has no folders of classes in it, and "
              + Folders.directly(base)
              + " pictures; put those of each class into a folder of its own");
    }
    Map<String, List<Path>> classes = classes(base);
    folders.tell(base);
    return DataSets.halves(base.toString(), classes);
  }

  /** The root, or what an archive wrapped it in: the only folder, with folders in it. */
  private Path unwrapped() throws IOException {
    Path base = root;
    for (int depth = 0; depth < 3; depth++) {
      List<Path> inside = Folders.in(base);
      if (inside.size() != 1
          || Folders.in(inside.get(0)).isEmpty()
          || Folders.directly(base) + Folders.directly(inside.get(0)) > 0) {
        break;
      }
      base = inside.get(0);
    }
    return base;
  }

  private static Optional<Path> named(List<Path> folders, List<String> names) {
    return names.stream()
        .flatMap(
            name ->
                folders.stream()
                    .filter(
                        each ->
                            each.getFileName().toString().toLowerCase(Locale.ROOT).equals(name)))
        .findFirst();
  }

  private DataSplit parts(Path train, Path test, List<Path> all) throws IOException {
    tellLoose(root);
    Map<String, List<Path>> training = classes(train);
    Map<String, List<Path>> testing = classes(test);
    folders.tell(root);
    for (Path other : all) {
      if (!other.equals(train) && !other.equals(test)) {
        LOG.warn("{}: not used; {} trains and {} tests", other, train, test);
      }
    }
    DataSplit split =
        new DataSplit(
            ImageDataSet.of(train.toString(), training), ImageDataSet.of(test.toString(), testing));
    int common = split.commonClasses().size();
    if (common > 0) {
      LOG.warn(
          "{}: {} of {} classes are in {} too: scores are not those of unseen classes",
          test,
          common,
          testing.size(),
          train.getFileName());
    }
    return split;
  }

  /** Pictures beside the folders are of no class. */
  private static void tellLoose(Path folder) throws IOException {
    long loose = Folders.directly(folder);
    if (loose > 0) {
      LOG.warn("{}: left out {} pictures that lie in no folder of a class", folder, loose);
    }
  }

  /** The pictures of each class; classes without a pair of pictures are left out. */
  private Map<String, List<Path>> classes(Path folder) throws IOException {
    tellLoose(folder);
    Map<String, List<Path>> classes = new LinkedHashMap<>();
    List<String> small = new ArrayList<>();
    int deep = 0;
    for (Path each : Folders.in(folder)) {
      if (folders.leadsAround(each)) {
        continue;
      }
      List<Path> pictures = folders.pictures(each);
      String name = FileNames.name(each);
      if (pictures.size() < 2) {
        small.add(name);
        continue;
      }
      FileNames.put(classes, name, pictures, each);
      deep += Folders.in(each).isEmpty() ? 0 : 1;
    }
    if (!small.isEmpty()) {
      LOG.warn(
          "{}: left out {} of {} classes, with fewer than two pictures: {}{}",
          folder,
          small.size(),
          small.size() + classes.size(),
          String.join(", ", small.subList(0, Math.min(3, small.size()))),
          small.size() > 3 ? ", ..." : "");
    }
    if (deep > 0) {
      LOG.warn(
          "{}: {} of the classes have folders in them; their pictures are of the same class",
          folder,
          deep);
    }
    return classes;
  }
}
