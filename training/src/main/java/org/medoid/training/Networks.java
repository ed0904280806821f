package org.medoid.training;

import org.medoid.graph.network.ConvNet;
import org.medoid.graph.network.Network;

/** Finds the network that a model SPEC of the command line names. */
public final class Networks {
  private Networks() {}

  /**
   * The network of a specification.
   *
   * @param specification {@code convnet}
   * @return the network
   * @throws IllegalArgumentException if there is no such network
   */
  public static Network of(String specification) {
    if (specification.equals("convnet")) {
      return new ConvNet();
    }
    throw new IllegalArgumentException(
        "--model " + specification + ": no such model; models are convnet");
  }
}
