package org.medoid.export.savedmodel;

import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.tensorflow.Session;

/**
 * The name of a folder or of a checkpoint by which TensorFlow finds it. When it restores variables
 * it takes the name for a pattern: {@code runs[1]} or, but on Windows, {@code a\b} is not found,
 * and {@code run*} may be several. Such a name is given to it through links in a folder for
 * temporary files, until this is closed.
 */
public final class LiteralPath implements AutoCloseable {
  private static final String PATTERN = File.separatorChar == '\\' ? "*?[" : "*?[\\";
  private static final String LINK = "link";

  private final String name;

  /** The links and their folder, in the order to delete them in. */
  private final List<Path> links;

  private LiteralPath(String name, List<Path> links) {
    this.name = name;
    this.links = links;
  }

  /**
   * Names a folder or a checkpoint. Costs a folder and a link for each file of a checkpoint where
   * the name would be a pattern.
   *
   * @param path of a folder, a file, or several files with endings: the prefix of a checkpoint
   * @return to be closed when TensorFlow has read it
   * @throws IOException if links to it are needed and cannot be made; names the path
   */
  public static LiteralPath of(Path path) throws IOException {
    if (!isPattern(path)) {
      return new LiteralPath(path.toString(), List.of());
    }
    List<Path> links = new ArrayList<>();
    try {
      Path folder = Files.createTempDirectory("medoid-links");
      links.add(folder);
      if (isPattern(folder)) {
        throw new IOException("nor can it read " + folder);
      }
      Path place = path.toAbsolutePath();
      String last = place.getFileName().toString();
      DirectoryStream.Filter<Path> own =
          file ->
              file.getFileName().toString().equals(last)
                  || file.getFileName().toString().startsWith(last + ".");
      try (DirectoryStream<Path> files = Files.newDirectoryStream(place.getParent(), own)) {
        for (Path file : files) {
          String ending = file.getFileName().toString().substring(last.length());
          links.add(Files.createSymbolicLink(folder.resolve(LINK + ending), file));
        }
      }
      Collections.reverse(links);
      return new LiteralPath(folder.resolve(LINK).toString(), links);
    } catch (IOException | UnsupportedOperationException e) {
      Collections.reverse(links);
      delete(links);
      throw new FileSystemException(
          path.toString(),
          null,
          "TensorFlow takes *, ?, [ and \\ in names for a pattern, and no link to it can be made"
              + " for temporary files ("
              + e.getMessage()
              + "); rename the folder");
    }
  }

  private static boolean isPattern(Path path) {
    return path.toString().chars().anyMatch(c -> PATTERN.indexOf(c) >= 0);
  }

  /**
   * Gives a session's variables the values of a checkpoint.
   *
   * @param session of a graph with those variables
   * @param prefix of the checkpoint
   * @throws NoSuchFileException if there is no such checkpoint, in the format V2 or V1
   * @throws IOException if TensorFlow cannot be given its name
   * @throws org.tensorflow.exceptions.TensorFlowException if it cannot be read, or a variable is
   *     missing in it
   */
  public static void restore(Session session, Path prefix) throws IOException {
    Path index = Path.of(prefix + ".index");
    if (!Files.exists(index) && !Files.isRegularFile(prefix)) {
      throw new NoSuchFileException(
          prefix.toString(), null, "no checkpoint here: " + index + " does not exist");
    }
    try (LiteralPath path = of(prefix)) {
      session.restore(path.name());
    }
  }

  /**
   * The name.
   *
   * @return for TensorFlow, no pattern
   */
  public String name() {
    return name;
  }

  /**
   * Removes the links.
   *
   * @throws IOException if that fails
   */
  @Override
  public void close() throws IOException {
    delete(links);
  }

  private static void delete(List<Path> links) throws IOException {
    for (Path link : links) {
      Files.deleteIfExists(link);
    }
  }
}
