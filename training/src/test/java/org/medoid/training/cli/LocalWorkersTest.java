package org.medoid.training.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.medoid.training.Pictures;
import org.medoid.training.RunFolder;
import org.medoid.training.settings.TrainingSettings;

/** {@code --local-workers}; what several workers do is tested in another module. */
class LocalWorkersTest {
  @TempDir private Path folder;

  /** The README promises no other. */
  @ParameterizedTest
  @CsvSource({"0,0", "1,1", "2,2", "130,130", "143,143", "137,1", "134,1", "139,1", "3,1"})
  void theExitCodeIsOneOfThisProgram(int worker, int own) {
    assertThat(LocalWorkers.own(worker)).isEqualTo(own);
  }

  @Test
  @Timeout(30)
  void tooFewStepsAreToldBeforeWorkersStart() throws IOException {
    String data = Pictures.write(folder.resolve("pictures"), 6, 4, 18);
    RunFolder run =
        RunFolder.create(
            folder.resolve("run"),
            TrainingSettings.of(
                data,
                "convnet",
                draft -> {
                  draft.imageSize = 16;
                  draft.resize = 18;
                  draft.batch = 8;
                  draft.classesPerBatch = 2;
                  draft.embedding = 4;
                }));
    Files.writeString(
        run.path().resolve("checkpoint.json"),
        "{\"latest_step\": 9, \"best_step\": 9, \"evaluated_step\": 9}");
    Typed typed =
        Typed.medoid("train", "--resume", "--out", run.path(), "--steps", 9, "--local-workers", 2);
    assertThat(typed.code()).isEqualTo(2);
    assertThat(typed.err()).contains("--steps 9: " + run.path() + " has taken 9").hasLineCount(1);
  }
}
