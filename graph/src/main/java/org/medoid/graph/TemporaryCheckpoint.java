package org.medoid.graph;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.tensorflow.Session;

/** The variables of a session in a folder for temporary files, for another session to take. */
public final class TemporaryCheckpoint implements AutoCloseable {
  private final Path folder;

  /**
   * Writes the variables.
   *
   * @param session whose
   * @throws IOException if temporary files cannot be written
   */
  public TemporaryCheckpoint(Session session) throws IOException {
    folder = Files.createTempDirectory("medoid-weights");
    try {
      session.save(prefix().toString());
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Where they are.
   *
   * @return the prefix, as {@link Session#restore} takes it
   */
  public Path prefix() {
    return folder.resolve("weights");
  }

  /**
   * Removes them.
   *
   * @throws IOException if that fails
   */
  @Override
  public void close() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }
}
