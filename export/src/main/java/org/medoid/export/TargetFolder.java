package org.medoid.export;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.stream.Stream;

/**
 * A folder that is written whole or not at all. Everything is written aside, in a hidden folder
 * beside it or in it, and takes its place by renames when it is complete.
 *
 * <ul>
 *   <li>A new folder appears at once, by one rename.
 *   <li>An earlier export is replaced file by file, each by a rename: at every moment each file is
 *       there, the old one or the new one, {@code export.json} the last. If a step fails, all the
 *       old ones come back. If the process is killed in between, they come back when the next
 *       export goes to the same folder.
 *   <li>A version takes the next number that is free when it is complete, and appears at once.
 * </ul>
 *
 * <p>What killed processes left aside is removed by exports to the same place an hour later; a
 * program that a signal ends may remove its own, {@link Asides#removeAll}.
 */
public final class TargetFolder implements AutoCloseable {
  private final Path target;
  private final Path home;
  private final Path missing;
  private final Path root;
  private final Path aside;
  private final boolean versioned;
  private final boolean overwrite;
  private String besideName;
  private String besideText;

  /** What is moved in the end is root: where to write, aside, or the folder it is in. */
  private TargetFolder(
      Path target,
      Path home,
      Path missing,
      Path root,
      Path aside,
      boolean versioned,
      boolean overwrite) {
    this.target = target;
    this.home = home;
    this.missing = missing;
    this.root = root;
    this.aside = aside;
    this.versioned = versioned;
    this.overwrite = overwrite;
  }

  /**
   * A folder that becomes what is written.
   *
   * @param target the folder; made if missing, with those above it
   * @param overwrite whether an earlier export in it may be replaced
   * @return where to write
   * @throws IOException if it holds something that may not be replaced, or cannot be written
   */
  public static TargetFolder plain(Path target, boolean overwrite) throws IOException {
    Path home = real(target);
    if (!Files.exists(home)) {
      Leftovers.sweep(home.getParent(), home.getFileName().toString());
      Path missing = firstMissing(home.getParent());
      Path root = aside(target, home.getParent(), home.getFileName().toString());
      return new TargetFolder(target, home, missing, root, root, false, overwrite);
    }
    Replacement.recover(home);
    Leftovers.sweep(home, "");
    requireReplaceable(target, home, overwrite);
    // In it: the folder above may be another file system, or not ours to write.
    Path root = aside(target, home, "");
    return new TargetFolder(target, home, null, root, root, false, overwrite);
  }

  private static void requireReplaceable(Path target, Path home, boolean overwrite)
      throws IOException {
    if (isEmpty(home)) {
      return;
    }
    if (!overwrite) {
      throw new FolderNotEmptyException(target);
    }
    if (!Files.exists(home.resolve(Replacement.LAST))) {
      throw new IOException(
          "%s holds something else than an earlier export (no %s) and is not overwritten"
              .formatted(target, Replacement.LAST));
    }
  }

  /**
   * A folder whose subfolders 1, 2, ... are exports: the next of them.
   *
   * @param target the folder
   * @param also a file that belongs beside the versions, or null
   * @throws IOException if it holds something else, or cannot be written
   */
  static TargetFolder version(Path target, String also) throws IOException {
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
      Leftovers.sweep(home.getParent(), home.getFileName().toString());
      Path missing = firstMissing(home.getParent());
      Path root = aside(target, home.getParent(), home.getFileName().toString());
      Path first = Files.createDirectory(root.resolve("1"));
      return new TargetFolder(target, home, missing, root, first, true, false);
    }
    Leftovers.sweep(home, "");
    Path missing = firstMissing(home);
    Path root = aside(target, home, "");
    return new TargetFolder(target, home, missing, root, root, true, false);
  }

  /**
   * Where to write.
   *
   * @return an empty folder
   */
  public Path aside() {
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
   * @throws IOException if it cannot be done, or the place was taken meanwhile by what may not be
   *     replaced; what was there is then as it was
   */
  public Path publish() throws IOException {
    Asides.done(root);
    if (versioned) {
      return publishVersion();
    }
    if (!Files.exists(home)) {
      try {
        return Files.move(aside, home, StandardCopyOption.ATOMIC_MOVE);
      } catch (FileSystemException e) {
        // Another export may have made it since.
        if (!Files.exists(home)) {
          throw e;
        }
      }
    }
    requireReplaceable(target, home, overwrite);
    Replacement.replace(aside, home);
    Leftovers.delete(aside);
    return home;
  }

  private Path publishVersion() throws IOException {
    if (!root.equals(aside)) {
      Files.writeString(root.resolve(besideName), besideText);
      try {
        Files.move(root, home, StandardCopyOption.ATOMIC_MOVE);
        return home.resolve(aside.getFileName());
      } catch (FileSystemException e) {
        if (!Files.exists(home)) {
          throw e;
        }
      }
    }
    for (long version = latest(home) + 1; ; version++) {
      Path place = home.resolve(Long.toString(version));
      if (Files.exists(place)) {
        continue;
      }
      try {
        Files.move(aside, place, StandardCopyOption.ATOMIC_MOVE);
      } catch (FileSystemException e) {
        // Another export may have taken the number since: a rename refuses a folder with files.
        if (Files.exists(place)) {
          continue;
        }
        throw e;
      }
      writeBeside(place);
      return place;
    }
  }

  /** Writes the file beside the versions, whole or not at all; in vain, the version goes too. */
  private void writeBeside(Path version) throws IOException {
    if (besideName == null) {
      return;
    }
    Path part = home.resolve(Leftovers.name("") + "-" + besideName);
    try {
      Files.writeString(part, besideText);
      Files.move(
          part,
          home.resolve(besideName),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      try {
        Files.deleteIfExists(part);
        Leftovers.delete(version);
      } catch (IOException more) {
        e.addSuppressed(more);
      }
      throw e;
    }
  }

  /**
   * Removes what was written aside and not published, and the folders made for it.
   *
   * @throws IOException if it cannot be removed
   */
  @Override
  public void close() throws IOException {
    Asides.done(root);
    if (Files.exists(root)) {
      Leftovers.delete(root);
      for (Path folder = root.getParent();
          missing != null && folder.startsWith(missing) && isEmpty(folder);
          folder = folder.getParent()) {
        Files.delete(folder);
      }
    }
  }

  private static Path real(Path target) throws IOException {
    Path absolute = target.toAbsolutePath().normalize();
    if (Files.isSymbolicLink(absolute) && !Files.exists(absolute)) {
      throw new IOException(target + " is a link to nothing: remove it, or give another folder");
    }
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
    Path missing = firstMissing(parent);
    try {
      Files.createDirectories(parent);
      // Not createTempDirectory, whose folders nobody but the user may read.
      Path aside = Files.createDirectory(parent.resolve(Leftovers.name(name)));
      Asides.add(aside);
      return aside;
    } catch (FileSystemException e) {
      if (missing != null) {
        removeEmpty(parent, missing);
      }
      throw new IOException(
          "%s cannot be written: no folder can be made in %s%s; give another target"
              .formatted(target, parent, e.getReason() == null ? "" : ", " + e.getReason()),
          e);
    }
  }

  private static void removeEmpty(Path folder, Path upTo) throws IOException {
    for (Path each = folder; each.startsWith(upTo); each = each.getParent()) {
      if (Files.exists(each) && isEmpty(each)) {
        Files.delete(each);
      }
    }
  }

  private static boolean isEmpty(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return true;
    }
    try (Stream<Path> content = Files.list(folder)) {
      return content.allMatch(Leftovers::is);
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
}
