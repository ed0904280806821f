package org.medoid.training.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.medoid.graph.distributed.Cluster;
import org.medoid.ops.clustering.Threads;
import picocli.CommandLine.ExitCode;

/**
 * Workers of one command on this machine, each in a process of its own: to try out what several
 * machines do. The processors are shared among them. Worker 0 has this process's output; what the
 * others say goes to standard error with their number before it.
 */
final class LocalWorkers {
  /** By then those that are left have found out that one is gone, said so and ended. */
  private static final long SECONDS_AFTER_ONE_FAILED = 45;

  private final List<Process> processes = new ArrayList<>();
  private final PrintWriter err;

  private LocalWorkers(PrintWriter err) {
    this.err = err;
  }

  /**
   * Runs a command in several workers until all have ended.
   *
   * @param count how many
   * @param words of the command, without the option that asks for workers
   * @param err standard error
   * @return 0 if all ended so, else what {@link #own} makes of the exit code of the one that failed
   *     first
   * @throws IOException if one cannot be started
   */
  static int run(int count, List<String> words, PrintWriter err) throws IOException {
    LocalWorkers workers = new LocalWorkers(err);
    Thread hook = new Thread(workers::end, "end workers");
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      Cluster cluster = Cluster.local(count);
      for (int rank = 0; rank < count; rank++) {
        workers.start(cluster.seenBy(rank), words);
      }
      return workers.await();
    } finally {
      workers.end();
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException e) {
        // The program is ending, and the hook does its work.
      }
    }
  }

  private void start(Cluster cluster, List<String> words) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    for (String each : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
      if (!each.startsWith("-agentlib") && !each.startsWith("-javaagent")) {
        command.add(each);
      }
    }
    command.add("-D" + WorkerOptions.PARENT + "=" + ProcessHandle.current().pid());
    if (cluster.rank() > 0) {
      command.add("-Dmedoid.terminal=false");
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Medoid.class.getName()));
    if (System.getProperty(Threads.PROPERTY) == null
        && System.getenv("TF_NUM_INTRAOP_THREADS") == null) { // else the user said
      int processors = Runtime.getRuntime().availableProcessors();
      command.add("--threads=" + Math.max(1, processors / cluster.workers().size()));
    }
    command.addAll(words);
    ProcessBuilder builder = new ProcessBuilder(command);
    Map<String, String> environment = builder.environment();
    environment.put(Cluster.VARIABLE, cluster.config());
    environment.put("no_grpc_proxy", "127.0.0.1");
    if (cluster.rank() == 0) {
      processes.add(builder.inheritIO().start());
    } else {
      Process process = builder.redirectErrorStream(true).start();
      process.getOutputStream().close();
      processes.add(process);
      Thread reader = new Thread(() -> copy(process, cluster.rank()), "output of a worker");
      reader.setDaemon(true);
      reader.start();
    }
  }

  private void copy(Process process, int rank) {
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        err.println("worker " + rank + ": " + line.replaceFirst("^medoid: ", ""));
      }
    } catch (IOException e) {
      // The worker is gone.
    }
  }

  /** Waits for all. When one has failed the others find out; those that do not are ended. */
  private int await() {
    int code = 0;
    List<Process> left = new ArrayList<>(processes);
    long until = Long.MAX_VALUE;
    while (!left.isEmpty()) {
      CompletableFuture<?> any =
          CompletableFuture.anyOf(
              left.stream().map(Process::onExit).toArray(CompletableFuture<?>[]::new));
      try {
        any.get(Math.max(0, until - System.nanoTime()), TimeUnit.NANOSECONDS);
      } catch (TimeoutException e) {
        end();
        until = Long.MAX_VALUE;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return 1;
      } catch (ExecutionException e) {
        throw new IllegalStateException(e.getCause());
      }
      for (Process each : processes) {
        if (!each.isAlive() && left.remove(each) && each.exitValue() != 0 && code == 0) {
          code = each.exitValue();
          err.println(
              "medoid: worker %d ended with exit code %d".formatted(processes.indexOf(each), code));
          until = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS_AFTER_ONE_FAILED);
        }
      }
    }
    return own(code);
  }

  /** An exit code of this program: a worker that was killed (137) or crashed (134) has failed. */
  static int own(int code) {
    return List.of(0, ExitCode.USAGE, Interruption.EXIT_CODE, 143).contains(code)
        ? code
        : ExitCode.SOFTWARE;
  }

  /** Asks those that still run to end: they save a checkpoint first. */
  private void end() {
    for (Process each : processes) {
      each.destroy();
    }
    for (Process each : processes) {
      try {
        if (!each.waitFor(SECONDS_AFTER_ONE_FAILED, TimeUnit.SECONDS)) {
          each.destroyForcibly();
        }
      } catch (InterruptedException e) {
        each.destroyForcibly();
      }
    }
  }
}
