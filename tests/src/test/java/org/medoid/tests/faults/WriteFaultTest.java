package org.medoid.tests.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Writes that fail: every file of a command may grow to so many kilobytes and no further (bash's
 * ulimit -f, the same for Java's and TensorFlow's own writes). Whatever the limit, the command says
 * so in one line, what was there before is untouched, and the same command succeeds afterwards.
 * {@code -Dmedoid.limits=1,2,...} tries others.
 */
class WriteFaultTest {
  @TempDir private static Path folder;
  private static Path pictures;
  private static Path run;

  private static int[] limits(int... usual) {
    String told = System.getProperty("medoid.limits", "");
    return told.isEmpty()
        ? usual
        : Arrays.stream(told.split(",", -1)).mapToInt(Integer::parseInt).toArray();
  }

  @BeforeAll
  static void train() throws Exception {
    pictures = Material.pictures(folder.resolve("pictures"), 6, 4, 20);
    run = folder.resolve("run");
    Commands.medoid("", folder, training(run)).well();
  }

  private static Object[] training(Path out) {
    return Commands.training(out, pictures, 6, 4, "--eval-every", 2);
  }

  @Test
  void trainingKeepsItsLastGoodState() throws Exception {
    for (int limit : limits(40)) {
      Path out = folder.resolve("train" + limit);
      Commands.Done done = Commands.medoid("ulimit -f " + limit + ";", folder, training(out));
      if (done.code() != 0) {
        done.line();
        Object[] again =
            Files.exists(out.resolve("settings.json"))
                ? new Object[] {"train", "--resume", "--out", out}
                : training(out);
        Commands.medoid("", folder, again).well();
      }
      assertThat(Commands.result(out)).isEqualTo(Commands.result(run));
    }
  }

  @Test
  void exportLeavesTheModelThatWasThere() throws Exception {
    Path model = folder.resolve("model");
    Object[] words = {"export", "--run", run, "--to", model, "--overwrite"};
    Commands.medoid("", folder, words).well();
    unchanged(model, words, limits(60));
  }

  @Test
  void initLeavesTheModelThatWasThere() throws Exception {
    Path model = folder.resolve("backbone");
    Object[] words = {"init", "--model", "convnet", "--to", model};
    Commands.medoid("ulimit -f 8;", folder, words).line();
    assertThat(model).doesNotExist();
    Commands.medoid("", folder, words).well();
  }

  @Test
  void embedLeavesTheFileThatWasThere() throws Exception {
    Path model = folder.resolve("embedder");
    Commands.medoid("", folder, "export", "--run", run, "--to", model).well();
    Path out = Files.createDirectories(folder.resolve("embedded"));
    Object[] words = {
      "embed", "--model", model, "--images", pictures, "--out", out.resolve("e.npy")
    };
    Commands.medoid("", folder, words).well();
    unchanged(out, words, limits(1));
  }

  @Test
  void reportLeavesThePageThatWasThere() throws Exception {
    Object[] words = {"report", "--run", run};
    Commands.medoid("", folder, words).well();
    unchanged(run, words, limits(16));
  }

  /** Under each limit the command fails in one line, and what is in the folder stays. */
  private static void unchanged(Path what, Object[] words, int[] limits) throws Exception {
    Map<String, Integer> before = contents(what);
    int failed = 0;
    for (int limit : limits) {
      Commands.Done done = Commands.medoid("ulimit -f " + limit + ";", folder, words);
      if (done.code() == 0) {
        before = contents(what); // a limit that the command never meets
        continue;
      }
      assertThat(done.code()).as(done.output()).isEqualTo(1);
      done.line();
      failed++;
      assertThat(contents(what)).as("%d KiB", limit).isEqualTo(before);
    }
    assertThat(failed).as("limits that the command meets").isPositive();
    Commands.medoid("", folder, words).well();
  }

  private static Map<String, Integer> contents(Path what) throws IOException {
    Map<String, Integer> contents = new TreeMap<>();
    List<Path> all = new ArrayList<>();
    try (Stream<Path> files = Files.walk(what)) {
      files.filter(Files::isRegularFile).forEach(all::add);
    }
    for (Path file : all) {
      contents.put(what.relativize(file).toString(), Arrays.hashCode(Files.readAllBytes(file)));
    }
    assertThat(contents).isNotEmpty();
    return contents;
  }
}
