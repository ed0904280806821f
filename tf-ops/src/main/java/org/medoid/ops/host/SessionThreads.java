package org.medoid.ops.host;

import org.tensorflow.Graph;
import org.tensorflow.Session;
import org.tensorflow.proto.ConfigProto;

/**
 * The threads that TensorFlow computes with. The sessions of a process share two pools, one for the
 * parts of an operation and one for operations side by side. They are made by the first session,
 * from its configuration; what later ones are told changes nothing.
 *
 * <p>TensorFlow's default is a thread for each processor that the process may be scheduled on. It
 * does not know of quotas: in a container that is given 2 of 64 processors it starts 64 threads.
 */
public final class SessionThreads {
  private SessionThreads() {}

  /**
   * Makes the pools, for all sessions to come. To be called before the first session is made;
   * afterwards it does nothing.
   *
   * @param count threads of either pool, 1 or more
   * @throws IllegalArgumentException if there are fewer
   */
  public static void limit(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("there must be 1 thread or more, but are " + count);
    }
    ConfigProto config =
        ConfigProto.newBuilder()
            .setIntraOpParallelismThreads(count)
            .setInterOpParallelismThreads(count)
            .build();
    try (Graph graph = new Graph()) {
      new Session(graph, config).close();
    }
  }
}
