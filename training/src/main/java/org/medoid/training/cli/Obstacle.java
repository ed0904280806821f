package org.medoid.training.cli;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.Optional;

/** What is on the way to a file that is not found. */
final class Obstacle {
  private Obstacle() {}

  /**
   * Looks for it.
   *
   * @param file its name; null for none
   * @return what is in the way; empty where the file, or a folder of it, is merely not there
   */
  static Optional<String> on(String file) {
    Deque<Path> way = new ArrayDeque<>();
    try {
      for (Path at = file == null ? null : Path.of(file); at != null; at = at.getParent()) {
        way.addFirst(at);
      }
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
    for (Path at : way) {
      if (Files.exists(at)) {
        if (at != way.getLast() && !Files.isDirectory(at)) {
          return Optional.of(at + " is a file, not a folder");
        }
      } else {
        return missing(at);
      }
    }
    return Optional.empty();
  }

  /** Why the first place on the way that is not there is not. */
  private static Optional<String> missing(Path at) {
    try {
      if (Files.isSymbolicLink(at)) {
        String target = at + " is a link to " + Files.readSymbolicLink(at);
        return Optional.of(
            target + (Files.notExists(at) ? ", which is not there" : ", which cannot be followed"));
      }
      Files.readAttributes(at, BasicFileAttributes.class);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (FileSystemException e) {
      return Optional.of(
          e.getReason() == null
              ? "permission denied to look into a folder on its way"
              : e.getReason().toLowerCase(Locale.ROOT));
    } catch (IOException e) {
      return Optional.empty();
    }
    return Optional.empty();
  }
}
