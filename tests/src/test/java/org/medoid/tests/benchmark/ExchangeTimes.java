package org.medoid.tests.benchmark;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.medoid.graph.distributed.Cluster;
import org.medoid.graph.distributed.Exchange;
import org.medoid.graph.distributed.Worker;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * Prints what workers on this machine take to exchange what a step exchanges: the median
 * milliseconds of the sum of so many floats (11,199,137: the gradients of Inception-v2), and of
 * gathering a batch of embeddings. Arguments: workers, floats, runs.
 */
public final class ExchangeTimes {
  private static final int BATCH = 32;
  private static final int WIDTH = 64;

  private ExchangeTimes() {}

  /**
   * Measures; each of the processes that it starts runs this too.
   *
   * @param arguments workers, floats, runs
   * @throws Exception if a worker fails
   */
  public static void main(String[] arguments) throws Exception {
    int workers = Integer.parseInt(arguments[0]);
    Optional<Cluster> told =
        Optional.ofNullable(System.getenv(Cluster.VARIABLE)).flatMap(Cluster::parse);
    if (told.isPresent()) {
      measure(
          Worker.join(told.get(), Duration.ofSeconds(60), line -> {}),
          Integer.parseInt(arguments[1]),
          Integer.parseInt(arguments[2]));
      System.exit(0); // TensorFlow cannot stop its server
    }
    Cluster cluster = Cluster.local(workers);
    List<Process> processes = new ArrayList<>();
    for (int i = 0; i < workers; i++) {
      List<String> command =
          new ArrayList<>(
              List.of(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-cp",
                  System.getProperty("java.class.path"),
                  ExchangeTimes.class.getName()));
      command.addAll(List.of(arguments));
      ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
      builder.environment().put(Cluster.VARIABLE, cluster.seenBy(i).config());
      builder.environment().put("TF_CPP_MIN_LOG_LEVEL", "3");
      processes.add(builder.start());
    }
    for (Process each : processes) {
      if (each.waitFor() != 0) {
        throw new IllegalStateException("a worker failed");
      }
    }
  }

  private static void measure(Worker worker, int floats, int runs) {
    worker.agree(Map.of());
    Exchange exchange = worker.exchange();
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Operand<TFloat32> gradients =
          tf.variable(tf.fill(tf.constant(new int[] {floats}), tf.constant(1f)));
      Operand<TFloat32> sum = exchange.sum(tf, List.of(tf.identity(gradients))).get(0);
      Operand<TFloat32> rows =
          tf.fill(tf.constant(new int[] {BATCH / worker.workers(), WIDTH}), tf.constant(1f));
      Operand<TFloat32> gathered =
          exchange.gather(tf, tf.ensureShape(rows, Shape.of(BATCH / worker.workers(), WIDTH)));
      try (Session session = worker.session(graph)) {
        session.initialize();
        double sums = median(exchange, session, sum, runs);
        double gathers = median(exchange, session, gathered, runs);
        if (worker.leads()) {
          System.out.printf(
              Locale.ROOT,
              "%d workers: sum of %,d floats %.1f ms, gather of %d x %d %.2f ms%n",
              worker.workers(),
              floats,
              sums,
              BATCH,
              WIDTH,
              gathers);
        }
      }
    }
    worker.leave();
  }

  private static double median(
      Exchange exchange, Session session, Operand<TFloat32> target, int runs) {
    return 1e3
        * MedianTime.seconds(
            3, runs, () -> exchange.timed(session.runner().addTarget(target.op())).run().close());
  }
}
