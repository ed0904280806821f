package org.medoid.export;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Files that are there whole or not at all. */
public final class WholeFile {
  private WholeFile() {}

  /** Writes a file. */
  @FunctionalInterface
  public interface Content {
    /**
     * Writes.
     *
     * @param file a new file, or one to replace
     * @throws IOException if it cannot be written
     */
    void write(Path file) throws IOException;
  }

  /**
   * Writes a file aside, then renames it.
   *
   * @param file replaced if it exists
   * @param content of the file
   * @throws IOException if it cannot be written, naming the file; one that existed is then
   *     unchanged
   */
  public static void write(Path file, Content content) throws IOException {
    Path aside = file.resolveSibling(file.getFileName() + ".part");
    try {
      content.write(aside);
      Files.move(aside, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw naming(file, e);
    } finally {
      Files.deleteIfExists(aside);
    }
  }

  /**
   * Names the file in a failure. Java's "No space left on device" of a write, other than that of an
   * opening, does not.
   *
   * @param file that could not be written
   * @param e why
   * @return an exception that names a file
   */
  public static IOException naming(Path file, IOException e) {
    return e instanceof FileSystemException
        ? e
        : new IOException(file + " cannot be written: " + e.getMessage(), e);
  }
}
