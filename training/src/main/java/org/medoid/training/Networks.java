package org.medoid.training;

import java.io.IOException;
import java.nio.file.Path;
import org.medoid.graph.network.ConvNet;
import org.medoid.graph.network.InceptionV2;
import org.medoid.graph.network.Network;
import org.medoid.graph.network.SavedModelNetwork;

/** Finds the network that a model SPEC of the command line names. */
public final class Networks {
  private static final String SAVED_MODEL = "savedmodel:";

  private Networks() {}

  /**
   * The network of a specification.
   *
   * @param specification {@code convnet}, {@code inception_v2}, or {@code savedmodel:DIR}
   * @return the network
   * @throws IllegalArgumentException if there is no such network
   * @throws IOException if the SavedModel cannot be read or holds no network from images to
   *     features
   */
  public static Network of(String specification) throws IOException {
    if (specification.startsWith(SAVED_MODEL)) {
      return SavedModelNetwork.load(Path.of(specification.substring(SAVED_MODEL.length())));
    }
    return switch (specification) {
      case "convnet" -> new ConvNet();
      case "inception_v2" -> new InceptionV2();
      default ->
          throw new IllegalArgumentException(
              "--model "
                  + specification
                  + ": no such model; models are convnet, inception_v2 and savedmodel:DIR");
    };
  }
}
