package org.medoid.graph;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.medoid.export.savedmodel.LiteralPath;
import org.medoid.graph.network.EmbeddingHead;
import org.medoid.graph.network.Layers;
import org.medoid.graph.network.Network;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/**
 * A network that embeds images, in a graph and a session of its own: nothing in it but what
 * inference needs. Its input is the placeholder {@value #INPUT}, its output {@value #OUTPUT}.
 */
public final class InferenceGraph implements AutoCloseable {
  /** The name of the input operation: float [batch, h, w, 3], RGB in [0, 1]. */
  public static final String INPUT = "images";

  /** The name of the output operation: float [batch, d], L2-normalised. */
  public static final String OUTPUT = "embedding";

  private final Graph graph = new Graph();
  private final Session session;

  private InferenceGraph(Network network, EmbeddingHead head, int imageSize, long seed) {
    try {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> images =
          tf.withName(INPUT)
              .placeholder(
                  TFloat32.class, Placeholder.shape(Shape.of(-1, imageSize, imageSize, 3)));
      Layers layers =
          new Layers(tf, Layers.Mode.INFERENCE, Layers.Options.defaults().withSeed(seed));
      Operand<TFloat32> embedding = head.embed(layers, Given.features(network, layers, images));
      tf.withName(OUTPUT).identity(embedding);
      session = new Session(graph);
    } catch (RuntimeException | Error e) {
      graph.close();
      throw e;
    }
  }

  /**
   * A network as it is before training.
   *
   * @param network the backbone
   * @param head the embedding layer
   * @param imageSize height and width of the images in pixels
   * @param seed of the initial weights: with the same seed the same as a training graph's
   * @return the network
   * @throws IllegalArgumentException if the network does not give features [batch, features]
   */
  public static InferenceGraph untrained(
      Network network, EmbeddingHead head, int imageSize, long seed) {
    InferenceGraph made = new InferenceGraph(network, head, imageSize, seed);
    fill(made.session::initialize, made::close);
    return made;
  }

  /**
   * A network with the weights of a checkpoint.
   *
   * @param network the backbone
   * @param head the embedding layer
   * @param imageSize height and width of the images in pixels
   * @param checkpoint the prefix of a checkpoint that {@code Session.save} wrote from a graph with
   *     the same network; other variables in it are ignored
   * @return the network
   * @throws org.tensorflow.exceptions.TensorFlowException if a variable is missing in it, in
   *     TensorFlow's words
   * @throws UncheckedIOException if there is none, or its name is none that TensorFlow can be
   *     given; names it
   * @throws IllegalArgumentException if the network does not give features [batch, features]
   */
  public static InferenceGraph restored(
      Network network, EmbeddingHead head, int imageSize, Path checkpoint) {
    InferenceGraph made = new InferenceGraph(network, head, imageSize, 0);
    fill(() -> made.restore(checkpoint), made::close);
    return made;
  }

  /** Gives a graph its weights, or closes it. */
  static void fill(Runnable weights, Runnable close) {
    try {
      weights.run();
    } catch (RuntimeException | Error e) {
      close.run();
      throw e;
    }
  }

  /**
   * Takes over the weights of another checkpoint.
   *
   * @param checkpoint as for {@link #restored}
   * @throws org.tensorflow.exceptions.TensorFlowException if a variable is missing in it, in
   *     TensorFlow's words
   * @throws UncheckedIOException if there is none, or its name is none that TensorFlow can be
   *     given; names it
   */
  public void restore(Path checkpoint) {
    restore(session, checkpoint);
  }

  static void restore(Session session, Path checkpoint) {
    try {
      LiteralPath.restore(session, checkpoint);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The graph.
   *
   * @return owned by this
   */
  public Graph graph() {
    return graph;
  }

  /**
   * The session that holds the weights.
   *
   * @return owned by this
   */
  public Session session() {
    return session;
  }

  /** Closes the session and the graph. */
  @Override
  public void close() {
    session.close();
    graph.close();
  }
}
