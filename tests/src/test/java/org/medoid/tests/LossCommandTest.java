package org.medoid.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.medoid.training.data.Npy;

/** {@code medoid loss}, on the batch whose values the author's TensorFlow 1 graph confirmed. */
class LossCommandTest {
  private static final int M = 128;
  private static final int D = 64;
  private static final int C = 32;

  @TempDir private Path folder;
  private Path embeddings;
  private Path labels;

  @BeforeEach
  void write() throws IOException {
    embeddings = folder.resolve("embeddings é.npy");
    labels = folder.resolve("labels.npy");
    new Npy(new int[] {M, D}, GoldenBatch.embeddings(M, D, C)).write(embeddings);
    new Npy(new int[] {M}, GoldenBatch.labels(M, C)).write(labels);
  }

  @ParameterizedTest
  @CsvSource({"1, 20.299667, 1217.5558", "10, 23.624184, 1218.3179"})
  void givesTheAuthorsLossAndGradient(double gamma, double loss, double gradientSum)
      throws IOException {
    Path gradient = folder.resolve("gradient.npy");
    JsonNode json =
        Shell.medoid(
                "loss",
                "--embeddings",
                embeddings,
                "--labels",
                labels,
                "--gamma",
                gamma,
                "--local-search",
                "reference",
                "--gradient-out",
                gradient,
                "--json")
            .json();

    assertThat(json.get("loss").asDouble()).isCloseTo(loss, within(5e-5));
    assertThat(json.get("augmented_score").asDouble() - json.get("oracle_score").asDouble())
        .isCloseTo(loss, within(5e-5)); // the author's graph works in float32
    assertThat(json.get("facility_score").asDouble() + gamma * json.get("margin").asDouble())
        .isCloseTo(json.get("augmented_score").asDouble(), within(1e-9));
    assertThat(json.get("nmi").asDouble())
        .isCloseTo(1 - json.get("margin").asDouble(), within(1e-9));
    assertThat(json.get("medoids")).hasSize(C);
    assertThat(json.get("assignments")).hasSize(M);
    assertThat(json.get("milliseconds").asDouble()).isPositive();
    Npy written = Npy.read(gradient);
    assertThat(written.shape()).containsExactly(M, D);
    assertThat(DoubleStream.of((double[]) written.data()).map(Math::abs).sum())
        .isCloseTo(gradientSum, within(1e-3));
  }

  @Test
  void saysWhichFileIsNotAnArray() throws IOException {
    Path text = Files.writeString(folder.resolve("x.npy"), "not an array");
    Shell shell = Shell.medoid("loss", "--embeddings", text, "--labels", labels);
    assertThat(shell.code()).isEqualTo(1);
    assertThat(shell.err()).contains(text.toString()).doesNotContain("\tat ");
    assertThat(shell.err().strip().lines()).hasSize(1);
  }

  @Test
  void saysWhichFileIsMissing() {
    Shell shell =
        Shell.medoid("loss", "--embeddings", folder.resolve("none.npy"), "--labels", labels);
    assertThat(shell.code()).isEqualTo(1);
    assertThat(shell.err()).contains("none.npy").contains("no such file");
  }

  @Test
  void namesTheRowThatIsNotFinite() throws IOException {
    double[] x = (double[]) Npy.read(embeddings).data();
    x[5 * D + 3] = Double.NaN;
    new Npy(new int[] {M, D}, x).write(embeddings);
    Shell shell = Shell.medoid("loss", "--embeddings", embeddings, "--labels", labels);
    assertThat(shell.code()).isEqualTo(1);
    assertThat(shell.err()).contains("row 5");
  }

  @Test
  void aLossThatOverflowsFloat32IsAnErrorNoNull() throws IOException {
    double[] x = (double[]) Npy.read(embeddings).data();
    float[] far = new float[x.length]; // finite, and their distances; the squares are not
    Path file = folder.resolve("far.npy");
    for (int i = 0; i < far.length; i++) {
      far[i] = (float) (1e30 * x[i]);
    }
    new Npy(new int[] {M, D}, far).write(file);
    Shell shell =
        Shell.medoid(
            "loss",
            "--embeddings",
            file,
            "--labels",
            labels,
            "--json",
            "--distance",
            "squared_euclidean");
    assertThat(shell.code()).isEqualTo(1);
    assertThat(shell.out()).isEmpty();
    assertThat(shell.err()).contains(file.toString(), "overflows float32", "float64");
    double[] farther = new double[x.length];
    for (int i = 0; i < far.length; i++) {
      farther[i] = 1e300 * x[i];
    }
    new Npy(new int[] {M, D}, farther).write(file);
    shell =
        Shell.medoid(
            "loss", "--embeddings", file, "--labels", labels, "--distance", "squared_euclidean");
    assertThat(shell.code()).isEqualTo(1);
    assertThat(shell.err())
        .startsWith("medoid: " + file + ": the distance of row 0 and row 1 of embeddings overflows")
        .doesNotContain("node");
  }

  @Test
  void theGradientIsNotWrittenOverWhatIsRead() throws IOException {
    byte[] before = Files.readAllBytes(embeddings);
    Shell shell =
        Shell.medoid(
            "loss", "--embeddings", embeddings, "--labels", labels, "--gradient-out", embeddings);
    assertThat(shell.code()).isEqualTo(1);
    assertThat(shell.err()).contains("--gradient-out " + embeddings, "name another file");
    assertThat(embeddings).hasBinaryContent(before);
  }

  @ParameterizedTest
  @CsvSource({"--margin, const", "--local-search, full", "--distance, manhattan", "--start, last"})
  void listsTheValuesThatAnOptionTakes(String option, String value) {
    Shell shell =
        Shell.medoid("loss", "--embeddings", embeddings, "--labels", labels, option, value);
    assertThat(shell.code()).isEqualTo(2);
    assertThat(shell.err()).contains(option, "'" + value + "'", " is none of ");
  }

  @Test
  void unknownOptionIsWrongUsage() {
    Shell shell =
        Shell.medoid("loss", "--embeddings", embeddings, "--labels", labels, "--lables", labels);
    assertThat(shell.code()).isEqualTo(2);
    assertThat(shell.err()).contains("--lables");
  }

  private JsonNode loss(Object... more) {
    Object[] words = {"loss", "--embeddings", embeddings, "--labels", labels, "--json"};
    Object[] all = Arrays.copyOf(words, words.length + more.length);
    System.arraycopy(more, 0, all, words.length, more.length);
    return Shell.medoid(all).json();
  }

  @Test
  void takesTheSameKindsOfFilesAsEvaluate() throws IOException {
    double[] x = (double[]) Npy.read(embeddings).data();
    long[] whole = Arrays.stream(x).mapToLong(value -> Math.round(1000 * value)).toArray();
    new Npy(new int[] {M, D}, Arrays.stream(whole).asDoubleStream().toArray()).write(embeddings);
    JsonNode expected = loss();
    new Npy(new int[] {M, D}, Arrays.stream(whole).mapToInt(Math::toIntExact).toArray())
        .write(embeddings);
    long[] y = (long[]) Npy.read(labels).data();
    new Npy(new int[] {M, 1}, Arrays.stream(y).asDoubleStream().toArray()).write(labels);
    JsonNode got = loss();
    assertThat(got.get("loss")).isEqualTo(expected.get("loss"));
    assertThat(got.get("medoids")).isEqualTo(expected.get("medoids"));
  }

  @Test
  void fewerSweepsFindLess() {
    // From a random start, where there is something to find.
    double none = random("--local-search", "none");
    assertThat(random("--max-sweeps", "0")).isEqualTo(none);
    assertThat(random("--max-sweeps", "1")).isGreaterThan(none);
    assertThat(random("--max-sweeps", "100")).isGreaterThan(random("--max-sweeps", "1"));
  }

  private double random(String option, String value) {
    return loss("--start", "random", option, value).get("augmented_score").asDouble();
  }

  @Test
  void swapsFindMoreThanExactSearchAndTellTheSameFields() {
    for (int gamma : new int[] {0, 1, M / 4}) {
      JsonNode exact = loss("--start", "random", "--gamma", gamma);
      JsonNode swap = loss("--start", "random", "--gamma", gamma, "--local-search", "swap");
      assertThat(swap.get("augmented_score").asDouble())
          .isGreaterThan(exact.get("augmented_score").asDouble());
      assertThat(names(swap)).isEqualTo(names(exact));
      assertThat(loss("--gamma", gamma, "--local-search", "swap").get("loss").asDouble())
          .isGreaterThanOrEqualTo(loss("--gamma", gamma).get("loss").asDouble());
    }
  }

  private static List<String> names(JsonNode json) {
    List<String> names = new ArrayList<>();
    json.fieldNames().forEachRemaining(names::add);
    return names;
  }

  @Test
  void startSeedMarginAndDistanceChangeTheResult() {
    JsonNode greedy = loss();
    JsonNode random = loss("--start", "random", "--local-search", "none");
    JsonNode other = loss("--start", "random", "--local-search", "none", "--seed", 9);
    assertThat(random.get("augmented_score").asDouble())
        .isLessThan(greedy.get("augmented_score").asDouble());
    assertThat(other.get("medoids")).isNotEqualTo(random.get("medoids"));
    assertThat(loss("--start", "random", "--local-search", "none", "--seed", 9).get("medoids"))
        .isEqualTo(other.get("medoids"));
    assertThat(loss("--margin", "ari").get("margin").asDouble())
        .isGreaterThan(greedy.get("margin").asDouble());
    // Of rows of length one the squared distance is twice the cosine distance.
    JsonNode squared = loss("--distance", "squared_euclidean", "--gamma", 0);
    JsonNode cosine = loss("--distance", "cosine", "--gamma", 0);
    assertThat(squared.get("oracle_score").asDouble())
        .isCloseTo(2 * cosine.get("oracle_score").asDouble(), within(1e-9));
  }

  @Test
  void repeatingTellsTheMedianOfRuns() {
    JsonNode repeated = loss("--repeat", 3);
    assertThat(repeated.get("milliseconds").asDouble()).isPositive();
    assertThat(repeated.get("loss")).isEqualTo(loss().get("loss"));
    Shell never =
        Shell.medoid("loss", "--embeddings", embeddings, "--labels", labels, "--repeat", 0);
    assertThat(never.code()).isEqualTo(2);
    assertThat(never.err()).contains("--repeat 0");
  }

  @Test
  void printsALineForEachValueWithoutJson() {
    String text = Shell.medoid("loss", "--embeddings", embeddings, "--labels", labels).output();
    assertThat(text.lines().map(line -> line.split(" ", -1)[0]))
        .containsExactly(
            "loss",
            "facility_score",
            "oracle_score",
            "margin",
            "augmented_score",
            "nmi",
            "medoids",
            "assignments",
            "milliseconds");
  }
}
