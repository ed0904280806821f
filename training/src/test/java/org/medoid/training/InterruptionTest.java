package org.medoid.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.medoid.training.data.Npy;
import org.medoid.training.settings.TrainingSettings;

/** What Ctrl-C does to the commands. */
@Timeout(240)
class InterruptionTest {
  @TempDir private Path folder;

  private static TrainingSettings settings(String data) throws IOException {
    return TrainingSettings.of(
        data,
        "convnet",
        draft -> {
          draft.imageSize = 16;
          draft.resize = 18;
          draft.batch = 12;
          draft.classesPerBatch = 3;
          draft.embedding = 4;
          draft.steps = 100_000L;
          draft.evalEvery = 50_000L;
        });
  }

  /**
   * What a shell starts in the background ignores Ctrl-C, and so does all that it starts itself.
   */
  @BeforeAll
  static void assumeCtrlC() throws IOException {
    Launched.assumeBash();
    Path status = Path.of("/proc/self/status");
    if (Files.exists(status)) {
      String ignored =
          Files.readAllLines(status).stream()
              .filter(line -> line.startsWith("SigIgn:"))
              .findFirst()
              .orElseThrow();
      long mask = Long.parseUnsignedLong(ignored.substring(7).strip(), 16);
      assumeThat(mask & 2).as("skipped: started where Ctrl-C is ignored").isZero();
    }
  }

  /** Sends what Ctrl-C sends, and waits for the end. */
  private static void interrupt(Process process) throws Exception {
    new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(130);
  }

  @Test
  void trainingWritesACheckpointAndSaysHowToGoOn() throws Exception {
    Path run = folder.resolve("run");
    RunFolder.create(run, settings(Pictures.write(folder.resolve("data"), 8, 6, 18)));
    Path output = folder.resolve("output");
    Process process = Launched.start("", output, "train", "--resume", "--out", run.toString());
    while (process.isAlive()
        && !(Files.exists(run.resolve("metrics.csv"))
            && Files.readAllLines(run.resolve("metrics.csv")).size() > 3)) {
      Thread.sleep(20);
    }
    interrupt(process);
    long steps = Checkpoints.of(RunFolder.open(run)).latestStep();
    assertThat(Files.readString(output))
        .contains(
            "stopped after step "
                + steps
                + " of 100000; go on with: medoid train --resume --out "
                + run);
    assertThat(Files.readAllLines(run.resolve("metrics.csv"))).hasSize((int) steps + 1);
  }

  @Test
  void evaluationEndsAtOnceAndSaysSo() throws Exception {
    int n = 60_000;
    Random random = new Random(1);
    float[] x = new float[n * 32];
    long[] y = new long[n];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) random.nextGaussian();
      y[i / 32] = i / 32 % 6_000;
    }
    Path embeddings = folder.resolve("x.npy");
    Path labels = folder.resolve("y.npy");
    new Npy(new int[] {n, 32}, x).write(embeddings);
    new Npy(new int[] {n}, y).write(labels);
    Path output = folder.resolve("output");
    Process process =
        Launched.start(
            "",
            output,
            "evaluate",
            "--embeddings",
            embeddings.toString(),
            "--labels",
            labels.toString());
    while (process.isAlive() && !Files.readString(output).contains(" of " + n)) {
      Thread.sleep(20); // until it tells how far it is
    }
    interrupt(process);
    assertThat(Files.readString(output).strip().lines()).last().isEqualTo("medoid: interrupted");
    assertThat(Files.readString(output)).doesNotContain("NMI", "\tat ");
  }

  /**
   * Java's own end takes from TensorFlow's threads what they compute with: half of them crashed.
   */
  @Test
  void whatComputesEndsWithoutACrash() throws Exception {
    String data = Pictures.write(folder.resolve("data"), 8, 40, 18);
    Path run = folder.resolve("run");
    TrainingSettings large =
        settings(data)
            .with(
                draft -> {
                  draft.imageSize = 160;
                  draft.resize = 160;
                  draft.steps = 0L;
                });
    new Trainer(large, large.openData()).run(run);
    for (int i = 0; i < 3; i++) {
      Path output = folder.resolve("output" + i);
      Path rows = folder.resolve("rows" + i);
      Process process =
          Launched.start(
              "cd " + folder + ";",
              output,
              "embed",
              "--run",
              run.toString(),
              "--images",
              folder.resolve("data").toString(),
              "--out",
              rows.toString());
      while (process.isAlive() && !isWritten(rows)) {
        Thread.sleep(10);
      }
      interrupt(process);
      assertThat(Files.readString(output).strip().lines()).last().isEqualTo("medoid: interrupted");
    }
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left.filter(file -> file.getFileName().toString().startsWith("hs_err"))).isEmpty();
    }
  }

  /** Whether rows of the first pictures are kept beside where all will be. */
  private static boolean isWritten(Path rows) throws IOException {
    try (Stream<Path> beside = Files.list(rows.getParent())) {
      return beside.anyMatch(
          file ->
              file.getFileName().toString().contains(rows.getFileName().toString())
                  && file.toFile().length() > 0);
    }
  }
}
