package org.medoid.training.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file or folder that an option names to be written. */
final class OutputFile {
  private static final String LIBRARYS = "allow overwriting";

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
   * @param failure of a folder or anything else
   * @param mend what to do with the folder
   * @return what to throw
   */
  static IOException overwriting(IOException failure, String mend) {
    String message = String.valueOf(failure.getMessage());
    return message.contains(LIBRARYS)
        ? new IOException(message.replace(LIBRARYS, mend), failure)
        : failure;
  }
}
