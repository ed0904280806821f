package org.medoid.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.medoid.training.data.Npy;

/** The whole way through the command line, on the icons, in a few steps. */
class DemoTest {
  private static final int STEPS = 30;

  @TempDir private static Path folder;
  private static Path run;
  private static JsonNode result;

  @BeforeAll
  static void demo() {
    run = folder.resolve("a demo é");
    result = Shell.medoid("demo", "--out", run, "--steps", STEPS, "--seed", 7, "--json").json();
  }

  @Test
  void trainingHelpsOnConceptsItHasNotSeen() {
    JsonNode scores = result.get("scores");
    assertThat(recallAt1(scores.get("trained network")))
        .isGreaterThan(recallAt1(scores.get("untrained network")) + 0.03);
    assertThat(scores.get("trained network").get("nmi").asDouble())
        .isGreaterThan(scores.get("untrained network").get("nmi").asDouble());
  }

  private static double recallAt1(JsonNode scores) {
    return scores.get("recall_at").get("1").asDouble();
  }

  @Test
  void leavesTheFilesThatTheContractNames() throws IOException {
    assertThat(run.resolve("metrics.csv"))
        .content()
        .hasLineCount(STEPS + 1)
        .startsWith("step,seconds,loss");
    assertThat(run.resolve("report.html")).isNotEmptyFile();
    assertThat(run.resolve("events")).isNotEmptyDirectory();
    assertThat(new ObjectMapper().readTree(run.resolve("result.json").toFile()))
        .isEqualTo(new ObjectMapper().readTree(result.toString()));
  }

  @Test
  void theReportWrittenAnewKeepsWhatTheNetworkWasComparedWith() throws IOException {
    Path report = run.resolve("report.html");
    Files.delete(report);
    Shell.medoid("report", "--run", run);
    assertThat(report).content().contains("raw pixels", "untrained network", "after training");
  }

  @Test
  void everyExportGivesTheEmbeddingsOfTheRun() throws IOException {
    assertThat(result.get("parity"))
        .isNotEmpty()
        .allSatisfy(difference -> assertThat(difference.asDouble()).isLessThanOrEqualTo(1e-5));
    assertThat(result.get("parity").has("onnx")).isTrue();
    Path export = run.resolve("export");
    assertThat(export.resolve("saved_model.pb")).isNotEmptyFile();
    assertThat(export.resolve("model.onnx")).isNotEmptyFile();
    JsonNode info = new ObjectMapper().readTree(export.resolve("export.json").toFile());
    assertThat(info.get("embedding_size").asInt()).isEqualTo(64);
  }

  @Test
  void runAndExportAreScoredAlike() {
    JsonNode ofRun = Shell.medoid("evaluate", "--run", run, "--json").json();
    JsonNode ofExport =
        Shell.medoid("evaluate", "--model", run.resolve("export"), "--data", "icons", "--json")
            .json();
    assertThat(recallAt1(ofRun)).isEqualTo(recallAt1(result.get("scores").get("trained network")));
    assertThat(recallAt1(ofExport)).isCloseTo(recallAt1(ofRun), within(0.002));
  }

  @Test
  void embedsAFolderInTheOrderThatItPrints() throws IOException {
    Path rows = folder.resolve("rows.npy");
    List<String> names =
        Shell.medoid(
                "embed",
                "--model",
                run.resolve("export"),
                "--images",
                run.resolve("samples"),
                "--out",
                rows)
            .output()
            .lines()
            .toList();
    Npy embeddings = Npy.read(rows);
    assertThat(embeddings.shape()).containsExactly(names.size(), 64);
    assertThat(names)
        .isSorted()
        .allMatch(name -> Files.exists(run.resolve("samples").resolve(name)));
  }

  @Test
  void theSameSeedGivesTheSameNumbers() {
    Object[] train = {
      "train", "--data", "icons", "--model", "convnet", "--batch", 32, "--steps", 4, "--seed", 3,
      "--json", "--out"
    };
    JsonNode first = without(train, folder.resolve("first"));
    JsonNode second = without(train, folder.resolve("second"));
    assertThat(first).isEqualTo(second);
  }

  private static JsonNode without(Object[] train, Path out) {
    Object[] words = java.util.Arrays.copyOf(train, train.length + 1);
    words[train.length] = out;
    JsonNode json = Shell.medoid(words).json();
    ((com.fasterxml.jackson.databind.node.ObjectNode) json).remove("seconds");
    return json;
  }

  @Test
  void refusesAFolderThatHoldsSomething() {
    Shell again = Shell.medoid("demo", "--out", run);
    assertThat(again.code()).isEqualTo(1);
    assertThat(again.err()).contains(run.toString()).contains("not empty");
  }

  @Test
  void exportLeavesAnEarlierOneAlone() throws IOException {
    Path before = run.resolve("export").resolve("export.json");
    String text = Files.readString(before);
    Shell refused = Shell.medoid("export", "--run", run, "--to", run.resolve("export"));
    assertThat(refused.code()).isEqualTo(1);
    assertThat(refused.err()).contains("--overwrite");
    assertThat(Files.readString(before)).isEqualTo(text);
  }
}
