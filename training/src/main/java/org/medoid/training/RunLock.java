package org.medoid.training;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.medoid.training.data.FileLocks;

/**
 * Keeps two processes from training in one run folder, where each would delete the other's
 * checkpoints. The system lets go of the lock with the process, however that ends.
 */
final class RunLock implements AutoCloseable {
  /** Empty, and gone when the run has ended; what is left by a process that was killed is free. */
  static final String FILE = ".lock";

  private Path file;
  private FileChannel channel;

  /**
   * Takes a folder, which is made if missing. On a file system without locks a warning must do.
   *
   * @throws FileAlreadyExistsException if another process, or another run of this one, has it
   * @throws IOException if nothing can be written there
   */
  void take(Path folder) throws IOException {
    Files.createDirectories(folder);
    Path path = folder.resolve(FILE);
    FileChannel opened =
        FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    if (!FileLocks.take(opened, path)) {
      opened.close();
      throw new FileAlreadyExistsException(
          folder.toString(), null, "another process trains there; wait for it or name another one");
    }
    file = path;
    channel = opened;
  }

  @Override
  public void close() throws IOException {
    if (channel != null) {
      try {
        Files.deleteIfExists(file);
      } finally {
        channel.close();
      }
    }
  }
}
