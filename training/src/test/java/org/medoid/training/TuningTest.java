package org.medoid.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.medoid.training.data.DataSets;
import org.medoid.training.data.DataSplit;
import org.medoid.training.data.ImageDataSet;
import org.medoid.training.report.ComparisonReport;
import org.medoid.training.settings.SettingsDraft;
import org.medoid.training.settings.TrainingSettings;

/**
 * Losses tuned on held-out training classes before they are compared; on the frozen features of a
 * SavedModel, so that a training is quick. CompareCommandTest tunes a whole network.
 */
@Timeout(300)
class TuningTest {
  private static final List<String> LOSSES = List.of("n_pairs", "facility_location");
  private static final List<Long> SEEDS = List.of(1L, 2L);
  private static final int TRIALS = 3;

  @TempDir private static Path shared;
  private static String data;
  private static String model;
  private static Path tuned;
  private static Leaderboard board;

  @TempDir private Path folder;

  @BeforeAll
  static void tuneTwoLosses() throws IOException {
    data = Pictures.write(shared.resolve("pictures"), 12, 6, 18);
    model = "savedmodel:" + SmallSavedModel.write(shared.resolve("model"), 16, 16);
    tuned = shared.resolve("tuned");
    board = all(tuned, settings(data, draft -> {}), TRIALS);
  }

  private interface Tell {
    void about(SettingsDraft draft);
  }

  private static TrainingSettings settings(String data, Tell more) throws IOException {
    return TrainingSettings.of(
        data,
        model,
        draft -> {
          draft.frozenFeatures = true;
          draft.resize = 16;
          draft.batch = 8;
          draft.classesPerBatch = 2;
          draft.embedding = 4;
          draft.steps = 4L;
          draft.evalEvery = 2L;
          draft.validationClasses = 0.34;
          more.about(draft);
        });
  }

  private static Leaderboard all(Path out, TrainingSettings settings, int trials)
      throws IOException {
    Comparison comparison = Comparison.open(out, settings, List.of(1, 2), trials);
    DataSplit split = settings.openData();
    for (Comparison.Job job : comparison.jobs(LOSSES, SEEDS)) {
      if (!comparison.done(job)) {
        comparison.run(job, comparison.trainer(job, split));
      }
    }
    return comparison.write(LOSSES, SEEDS);
  }

  private static JsonNode json(Path file) throws IOException {
    return new ObjectMapper().readTree(file.toFile());
  }

  @Test
  void aRunHasTheSettingOfTheBestTrial() throws IOException {
    for (Leaderboard.Row row : board.rows()) {
      List<Trial> tried = board.tried().get(row.loss());
      assertThat(tried).extracting(Trial::number).containsExactly(0, 1, 2);
      assertThat(tried).extracting(Trial::learningRate).doesNotHaveDuplicates();
      for (Trial each : tried) {
        assertThat(row.chosen().recallAt1()).isGreaterThanOrEqualTo(each.recallAt1());
      }
      for (long seed : SEEDS) {
        JsonNode run = json(tuned.resolve(row.loss() + "-seed" + seed).resolve("settings.json"));
        assertThat(run.get("learning_rate").asDouble()).isEqualTo(row.chosen().learningRate());
        assertThat(run.get(row.loss().equals("n_pairs") ? "loss_parameter" : "gamma").asDouble())
            .isEqualTo(row.chosen().value());
      }
    }
    assertThat(tuned.resolve("compare.md"))
        .content()
        .contains("chosen by 3 trials on held-out training classes")
        .containsPattern("\\| n_pairs \\| [0-9.E-]+ \\| scale [0-9.]+ \\| [012] \\|");
  }

  @Test
  void aTrialIsScoredOnTheClassesThatChoseItsCheckpoint() throws IOException {
    Trial first = board.tried().get("n_pairs").get(0);
    List<String> lines =
        Files.readAllLines(tuned.resolve("trials").resolve("n_pairs-0").resolve("metrics.csv"));
    List<String> names = List.of(lines.get(0).split(",", -1));
    List<Double> recalls = new ArrayList<>();
    for (String line : lines.subList(1, lines.size())) {
      String cell = line.split(",", -1)[names.indexOf("eval_recall_at_1")];
      if (!cell.isEmpty()) {
        recalls.add(Double.parseDouble(cell));
      }
    }
    assertThat(recalls).hasSize(2);
    assertThat(first.recallAt1()).isEqualTo(Math.max(recalls.get(0), recalls.get(1)));
  }

  @Test
  void trialsNeverReadATestPicture() throws IOException {
    TrainingSettings settings = settings(data, draft -> {});
    DataSplit split = settings.openData();
    ImageDataSet test = split.test();
    DataSplit hidden =
        new DataSplit(
            split.train(),
            new ImageDataSet(
                test.name(),
                test.files().stream().map(file -> folder.resolve("not there.png")).toList(),
                test.labels(),
                test.classNames()));
    Comparison comparison = Comparison.open(folder.resolve("out"), settings, List.of(1), 1);
    Comparison.Job trial = new Comparison.Job("n_pairs", true, 0);
    comparison.run(trial, comparison.trainer(trial, hidden));
    assertThat(comparison.done(trial)).isTrue();
    Comparison.Job run = new Comparison.Job("n_pairs", false, 1);
    Trainer trainer = comparison.trainer(run, hidden);
    assertThatExceptionOfType(Exception.class)
        .as("the pictures are missed where they are used")
        .isThrownBy(() -> comparison.run(run, trainer))
        .withStackTraceContaining("not there.png");
  }

  @Test
  void aTrialLeavesScoresAndCurvesAlone() throws IOException {
    try (Stream<Path> files = Files.list(tuned.resolve("trials").resolve("n_pairs-1"))) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("data.json", "metrics.csv", "settings.json", "trial.json");
    }
  }

  @Test
  void aTrialThatWasStoppedGoesOnAndDoneOnesStay() throws IOException {
    TrainingSettings settings = settings(data, draft -> {});
    Path out = folder.resolve("out");
    Comparison comparison = Comparison.open(out, settings, List.of(1), TRIALS);
    Comparison.Job done = new Comparison.Job("n_pairs", true, 0);
    comparison.run(done, comparison.trainer(done, DataSets.open(data)));
    Comparison.Job job = new Comparison.Job("n_pairs", true, 1);
    Trainer trainer = comparison.trainer(job, DataSets.open(data));
    trainer.withListener(new StopAt(trainer, 1));
    assertThatExceptionOfType(CancellationException.class)
        .isThrownBy(() -> comparison.run(job, trainer));
    Path trials = out.resolve("trials");
    List<String> rows = Files.readAllLines(trials.resolve("n_pairs-1").resolve("metrics.csv"));
    byte[] before = Files.readAllBytes(trials.resolve("n_pairs-0").resolve("metrics.csv"));
    assertThat(rows).hasSizeBetween(2, 4);

    for (int number = 0; number < TRIALS; number++) {
      Comparison.Job each = new Comparison.Job("n_pairs", true, number);
      if (!comparison.done(each)) {
        comparison.run(each, comparison.trainer(each, DataSets.open(data)));
      }
    }
    assertThat(trials.resolve("n_pairs-0").resolve("metrics.csv")).hasBinaryContent(before);
    assertThat(Files.readAllLines(trials.resolve("n_pairs-1").resolve("metrics.csv")))
        .hasSize(5)
        .containsSubsequence(rows.subList(0, 2));
    assertThat(comparison.trials("n_pairs"))
        .as("the same as of trials that were not stopped")
        .isEqualTo(board.tried().get("n_pairs"));
  }

  @Test
  void aTrialThatDivergesIsTheWorst() throws IOException {
    TrainingSettings settings =
        settings(
            data,
            draft -> {
              draft.optimizer = "adamw";
              draft.learningRate = 1e30;
              draft.weightDecay = 1e10; // times the rate: beyond float
              draft.steps = 6L;
            });
    Comparison comparison = Comparison.open(folder.resolve("out"), settings, List.of(1), 1);
    DataSplit split = DataSets.open(data);
    // A NaN; one of a loss that looks for pairs, and finds none among NaNs; errors of ops.
    for (String loss :
        List.of("n_pairs", "contrastive", "facility_location", "spectral_clustering")) {
      Comparison.Job trial = new Comparison.Job(loss, true, 0);
      comparison.run(trial, comparison.trainer(trial, split));
      assertThat(comparison.trials(loss).get(0).diverged()).contains("lower the learning rate");
      Comparison.Job run = new Comparison.Job(loss, false, 1);
      assertThatExceptionOfType(DivergedException.class)
          .isThrownBy(() -> comparison.trainer(run, split))
          .withMessageContaining("every trial of " + loss + " diverged");
    }
  }

  @Test
  void anotherNumberOfTrialsIsAnotherComparison() throws IOException {
    TrainingSettings settings = settings(data, draft -> {});
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> Comparison.open(tuned, settings, List.of(1), 2))
        .withMessageContaining("holds trial 2 of ")
        .withMessageContaining("but 2 of each loss are asked for");
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> Comparison.open(tuned, settings, List.of(1), 4))
        .withMessageContaining("before facility_location had 4 trials");
    TrainingSettings other = settings(data, draft -> draft.embedding = 8);
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> Comparison.open(tuned, other, List.of(1), TRIALS))
        .withMessageContaining("facility_location-0 has embedding 4, not 8");
  }

  @Test
  void aComparisonGoesOnWithThePicturesItBeganWithAlone() throws IOException {
    Comparison comparison = Comparison.open(tuned, settings(data, draft -> {}), List.of(1), TRIALS);
    Comparison.Job job = new Comparison.Job(LOSSES.get(0), false, 9);
    DataSplit fewer = DataSets.open(Pictures.write(folder.resolve("fewer"), 10, 6, 18));
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> comparison.trainer(job, fewer))
        .withMessageContaining("30 images of 5 classes, before 36 images of 6 classes");
  }

  @Test
  void featuresOfAFrozenBackboneAreComputedOnceForAll() throws IOException {
    assertThat(board.rows()).hasSize(2);
    try (Stream<Path> files = Files.walk(tuned)) {
      assertThat(
              files
                  .filter(file -> file.toString().endsWith(".npy"))
                  .map(file -> tuned.relativize(file).toString().replaceAll("-[0-9a-f]+.npy", "")))
          .containsExactlyInAnyOrder("features/features-train", "features/features-test");
    }
  }

  @Test
  void thePageShowsEveryTrialAndEscapesWhatItIsTold() throws IOException {
    String page = ComparisonReport.page(board);
    assertThat(page).contains("<h3>n_pairs</h3>", "<h3>facility_location</h3>", "gamma</th>");
    assertThat(page.split("<tr class=\"best\">", -1)).hasSize(1 + LOSSES.size());
    Leaderboard hostile =
        new Leaderboard(
            board.seeds(),
            board.recallAt(),
            0,
            Map.of("data", "folder:<script>", "model", "m", "learning_rate", 0.1),
            board.rows(),
            Map.of());
    assertThat(ComparisonReport.page(hostile))
        .contains("folder:&lt;script&gt;")
        .doesNotContain("<script");
  }
}
