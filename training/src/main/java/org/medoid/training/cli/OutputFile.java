package org.medoid.training.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.medoid.export.FolderNotEmptyException;

/** A file or folder that an option names to be written. */
final class OutputFile {
  private OutputFile() {}

  /**
   * Refuses what cannot be written before anything is computed: that may take minutes.
   *
   * @param option its name
   * @param file null if the option is not given
   * @throws IllegalArgumentException if it is a folder, or in none
   */
  static void check(String option, Path file) {
    if (file == null) {
      return;
    }
    if (Files.isDirectory(file)) {
      throw new IllegalArgumentException(option + " " + file + ": is a folder; name a file");
    }
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new IllegalArgumentException(option + " " + file + ": there is no folder " + folder);
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
