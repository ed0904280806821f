package org.medoid.training.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.medoid.training.Pictures;
import org.medoid.training.SmallSavedModel;
import org.medoid.training.data.Npy;

/** {@code export}, {@code embed} and {@code init}, as typed. */
@Timeout(300)
class ModelCommandsTest {
  @TempDir private static Path shared;
  private static Path run;

  @TempDir private Path folder;

  @BeforeAll
  static void train() throws IOException {
    String data = Pictures.write(shared.resolve("pictures"), 4, 4, 18);
    run = shared.resolve("run");
    Typed.medoid(
            "train",
            "--data",
            data,
            "--model",
            "convnet",
            "--out",
            run,
            "--steps",
            1,
            "--batch",
            8,
            "--classes-per-batch",
            2,
            "--image-size",
            16,
            "--embedding",
            4,
            "--distance",
            "cosine")
        .ok();
  }

  private static JsonNode description(Path export) throws IOException {
    return new ObjectMapper().readTree(export.resolve("export.json").toFile());
  }

  private static boolean isEmpty(Path folder) throws IOException {
    try (Stream<Path> content = Files.list(folder)) {
      return content.findAny().isEmpty();
    }
  }

  @Test
  void theDescriptionSaysTheDistanceOfTheRun() throws IOException {
    Typed.medoid("export", "--run", run, "--to", folder.resolve("a")).ok();
    assertThat(description(folder.resolve("a")).get("distance").asText()).isEqualTo("cosine");
    // And what is exported from an export.
    Typed.medoid("export", "--model", folder.resolve("a"), "--to", folder.resolve("b")).ok();
    assertThat(description(folder.resolve("b")).get("distance").asText()).isEqualTo("cosine");
  }

  @Test
  void theToleranceHoldsForARunToo() {
    Path to = folder.resolve("model");
    Typed strict = Typed.medoid("export", "--run", run, "--to", to, "--tolerance", "1e-30");
    assertThat(strict.code()).isEqualTo(1);
    assertThat(strict.err()).contains(to + " is not exported", "differ by", "more than");
    assertThat(to).doesNotExist();
    Typed.medoid("export", "--run", run, "--to", to, "--tolerance", "1e-3").ok();
    Typed wrong = Typed.medoid("export", "--run", run, "--to", to, "--tolerance", "-1");
    assertThat(wrong.code()).isEqualTo(2);
    assertThat(wrong.err()).contains("--tolerance -1.0: must be above 0");
  }

  @Test
  void inceptionTrainsAndIsExportedAsItPools() throws IOException {
    Path pooled = folder.resolve("pooled");
    Typed.medoid(
            "train",
            "--data",
            "folder:" + shared.resolve("pictures"),
            "--model",
            "inception_v2",
            "--pool",
            "average_max",
            "--image-size",
            96,
            "--batch",
            4,
            "--classes-per-batch",
            2,
            "--embedding",
            4,
            "--steps",
            0,
            "--batch-norm",
            "frozen",
            "--out",
            pooled)
        .ok();
    Path model = folder.resolve("model");
    Typed.medoid("export", "--run", pooled, "--to", model).ok();
    Path backbone = folder.resolve("backbone");
    Typed.medoid("init", "--run", pooled, "--to", backbone).ok();
    String graph =
        Files.readString(backbone.resolve("saved_model.pb"), StandardCharsets.ISO_8859_1);
    assertThat(graph).contains("InceptionV2/Max").contains("InceptionV2/Mean");
    assertThat(Files.readString(model.resolve("model.onnx"), StandardCharsets.ISO_8859_1))
        .contains("ReduceMax");
  }

  @Test
  void initLeavesNothingWhereItFailsAndTheSameCommandThenSucceeds() throws IOException {
    Path to = folder.resolve("deep").resolve("backbone");
    Path damaged = Files.writeString(folder.resolve("weights"), "no checkpoint");
    Object[] command = {
      "init", "--model", "convnet", "--image-size", 16, "--weights", damaged, "--to", to
    };
    Typed failed = Typed.medoid(command);
    assertThat(failed.code()).isEqualTo(1);
    assertThat(failed.err()).contains(damaged.toString());
    assertThat(folder.resolve("deep")).doesNotExist();
    Path empty = Files.createDirectory(folder.resolve("empty"));
    command[8] = empty;
    assertThat(Typed.medoid(command).code()).isEqualTo(1);
    assertThat(isEmpty(empty)).isTrue();
    Typed.medoid("init", "--run", run, "--to", empty).ok();
    assertThat(empty.resolve("saved_model.pb")).exists();
    assertThat(empty.resolve("variables").resolve("variables.index")).exists();
    Typed again = Typed.medoid("init", "--run", run, "--to", empty);
    assertThat(again.code()).isEqualTo(1);
    assertThat(again.err()).contains(empty + " is not empty");
  }

  @Test
  void aNetworkThatIsNotSquareIsExportedAndEmbedsOnePictureOrAFolder() throws IOException {
    Path model = SmallSavedModel.write(folder.resolve("m"), 12, 8);
    Path out = folder.resolve("ünder").resolve("e.npy");
    Files.createDirectories(out.getParent());
    Path pictures = shared.resolve("pictures");
    Path one = pictures.resolve("classb").resolve("1.png");
    Typed first =
        Typed.medoid("embed", "--model", model, "--images", relative(one), "--out", relative(out));
    assertThat(first.ok().lines()).containsExactly("1.png");
    assertThat(Npy.read(out).shape()).containsExactly(1, 6);
    Typed.medoid("export", "--model", model, "--to", folder.resolve("x")).ok();
    Typed all =
        Typed.medoid("embed", "--model", folder.resolve("x"), "--images", pictures, "--out", out);
    assertThat(all.ok().lines()).hasSize(16).contains("classb/1.png");
    Npy rows = Npy.read(out);
    assertThat(rows.shape()).containsExactly(16, 6);
    Typed served =
        Typed.medoid(
            "export", "--model", model, "--to", folder.resolve("x"), "--overwrite", "--json");
    assertThat(served.ok().json().get("image_height").asInt()).isEqualTo(12);
    assertThat(served.json().get("image_width").asInt()).isEqualTo(8);
    Typed refused = Typed.medoid("export", "--model", model, "--to", folder.resolve("x"));
    assertThat(refused.code()).isEqualTo(1);
    assertThat(refused.err()).contains("x is not empty: replace it with --overwrite");
    Typed other = Typed.medoid("export", "--model", model, "--to", pictures);
    assertThat(other.code()).isEqualTo(1);
    assertThat(other.err()).contains("pictures is not empty and holds no earlier export");
  }

  @Test
  void picturesThatDependOnEachOtherAreTold() throws IOException {
    Path coupled = SmallSavedModel.writeCoupled(folder.resolve("coupled"));
    Path apart = SmallSavedModel.write(folder.resolve("apart"), 8, 8);
    Path out = folder.resolve("e.npy");
    String told = "lets the pictures of a batch depend on each other";
    for (Path model : List.of(coupled, apart)) {
      Typed typed =
          Typed.medoid(
              "embed", "--model", model, "--images", shared.resolve("pictures"), "--out", out);
      assertThat(typed.ok().err().lines().filter(line -> line.contains(told)).count())
          .isEqualTo(model.equals(coupled) ? 1 : 0);
    }
    Typed exported = Typed.medoid("export", "--model", coupled, "--to", folder.resolve("x"));
    assertThat(exported.code()).isEqualTo(1);
    assertThat(exported.err()).contains("depends on the others in its batch");
  }

  @Test
  void whatAModelLeavesOpenIsSaidOnTheCommandLine() throws IOException {
    Path model = SmallSavedModel.write(folder.resolve("m"), -1, -1);
    Path pictures = shared.resolve("pictures");
    Path out = folder.resolve("e.npy");
    Typed open = Typed.medoid("embed", "--model", model, "--images", pictures, "--out", out);
    assertThat(open.code()).isEqualTo(1);
    assertThat(open.err()).contains("leaves the size of the images open", "--image-size");
    assertThat(out).doesNotExist();
    Typed.medoid(
            "embed", "--model", model, "--images", pictures, "--out", out, "--image-size", "16x12")
        .ok();
    float[] plain = (float[]) Npy.read(out).data();
    Typed.medoid(
            "embed",
            "--model",
            model,
            "--images",
            pictures,
            "--out",
            out,
            "--image-size",
            "16x12",
            "--range",
            "0,255",
            "--signature",
            "features",
            "--output",
            "features")
        .ok();
    float[] wide = (float[]) Npy.read(out).data();
    for (int i = 0; i < plain.length; i++) {
      assertThat(wide[i]).isCloseTo(255 * plain[i], within(1e-3f));
    }
    Typed.medoid(
            "export",
            "--model",
            model,
            "--to",
            folder.resolve("x"),
            "--image-size",
            "16x12",
            "--range",
            "caffe")
        .ok();
    assertThat(description(folder.resolve("x")).get("image_width").asInt()).isEqualTo(12);
    Typed.medoid("embed", "--model", folder.resolve("x"), "--images", pictures, "--out", out).ok();
    float[] meanOff = (float[]) Npy.read(out).data();
    Typed.medoid(
            "embed",
            "--model",
            model,
            "--images",
            pictures,
            "--out",
            out,
            "--image-size",
            "16x12",
            "--range",
            "caffe")
        .ok();
    assertThat((float[]) Npy.read(out).data()).containsExactly(meanOff, within(1e-3f));
    assertThat(meanOff[0]).isNotCloseTo(wide[0], within(1f));
    Typed.medoid(
            "init",
            "--model",
            "savedmodel:" + model,
            "--to",
            folder.resolve("y"),
            "--image-size",
            "16",
            "--output",
            "features")
        .ok();
    for (String[] wrong :
        new String[][] {
          {"--signature", "none", "has no signature none"},
          {"--output", "none", "has no output none"},
        }) {
      Typed refused =
          Typed.medoid(
              "embed", "--model", model, "--images", pictures, "--out", out, wrong[0], wrong[1]);
      assertThat(refused.code()).isEqualTo(1);
      assertThat(refused.err()).contains(wrong[2]);
    }
    Typed range =
        Typed.medoid("embed", "--model", model, "--images", pictures, "--out", out, "--range", "1");
    assertThat(range.code()).isEqualTo(2);
    assertThat(range.err()).contains("--range", "0,255");
    Typed ofRun =
        Typed.medoid("embed", "--run", run, "--images", pictures, "--out", out, "--range", "0,1");
    assertThat(ofRun.code()).isEqualTo(2);
    assertThat(ofRun.err()).contains("--range", "not for --run");
  }

  @Test
  void embedOfARunAndOfItsExportAreTheSameAndAFailureLeavesTheOldFile() throws IOException {
    Path pictures = shared.resolve("pictures");
    Path out = folder.resolve("e.npy");
    Typed.medoid("embed", "--run", run, "--images", pictures, "--out", out).ok();
    float[] own = (float[]) Npy.read(out).data();
    Typed.medoid("export", "--run", run, "--to", folder.resolve("x")).ok();
    Typed.medoid("embed", "--model", folder.resolve("x"), "--images", pictures, "--out", out).ok();
    assertThat((float[]) Npy.read(out).data()).containsExactly(own, within(1e-5f));
    byte[] before = Files.readAllBytes(out);
    Typed nowhere =
        Typed.medoid(
            "embed",
            "--run",
            run,
            "--images",
            pictures,
            "--out",
            folder.resolve("no").resolve("e"));
    assertThat(nowhere.code()).isEqualTo(1);
    assertThat(nowhere.err()).contains("--out ", "there is no folder " + folder.resolve("no"));
    Path broken = Files.createDirectory(folder.resolve("broken"));
    Files.copy(pictures.resolve("classa").resolve("0.png"), broken.resolve("a.png"));
    Files.write(
        broken.resolve("b.png"),
        Arrays.copyOf(Files.readAllBytes(pictures.resolve("classa").resolve("1.png")), 60));
    Typed failed =
        Typed.medoid("embed", "--model", folder.resolve("x"), "--images", broken, "--out", out);
    assertThat(failed.code()).isEqualTo(1);
    assertThat(failed.err()).contains("b.png");
    assertThat(out).hasBinaryContent(before);
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("e.npy", "x", "broken");
    }
  }

  @Test
  void embeddingsDoNotTakeThePlaceOfAPicture() throws IOException {
    keepsItsPlace(shared.resolve("pictures").resolve("classa").resolve("0.png"), "no .npy file");
  }

  @Test
  void embeddingsDoNotTakeThePlaceOfLabels() throws IOException {
    Path labels = folder.resolve("labels.npy");
    new Npy(new int[] {3}, new int[] {0, 1, 1}).write(labels);
    keepsItsPlace(labels, "no rows of float32 or float64");
  }

  private static void keepsItsPlace(Path file, String reason) throws IOException {
    byte[] before = Files.readAllBytes(file);
    Typed typed =
        Typed.medoid("embed", "--run", run, "--images", shared.resolve("pictures"), "--out", file);
    assertThat(typed.code()).isEqualTo(1);
    assertThat(typed.err()).contains("--out " + file, reason);
    assertThat(file).hasBinaryContent(before);
  }

  /** A copy of the run in a folder of its own. */
  private Path copied() throws IOException {
    Path copy = folder.resolve("copy");
    try (Stream<Path> files = Files.walk(run)) {
      for (Path file : files.toList()) {
        Files.copy(file, copy.resolve(run.relativize(file)));
      }
    }
    return copy;
  }

  @Test
  void aRunWhoseDataIsGoneSaysWhatToDo() throws IOException {
    Path copy = copied();
    Path settings = copy.resolve("settings.json");
    String moved = shared.resolve("moved").toString();
    Files.writeString(
        settings, Files.readString(settings).replace(shared.resolve("pictures").toString(), moved));
    for (List<Object> words :
        List.<List<Object>>of(
            List.of("evaluate", "--run", copy),
            List.of("report", "--run", copy),
            List.of("train", "--resume", "--out", copy),
            List.of("export", "--run", copy, "--to", folder.resolve("model")))) {
      Typed typed = Typed.medoid(words.toArray());
      assertThat(typed.code()).isEqualTo(1);
      assertThat(typed.err())
          .contains(moved + ": no such file or folder; " + copy + " was trained on folder:" + moved)
          .contains(settings.toString());
      assertThat(typed.err().contains("--images")).isEqualTo(words.contains("export"));
    }
    Files.writeString(
        settings, Files.readString(settings).replace(moved, shared.resolve("pictures").toString()));
    Typed.medoid("evaluate", "--run", copy, "--json").ok();
  }

  @Test
  void aDamagedCheckpointIsNamed() throws IOException {
    Path copy = copied();
    try (Stream<Path> files = Files.list(copy.resolve("checkpoints"))) {
      Path data = files.filter(file -> file.toString().contains(".data-")).findAny().orElseThrow();
      Files.write(data, Arrays.copyOf(Files.readAllBytes(data), 20));
    }
    for (List<Object> words :
        List.<List<Object>>of(
            List.of("evaluate", "--run", copy), List.of("train", "--resume", "--out", copy))) {
      Typed typed = Typed.medoid(words.toArray());
      assertThat(typed.code()).isEqualTo(1);
      assertThat(typed.err())
          .contains(copy.resolve("checkpoints").resolve("step-00000001").toString())
          .contains("the checkpoint cannot be read");
    }
  }

  private static Path relative(Path file) {
    return Path.of("").toAbsolutePath().relativize(file.toAbsolutePath());
  }

  /** What is told so is read again where the run replaced it meanwhile. */
  @Test
  void initReadsARunsCheckpointAsOtherCommandsDo() throws IOException {
    Path damaged = folder.resolve("damaged");
    try (Stream<Path> files = Files.walk(run)) {
      for (Path each : files.toList()) {
        Files.copy(each, damaged.resolve(run.relativize(each).toString()));
      }
    }
    Files.write(damaged.resolve("checkpoints/step-00000001.index"), new byte[] {1, 2, 3});
    Typed init = Typed.medoid("init", "--run", damaged, "--to", folder.resolve("backbone"));
    assertThat(init.code()).isEqualTo(1);
    assertThat(init.err())
        .contains("checkpoints/step-00000001: the checkpoint cannot be read")
        .isEqualTo(Typed.medoid("export", "--run", damaged, "--to", folder.resolve("m")).err());
  }
}
