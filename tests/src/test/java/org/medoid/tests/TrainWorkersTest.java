package org.medoid.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.medoid.tests.WorkerProcesses.MEDOID;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.medoid.tests.faults.Commands;

/** {@code medoid train} in several processes: what happens to one happens to all. */
@Timeout(600)
class TrainWorkersTest {
  private static final int STEPS = 120;

  /** {@code -Dmedoid.workerKills=N}: how many workers are killed. */
  private static final int KILLS = Integer.getInteger("medoid.workerKills", 2);

  /**
   * Seconds in which all end if one does; 30 are promised, and other work may be on the machine.
   */
  private static final int PATIENCE = 60;

  @TempDir private Path folder;
  private Path pictures;

  @BeforeEach
  void draw() throws IOException {
    pictures = drawn("pictures", 0);
  }

  private Path drawn(String name, long seed) throws IOException {
    Path drawn = folder.resolve(name);
    for (int c = 0; c < 12; c++) {
      for (int i = 0; i < 6; i++) {
        Random random = new Random(seed + 31L * c + i);
        BufferedImage picture = new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB);
        for (int p = 0; p < 256; p++) {
          int grey = (int) (128 + 80 * Math.sin(0.2 * (c + 1) * p) + 40 * random.nextDouble());
          picture.setRGB(p % 16, p / 16, grey << 16 | (grey / 2) << 8 | 20 * c);
        }
        Path file = drawn.resolve("class" + c).resolve(i + ".png");
        Files.createDirectories(file.getParent());
        ImageIO.write(picture, "png", file.toFile());
      }
    }
    return drawn;
  }

  private Object[] words(Path run, Object... more) {
    List<Object> words = new ArrayList<>(List.of("--eval-every", 30, "--validation-classes", 0.34));
    words.addAll(Arrays.asList(more));
    return Commands.training(run, pictures, 8, STEPS, words.toArray());
  }

  /** Two workers; the second has another folder, as on another machine. */
  private WorkerProcesses started(Path run, boolean resume) throws IOException {
    WorkerProcesses workers = new WorkerProcesses(folder, 2);
    for (Path each : List.of(run, folder.resolve("nowhere"))) {
      workers.start(
          Map.of(),
          MEDOID,
          resume ? new Object[] {"train", "--resume", "--out", each} : words(each));
    }
    return workers;
  }

  private static void awaitStep(WorkerProcesses workers, Path run, int step) throws Exception {
    Path metrics = run.resolve("metrics.csv");
    long until = System.nanoTime() + 200_000_000_000L;
    while (!Files.exists(metrics)
        || Files.readAllLines(metrics).stream().noneMatch(line -> line.startsWith(step + ","))) {
      assertThat(workers.get(0).isAlive()).as(workers.output(0)).isTrue();
      assertThat(System.nanoTime()).as(workers.output(0)).isLessThan(until);
      Thread.sleep(20);
    }
  }

  /** Waits until a run, begun or resumed just now, writes its metrics: all workers are there. */
  private static void awaitTraining(WorkerProcesses workers, Path run) throws Exception {
    Path metrics = run.resolve("metrics.csv");
    FileTime begun = FileTime.from(Instant.now());
    while (workers.get(0).isAlive()
        && (!Files.exists(metrics) || Files.getLastModifiedTime(metrics).compareTo(begun) < 0)) {
      Thread.sleep(20);
    }
  }

  private static byte[] weights(Path run) throws IOException {
    return Files.readAllBytes(
        run.resolve("checkpoints").resolve("step-%08d.data-00000-of-00001".formatted(STEPS)));
  }

  @Test
  @Timeout(7200) // with many kills
  void whatEndsOneEndsAllAndTheResumedRunIsTheUninterruptedOneToTheByte() throws Exception {
    Path whole = folder.resolve("whole");
    assertThat(Shell.medoid(words(whole, "--local-workers", 2)).code()).isZero();

    Path run = folder.resolve("run");
    try (WorkerProcesses workers = started(run, false)) {
      awaitStep(workers, run, 10);
      workers.get(1).destroy(); // SIGTERM
      assertThat(workers.await(0, PATIENCE)).isNotZero();
      assertThat(workers.await(1, PATIENCE)).isNotZero();
      String stopped = workers.line(0).replaceFirst(";.*", "");
      assertThat(stopped).startsWith("medoid: stopped after step ");
      assertThat(workers.line(1)).startsWith(stopped);
    }
    Random moments = new Random(KILLS);
    for (int kills = 0; kills < KILLS; ) {
      try (WorkerProcesses workers = started(run, Files.exists(run))) {
        int killed = (kills + 1) % 2; // the one that leads every second time
        int other = 1 - killed;
        awaitTraining(workers, run);
        Thread.sleep(moments.nextInt(1500));
        workers.get(killed).destroyForcibly(); // kill -9
        if (workers.await(other, PATIENCE) == 0) { // it came too late
          run = checked(run, whole);
        } else {
          assertThat(workers.get(other).exitValue()).isEqualTo(1);
          assertThat(workers.line(other))
              .contains(
                  "worker "
                      + killed
                      + " at "
                      + workers.cluster().workers().get(killed)
                      + " is gone");
          kills++;
        }
      }
    }
    try (WorkerProcesses workers = started(run, Files.exists(run))) {
      assertThat(workers.await(0, 200)).as(workers.output(0)).isZero();
      assertThat(workers.await(1, PATIENCE)).as(workers.output(1)).isZero();
    }
    checked(run, whole);
    assertThat(folder.resolve("nowhere")).doesNotExist(); // the first alone writes
  }

  /** Compares a run that is done; where the next one goes. */
  private static Path checked(Path run, Path whole) throws IOException {
    assertThat(weights(run)).isEqualTo(weights(whole));
    return run.resolveSibling(run.getFileName() + "-next");
  }

  @Test
  void whatCannotBeSharedOrIsNonsenseIsWrongUsage() {
    Shell uneven = Shell.medoid(words(folder.resolve("run"), "--local-workers", 3));
    assertThat(uneven.code()).isEqualTo(2);
    assertThat(uneven.err())
        .startsWith("medoid: --batch 8: cannot be shared evenly among 3 workers");
    assertThat(Shell.medoid(words(folder.resolve("run"), "--local-workers", 0)).code())
        .isEqualTo(2);
    assertThat(Shell.medoid(words(folder.resolve("run"), "--worker-timeout", 4)).err())
        .startsWith("medoid: --worker-timeout 4: must be 5 or more");
    assertThat(folder.resolve("run")).doesNotExist();
  }

  /** The words with another value of an option that they have. */
  private static Object[] with(Object[] words, String option, Object value) {
    Object[] others = words.clone();
    others[Arrays.asList(words).indexOf(option) + 1] = value;
    return others;
  }

  private void assertRefused(WorkerProcesses workers, String... words) throws Exception {
    for (int i = 0; i < 2; i++) {
      assertThat(workers.await(i, 90)).as(workers.output(i)).isEqualTo(1);
      assertThat(workers.line(i)).contains(words).contains("worker 1 at ");
    }
    assertThat(folder.resolve("run")).doesNotExist();
  }

  @Test
  void aWorkerThatWasToldSomethingElseIsRefusedByAll() throws Exception {
    Object[] words = words(folder.resolve("run"));
    try (WorkerProcesses workers = new WorkerProcesses(folder, 2)) {
      workers.start(Map.of(), MEDOID, words);
      workers.start(
          Map.of(), MEDOID, with(words(folder.resolve("run"), "--gamma", 3), "--batch", 12));
      assertRefused(workers, "gamma 3.0", "worker 0 has 2.0", "batch 12, worker 0 has 8");
    }
  }

  @Test
  void aWorkerWithOtherPicturesIsRefusedByAll() throws Exception {
    Object[] words = words(folder.resolve("run"));
    Object[] others = with(words, "--data", "folder:" + drawn("other", 1));
    try (WorkerProcesses workers = new WorkerProcesses(folder, 2)) {
      workers.start(Map.of(), MEDOID, words).start(Map.of(), MEDOID, others);
      assertRefused(workers, "data (hash of the images to train on)", "data (hash of the test");
    }
  }

  @Test
  void aWorkerThatKnowsOfMoreWorkersIsRefusedByAll() throws Exception {
    Object[] words = with(words(folder.resolve("run")), "--batch", 12);
    try (WorkerProcesses workers = new WorkerProcesses(folder, 2)) {
      String three = workers.cluster().seenBy(1).config().replaceFirst("\\]", ",\"127.0.0.1:9\"]");
      workers.start(Map.of(), MEDOID, words);
      workers.start(Map.of("TF_CONFIG", three), MEDOID, words);
      assertRefused(workers, "number of workers 3, worker 0 has 2");
    }
  }

  @Test
  void aLateWorkerIsWaitedForAndThatIsTold() throws Exception {
    Object[] words = with(words(folder.resolve("run")), "--steps", 4);
    try (WorkerProcesses workers = new WorkerProcesses(folder, 2)) {
      workers.start(Map.of(), MEDOID, words);
      while (!workers.output(0).contains("waiting for worker 1 at ")) {
        assertThat(workers.get(0).isAlive()).as(workers.output(0)).isTrue();
        Thread.sleep(50);
      }
      workers.start(Map.of(), MEDOID, words);
      for (int i = 0; i < 2; i++) {
        assertThat(workers.await(i, 120)).as(workers.output(i)).isZero();
      }
    }
  }

  @Test
  void aWorkerThatIsStoppedIsNamedAfterTheTimeOut() throws Exception {
    Path run = folder.resolve("run");
    Object[] words = with(words(run, "--worker-timeout", 30), "--steps", 100_000);
    try (WorkerProcesses workers = new WorkerProcesses(folder, 2)) {
      workers.start(Map.of(), MEDOID, words).start(Map.of(), MEDOID, words);
      awaitStep(workers, run, 10);
      new ProcessBuilder("kill", "-STOP", Long.toString(workers.get(1).pid())).start().waitFor();
      assertThat(workers.await(0, 30 + PATIENCE)).isEqualTo(1);
      assertThat(workers.line(0))
          .contains("worker 1 at " + workers.cluster().workers().get(1) + " does not answer");
    }
  }

  @Test
  void aLeadingWorkerThatDoesNotComeIsToldAndNotWaitedForForEver() throws Exception {
    try (WorkerProcesses workers = new WorkerProcesses(folder, 2)) {
      workers.start(Map.of("TF_CONFIG", ""), MEDOID, "--version");
      workers.start(Map.of(), MEDOID, words(folder.resolve("run"), "--worker-timeout", 5));
      assertThat(workers.await(1, 90)).isEqualTo(1);
      String leader = "worker 0 at " + workers.cluster().workers().get(0);
      assertThat(workers.output(1)).contains("waiting for " + leader);
      assertThat(workers.line(1)).contains(leader + " did not come within 5 s");
    }
  }
}
