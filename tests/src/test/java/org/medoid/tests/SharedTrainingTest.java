package org.medoid.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.medoid.graph.distributed.Worker;

/** Several workers train what one process trains. */
@Timeout(600)
class SharedTrainingTest {
  private static final Map<String, Double> TOLERANCE =
      Map.of("normalised", 1e-4, "inception", 1e-5);

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void theWeightsAreThoseOfOneProcess(int count) throws Exception {
    try (WorkerProcesses workers = new WorkerProcesses(folder, count)) {
      for (int i = 0; i < count; i++) {
        workers.start(Map.of(), WorkerProgram.class.getName(), folder);
      }
      for (int i = 0; i < count; i++) {
        assertThat(workers.await(i, 400)).as(workers.output(i)).isZero();
      }
    }
    Path alone = Files.createDirectory(folder.resolve("alone"));
    WorkerProgram.train(Worker.alone(), alone, count < 3);
    List<String> kinds =
        new ArrayList<>(List.of("whole", "again", "chunks", "proxies", "normalised"));
    if (count < 3) {
      kinds.add("inception");
    }
    for (String kind : kinds) {
      byte[] first = Files.readAllBytes(folder.resolve(kind + "-0.bin"));
      for (int i = 1; i < count; i++) { // the same on all, to the bit
        assertThat(Files.readAllBytes(folder.resolve(kind + "-" + i + ".bin")))
            .as(kind)
            .isEqualTo(first);
      }
      assertThat(difference(first, Files.readAllBytes(alone.resolve(kind + "-0.bin"))))
          .as(kind)
          .isLessThan(TOLERANCE.getOrDefault(kind, 1e-6));
    }
    assertThat(Files.readAllBytes(folder.resolve("again-0.bin")))
        .isEqualTo(Files.readAllBytes(folder.resolve("whole-0.bin")));
  }

  /** The largest, of weights below 1 absolute, of others relative. */
  private static double difference(byte[] a, byte[] b) {
    assertThat(a).hasSameSizeAs(b);
    double largest = 0;
    ByteBuffer x = ByteBuffer.wrap(a);
    ByteBuffer y = ByteBuffer.wrap(b);
    while (x.hasRemaining()) {
      float value = x.getFloat();
      largest = Math.max(largest, Math.abs(value - y.getFloat()) / Math.max(1, Math.abs(value)));
    }
    return largest;
  }

  @Test
  void theProgramOfThePackagePageRunsInTwoProcesses() throws Exception {
    Path page = Path.of("..", "graph/src/main/java/org/medoid/graph/distributed/package-info.java");
    Program program = PackageExamplesTest.program(page);
    String alone = program.run(folder); // and compiles it there
    try (WorkerProcesses workers = new WorkerProcesses(folder, 2)) {
      for (int i = 0; i < 2; i++) {
        workers.start(Map.of(), program.name());
      }
      for (int i = 0; i < 2; i++) {
        assertThat(workers.await(i, 120)).as(workers.output(i)).isZero();
      }
      assertThat(workers.output(0)).contains(alone);
      assertThat(workers.output(1)).doesNotContain("3.5");
    }
  }

  @Test
  void anOccupiedPortIsRefused() throws Exception {
    try (WorkerProcesses workers = new WorkerProcesses(folder, 2)) {
      String port = workers.cluster().workers().get(0).replaceFirst(".*:", "");
      try (var taken = new ServerSocket(Integer.parseInt(port))) {
        assertThat(taken.isBound()).isTrue();
        workers.start(Map.of(), WorkerProgram.class.getName(), folder);
        assertThat(workers.await(0, 60)).isEqualTo(1);
        assertThat(workers.output(0))
            .contains("port " + port + ", which this process would take as worker 0, is not free");
      }
    }
  }
}
