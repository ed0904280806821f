package org.medoid.tests.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damaged files of every kind: each command ends in success or one clear line, never in a crash, a
 * hang, a stack trace or more memory than 400 MB of heap, which is plenty for files of a few
 * kilobytes. {@code -Dmedoid.mutations=N} tries N.
 */
class MutationTest {
  private static final int CASES = Integer.getInteger("medoid.mutations", 40);

  /** Of the processor, in a case that does not end; on a loaded machine a minute may pass idly. */
  private static final Duration WORK = Duration.ofSeconds(60);

  /** By the clock, in a case that waits for ever. */
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  @TempDir private Path folder;
  private int read;
  private int refused;

  @Test
  void aDamagedFileEndsInSuccessOrOneClearLine() throws Exception {
    Path material = folder.resolve("material");
    Path pictures = Material.pictures(material.resolve("pictures"), 4, 4, 20);
    Material.embeddings(material.resolve("npy"), 24, 6);
    Material.cars(material.resolve("cars"));
    Commands.medoid("", folder, Commands.training(material.resolve("run"), pictures, 4, 2)).well();
    Commands.medoid(
            "",
            folder,
            "export",
            "--run",
            material.resolve("run"),
            "--to",
            material.resolve("model"))
        .well();

    List<String> wrong = new ArrayList<>();
    for (int next = 0; next < CASES; ) {
      next = watch(material, next, wrong);
    }
    System.out.printf("%d damaged files: %d read, %d refused%n", CASES, read, refused);
    assertThat(wrong).as("of %d damaged files", CASES).isEmpty();
    // Else nothing was damaged, or nothing reached a reader.
    assertThat(read).isGreaterThan(CASES / 20);
    assertThat(refused).isGreaterThan(CASES / 5);
  }

  /** Runs cases until all are done or one ends the worker; the number of the next one. */
  private int watch(Path material, int from, List<String> wrong) throws Exception {
    Path output = Files.createTempFile(folder, "cases", ".txt");
    Process worker =
        Commands.start(
            "",
            output,
            List.of("-Xmx400m"),
            MutationWorker.class.getName(),
            material,
            Files.createDirectories(folder.resolve("scratch")),
            from,
            CASES);
    long ended = 0;
    Instant since = Instant.now();
    Duration worked = Duration.ZERO;
    while (!worker.waitFor(200, TimeUnit.MILLISECONDS)) {
      long now = Files.readString(output).lines().filter(l -> l.startsWith("END ")).count();
      Duration work = worker.info().totalCpuDuration().orElse(Duration.ZERO);
      if (now > ended) {
        ended = now;
        since = Instant.now();
        worked = work;
      } else if (work.minus(worked).compareTo(WORK) > 0
          || Duration.between(since, Instant.now()).compareTo(PATIENCE) > 0) {
        worker.destroyForcibly().waitFor();
      }
    }
    String begun = null;
    for (String line : Files.readAllLines(output)) {
      if (line.startsWith("BEGIN ")) {
        begun = line.substring(6);
      } else if (line.startsWith("END ")) {
        String[] words = line.split(" ", 4);
        switch (words[3]) {
          case "read" -> read++;
          case "refused" -> refused++;
          default -> wrong.add(begun + ": " + words[3]);
        }
        begun = null;
      } else if (line.equals("DONE")) {
        return CASES;
      }
    }
    assertThat(begun).as("the worker begins: %s", Files.readString(output)).isNotNull();
    wrong.add(begun + ": crash or hang, exit code " + worker.exitValue());
    return Integer.parseInt(begun.split(" ", 2)[0]) + 1;
  }
}
