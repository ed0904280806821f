package org.medoid.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.medoid.graph.loss.Losses;
import org.medoid.training.cli.Typed;
import org.medoid.training.data.DataSets;
import org.medoid.training.evaluation.EvaluationResult;
import org.medoid.training.settings.TrainingSettings;

@Timeout(240)
class ComparisonTest {
  private static final int STEPS = 3;

  @TempDir private static Path shared;
  private static String data;
  private static Path compared;
  private static String table;

  @TempDir private Path folder;
  private String complaints;

  @BeforeAll
  static void compareTwoLosses() throws IOException {
    data = Pictures.write(shared.resolve("pictures"), 8, 6, 18);
    compared = shared.resolve("compared");
    ComparisonTest test = new ComparisonTest();
    table = test.compare(0, compared, "--losses", "proxy_nca,facility_location", "--runs", "2");
  }

  /** Runs {@code medoid compare} and gives what it prints. */
  private String compare(int expected, Path out, String... more) {
    List<String> words =
        new ArrayList<>(List.of("compare", "--data", data, "--out", out.toString()));
    words.addAll(List.of("--model", "convnet", "--image-size", "16", "--resize", "18"));
    words.addAll(List.of("--batch", "12", "--classes-per-batch", "3"));
    if (!List.of(more).contains("--embedding")) {
      words.addAll(List.of("--embedding", "4"));
    }
    words.addAll(List.of("--steps", Integer.toString(STEPS), "--recall-at", "1,5", "--quiet"));
    words.addAll(List.of(more));
    Typed typed = Typed.medoid(words.toArray());
    complaints = typed.err();
    assertThat(typed.code()).as(complaints).isEqualTo(expected);
    return typed.out();
  }

  private static TrainingSettings settings(String loss, long seed) throws IOException {
    return TrainingSettings.of(
        data,
        "convnet",
        draft -> {
          draft.imageSize = 16;
          draft.resize = 18;
          draft.batch = 12;
          draft.classesPerBatch = 3;
          draft.embedding = 4;
          draft.steps = (long) STEPS;
          draft.loss = loss;
          draft.seed = seed;
        });
  }

  private static JsonNode json(Path file) throws IOException {
    return new ObjectMapper().readTree(file.toFile());
  }

  @Test
  void tellsMeanAndDeviationOfTheRunsOfEachLoss() throws IOException {
    JsonNode losses = json(compared.resolve("compare.json")).get("losses");
    assertThat(losses.findValuesAsText("loss")).containsExactly("proxy_nca", "facility_location");
    for (JsonNode row : losses) {
      double[] recalls = new double[2];
      for (int seed = 1; seed <= 2; seed++) {
        Path run = compared.resolve(row.get("loss").asText() + "-seed" + seed);
        assertThat(run.resolve("metrics.csv")).content().hasLineCount(STEPS + 1);
        recalls[seed - 1] = json(run.resolve("result.json")).at("/recall_at/5").asDouble();
      }
      JsonNode spread = row.at("/recall_at/5");
      assertThat(spread.get("mean").asDouble())
          .isPositive()
          .isCloseTo((recalls[0] + recalls[1]) / 2, within(1e-12));
      double deviation = Math.abs(recalls[0] - recalls[1]) / Math.sqrt(2);
      assertThat(spread.get("deviation").asDouble()).isCloseTo(deviation, within(1e-12));
      assertThat(spread.get("interval").asDouble())
          .isCloseTo(12.7062047 * deviation / Math.sqrt(2), within(1e-7));
    }
    assertThat(table.lines().toList().get(0)).matches("loss +runs +NMI +rank +R@1 +rank +R@5");
    assertThat(table)
        .containsPattern("(?m)^facility_location +2 +\\d\\.\\d{4} ± \\d\\.\\d{4} +[12] +")
        .contains("Not tuned: learning rate 0.001 for all")
        .contains("one checkpoint of each run, the last");
    assertThat(compared.resolve("compare.md")).content().contains("| proxy_nca | 2 | 0.");
    assertThat(compared.resolve("compare.html")).content().contains("proxy_nca</text>");
  }

  @Test
  void ranksByTheMeansAndSortsByRecallAt1() throws IOException {
    List<JsonNode> rows = new ArrayList<>();
    json(compared.resolve("compare.json")).get("losses").forEach(rows::add);
    for (List<String> score :
        List.of(
            List.of("/nmi/mean", "nmi_rank"), List.of("/recall_at/1/mean", "recall_at_1_rank"))) {
      for (JsonNode row : rows) {
        long better =
            rows.stream()
                .filter(each -> each.at(score.get(0)).asDouble() > row.at(score.get(0)).asDouble())
                .count();
        assertThat(row.get(score.get(1)).asLong()).isEqualTo(1 + better);
      }
    }
    rows.sort(
        Comparator.comparing((JsonNode row) -> row.get("recall_at_1_rank").asInt())
            .thenComparing(row -> row.get("nmi_rank").asInt()));
    assertThat(table.lines().skip(1).limit(2).map(line -> line.split(" ", 2)[0]))
        .containsExactlyElementsOf(rows.stream().map(row -> row.get("loss").asText()).toList());
  }

  @Test
  void aLossWithOneSeedIsTheSameRunAsByTrain() throws IOException {
    TrainingSettings settings = settings("proxy_nca", 2);
    EvaluationResult scores =
        new Trainer(settings, settings.openData()).run(folder.resolve("run")).scores();
    JsonNode ours = json(compared.resolve("proxy_nca-seed2").resolve("result.json"));
    assertThat(ours.get("nmi").asDouble()).isEqualTo(scores.nmi());
    assertThat(ours.at("/recall_at/1").asDouble()).isEqualTo(scores.recallAt().get(1));
  }

  @Test
  void trainsOnlyWhatIsNotDoneYet() throws IOException {
    Path out = folder.resolve("out");
    compare(0, out, "--losses", "contrastive");
    byte[] metrics = Files.readAllBytes(out.resolve("contrastive-seed1").resolve("metrics.csv"));
    compare(0, out, "--losses", "n_pairs,contrastive");
    // The rows tell the seconds of each step: the same bytes are not those of another training.
    assertThat(out.resolve("contrastive-seed1").resolve("metrics.csv")).hasBinaryContent(metrics);
    assertThat(json(out.resolve("compare.json")).get("losses")).hasSize(2);
  }

  @Test
  void scoresAnewForAnotherKWithoutTraining() throws IOException {
    Path out = folder.resolve("out");
    compare(0, out, "--losses", "contrastive");
    byte[] metrics = Files.readAllBytes(out.resolve("contrastive-seed1").resolve("metrics.csv"));
    double before = json(out.resolve("compare.json")).at("/losses/0/nmi/mean").asDouble();
    assertThat(compare(0, out, "--losses", "contrastive", "--recall-at", "3")).contains("R@3");
    assertThat(out.resolve("contrastive-seed1").resolve("metrics.csv")).hasBinaryContent(metrics);
    assertThat(json(out.resolve("compare.json")).at("/losses/0/nmi/mean").asDouble())
        .isEqualTo(before);
  }

  @Test
  void goesOnWithARunThatWasStopped() throws IOException {
    Path out = folder.resolve("out");
    Comparison comparison = Comparison.open(out, settings("contrastive", 1), List.of(1, 5), 0);
    Comparison.Job job = new Comparison.Job("contrastive", false, 1);
    Trainer trainer = comparison.trainer(job, DataSets.open(data));
    trainer.withListener(new StopAt(trainer, 1));
    assertThatExceptionOfType(CancellationException.class)
        .isThrownBy(() -> comparison.run(job, trainer));
    Path metrics = out.resolve("contrastive-seed1").resolve("metrics.csv");
    List<String> before = Files.readAllLines(metrics);
    assertThat(before).hasSizeBetween(2, STEPS);
    compare(0, out, "--losses", "contrastive");
    assertThat(Files.readAllLines(metrics)).hasSize(STEPS + 1).containsSubsequence(before);
  }

  @Test
  void refusesToCompareRunsOfOtherSettings() {
    compare(1, compared, "--losses", "n_pairs", "--gamma", "2");
    assertThat(complaints.strip())
        .hasLineCount(1)
        .contains(compared.toString(), "has gamma 3.0, not 2.0")
        .doesNotContain("seed ", "steps ");
    assertThat(compared.resolve("n_pairs-seed1")).doesNotExist();
  }

  @Test
  void namesTheLossesThatThereAre() {
    compare(2, folder.resolve("out"), "--losses", "contrastive,magnet");
    assertThat(complaints.strip())
        .hasLineCount(1)
        .contains("--losses magnet: no such loss")
        .contains(Losses.names());
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void everyRunHasTheSameNumberOfSteps() {
    compare(2, folder.resolve("out"), "--early-stop", "2");
    assertThat(complaints.strip()).hasLineCount(1).contains("'--early-stop'");
  }

  @Test
  void goesOnAfterARunThatCouldNotBegin() throws IOException {
    Files.createDirectory(folder.resolve("contrastive-seed1"));
    Comparison comparison = Comparison.open(folder, settings("contrastive", 1), List.of(1), 0);
    assertThat(comparison.done(new Comparison.Job("contrastive", false, 1))).isFalse();
  }

  @Test
  void leavesAFolderAloneThatHoldsSomethingElse() throws IOException {
    Files.createFile(folder.resolve("precious"));
    compare(1, folder, "--losses", "contrastive");
    assertThat(complaints.strip()).hasLineCount(1).contains("holds no comparison");
    assertThat(folder).isDirectoryNotContaining(file -> !file.endsWith("precious"));
  }

  @Test
  void seedsAreGivenInOneWay() {
    compare(2, folder.resolve("out"), "--seeds", "1,2", "--runs", "2");
    assertThat(complaints.strip()).hasLineCount(1).contains("--seeds", "--runs");
    compare(2, folder.resolve("out"), "--seeds", "1,2", "--seed", "2");
    assertThat(complaints.strip()).hasLineCount(1).contains("--seed goes with --runs");
  }

  @Test
  void whatHasNotComeToACheckpointLeavesItsPlaceToOtherSettings() throws IOException {
    Path out = folder.resolve("compared");
    RunFolder.create(out.resolve("proxy_nca-seed1"), settings("proxy_nca", 1));
    compare(0, out, "--losses", "proxy_nca", "--embedding", "3");
    assertThat(RunFolder.open(out.resolve("proxy_nca-seed1")).settings().network().embedding())
        .isEqualTo(3);
    compare(1, out, "--losses", "proxy_nca", "--embedding", "5");
    assertThat(complaints).contains("embedding 3, not 5");
  }

  @Test
  void aFolderAmongTheTrialsThatIsNoneOfThemIsNamed() throws IOException {
    Path copy = folder.resolve("trials").resolve("proxy_nca-0 copy");
    RunFolder.create(copy, settings("proxy_nca", 1)).writeJson(Trial.FILE, List.of());
    compare(1, folder, "--losses", "proxy_nca", "--runs", "1", "--trials", "1");
    assertThat(complaints).contains(copy + ": is called as no trial is");
  }
}
