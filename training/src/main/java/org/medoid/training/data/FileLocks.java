package org.medoid.training.data;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Locks on files, against a second writer. The system lets go of them with the process, however
 * that ends.
 */
public final class FileLocks {
  private static final Logger LOG = LoggerFactory.getLogger(FileLocks.class);

  private FileLocks() {}

  /**
   * Takes a file until its channel is closed. On a file system without locks a warning must do.
   *
   * @param channel open for writing
   * @param file what it is a channel of, for the warning
   * @return false if another process has the file, or another channel of this one
   */
  public static boolean take(FileChannel channel, Path file) {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false;
    } catch (IOException e) {
      LOG.warn("{} cannot be locked ({}): let no other process write there", file, e.getMessage());
      return true;
    }
  }
}
