package org.medoid.training.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.medoid.training.Pictures;
import org.medoid.training.data.Npy;

/** What somebody at a shell does after the first command that worked. */
@Timeout(300)
class ShellUserTest {
  @TempDir private static Path shared;
  private static Path run;
  private static Path model;

  @TempDir private Path folder;

  @BeforeAll
  static void trainAndExport() throws IOException {
    String data = Pictures.write(shared.resolve("pictures"), 4, 4, 18);
    // TensorFlow takes names with brackets for patterns where it restores variables.
    run = shared.resolve("run [1]");
    model = shared.resolve("model [1]");
    train(data, run, 2).ok();
    Typed.medoid("export", "--run", run, "--to", model, "--format", "savedmodel").ok();
  }

  private static Typed train(String data, Path out, int steps, String... more) {
    List<Object> words = new ArrayList<>(List.of("train", "--data", data, "--out", out));
    words.addAll(List.of("--model", "convnet", "--image-size", 16, "--embedding", 4));
    words.addAll(List.of("--batch", 4, "--classes-per-batch", 2, "--steps", steps));
    words.addAll(List.of(more));
    return Typed.medoid(words.toArray());
  }

  /** The first training picture and the last test picture are cut short. */
  private List<Path> broken() throws IOException {
    Pictures.write(folder.resolve("broken"), 4, 4, 18);
    List<Path> files = new ArrayList<>();
    try (Stream<Path> all = Files.walk(folder.resolve("broken"))) {
      all.filter(Files::isRegularFile).sorted().forEach(files::add);
    }
    List<Path> broken = List.of(files.get(0), files.get(files.size() - 1));
    for (Path each : broken) {
      Files.write(each, Arrays.copyOf(Files.readAllBytes(each), 50));
    }
    return broken;
  }

  private static void namesAll(Typed typed, List<Path> broken) {
    assertThat(typed.code()).isEqualTo(1);
    assertThat(typed.out()).isEmpty();
    assertThat(typed.err().lines().reduce((first, last) -> last).orElse(""))
        .startsWith("medoid: " + broken.get(0) + ": ")
        .contains("(--skip-broken)");
    assertThat(typed.err()).contains(broken.get(broken.size() - 1).toString());
  }

  @Test
  void brokenPicturesAreAllNamedBeforeTheWorkOrLeftOut() throws IOException {
    List<Path> broken = broken();
    Path pictures = folder.resolve("broken");
    String data = "folder:" + pictures;
    Path out = folder.resolve("run");
    namesAll(train(data, out, 1), broken);
    assertThat(out).doesNotExist();
    Path rows = folder.resolve("e.npy");
    Object[] embed = {"embed", "--model", model, "--images", pictures, "--out", rows};
    namesAll(Typed.medoid(embed), broken);
    namesAll(Typed.medoid("evaluate", "--model", model, "--data", data), broken.subList(1, 2));
    Object[] export = {"export", "--model", model, "--images", pictures, "--to", out};
    namesAll(Typed.medoid(export), broken);
    assertThat(out).doesNotExist();

    List<Object> skipping = new ArrayList<>(Arrays.asList(embed));
    skipping.add("--skip-broken");
    Typed skipped = Typed.medoid(skipping.toArray()).ok();
    assertThat(skipped.lines()).hasSize(14);
    assertThat(Npy.read(rows).shape()).containsExactly(14, 4);
    assertThat(skipped.err()).contains("left out 2 of 16 images that cannot be read");
    Typed.medoid("evaluate", "--model", model, "--data", data, "--skip-broken", "--json").ok();
  }

  @Test
  void aFinishedRunSaysSoAndIsTrainedFurtherByMoreSteps() throws IOException {
    Path own = folder.resolve("run");
    Path pictures = folder.resolve("pictures");
    train(Pictures.write(pictures, 4, 4, 18), own, 2).ok();
    Typed again = Typed.medoid("train", "--resume", "--out", own, "--threads", 1).ok();
    assertThat(again.err()).contains("was finished before, after step 2 of 2", "--steps");
    assertThat(again.out()).contains("step 2");
    Typed fewer = Typed.medoid("train", "--resume", "--out", own, "--steps", 1);
    assertThat(fewer.code()).isEqualTo(2);
    assertThat(fewer.err()).contains("--steps 1: ", "has taken 2");
    Typed more = Typed.medoid("train", "--resume", "--out", own, "--steps", 3).ok();
    assertThat(more.out()).contains("step 3");
    assertThat(more.err()).doesNotContain("finished before");
    assertThat(Typed.medoid("train", "--resume", "--out", own, "--steps", 3).ok().err())
        .contains("after step 3 of 3");
    Pictures.write(pictures, 5, 4, 18);
    Typed other = Typed.medoid("train", "--resume", "--out", own, "--steps", 5);
    assertThat(other.code()).isEqualTo(1);
    assertThat(other.err()).contains("the pictures it began with only");
    assertThat(own.resolve("settings.json")).content().contains("\"steps\" : 3");
    assertThat(own.resolve("result.json")).exists();
    assertThat(Typed.medoid("evaluate", "--run", own).ok().err())
        .contains("its pictures have changed since it began");
    Typed file = Typed.medoid("train", "--resume", "--out", own.resolve("settings.json"));
    assertThat(file.err()).contains("settings.json: is a file, not a folder");
  }

  @Test
  void optionsThatChangeNothingAreTold() throws IOException {
    String data = "folder:" + shared.resolve("pictures");
    Typed told =
        train(
            data,
            folder.resolve("a"),
            0,
            "--frozen-features",
            "--mirror",
            "--warm-up",
            "3",
            "--loss",
            "n_pairs",
            "--gamma",
            "2",
            "--gamma-decay-steps",
            "5",
            "--proxy-rate-multiplier",
            "3",
            "--batch-norm",
            "train",
            "--distance",
            "cosine",
            "--learning-rate-schedule",
            "step",
            "--choose-on",
            "test",
            "--validation-classes",
            "0.3");
    assertThat(told.ok().err())
        .contains("without effect: --mirror; --frozen-features")
        .contains("without effect: --warm-up, --batch-norm; the backbone")
        .contains(
            "without effect: --gamma, --gamma-decay-steps, --distance; they are for facility_location")
        .contains("without effect: --learning-rate-schedule; --learning-rate-decay is 1")
        .contains("without effect: --validation-classes; --choose-on test")
        .contains("without effect: --proxy-rate-multiplier; it is for losses with proxies");
    assertThat(train(data, folder.resolve("b"), 0, "--mirror", "--gamma", "2").ok().err())
        .doesNotContain("without effect");
    Path e = points(0, 0, 1, 1);
    Object[] words = {"evaluate", "--embeddings", e, "--labels", folder.resolve("l.npy")};
    List<Object> none = new ArrayList<>(Arrays.asList(words));
    none.addAll(List.of("--kmeans", "none", "--restarts", 3));
    assertThat(Typed.medoid(none.toArray()).ok().err())
        .contains("without effect: --restarts; --kmeans none");
  }

  @Test
  void scoresThatSayNothingAreTold() throws IOException {
    assertThat(scores(0, 0, 1, 1).err()).isEmpty();
    assertThat(scores(3, 3, 3, 3).err()).contains("l.npy: all are of one class: every score is 1");
    assertThat(scores(0, 1, 2, 3).err()).contains("l.npy: no two are of one class: NMI");
  }

  private Typed scores(long... labels) throws IOException {
    return Typed.medoid(
            "evaluate",
            "--json",
            "--embeddings",
            points(labels),
            "--labels",
            folder.resolve("l.npy"))
        .ok();
  }

  private Path points(long... labels) throws IOException {
    Path e = folder.resolve("e.npy");
    new Npy(new int[] {4, 1}, new float[] {0, 1, 5, 7}).write(e);
    new Npy(new int[] {4}, labels).write(folder.resolve("l.npy"));
    return e;
  }

  @Test
  void namesWithBracketsAreNoPatterns() {
    Path backbone = folder.resolve("back[bone]");
    Typed.medoid("init", "--model", "convnet", "--image-size", 16, "--to", backbone).ok();
    String data = "folder:" + shared.resolve("pictures");
    Typed.medoid(
            "train",
            "--data",
            data,
            "--model",
            "savedmodel:" + backbone,
            "--batch",
            4,
            "--steps",
            0,
            "--out",
            folder.resolve("r[1]"))
        .ok();
  }

  @Test
  void aRowHasOneLineWhateverItsPictureIsCalled() throws IOException {
    Path pictures = Path.of(Pictures.write(folder.resolve("odd"), 1, 3, 18).substring(7));
    List<Path> files;
    try (Stream<Path> all = Files.walk(pictures)) {
      files = all.filter(Files::isRegularFile).sorted().toList();
    }
    Path named = files.get(0).getParent();
    Files.move(files.get(0), named.resolve("a\nb\r.png"));
    Files.move(files.get(1), named.resolve("c\u2028, \"d\".png"));
    Path rows = folder.resolve("e.npy");
    Typed typed = Typed.medoid("embed", "--run", run, "--images", named, "--out", rows).ok();
    assertThat(Npy.read(rows).shape()[0]).isEqualTo(3);
    assertThat(typed.lines()).containsExactly("2.png", "a\\nb\\r.png", "c\\u2028, \"d\".png");
    assertThat(typed.err()).contains("2 of the names have line breaks in them");
  }

  @Test
  void aModelThatIsNotThereIsToldBeforeThePicturesAreLookedAt() throws IOException {
    broken();
    for (String model : List.of("--run", "--model")) {
      Typed typed =
          Typed.medoid(
              "embed",
              model,
              folder.resolve("none"),
              "--images",
              folder.resolve("broken"),
              "--out",
              folder.resolve("e.npy"));
      assertThat(typed.err()).hasLineCount(1).contains("none", "no such file");
    }
  }
}
