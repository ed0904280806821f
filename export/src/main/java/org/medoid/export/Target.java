package org.medoid.export;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.stream.Stream;

/**
 * The folder that an export becomes. Everything is written aside, in a hidden folder next to it,
 * and takes its place by a rename when it is complete: who reads finds the old export or the new
 * one, and a failure leaves the old one.
 */
final class Target implements AutoCloseable {
  private static final List<String> EXPORTED =
      List.of("saved_model.pb", "model.onnx", "export.json");

  private final Path home;
  private final Path missing;
  private final Path root;
  private final Path aside;
  private final boolean versioned;
  private String besideName;
  private String besideText;

  /** What is moved in the end is root: where to write, aside, or the folder it is in. */
  private Target(Path home, Path missing, Path root, Path aside, boolean versioned) {
    this.home = home;
    this.missing = missing;
    this.root = root;
    this.aside = aside;
    this.versioned = versioned;
  }

  /**
   * A folder that is the export.
   *
   * @param target the folder
   * @param overwrite whether an earlier export in it may be replaced
   * @throws IOException if it holds something that may not be replaced, or cannot be written
   */
  static Target plain(Path target, boolean overwrite) throws IOException {
    Path home = real(target);
    if (!isEmpty(home)) {
      if (!overwrite) {
        throw new IOException(
            target + " is not empty: allow overwriting (--overwrite), or give another folder");
      }
      if (EXPORTED.stream().noneMatch(file -> Files.exists(home.resolve(file)))) {
        throw new IOException(
            target + " holds something else than an earlier export and is not overwritten");
      }
    }
    Path missing = firstMissing(home.getParent());
    Path root = aside(target, home.getParent(), home.getFileName() + ".");
    return new Target(home, missing, root, root, false);
  }

  /**
   * A folder whose subfolders 1, 2, ... are exports: the next of them.
   *
   * @param target the folder
   * @param also a file that belongs beside the versions, or null
   * @throws IOException if it holds something else, or cannot be written
   */
  static Target version(Path target, String also) throws IOException {
    Path home = real(target);
    if (!isEmpty(home)
        && latest(home) == 0
        && (also == null || !Files.exists(home.resolve(also)))) {
      throw new IOException(
          target
              + " is not empty, nor a served model with the folders 1, 2, ...: give another"
              + " folder");
    }
    if (also != null && !Files.exists(home)) {
      // The folder as a whole: no version is ever seen without the file, nor the file alone.
      Path missing = firstMissing(home.getParent());
      Path root = aside(target, home.getParent(), home.getFileName() + ".");
      return new Target(home, missing, root, Files.createDirectory(root.resolve("1")), true);
    }
    Path missing = firstMissing(home);
    Path root = aside(target, home, "");
    return new Target(home, missing, root, root, true);
  }

  /** Where to write. */
  Path aside() {
    return aside;
  }

  /** Sets the text of a file beside the versions; it is written when the version is there. */
  void beside(String name, String text) {
    besideName = name;
    besideText = text;
  }

  /**
   * Puts what was written aside in its place.
   *
   * @return the place
   */
  Path publish() throws IOException {
    if (!root.equals(aside)) {
      Files.writeString(root.resolve(besideName), besideText);
      Files.move(root, home, StandardCopyOption.ATOMIC_MOVE);
      return home.resolve(aside.getFileName());
    }
    if (versioned) {
      for (long version = latest(home) + 1; ; version++) {
        Path place = home.resolve(Long.toString(version));
        // Another export may have taken the number meanwhile; a rename refuses a folder with files.
        if (!Files.exists(place)) {
          Files.move(aside, place, StandardCopyOption.ATOMIC_MOVE);
          writeBeside(place);
          return place;
        }
      }
    }
    if (!Files.exists(home)) {
      return Files.move(aside, home, StandardCopyOption.ATOMIC_MOVE);
    }
    Path old = home.resolveSibling(aside.getFileName() + ".old");
    Files.move(home, old, StandardCopyOption.ATOMIC_MOVE);
    try {
      Files.move(aside, home, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      Files.move(old, home, StandardCopyOption.ATOMIC_MOVE);
      throw e;
    }
    delete(old);
    return home;
  }

  /** Writes the file beside the versions, whole or not at all; in vain, the version goes too. */
  private void writeBeside(Path version) throws IOException {
    if (besideName == null) {
      return;
    }
    Path part = home.resolve(aside.getFileName() + "-" + besideName);
    try {
      Files.writeString(part, besideText);
      Files.move(
          part,
          home.resolve(besideName),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      Files.deleteIfExists(part);
      delete(version);
      throw e;
    }
  }

  /** Removes what was written aside and not published, and the folders made for it. */
  @Override
  public void close() throws IOException {
    if (Files.exists(root)) {
      delete(root);
      for (Path folder = root.getParent();
          missing != null && folder.startsWith(missing) && isEmpty(folder);
          folder = folder.getParent()) {
        Files.delete(folder);
      }
    }
  }

  private static Path real(Path target) throws IOException {
    Path absolute = target.toAbsolutePath().normalize();
    Path real = Files.exists(absolute) ? absolute.toRealPath() : absolute;
    if (Files.exists(real) && !Files.isDirectory(real)) {
      throw new IOException(target + " is a file: give a folder");
    }
    if (real.getParent() == null) {
      throw new IOException(target + " is the root of the file system: give another folder");
    }
    return real;
  }

  private static Path firstMissing(Path folder) {
    Path missing = null;
    for (Path each = folder; each != null && !Files.exists(each); each = each.getParent()) {
      missing = each;
    }
    return missing;
  }

  private static Path aside(Path target, Path parent, String name) throws IOException {
    try {
      Files.createDirectories(parent);
      // Not createTempDirectory, whose folders nobody but the user may read.
      return Files.createDirectory(
          parent.resolve(
              "." + name + "part-" + ProcessHandle.current().pid() + "-" + System.nanoTime()));
    } catch (FileSystemException e) {
      throw new IOException(
          "%s cannot be written: no folder can be made in %s%s; give another target"
              .formatted(target, parent, e.getReason() == null ? "" : ", " + e.getReason()),
          e);
    }
  }

  private static boolean isEmpty(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return true;
    }
    try (Stream<Path> content = Files.list(folder)) {
      return content.findAny().isEmpty();
    }
  }

  /** The highest version in a folder, 0 if there is none. */
  private static long latest(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return 0;
    }
    try (Stream<Path> content = Files.list(folder)) {
      return content
          .map(path -> path.getFileName().toString())
          .filter(name -> name.matches("[1-9][0-9]{0,17}"))
          .mapToLong(Long::parseLong)
          .max()
          .orElse(0);
    }
  }

  private static void delete(Path folder) throws IOException {
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.delete(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
