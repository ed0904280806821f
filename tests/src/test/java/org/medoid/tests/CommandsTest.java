package org.medoid.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.medoid.training.data.Npy;

/**
 * The README's commands as typed: through the launcher, in another folder, with relative paths, on
 * small stand-ins for their data.
 */
@Timeout(900)
class CommandsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Pattern COMMAND =
      Pattern.compile("^    \\./medoid ([^#\\n]*)", Pattern.MULTILINE);

  private static final String SMALL =
      " --steps 4 --batch 8 --classes-per-batch 2 --image-size 24 --embedding 8 --eval-every 2";

  /** Options that no other test of the command line gives. */
  private static final String MORE =
      " --loss facility_location --mirror --clip-norm 5 --weight-decay 0.0001 --gamma-decay-steps 2"
          + " --learning-rate-decay 0.9 --learning-rate-decay-steps 2 --backbone-rate-multiplier"
          + " 0.5 --proxy-rate-multiplier 2 --optimizer adamw --warm-up 2 --learning-rate-schedule"
          + " step --choose-on test --precision float32";

  /**
   * What a command becomes, by its beginning, and what it prints. The others want data of
   * gigabytes, or are tried by DemoTest and WeightsCommandTest.
   */
  private static final Map<String, List<String>> STAND_INS = new LinkedHashMap<>();

  static {
    STAND_INS.put(
        "train --data folder:photos",
        List.of("train --data folder:photos --model convnet --out run" + SMALL + MORE, "NMI"));
    STAND_INS.put("train --out run --resume", List.of("train --out run --resume", "NMI"));
    STAND_INS.put(
        "init ", List.of("init --model convnet --image-size 24 --to backbone", "backbone"));
    STAND_INS.put(
        "compare ",
        List.of(
            "compare --data folder:photos --model convnet --losses facility_location,n_pairs"
                + " --runs 2 --validation-classes 0.25 --out compared"
                + SMALL,
            "rank(.|\n)*facility_location(.|\n)*compare\\.html"));
    STAND_INS.put("evaluate --run", List.of("evaluate --run run", "NMI(.|\n)*R@1"));
    STAND_INS.put(
        "evaluate --embeddings",
        List.of("evaluate --embeddings e.npy --labels l.npy", "NMI(.|\n)*1\\.0000"));
    STAND_INS.put("export --run", List.of("export --run run --to model", "8 numbers"));
    STAND_INS.put(
        "export --model savedmodel",
        List.of("export --model model --to served --layout triton --name pictures", "8 numbers"));
    STAND_INS.put(
        "embed ", List.of("embed --model model --images photos --out rows.npy", "class_0.*png"));
    STAND_INS.put(
        "loss ",
        List.of("loss --embeddings e.npy --labels l.npy --gamma 1 --repeat 3", "loss +-?\\d"));
    STAND_INS.put("report ", List.of("report --run run", "run.report\\.html"));
    STAND_INS.put("doctor", List.of("doctor", "Training works here"));
  }

  @TempDir private static Path folder;

  @BeforeAll
  static void write() throws IOException {
    assumeThat(Files.exists(Path.of("/bin/sh"))).as("skipped: no /bin/sh").isTrue();
    double[] x = new double[2 * 24];
    long[] y = new long[24];
    for (int i = 0; i < 24; i++) {
      y[i] = i % 4;
      x[2 * i] = 9 * (y[i] % 2) + 0.01 * i;
      x[2 * i + 1] = 9 * (y[i] / 2) + 0.01 * i;
    }
    new Npy(new int[] {24, 2}, x).write(folder.resolve("e.npy"));
    new Npy(new int[] {24}, y).write(folder.resolve("l.npy"));
    for (int c = 0; c < 8; c++) {
      Path place = Files.createDirectories(folder.resolve("photos").resolve("class_" + c));
      for (int i = 0; i < 6; i++) {
        BufferedImage image = new BufferedImage(32, 28, BufferedImage.TYPE_INT_RGB);
        Graphics2D pen = image.createGraphics();
        pen.setColor(new Color(20 + 25 * c, 200 - 20 * i, 30 * (c % 4) + 5 * i));
        pen.fillRect(0, 0, 32, 28);
        pen.setColor(Color.WHITE);
        pen.fillRect(3 * c, 2 * i, 6, 6);
        pen.dispose();
        ImageIO.write(image, "png", place.resolve("picture_" + i + ".png").toFile());
      }
    }
  }

  private static Shell run(String command) throws Exception {
    List<String> words =
        new ArrayList<>(
            List.of("/bin/sh", folder.toRealPath().relativize(ROOT.resolve("medoid")).toString()));
    words.addAll(List.of(command.split(" +", -1)));
    Path out = Files.createTempFile("medoid", "out");
    Path err = Files.createTempFile("medoid", "err");
    try {
      ProcessBuilder builder = new ProcessBuilder(words).directory(folder.toFile());
      builder.redirectOutput(out.toFile()).redirectError(err.toFile());
      Process process = builder.start();
      assertThat(process.waitFor(300, TimeUnit.SECONDS)).as(command).isTrue();
      return new Shell(process.exitValue(), Files.readString(out), Files.readString(err));
    } finally {
      Files.delete(out);
      Files.delete(err);
    }
  }

  @Test
  void printTheirResultsForAPersonAndForAProgram() throws Exception {
    String readme = Files.readString(ROOT.resolve("README.md"));
    Set<String> done = new TreeSet<>();
    for (String typed : COMMAND.matcher(readme).results().map(m -> m.group(1).strip()).toList()) {
      String key = STAND_INS.keySet().stream().filter(typed::startsWith).findFirst().orElse("");
      if (key.isEmpty() || !done.add(key)) {
        continue;
      }
      String command = STAND_INS.get(key).get(0);
      Shell plain = run(command);
      assertThat(plain.code()).as("%s: %s", command, plain.err()).isZero();
      assertThat(plain.out()).as(command).containsPattern(STAND_INS.get(key).get(1));
      assertThat(plain.out() + plain.err()).as(command).doesNotContain("\tat ", "absl::", "%-");
      if (Shell.medoid(command.split(" ", 2)[0], "--help").out().contains("--json")) {
        String again =
            command.startsWith("train --data")
                ? command.replace("--out run", "--out again")
                : command;
        again += again.startsWith("export") ? " --overwrite --json" : " --json";
        Shell shell = run(again + " --quiet");
        assertThat(shell.code()).as("%s: %s", again, shell.err()).isZero();
        JsonNode node = JSON.readTree(shell.out());
        assertThat(node.isObject()).as(shell.out()).isTrue();
        assertThat(shell.out()).as(again).doesNotContain("NaN");
        assertThat(shell.err()).as(again).isEmpty();
      }
    }
    assertThat(done).as("commands of the README").containsAll(STAND_INS.keySet());
  }

  /** Whoever adds an option adds what tries it. */
  @Test
  void eachOptionStandsInATest() throws IOException {
    StringBuilder tests = new StringBuilder();
    for (String place : List.of("tf-ops", "graph", "export", "training", "tests", ".ci")) {
      Path from = ROOT.resolve(place).resolve(place.equals(".ci") ? "" : "src/test");
      try (Stream<Path> files = Files.walk(from)) {
        for (Path file :
            files
                .filter(Files::isRegularFile)
                .filter(each -> each.toString().matches(".*(java|py|\\.ci.run)"))
                .toList()) {
          tests.append(Files.readString(file));
        }
      }
    }
    Pattern option = Pattern.compile("--[a-z][a-z0-9-]+");
    Set<String> untried = new TreeSet<>();
    for (String command : Shell.medoid("--help").out().lines().toList()) {
      if (!command.matches("  [a-z]+ .*")) {
        continue;
      }
      String name = command.strip().split(" ", 2)[0];
      if (name.equals("help")) {
        continue;
      }
      option
          .matcher(Shell.medoid(name, "--help").output())
          .results()
          .map(each -> each.group())
          .filter(each -> !Pattern.compile("[\" ]" + each + "[\" ,=\\n]").matcher(tests).find())
          .forEach(untried::add);
    }
    assertThat(untried).isEmpty();
  }
}
