package org.medoid.export;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Files that are there whole or not at all. */
public final class WholeFile {
  /** As many as Linux follows. */
  private static final int MOST_LINKS = 40;

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
   * Writes a file aside, then renames it. Where a link leads to a file, that one is written and the
   * link stays; a device or a pipe ({@code /dev/null}, {@code /dev/stdout}) is written to as it is.
   *
   * @param file replaced if it exists
   * @param content of the file
   * @throws IOException if it cannot be written (its folder is missing, the thread was
   *     interrupted), naming the file; one that existed is then unchanged
   */
  public static void write(Path file, Content content) throws IOException {
    Path place = place(file);
    if (Files.exists(place) && !Files.isRegularFile(place)) {
      try {
        content.write(place);
      } catch (IOException e) {
        throw naming(file, e);
      }
      return;
    }
    // Hidden, and of this process: NAME.part may be somebody's download.
    long own = ProcessHandle.current().pid();
    Path aside = place.resolveSibling("." + place.getFileName() + "." + own + ".part");
    Asides.add(aside);
    try {
      content.write(aside);
      Files.move(aside, place, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw naming(file, aside, e);
    } finally {
      Asides.done(aside);
      remove(aside);
    }
  }

  private static void remove(Path aside) {
    try {
      Files.deleteIfExists(aside);
    } catch (IOException e) {
      // It is there because of a failure, which says more.
    }
  }

  /**
   * Where a file is to be written: renaming another to the name of a link would replace the link.
   *
   * @param file may not exist yet
   * @return the file itself, or what its links lead to
   * @throws IOException if it is a folder, or its links lead nowhere
   */
  public static Path place(Path file) throws IOException {
    Path place = file;
    if (Files.isRegularFile(file)) {
      place = Files.isSymbolicLink(file) ? file.toRealPath() : file;
    } else if (Files.isDirectory(file)) {
      throw new FileSystemException(file.toString(), null, "is a folder; name a file");
    } else if (!Files.exists(file)) {
      for (int links = 0; Files.isSymbolicLink(place); links++) { // to a file that is still to come
        if (links == MOST_LINKS) {
          throw new FileSystemException(file.toString(), null, "is a link that leads in a circle");
        }
        place = place.resolveSibling(Files.readSymbolicLink(place));
      }
    }
    return place;
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
        : new IOException(file + " cannot be written: " + reason(e), e);
  }

  /**
   * Names the file in a failure of the hidden one that is written aside, and a reason: Java's of a
   * missing folder is the name alone.
   *
   * @param file that could not be written
   * @param aside what was written in its stead
   * @param e why
   * @return an exception that names a file, which is not the one aside
   */
  public static IOException naming(Path file, Path aside, IOException e) {
    if (!(e instanceof FileSystemException failed) || !aside.toString().equals(failed.getFile())) {
      return naming(file, e);
    }
    Path folder = aside.toAbsolutePath().getParent();
    FileSystemException named;
    if (failed instanceof NoSuchFileException && !Files.exists(folder)) {
      named = new NoSuchFileException(file.toString(), null, "there is no folder " + folder);
    } else if (failed instanceof AccessDeniedException) {
      String reason = "permission denied to write to " + folder;
      named = new AccessDeniedException(file.toString(), null, reason);
    } else {
      String reason = failed.getReason();
      named =
          new FileSystemException(
              file.toString(), null, reason == null ? failed.getClass().getSimpleName() : reason);
    }
    named.initCause(failed);
    return named;
  }

  /**
   * Why a file could not be read or written, where Java may not say: an interrupted thread's files
   * are closed.
   *
   * @param e the failure
   * @return never null
   */
  public static String reason(IOException e) {
    if (e instanceof ClosedChannelException && Thread.currentThread().isInterrupted()) {
      return "the thread was interrupted";
    }
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }
}
