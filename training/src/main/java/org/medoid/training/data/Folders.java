package org.medoid.training.data;

import java.io.IOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks for pictures in folders: follows links, passes over what systems and programs hide and over
 * the folders of runs, knows pictures by their content, and counts what it leaves out, to be told
 * by {@link #tell}.
 */
final class Folders {
  private static final Logger LOG = LoggerFactory.getLogger(Folders.class);

  /** What systems put into folders without a dot before the name. */
  private static final Set<String> HIDDEN =
      Set.of(
          "__macosx",
          "thumbs.db",
          "ehthumbs.db",
          "desktop.ini",
          "@eadir",
          "$recycle.bin",
          "lost+found",
          "system volume information",
          "__pycache__");

  private static final String LOOP = "link to a folder around it";

  private final Map<String, Integer> leftOut = new TreeMap<>();

  private static boolean hidden(Path file) {
    Path name = file.getFileName();
    return name != null
        && (name.toString().startsWith(".")
            || HIDDEN.contains(name.toString().toLowerCase(Locale.ROOT)));
  }

  /** Whether a folder holds what a training wrote, pictures for TensorBoard among it. */
  private static boolean isRun(Path folder) {
    return Files.exists(folder.resolve("settings.json"))
        && Stream.of("data.json", "checkpoint.json", "metrics.csv")
            .anyMatch(file -> Files.exists(folder.resolve(file)));
  }

  /**
   * The pictures in a folder and its subfolders.
   *
   * @param folder a folder or a link to one
   * @return sorted by their names' bytes, with files that are named as pictures and are none
   * @throws IOException if a folder cannot be read
   */
  List<Path> pictures(Path folder) throws IOException {
    List<Path> files = new ArrayList<>();
    Path real = folder.toRealPath();
    Files.walkFileTree(
        folder,
        EnumSet.of(FileVisitOption.FOLLOW_LINKS),
        Integer.MAX_VALUE,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path each, BasicFileAttributes attributes)
              throws IOException {
            if (each.equals(folder)) {
              return FileVisitResult.CONTINUE;
            }
            // The walk sees a loop below the folder only, not one through the folders around it.
            if (Files.isSymbolicLink(each) && real.startsWith(each.toRealPath())) {
              count(LOOP, 1);
              return FileVisitResult.SKIP_SUBTREE;
            }
            if (isRun(each)) {
              count("folder of a run", 1);
              return FileVisitResult.SKIP_SUBTREE;
            }
            return hidden(each) ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path each, BasicFileAttributes attributes) {
            if (attributes.isSymbolicLink()) {
              count("link to nothing", 1);
            } else if (attributes.isRegularFile() && !hidden(each)) {
              files.add(each);
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path each, IOException e) throws IOException {
            if (e instanceof FileSystemLoopException) {
              count(LOOP, 1);
            } else if (!hidden(each)) {
              throw e;
            }
            return FileVisitResult.CONTINUE;
          }
        });
    List<PictureKind> kinds =
        files.parallelStream().map(PictureKind::of).collect(Collectors.toList());
    List<Path> pictures = new ArrayList<>();
    for (int i = 0; i < files.size(); i++) {
      if (kinds.get(i).kept()) {
        pictures.add(files.get(i));
      } else {
        String ending = PictureKind.ending(files.get(i));
        String named = ending.isEmpty() ? "without an ending" : "." + ending;
        String title = kinds.get(i).title();
        count(title.isEmpty() ? named : title + " (" + named + ")", 1);
      }
    }
    pictures.sort(FileNames.BY_BYTES);
    return pictures;
  }

  /** Whether a folder is a link to one that it lies in; counts it as left out. */
  boolean leadsAround(Path folder) throws IOException {
    boolean around =
        Files.isSymbolicLink(folder)
            && folder.toAbsolutePath().getParent().toRealPath().startsWith(folder.toRealPath());
    if (around) {
      count(LOOP, 1);
    }
    return around;
  }

  /** Counts something that is left out. */
  void count(String what, int times) {
    leftOut.merge(what, times, Integer::sum);
  }

  /** Warns of what was left out since the last call, in one line with the numbers. */
  void tell(Path where) {
    if (!leftOut.isEmpty()) {
      LOG.warn(
          "{}: left out what is not PNG, JPEG, GIF or BMP: {}",
          where,
          leftOut.entrySet().stream()
              .map(each -> each.getValue() + " " + each.getKey())
              .collect(Collectors.joining(", ")));
      leftOut.clear();
    }
  }

  /**
   * The folders in a folder that are not hidden and no runs, links to folders too.
   *
   * @param folder a folder
   * @return sorted by their names' bytes
   * @throws IOException if it cannot be read
   */
  static List<Path> in(Path folder) throws IOException {
    try (Stream<Path> content = Files.list(folder)) {
      return content
          .filter(Files::isDirectory)
          .filter(each -> !hidden(each) && !isRun(each))
          .sorted(FileNames.BY_BYTES)
          .toList();
    }
  }

  /** The pictures in a folder itself. */
  static long directly(Path folder) throws IOException {
    try (Stream<Path> content = Files.list(folder)) {
      return content
          .filter(Files::isRegularFile)
          .filter(each -> !hidden(each) && PictureKind.of(each).kept())
          .count();
    }
  }
}
