package org.medoid.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.medoid.graph.distributed.Cluster;

/** Workers of a cluster on free loopback ports; those that still run are killed at the end. */
final class WorkerProcesses implements AutoCloseable {
  /** The class that the launcher starts. */
  static final String MEDOID = "org.medoid.training.cli.Medoid";

  private final Path folder;
  private final Cluster cluster;
  private final List<Process> processes = new ArrayList<>();
  private final List<Path> outputs = new ArrayList<>();

  WorkerProcesses(Path folder, int count) throws IOException {
    this.folder = folder;
    cluster = Cluster.local(count);
  }

  Cluster cluster() {
    return cluster;
  }

  /** Starts the next worker. */
  WorkerProcesses start(Map<String, String> environment, String main, Object... words)
      throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Dmedoid.threads=1",
                "-Djava.awt.headless=true",
                "-cp",
                System.getProperty("java.class.path") + File.pathSeparator + folder,
                main));
    for (Object word : words) {
      command.add(word.toString());
    }
    Path output = Files.createTempFile(folder, "worker", ".txt");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
    Map<String, String> own = builder.environment();
    own.put(Cluster.VARIABLE, cluster.seenBy(processes.size()).config());
    own.put("TF_CPP_MIN_LOG_LEVEL", "3");
    own.put("TF_NUM_INTRAOP_THREADS", "1");
    own.putIfAbsent("ONEDNN_MAX_CPU_ISA", "AVX2");
    List.of("http_proxy", "https_proxy", "grpc_proxy").forEach(own::remove);
    own.putAll(environment);
    outputs.add(output);
    processes.add(builder.start());
    return this;
  }

  Process get(int rank) {
    return processes.get(rank);
  }

  String output(int rank) throws IOException {
    return Files.readString(outputs.get(rank));
  }

  /** Waits for the end of one; its exit code. */
  int await(int rank, int seconds) throws Exception {
    assertThat(get(rank).waitFor(seconds, TimeUnit.SECONDS))
        .as("worker %d ends within %d s: %s", rank, seconds, output(rank))
        .isTrue();
    return get(rank).exitValue();
  }

  /** The one line in which a worker says why it failed. */
  String line(int rank) throws IOException {
    List<String> lines = output(rank).lines().filter(line -> line.startsWith("medoid: ")).toList();
    assertThat(lines).as(output(rank)).hasSize(1);
    assertThat(output(rank)).doesNotContain("\tat ");
    return lines.get(0);
  }

  @Override
  public void close() {
    for (Process each : processes) {
      each.destroyForcibly().onExit().join();
    }
  }
}
