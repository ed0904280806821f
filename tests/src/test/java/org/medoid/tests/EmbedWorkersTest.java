package org.medoid.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.medoid.tests.WorkerProcesses.MEDOID;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.medoid.tests.faults.Commands;
import org.medoid.training.data.Npy;

/** {@code medoid embed} in several processes. */
@Timeout(600)
class EmbedWorkersTest {

  /** More than two workers embed before they tell each other, twice and a bit. */
  private static final int PICTURES = 4_500;

  @TempDir private static Path given;
  private static Path pictures;
  private static Path run;

  @TempDir private Path folder;

  @BeforeAll
  static void draw() throws IOException {
    List<byte[]> drawn = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      Random random = new Random(i);
      BufferedImage picture = new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB);
      for (int p = 0; p < 256; p++) {
        picture.setRGB(p % 16, p / 16, random.nextInt());
      }
      ByteArrayOutputStream png = new ByteArrayOutputStream();
      ImageIO.write(picture, "png", png);
      drawn.add(png.toByteArray());
    }
    pictures = given.resolve("pictures");
    for (int i = 0; i < PICTURES; i++) {
      Path file = pictures.resolve("class%d/%04d.png".formatted(i % 10, i));
      Files.createDirectories(file.getParent());
      Files.write(file, drawn.get(i % drawn.size()));
    }
    run = given.resolve("run");
    Shell.medoid(Commands.training(run, pictures, 8, 0)).output();
  }

  private Object[] words(Path out, Object... more) {
    List<Object> words = new ArrayList<>(List.of("embed", "--run", run, "--images", pictures));
    words.addAll(List.of("--out", out));
    words.addAll(List.of(more));
    return words.toArray();
  }

  private static float[] rows(Path file) throws IOException {
    return (float[]) Npy.read(file).data();
  }

  @Test
  void twoEmbedWhatOneDoesAndGoOnWhereADeadOneLeftThem() throws Exception {
    Path alone = folder.resolve("alone.npy");
    String names = Shell.medoid(words(alone)).output();
    assertThat(names.lines()).hasSize(PICTURES);

    Path shared = folder.resolve("shared.npy");
    int killed = 0;
    while (killed == 0) {
      try (WorkerProcesses workers = new WorkerProcesses(folder, 2)) {
        workers.start(Map.of(), MEDOID, words(shared)).start(Map.of(), MEDOID, words(shared));
        while (workers.get(0).isAlive() && parts() == 0) {
          Thread.sleep(5);
        }
        workers.get(1).destroyForcibly();
        killed = workers.await(0, 60);
        assertThat(killed == 0 || workers.line(0).contains("worker 1 at "))
            .as(workers.output(0))
            .isTrue();
      }
    }
    assertThat(shared).doesNotExist();
    assertThat(parts()).isPositive();

    try (WorkerProcesses workers = new WorkerProcesses(folder, 1)) {
      workers.start(Map.of("TF_CONFIG", ""), MEDOID, words(shared, "--local-workers", 2));
      assertThat(workers.await(0, 200)).as(workers.output(0)).isZero();
      assertThat(workers.output(0)).contains("going on after 2048 of 4500", names);
      assertThat(workers.output(0).lines().filter(line -> line.endsWith(".png"))).hasSize(PICTURES);
    }
    assertThat(rows(shared)).hasSameSizeAs(rows(alone)).satisfies(all -> isNear(all, rows(alone)));
    assertThat(parts()).isZero();
  }

  /** On a full disk a file cannot grow either. */
  @Test
  void goesOnWhereTheDiskWasFull() throws Exception {
    Path out = folder.resolve("out.npy");
    Commands.Done full = Commands.medoid("trap '' XFSZ; ulimit -f 64;", folder, words(out));
    assertThat(full.code()).as(full.output()).isEqualTo(1);
    assertThat(full.line()).contains(out.toString());
    assertThat(full.output())
        .containsPattern("\\d+ of 4500 pictures stay aside; the same command goes on after them");
    assertThat(out).doesNotExist();
    String after = Commands.medoid("", folder, words(out)).well();
    assertThat(after).containsPattern("going on after \\d+ of 4500 pictures");
    Path alone = folder.resolve("alone.npy");
    Shell.medoid(words(alone)).output();
    assertThat(rows(out)).hasSameSizeAs(rows(alone)).satisfies(all -> isNear(all, rows(alone)));
  }

  /** Other pictures are beside one another in a batch, which moves the last bits. */
  private static void isNear(float[] all, float[] expected) {
    for (int i = 0; i < all.length; i++) {
      assertThat(all[i]).isCloseTo(expected[i], within(2e-6f));
    }
  }

  private long parts() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.toString().endsWith(".part"))
          .mapToLong(EmbedWorkersTest::size)
          .sum();
    }
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      return 0;
    }
  }

  @Test
  void otherPicturesAreRefusedByAll() throws Exception {
    Path few = folder.resolve("few");
    Files.createDirectories(few);
    Files.copy(pictures.resolve("class0/0000.png"), few.resolve("0000.png"));
    Path out = folder.resolve("out.npy");
    try (WorkerProcesses workers = new WorkerProcesses(folder, 2)) {
      workers
          .start(Map.of(), MEDOID, words(out))
          .start(Map.of(), MEDOID, "embed", "--run", run, "--images", few, "--out", out);
      for (int i = 0; i < 2; i++) {
        assertThat(workers.await(i, 90)).as(workers.output(i)).isEqualTo(1);
        assertThat(workers.line(i)).contains("images (hash of the pictures)", "worker 1 at ");
      }
    }
    assertThat(out).doesNotExist();
  }
}
