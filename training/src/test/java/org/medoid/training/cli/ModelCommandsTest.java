package org.medoid.training.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.medoid.training.Pictures;

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
}
