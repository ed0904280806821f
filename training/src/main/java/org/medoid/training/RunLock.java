package org.medoid.training;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.medoid.training.data.LockedFile;

/**
 * Keeps two processes from training in one run folder, where each would delete the other's
 * checkpoints. The system lets go of the lock with the process, however that ends.
 */
final class RunLock implements AutoCloseable {
  /** Empty, and gone when the run has ended; what is left by a process that was killed is free. */
  static final String FILE = ".lock";

  private Path file;
  private LockedFile locked;

  /**
   * Takes a folder, which is made if missing. On a file system without locks a warning must do.
   *
   * @throws FileAlreadyExistsException if another process, or another run of this one, has it
   * @throws IOException if nothing can be written there
   */
  void take(Path folder) throws IOException {
    Files.createDirectories(folder);
    file = folder.resolve(FILE);
    locked = LockedFile.open(file);
    if (locked == null) {
      throw new FileAlreadyExistsException(
          folder.toString(), null, "another process trains there; wait for it or name another one");
    }
  }

  @Override
  public void close() throws IOException {
    if (locked != null) {
      try {
        Files.deleteIfExists(file);
      } finally {
        locked.close();
      }
    }
  }
}
