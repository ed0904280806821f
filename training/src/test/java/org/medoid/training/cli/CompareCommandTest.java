package org.medoid.training.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.medoid.training.Pictures;

@Timeout(240)
class CompareCommandTest {
  @TempDir private static Path shared;
  private static String data;

  @TempDir private Path folder;

  @BeforeAll
  static void draw() throws IOException {
    data = Pictures.write(shared.resolve("pictures"), 12, 6, 18);
  }

  private Typed compare(String... more) {
    List<Object> words =
        new ArrayList<>(List.of("compare", "--data", data, "--model", "convnet", "--quiet"));
    words.addAll(List.of("--out", folder.resolve("out"), "--image-size", "16", "--batch", "8"));
    words.addAll(List.of("--classes-per-batch", "2"));
    words.addAll(List.of(more));
    if (!words.contains("--embedding")) {
      words.addAll(List.of("--embedding", "4"));
    }
    return Typed.medoid(words.toArray());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--trials -1|--trials -1: must be 0 or more",
        "--trials two|Invalid value for option ",
        "--trials 2 --validation-classes 0|--validation-classes 0.0: a trial is scored on",
        "--trials 2 --validation-classes 0.01|--validation-classes 0.01: a trial is scored on",
        "--trials 2 --choose-on test --validation-classes 0.3|--choose-on test: a trial is scored on",
        "--trials 2 --choose-on last --validation-classes 0.3|--choose-on last: a trial is scored on",
        "--trials 2 --learning-rate 0|--learning-rate 0.0: trials try a tenth",
        "--trials 2 --steps 0|--steps 0: a trial needs steps",
        "--loss-parameter 3|Unknown options: ",
        "--losses magnet|--losses magnet: no such loss",
      })
  void nonsenseIsOneLineBeforeAnyFolder(String words, String complaint) {
    Typed typed = compare(words.split(" ", -1));
    assertThat(typed.code()).isEqualTo(2);
    assertThat(typed.err()).contains(complaint);
    assertThat(typed.err().strip().lines().filter(line -> line.startsWith("medoid: "))).hasSize(1);
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void refusesTrialsWhereThereAreTooFewClassesToBeScoredOn() throws IOException {
    String six = Pictures.write(folder.resolve("six"), 6, 4, 18);
    List<Object> words = new ArrayList<>(List.of("compare", "--data", six, "--model", "convnet"));
    words.addAll(List.of("--trials", "2", "--quiet", "--out", folder.resolve("out")));
    Typed typed = Typed.medoid(words.toArray());
    assertThat(typed.code()).isEqualTo(2);
    assertThat(typed.err()).contains("has 3 classes; trials need 4", "--trials 0");
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void tellsWhatTheTrialsChose() throws IOException {
    String[] small = {
      "--losses", "deep_clustering,n_pairs", "--trials", "2", "--steps", "2", "--runs", "2"
    };
    Typed typed = compare(small).ok();
    assertThat(typed.out())
        .containsPattern("(?m)^loss +learning rate +parameter +trial +validation R@1$")
        .containsPattern("(?m)^n_pairs +0\\.\\d+ +scale [0-9.]+ +[01] ")
        .containsPattern("(?m)^deep_clustering +0\\.\\d+ +none +[01] ")
        .contains("chosen by 2 trials on held-out training classes")
        .contains("compare.html");
    List<String> again = new ArrayList<>(List.of(small));
    again.add("--json");
    JsonNode json = compare(again.toArray(String[]::new)).ok().json();
    assertThat(json.get("trials").asInt()).isEqualTo(2);
    assertThat(json.at("/tried/n_pairs")).hasSize(2);
    assertThat(json.at("/losses/0/nmi/interval").isNumber()).isTrue();
    assertThat(json.at("/losses/0/chosen/parameter").isNull()).isTrue();
    assertThat(folder.resolve("out").resolve("compare.html")).exists();
    small[1] = "n_pairs";
    Typed fewer = compare(small).ok();
    assertThat(fewer.err())
        .contains("deep_clustering was compared here before", "--losses n_pairs,deep_clustering");
    assertThat(fewer.out()).doesNotContain("deep_clustering");
  }

  @Test
  void theOthersGoOnWhereOneDiverges() {
    String[] words = {
      "--losses",
      "proxy_nca,n_pairs",
      "--steps",
      "3",
      "--proxy-rate-multiplier",
      "3e38",
      "--learning-rate",
      "2"
    };
    Typed typed = compare(words);
    assertThat(typed.code()).isEqualTo(1);
    assertThat(typed.err())
        .containsPattern("proxy_nca, seed 1 \\(1 of 2\\): step \\d: .*; left out of the table")
        .doesNotContain("n_pairs");
    assertThat(typed.out())
        .containsPattern("(?m)^n_pairs +1 +0")
        .doesNotContainPattern("(?m)^proxy_nca");
  }

  @Test
  void theOthersGoOnWhereOneCanDoNothingWithSuchBatches() {
    String[] words = {
      "--losses", "spectral_clustering,n_pairs", "--steps", "1", "--embedding", "8", "--runs", "2"
    };
    Typed typed = compare(words);
    assertThat(typed.code()).isEqualTo(1);
    assertThat(typed.err().lines().filter(line -> line.contains("left out of the table")))
        .hasSize(1)
        .first(STRING)
        .contains("spectral_clustering: ", "8 embeddings of length 8", "must be larger");
    assertThat(typed.out())
        .containsPattern("(?m)^n_pairs +2 +0")
        .doesNotContainPattern("(?m)^spectral");
  }
}
