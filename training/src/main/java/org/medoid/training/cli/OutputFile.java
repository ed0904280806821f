package org.medoid.training.cli;

import java.nio.file.Files;
import java.nio.file.Path;

/** A file that an option names to be written. */
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
}
