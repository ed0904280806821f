package org.medoid.training.data;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file that is open for reading and writing, locked against a second writer. The system lets go
 * of it with the process, however that ends.
 */
public final class LockedFile implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LockedFile.class);

  /**
   * Those of this process. The system lets go of a process's locks on a file as soon as any channel
   * of it is closed: a second one must not even be opened.
   */
  private static final Set<Path> HELD = new HashSet<>();

  private final Path key;
  private final FileChannel channel;

  private LockedFile(Path key, FileChannel channel) {
    this.key = key;
    this.channel = channel;
  }

  /**
   * Opens a file, which is made if missing. On a file system without locks a warning must do for
   * other processes.
   *
   * @param file in a folder that is there
   * @return null if another process has the file, or this one
   * @throws IOException if it cannot be opened
   */
  public static LockedFile open(Path file) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    Path key = (Files.exists(folder) ? folder.toRealPath() : folder).resolve(file.getFileName());
    synchronized (HELD) {
      if (HELD.contains(key)) {
        return null;
      }
      FileChannel channel =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      if (!lock(channel, file)) {
        channel.close();
        return null;
      }
      HELD.add(key);
      return new LockedFile(key, channel);
    }
  }

  private static boolean lock(FileChannel channel, Path file) {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException e) { // of another class loader
      return false;
    } catch (IOException e) {
      LOG.warn("{} cannot be locked ({}): let no other process write there", file, e.getMessage());
      return true;
    }
  }

  /**
   * Its channel.
   *
   * @return open until this is closed
   */
  public FileChannel channel() {
    return channel;
  }

  @Override
  public void close() throws IOException {
    synchronized (HELD) {
      HELD.remove(key);
      channel.close();
    }
  }
}
