package org.medoid.training.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.medoid.export.FolderNotEmptyException;
import org.medoid.export.WholeFile;
import org.medoid.training.data.Npy;

/** A file or folder that an option names to be written. */
final class OutputFile {
  private static final Pattern MATRIX =
      Pattern.compile("'descr': '[<>]f[48]'.*'shape': \\(\\d+, \\d+\\)");

  private OutputFile() {}

  /**
   * Refuses what cannot be written before anything is computed: that may take minutes.
   *
   * @param option its name
   * @param file null if the option is not given
   * @param others files that are read, or written as well; null for those that are not given
   * @throws IllegalArgumentException if it is a folder, or in none, or one of the others, or where
   *     standard output or error go
   * @throws IOException if a file cannot be looked at
   */
  static void check(String option, Path file, Path... others) throws IOException {
    if (file == null) {
      return;
    }
    for (Path other : others) {
      if (other != null && same(file, other)) {
        throw new IllegalArgumentException(
            option + " " + file + ": is " + other + " of the same command; name another file");
      }
    }
    if (Files.isDirectory(file)) {
      throw new IllegalArgumentException(option + " " + file + ": is a folder; name a file");
    }
    for (String stream : new String[] {"/dev/stdout", "/dev/stderr"}) {
      Path printed = Path.of(stream);
      if (Files.isRegularFile(printed)
          && Files.isRegularFile(file)
          && Files.isSameFile(file, printed)) {
        throw new IllegalArgumentException(
            option + " " + file + ": is the file that this command prints to; name another file");
      }
    }
    Path folder = place(option, file).toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new IllegalArgumentException(
          "%s %s: %s"
              .formatted(
                  option,
                  file,
                  Obstacle.on(String.valueOf(folder)).orElse("there is no folder " + folder)));
    }
    if ((!Files.exists(file) || Files.isRegularFile(file)) && !Files.isWritable(folder)) {
      throw new IllegalArgumentException(
          option + " " + file + ": permission denied to write to " + folder);
    }
  }

  private static Path place(String option, Path file) throws IOException {
    try {
      return WholeFile.place(file);
    } catch (FileSystemException e) {
      throw new IllegalArgumentException(option + " " + file + ": " + e.getReason(), e);
    }
  }

  private static boolean same(Path file, Path other) throws IOException {
    if (Files.isRegularFile(file) && Files.isRegularFile(other)) {
      return Files.isSameFile(file, other); // by another name or link too
    }
    Path place = file.toAbsolutePath().normalize();
    return !Files.exists(file) && place.equals(other.toAbsolutePath().normalize());
  }

  /**
   * The same of a .npy file, which takes the place of an earlier one only: one word that is missing
   * or in the wrong place would cost a picture or a part of a model.
   *
   * @param option its name
   * @param file null if the option is not given
   * @param others files that are read, or written as well; null for those that are not given
   * @throws IllegalArgumentException if there is something else in its place
   * @throws IOException if a file cannot be looked at
   */
  static void checkNpy(String option, Path file, Path... others) throws IOException {
    check(option, file, others);
    if (replaces(file) && !Npy.begins(file)) {
      throw new IllegalArgumentException(
          option + " " + file + ": is there and no .npy file; name another file or remove it");
    }
  }

  /**
   * The same of a matrix of float32 or float64: labels have the same ending.
   *
   * @throws IllegalArgumentException if there is something else in its place
   * @throws IOException if a file cannot be looked at
   */
  static void checkMatrix(String option, Path file, Path... others) throws IOException {
    checkNpy(option, file, others);
    if (replaces(file) && !MATRIX.matcher(start(file, 256)).find()) {
      throw new IllegalArgumentException(
          "%s %s: is there and holds no rows of float32 or float64; name another file or remove it"
              .formatted(option, file));
    }
  }

  /**
   * The same of a text, which takes the place of an earlier one only.
   *
   * @param option its name
   * @param file null if the option is not given
   * @param head what each such text begins with, in ASCII
   * @param others files that are read, or written as well; null for those that are not given
   * @throws IllegalArgumentException if there is something else in its place
   * @throws IOException if a file cannot be looked at
   */
  static void checkText(String option, Path file, String head, Path... others) throws IOException {
    check(option, file, others);
    if (replaces(file) && !begins(file, head)) {
      throw new IllegalArgumentException(
          "%s %s: is there and does not begin with %s; name another file or remove it"
              .formatted(option, file, head));
    }
  }

  /** Whether there is something in the place of a file; null for none. */
  private static boolean replaces(Path file) throws IOException {
    return file != null && Files.isRegularFile(file) && Files.size(file) > 0;
  }

  private static boolean begins(Path file, String head) throws IOException {
    return start(file, head.length()).equals(head);
  }

  /** The first bytes of a file, a character each. */
  private static String start(Path file, int bytes) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return new String(in.readNBytes(bytes), StandardCharsets.ISO_8859_1);
    }
  }

  /**
   * Says how a folder that is not empty may be overwritten, for which a library has other words.
   *
   * @param failure of the folder
   * @param mend what to do with it
   * @return what to throw
   */
  static IOException overwriting(FolderNotEmptyException failure, String mend) {
    return new IOException(
        "%s is not empty: %s, or give another folder".formatted(failure.folder(), mend), failure);
  }
}
