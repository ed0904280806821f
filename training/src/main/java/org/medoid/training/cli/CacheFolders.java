package org.medoid.training.cli;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.TimeZone;
import org.slf4j.LoggerFactory;

/**
 * The folders into which native libraries and rendered icons are unpacked. They lie in the user's
 * home; a container often has none, or none that can be written.
 */
final class CacheFolders {
  private static final String HOME = "user.home";

  private CacheFolders() {}

  /**
   * Lets a folder for temporary files stand in for a home that cannot be written: JavaCPP (natives
   * of TensorFlow, 700 MB, unpacked once), JNA and the cache of icons all ask for {@code
   * user.home}.
   *
   * <p>JavaCPP takes what it has unpacked for another version's where the times of the files are
   * others, and those in a jar are read in the time zone of the process: one that started in
   * another zone unpacked all anew, in 4 s, below the feet of those that ran.
   *
   * @throws IOException if temporary files cannot be written
   */
  static void prepare() throws IOException {
    TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
    Path temporary = Path.of(System.getProperty("java.io.tmpdir")).toAbsolutePath();
    if (!Files.isDirectory(temporary) || !Files.isWritable(temporary)) {
      throw new IOException(
          temporary + ": temporary files cannot be written there; set TMPDIR to another folder");
    }
    String home = System.getProperty(HOME);
    if (!holdsCaches(home)) {
      Path instead = privateFolder(temporary);
      System.setProperty(HOME, instead.toString());
      LoggerFactory.getLogger(CacheFolders.class)
          .info("the home {} cannot be written; caches go to {}", home, instead);
    }
  }

  /** Whether what is cached can be written below a folder. */
  static boolean holdsCaches(String home) {
    try {
      Path path = Path.of(home);
      return path.isAbsolute()
          && writable(path.resolve(".javacpp").resolve("cache"))
          && writable(path.resolve(".cache"));
    } catch (InvalidPathException | NullPointerException e) {
      return false;
    }
  }

  /** Whether a folder can be written, or can be made. */
  private static boolean writable(Path folder) {
    if (Files.exists(folder)) {
      return Files.isDirectory(folder) && Files.isWritable(folder);
    }
    try {
      Files.createDirectories(folder);
      return true;
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    }
  }

  /**
   * The user's own folder, the same in each run; another one if somebody else made a folder of that
   * name, for libraries are loaded from it.
   */
  static Path privateFolder(Path temporary) throws IOException {
    Path own = temporary.resolve("medoid-" + System.getProperty("user.name").replace('?', '_'));
    try { // without looking first: of two commands at once the slower finds the other's
      return Files.getFileStore(temporary).supportsFileAttributeView("posix")
          ? Files.createDirectory(
              own,
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")))
          : Files.createDirectory(own);
    } catch (FileAlreadyExistsException e) {
      return Files.isDirectory(own) && Files.isWritable(own) && isMine(own, temporary)
          ? own
          : Files.createTempDirectory(temporary, "medoid-");
    }
  }

  private static boolean isMine(Path folder, Path temporary) throws IOException {
    Path probe = Files.createTempFile(temporary, "medoid-", "");
    try {
      return Files.getOwner(folder).equals(Files.getOwner(probe));
    } finally {
      Files.delete(probe);
    }
  }
}
