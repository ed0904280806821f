package org.medoid.training.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.medoid.graph.image.Images;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TString;

/**
 * Finds images that cannot be read, by reading them as the pipeline does: its own error does not
 * name the file. Cost: a decoding of every file, some milliseconds for a photograph, shared among
 * the processors.
 */
final class ImageCheck implements AutoCloseable {
  private final Graph graph = new Graph();
  private final Session session;
  private final Placeholder<TString> encoded;
  private final Operand<?> decoded;

  ImageCheck() {
    Ops tf = Ops.create(graph);
    encoded = tf.placeholder(TString.class);
    decoded = tf.shape(Images.decode(tf, encoded));
    session = new Session(graph);
  }

  /** The images that cannot be read, each with the reason, in their order. */
  static Map<Path, String> broken(List<Path> files) {
    Map<Path, String> found = new ConcurrentHashMap<>();
    try (ImageCheck check = new ImageCheck()) {
      files.parallelStream()
          .forEach(file -> check.problem(file).ifPresent(reason -> found.put(file, reason)));
    }
    Map<Path, String> ordered = new LinkedHashMap<>();
    for (Path file : files) {
      if (found.containsKey(file)) {
        ordered.put(file, found.get(file));
      }
    }
    return ordered;
  }

  private Optional<String> problem(Path file) {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(file);
    } catch (IOException e) {
      return Optional.of(Files.exists(file) ? "cannot be read" : "no such file");
    }
    if (bytes.length == 0) {
      return Optional.of("is empty");
    }
    try (TString content = TString.tensorOfBytes(NdArrays.scalarOfObject(bytes))) {
      session.runner().feed(encoded, content).fetch(decoded).run().close();
      return Optional.empty();
    } catch (RuntimeException e) {
      String message = e.getMessage() == null ? e.toString() : e.getMessage();
      return Optional.of(message.lines().findFirst().orElse(message).strip());
    }
  }

  @Override
  public void close() {
    session.close();
    graph.close();
  }
}
