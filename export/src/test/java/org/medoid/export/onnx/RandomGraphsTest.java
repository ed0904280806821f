package org.medoid.export.onnx;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.tensorflow.proto.GraphDef;

/**
 * Graphs of 3 to 30 random operations, on pictures of an open batch, compute in onnxruntime what
 * they compute in TensorFlow: what a converter makes of the layout and the shapes that others left.
 *
 * <p>{@code -Dmedoid.graphs=N} tries seeds 0 to N - 1 (500 by default). As many as {@value #DRAWN}
 * graphs of a seed that nobody knows run too; a graph that fails is written to {@value #CASES}, and
 * tried each time from then on.
 */
class RandomGraphsTest {
  private static final int DRAWN = 10;
  private static final String CASES = "src/test/resources/org/medoid/export/onnx/random_graphs.txt";

  @Test
  void graphsOfKnownSeeds() {
    tried(LongStream.range(0, Integer.getInteger("medoid.graphs", 500)), seed -> {});
  }

  @Test
  void graphsThatFailedOnce() throws IOException {
    if (Files.exists(Path.of(CASES))) {
      tried(Files.readAllLines(Path.of(CASES)).stream().mapToLong(Long::parseLong), seed -> {});
    }
  }

  @Test
  void graphsThatNobodyKnows() {
    long first = new SecureRandom().nextLong();
    System.out.println("random graphs from seed " + first);
    tried(LongStream.range(first, first + DRAWN), RandomGraphsTest::save);
  }

  private static void save(long seed) {
    try {
      Path cases = Path.of(CASES);
      Files.createDirectories(cases.getParent());
      Files.writeString(cases, seed + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new IllegalStateException("seed " + seed + " is not saved: " + e.getMessage(), e);
    }
  }

  private static void tried(LongStream seeds, LongConsumer failed) {
    List<String> wrong = new ArrayList<>();
    seeds.forEach(
        seed -> {
          GraphDef graph = RandomGraph.grown(seed);
          long[] sizes = RandomGraph.sizes(seed);
          try {
            Runs.same(graph, Runs.random(seed, sizes), sizes);
          } catch (AssertionError | RuntimeException e) {
            failed.accept(seed);
            wrong.add("seed " + seed + ": " + e.getMessage() + Runs.text(graph));
          }
        });
    if (!wrong.isEmpty()) {
      throw new AssertionError(wrong.size() + " graphs differ\n" + String.join("\n\n", wrong));
    }
  }
}
