package org.medoid.tests.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * kill -9 at seeded moments of {@code medoid train}: a resumed run ends with the bytes of one that
 * was never interrupted. {@code -Dmedoid.kills=N} kills each kind of run N times.
 */
class KillTest {
  private static final int KILLS = Integer.getInteger("medoid.kills", 1);

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"", "--chunk 4 --batch-norm frozen", "--frozen-features"})
  void aKilledRunEndsAsOneThatNeverWas(String kind) throws Exception {
    Path pictures = Material.pictures(folder.resolve("pictures"), 8, 6, 20);
    List<Object> more = new ArrayList<>(List.of("--eval-every", 8, "--seed", 3));
    if (!kind.isEmpty()) {
      more.addAll(Arrays.asList((Object[]) kind.split(" ", -1)));
    }
    Path whole = folder.resolve("whole");
    long before = System.nanoTime();
    Commands.medoid("", folder, training(pictures, more, whole)).well();
    long milliseconds = (System.nanoTime() - before) / 1_000_000;

    Random moments = new Random(kind.hashCode());
    int kills = 0;
    for (int run = 0; kills < KILLS; run++) {
      Path killed = folder.resolve("killed" + run);
      Path output = folder.resolve("output");
      Object[] next = training(pictures, more, killed);
      for (boolean done = false; !done; ) {
        Process process =
            Commands.start("", output, List.of(), "org.medoid.training.cli.Medoid", next);
        // Past the start of the virtual machine, which holds nothing to lose.
        long patience =
            kills < KILLS
                ? milliseconds / 5 + (long) (moments.nextDouble() * milliseconds)
                : 240_000;
        done = process.waitFor(patience, TimeUnit.MILLISECONDS);
        if (!done) {
          process.destroyForcibly().waitFor();
          kills++;
          next =
              Files.exists(killed.resolve("settings.json"))
                  ? new Object[] {"train", "--resume", "--out", killed}
                  : training(pictures, more, killed);
        } else {
          assertThat(process.exitValue()).as(Files.readString(output)).isZero();
        }
      }
      assertThat(checkpoints(killed)).isEqualTo(checkpoints(whole));
      assertThat(Commands.result(killed)).isEqualTo(Commands.result(whole));
      assertThat(steps(killed)).isEqualTo(steps(whole));
    }
  }

  private static Object[] training(Path pictures, List<Object> more, Path out) {
    return Commands.training(out, pictures, 8, 40, more.toArray());
  }

  /** What is in the data files of the checkpoints, by name. */
  private static Map<String, Integer> checkpoints(Path run) throws IOException {
    Map<String, Integer> contents = new TreeMap<>();
    try (Stream<Path> files = Files.list(run.resolve("checkpoints"))) {
      for (Path file : files.filter(f -> f.toString().contains(".data-")).toList()) {
        contents.put(file.getFileName().toString(), Arrays.hashCode(Files.readAllBytes(file)));
      }
    }
    assertThat(contents).isNotEmpty();
    return contents;
  }

  /** The steps that metrics.csv has a row of, in order. */
  private static List<String> steps(Path run) throws IOException {
    return Files.readAllLines(run.resolve("metrics.csv")).stream()
        .map(line -> line.split(",", 2)[0])
        .toList();
  }
}
