package org.medoid.graph;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.medoid.export.savedmodel.LiteralPath;
import org.medoid.graph.network.Layers;
import org.medoid.graph.network.Network;
import org.medoid.graph.network.SavedModelNetwork;
import org.medoid.graph.network.Weights;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/**
 * A backbone without a head in a graph and a session of its own: to be filled with weights and
 * written as a SavedModel that trains further.
 */
public final class BackboneGraph implements AutoCloseable {
  private final Graph graph = new Graph();
  private final Session session;
  private final Network network;
  private final int imageSize;
  private final long seed;
  private final Layers layers;
  private final Placeholder<TFloat32> images;
  private final Operand<TFloat32> features;

  /**
   * Builds the backbone with its initial weights.
   *
   * @param network the backbone
   * @param imageSize height and width of the images in pixels
   * @param seed of the initial weights
   * @throws IllegalArgumentException if the network does not give features [batch, features]
   */
  public BackboneGraph(Network network, int imageSize, long seed) {
    this.network = network;
    this.imageSize = imageSize;
    this.seed = seed;
    Session opened = null;
    try {
      Ops tf = Ops.create(graph);
      images =
          tf.withName("images")
              .placeholder(
                  TFloat32.class, Placeholder.shape(Shape.of(-1, imageSize, imageSize, 3)));
      layers = new Layers(tf, Layers.Mode.INFERENCE, Layers.Options.defaults().withSeed(seed));
      features = Given.features(network, layers, images);
      opened = new Session(graph);
      opened.initialize();
      session = opened;
    } catch (RuntimeException | Error e) {
      if (opened != null) {
        opened.close();
      }
      graph.close();
      throw e;
    }
  }

  /**
   * Builds the backbone with all its weights from a checkpoint.
   *
   * @param network the backbone
   * @param imageSize height and width of the images in pixels
   * @param checkpoint the prefix of a checkpoint that {@code Session.save} wrote from a graph with
   *     the same network; other variables in it are ignored
   * @return the backbone
   * @throws org.tensorflow.exceptions.TensorFlowException if a variable is missing in it, in
   *     TensorFlow's words
   * @throws UncheckedIOException if there is none, or its name is none that TensorFlow can be
   *     given; names it
   * @throws IllegalArgumentException if the network does not give features [batch, features]
   */
  public static BackboneGraph restored(Network network, int imageSize, Path checkpoint) {
    BackboneGraph made = new BackboneGraph(network, imageSize, 0);
    InferenceGraph.fill(() -> InferenceGraph.restore(made.session, checkpoint), made::close);
    return made;
  }

  /**
   * Takes the weights of a checkpoint by the names of the variables.
   *
   * @param checkpoint as {@link Weights#restore} takes it
   * @return what was restored and what was not
   * @throws IOException if it cannot be read or holds none of the variables
   */
  public Weights.Report restore(Path checkpoint) throws IOException {
    // In a graph aside: the operations that restore would be written along.
    try (BackboneGraph aside = new BackboneGraph(network, imageSize, seed)) {
      Weights.Report report = Weights.restore(aside.session, aside.layers.variables(), checkpoint);
      try (TemporaryCheckpoint weights = new TemporaryCheckpoint(aside.session)) {
        LiteralPath.restore(session, weights.prefix());
      }
      return report;
    }
  }

  /**
   * Writes the backbone as a SavedModel with the signature {@code features}, which {@link
   * SavedModelNetwork#load} reads.
   *
   * @param folder where to; made if missing
   * @throws IOException if it cannot be written
   */
  public void write(Path folder) throws IOException {
    SavedModelNetwork.write(session, images, features, folder);
  }

  /** Closes the session and the graph. */
  @Override
  public void close() {
    session.close();
    graph.close();
  }
}
