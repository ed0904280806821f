package org.medoid.graph.distributed;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import org.tensorflow.Graph;
import org.tensorflow.Session;

/**
 * This process as one of the workers that train together, or as the only one. What is written for a
 * worker runs in both: alone it has all rows, waits for nobody and agrees with itself.
 *
 * <p>All workers must do the same in the same order: {@link #exchange()} and what is built with it,
 * {@link #agree}, the runs of graphs with exchanges, {@link #together}, {@link #sum}, {@link
 * #leave}. Not thread-safe.
 */
public interface Worker {
  /** How long workers wait for each other if nothing is said. */
  Duration PATIENCE = Duration.ofMinutes(5);

  /**
   * What a worker does of its own.
   *
   * @param <T> what comes of it
   */
  @FunctionalInterface
  interface Task<T> {
    /**
     * Does it.
     *
     * @return what came of it
     * @throws IOException if a file cannot be read or written
     */
    T run() throws IOException;
  }

  /**
   * A worker that is the only one.
   *
   * @return without a server; its sessions are ordinary ones
   */
  static Worker alone() {
    return new Single();
  }

  /**
   * Starts this process's TensorFlow server and waits for the worker that leads. A process joins
   * once: TensorFlow cannot stop a server, it runs until the process ends.
   *
   * @param cluster which workers there are
   * @param patience how long to wait for the others: here, in {@link #agree}, and in each run of a
   *     graph with exchanges; 5 seconds or more
   * @param told is told what this process waits for, a line now and then
   * @return the worker
   * @throws IllegalArgumentException if the patience is shorter
   * @throws IllegalStateException if the port is taken, the worker that leads is not there in time,
   *     a proxy stands between the workers, or this process has joined before: a line that says so
   */
  static Worker join(Cluster cluster, Duration patience, Consumer<String> told) {
    return Member.join(cluster, patience, told);
  }

  /**
   * How many there are.
   *
   * @return 1 or more
   */
  int workers();

  /**
   * Which this is.
   *
   * @return from 0
   */
  int rank();

  /**
   * Whether this is the first, which has the weights to begin with and writes the files.
   *
   * @return true if alone
   */
  default boolean leads() {
    return rank() == 0;
  }

  /**
   * Opens a session for a graph, which may hold exchanges.
   *
   * @param graph the graph
   * @return to be closed
   */
  Session session(Graph graph);

  /**
   * What adds exchanges to graphs.
   *
   * @return {@link Exchange#ALONE} if alone
   */
  Exchange exchange();

  /**
   * Gives the others a text, for {@link #published}. For the worker that leads, before {@link
   * #agree}.
   *
   * @param text anything
   */
  void publish(String text);

  /**
   * Waits for the text that the worker that leads gives to {@link #publish}.
   *
   * @return the text
   * @throws IllegalStateException if that worker is gone or says nothing in time
   */
  String published();

  /**
   * Waits for all and compares what they were told; comes before everything that is exchanged.
   *
   * @param facts what must be the same on all workers, by the name that a difference is told by;
   *     neither has a line break or tab
   * @throws IllegalStateException on every worker, if one was told something else or does not come
   *     in time: a line that names the worker and what differs
   */
  void agree(Map<String, String> facts);

  /**
   * Lets each worker do something of its own that may take longer than the others would wait for in
   * a run, and goes on when all have done it. While one works, all tell each other that they live.
   *
   * @param <T> what comes of it
   * @param own what this worker does; unless alone, in a thread of its own
   * @return what came of it
   * @throws IOException if {@code own} throws it
   * @throws IllegalStateException if another worker failed or is gone: a line that names it
   */
  <T> T together(Task<T> own) throws IOException;

  /**
   * Adds up a number or two of each worker.
   *
   * @param a one number
   * @param b another
   * @return their sums over the workers, the same on each
   * @throws IllegalStateException if a worker is gone: a line that names it
   */
  float[] sum(float a, float b);

  /**
   * Says why a run of a graph with exchanges failed: TensorFlow does not reliably name the worker
   * that is gone. Asks all, and takes some seconds, in which the others can ask this one.
   *
   * @param failure what the run threw
   * @return what to throw: a line that names the workers that do not answer, or the failure itself
   *     if it has nothing to do with them
   */
  RuntimeException explain(RuntimeException failure);

  /** Waits until all are done, so that none ends while another still reads from it. Never fails. */
  void leave();
}
