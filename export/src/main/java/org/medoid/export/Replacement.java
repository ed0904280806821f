package org.medoid.export;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Replaces an export in its folder file by file. Java has no exchange of two folders, and between
 * two renames of folders there would be none; a rename of a file replaces the other one at once.
 *
 * <p>Before the first rename the earlier files are kept, as hard links where the file system has
 * them, in a hidden folder {@code .previous-PID-NANOS} of the export. It is there from before the
 * first rename to after the last: whoever finds one of a dead process puts the files back. What
 * else is in the folder, a note or a licence that somebody put there, stays.
 */
final class Replacement {
  /** What makes an export, and is replaced as the last. */
  static final String LAST = "export.json";

  /** The files and folders that SavedModels and exports consist of. */
  private static final List<String> OWN =
      List.of(
          "variables",
          "assets",
          "assets.extra",
          "fingerprint.pb",
          "keras_metadata.pb",
          "model.onnx",
          "saved_model.pb",
          LAST);

  private static final String PREVIOUS = ".previous-";

  private Replacement() {}

  /** Moves all that is in {@code from} to its place; all or nothing. */
  static void replace(Path from, Path home) throws IOException {
    List<Path> fresh = content(from);
    Path previous = keep(home, names(from, fresh));
    try {
      for (Path file : fresh) {
        place(file, home.resolve(from.relativize(file).toString()), false);
      }
      remove(home, names(from, fresh));
      previous = Files.move(previous, home.resolve(old()), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException | RuntimeException e) {
      try {
        restore(previous, home);
      } catch (IOException more) {
        more.addSuppressed(e);
        throw new IOException(
            "the new export could not be put in place (%s), nor the earlier one back (%s): it is in %s"
                .formatted(e, more, previous),
            more);
      }
      throw e;
    }
    try {
      Leftovers.delete(previous);
    } catch (IOException e) {
      // The new export is there. What is left is hidden, and removed by a later export.
      return;
    }
  }

  /** Puts back what a killed process left half replaced. */
  static void recover(Path home) throws IOException {
    List<Path> abandoned = new ArrayList<>();
    try (DirectoryStream<Path> content =
        Files.newDirectoryStream(
            home, path -> path.getFileName().toString().startsWith(PREVIOUS))) {
      for (Path each : content) {
        if (Leftovers.abandoned(each)) {
          abandoned.add(each);
        }
      }
    }
    for (Path previous : abandoned) {
      restore(previous, home);
    }
  }

  /** Leaves {@code previous} whole until all is back: this, too, may be killed. */
  private static void restore(Path previous, Path home) throws IOException {
    List<Path> kept = content(previous);
    for (Path file : kept) {
      place(file, home.resolve(previous.relativize(file).toString()), true);
    }
    remove(home, names(previous, kept));
    Leftovers.delete(Files.move(previous, home.resolve(old()), StandardCopyOption.ATOMIC_MOVE));
  }

  private static Path keep(Path home, Set<String> replaced) throws IOException {
    Path part = Files.createDirectory(home.resolve(old()));
    try {
      for (Path file : content(home)) {
        String name = home.relativize(file).toString();
        Path kept = part.resolve(name);
        if (!isOwn(home, file) && !replaced.contains(name)) {
          continue;
        }
        if (Files.isDirectory(file)) {
          Files.createDirectory(kept);
        } else {
          link(kept, file);
        }
      }
      return Files.move(
          part, home.resolve(PREVIOUS + Leftovers.own()), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException | RuntimeException e) {
      try {
        Leftovers.delete(part);
      } catch (IOException more) {
        e.addSuppressed(more);
      }
      throw e;
    }
  }

  private static String old() {
    return Leftovers.name("") + "-old";
  }

  private static void link(Path link, Path file) throws IOException {
    try {
      Files.createLink(link, file);
    } catch (UnsupportedOperationException | FileSystemException e) {
      // FAT and some network file systems have no links.
      Files.copy(file, link, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private static void place(Path file, Path place, boolean stays) throws IOException {
    if (Files.isDirectory(file)) {
      if (!Files.isDirectory(place)) {
        Files.createDirectory(place);
      }
      return;
    }
    Path from = file;
    if (stays) {
      from = place.resolveSibling(old());
      link(from, file);
    }
    Files.move(from, place, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    // A rename of one link of a file to another does nothing.
    Files.deleteIfExists(from);
  }

  /** Removes what an earlier export had and this one has not. */
  private static void remove(Path home, Set<String> there) throws IOException {
    List<Path> all = content(home);
    for (int i = all.size() - 1; i >= 0; i--) {
      if (isOwn(home, all.get(i)) && !there.contains(home.relativize(all.get(i)).toString())) {
        Files.delete(all.get(i));
      }
    }
  }

  private static boolean isOwn(Path home, Path file) {
    return OWN.contains(home.relativize(file).getName(0).toString());
  }

  private static Set<String> names(Path of, List<Path> files) {
    Set<String> names = new HashSet<>();
    files.forEach(file -> names.add(of.relativize(file).toString()));
    return names;
  }

  /** Files and folders but those aside, a folder before what is in it, {@value #LAST} last. */
  private static List<Path> content(Path folder) throws IOException {
    List<Path> all = new ArrayList<>();
    try (Stream<Path> top = Files.list(folder)) {
      List<Path> sorted =
          top.filter(path -> !Leftovers.is(path))
              .sorted(
                  Comparator.comparing((Path path) -> path.endsWith(LAST))
                      .thenComparing(Comparator.naturalOrder()))
              .toList();
      for (Path each : sorted) {
        try (Stream<Path> files = Files.walk(each)) {
          files.sorted().forEach(all::add);
        }
      }
    }
    return all;
  }
}
