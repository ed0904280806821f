package org.medoid.training.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.medoid.export.FolderNotEmptyException;
import org.medoid.training.data.Npy;

/** A file or folder that an option names to be written. */
final class OutputFile {
  private OutputFile() {}

  /**
   * Refuses what cannot be written before anything is computed: that may take minutes.
   *
   * @param option its name
   * @param file null if the option is not given
   * @param others files that are read, or written as well; null for those that are not given
   * @throws IllegalArgumentException if it is a folder, or in none, or one of the others
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
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new IllegalArgumentException(option + " " + file + ": there is no folder " + folder);
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
    if (file != null && Files.isRegularFile(file) && Files.size(file) > 0 && !Npy.begins(file)) {
      throw new IllegalArgumentException(
          option + " " + file + ": is there and no .npy file; name another file or remove it");
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
