package org.medoid.training.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.medoid.graph.distributed.Cluster;
import org.medoid.graph.distributed.Worker;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** How a command works in several processes. */
final class WorkerOptions {
  private static final Logger LOG = LoggerFactory.getLogger(WorkerOptions.class);

  /** The property that names the process that started a worker on this machine. */
  static final String PARENT = "medoid.parent";

  private static final String LOCAL = "--local-workers";

  @Option(
      names = LOCAL,
      paramLabel = "N",
      description =
          "Works in N processes on this machine that share the pictures, as several machines do"
              + " under TF_CONFIG (see README).")
  private Integer local;

  @Option(
      names = "--worker-timeout",
      paramLabel = "SECONDS",
      description =
          "How long one of several workers waits for the others: at the start, and in a step, which"
              + " must not take longer. Default: 300.")
  private Integer timeout;

  /** How many processes to start on this machine, if that was asked for. */
  Optional<Integer> local() {
    return Optional.ofNullable(local);
  }

  /**
   * What TF_CONFIG says.
   *
   * @throws ParameterException if it is nonsense, or an option is
   */
  Optional<Cluster> cluster(CommandSpec spec) {
    Optional<Cluster> cluster;
    try {
      cluster = Cluster.ofEnvironment();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
    if (local != null) {
      Usage.require(spec, local >= 1, LOCAL + " " + local + ": must be 1 or more");
      Usage.require(
          spec,
          cluster.isEmpty(),
          LOCAL + " starts workers on this machine, but TF_CONFIG names some: unset it");
    }
    if (timeout != null) {
      Usage.require(spec, timeout >= 5, "--worker-timeout " + timeout + ": must be 5 or more");
    }
    UnusedOptions.tell(
        spec, local == null && cluster.isEmpty(), "there is one worker", "--worker-timeout");
    return cluster;
  }

  /** Joins the cluster, or is alone. */
  Worker join(Optional<Cluster> cluster) {
    if (cluster.isEmpty()) {
      return Worker.alone();
    }
    Duration patience = timeout == null ? Worker.PATIENCE : Duration.ofSeconds(timeout);
    return Worker.join(cluster.get(), patience, LOG::info);
  }

  /** Whether {@link LocalWorkers} started this process, after looking at what was told. */
  static boolean isStarted() {
    return Long.getLong(PARENT) != null;
  }

  /** A worker that {@link LocalWorkers} started does not outlive that process. */
  static void endWithParent(Runnable end) {
    Long parent = Long.getLong(PARENT);
    if (parent != null) {
      CompletableFuture<?> unused =
          ProcessHandle.of(parent)
              .map(ProcessHandle::onExit)
              .orElseGet(() -> CompletableFuture.completedFuture(null))
              .whenComplete((ended, failure) -> end.run());
    }
  }

  /** Whether this process prints and writes what comes of the work. */
  static boolean leads(Optional<Cluster> cluster) {
    return cluster.isEmpty() || cluster.get().rank() == 0;
  }

  /** Runs the command that was given in as many processes as {@link #local} says. */
  int runLocally(CommandSpec spec) throws IOException {
    return Interruption.hooked(
        () ->
            LocalWorkers.run(
                local,
                without(spec.root().commandLine().getParseResult().expandedArgs()),
                spec.commandLine().getErr()));
  }

  /** The words of a command line without the option that asks for processes. */
  private static List<String> without(List<String> words) {
    List<String> others = new ArrayList<>();
    for (Iterator<String> all = words.iterator(); all.hasNext(); ) {
      String word = all.next();
      if (word.equals(LOCAL)) {
        all.next();
      } else if (!word.startsWith(LOCAL + "=")) {
        others.add(word);
      }
    }
    return others;
  }
}
