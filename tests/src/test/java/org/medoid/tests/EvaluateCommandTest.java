package org.medoid.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.medoid.training.data.Npy;

/** {@code medoid evaluate} on files: what each option changes, and what is refused. */
class EvaluateCommandTest {
  private static final int N = 40;
  private static final int D = 3;

  @TempDir private Path folder;
  private final int[] classes = new int[N];
  private Path embeddings;
  private Path labels;

  /** Four classes on the axes' ends and at the origin, overlapping a little; lengths 1 to 3. */
  @BeforeEach
  void write() throws IOException {
    SplittableRandom random = new SplittableRandom(11);
    float[] x = new float[N * D];
    for (int i = 0; i < N; i++) {
      classes[i] = 10 * (i % 4) - 10;
      double length = 1 + 2 * random.nextDouble();
      for (int j = 0; j < D; j++) {
        double centre = i % 4 == j ? 2 : i % 4 == 3 ? -1 : 0;
        x[i * D + j] = (float) (length * (centre + 1.6 * (random.nextDouble() - 0.5)));
      }
    }
    embeddings = folder.resolve("e é.npy");
    labels = folder.resolve("l.npy");
    new Npy(new int[] {N, D}, x).write(embeddings);
    new Npy(new int[] {N}, classes).write(labels);
  }

  private Shell evaluate(Object... more) {
    List<Object> words = new ArrayList<>(List.of("evaluate", "--embeddings", embeddings));
    words.addAll(List.of("--labels", labels));
    words.addAll(Arrays.asList(more));
    return Shell.medoid(words.toArray());
  }

  private JsonNode json(Object... more) {
    Object[] words = Arrays.copyOf(more, more.length + 1);
    words[more.length] = "--json";
    return evaluate(words).json();
  }

  @Test
  void printsATableWithoutJson() {
    String[] lines = evaluate("--recall-at", "1,100").output().split("\\R", -1);
    JsonNode json = json("--recall-at", "1,100");
    assertThat(lines[0]).isEqualTo("   NMI     R@1   R@100");
    assertThat(lines[1])
        .isEqualTo(
            String.format(
                Locale.ROOT,
                "%.4f  %.4f  1.0000",
                json.get("nmi").asDouble(),
                json.get("recall_at").get("1").asDouble()));
    assertThat(lines).anyMatch(line -> line.matches("MAP@R +0\\.\\d{4}"));
  }

  @Test
  void anyOrderAndNumberOfKIsSorted() {
    JsonNode recall = json("--recall-at", "2147483647,1,3,3,41").get("recall_at");
    List<String> ks = new ArrayList<>();
    recall.fieldNames().forEachRemaining(ks::add);
    assertThat(ks).containsExactly("1", "3", "41", "2147483647");
    assertThat(recall.get("41").asDouble()).isEqualTo(1); // all others are among them
    assertThat(recall.get("2147483647").asDouble()).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({
    "--recall-at, 0",
    "--recall-at, -1",
    "--recall-at, 3000000000",
    "--recall-at, x",
    "--distance, manhattan",
    "--kmeans, random",
    "--kmeans-iterations, 0",
    "--restarts, 0",
    "--seed, x"
  })
  void wrongValuesAreWrongUsage(String option, String value) {
    Shell shell = evaluate(option, value);
    assertThat(shell.code()).isEqualTo(2);
    assertThat(shell.err()).contains(option).contains(value);
    assertThat(shell.err().strip().lines()).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({"--data, icons", "--gallery-labels, l.npy", "--gallery-embeddings, e.npy"})
  void optionsThatDoNotFitTogetherAreWrongUsage(String option, String value) {
    Shell shell = evaluate(option, value);
    assertThat(shell.code()).isEqualTo(2);
    assertThat(shell.err()).contains(option);
    assertThat(shell.err().strip().lines()).hasSize(1);
  }

  @Test
  void distanceChangesWhatIsNear() {
    JsonNode euclidean = json();
    JsonNode cosine = json("--distance", "cosine");
    assertThat(json("--distance", "squared_euclidean").get("map_at_r"))
        .isEqualTo(euclidean.get("map_at_r"));
    // Lengths are noise here, directions tell the classes.
    assertThat(cosine.get("map_at_r").asDouble())
        .isGreaterThan(euclidean.get("map_at_r").asDouble() + 0.02);
    assertThat(cosine.get("inertia").asDouble()).isLessThan(N); // of rows of length one
  }

  @Test
  void kmeansNoneScoresRetrievalAlone() throws IOException {
    JsonNode with = json();
    JsonNode without = json("--kmeans", "none");
    for (String name : List.of("nmi", "ami", "ari", "v_measure", "f1", "inertia")) {
      assertThat(without.get(name).isNull()).as(name).isTrue();
      assertThat(with.get(name).isNumber()).as(name).isTrue();
    }
    assertThat(without.get("map_at_r")).isEqualTo(with.get("map_at_r"));
    assertThat(without.get("seconds").has("kmeans")).isFalse();
    assertThat(evaluate("--kmeans", "none").output())
        .startsWith("NMI")
        .contains("ARI                -");
    Shell shell = evaluate("--kmeans", "none", "--clusters-out", folder.resolve("c.npy"));
    assertThat(shell.code()).isEqualTo(2);
    assertThat(shell.err()).contains("--clusters-out");
  }

  @Test
  void moreIterationsAndRestartsLowerTheInertia() {
    double one = json("--kmeans-iterations", 1).get("inertia").asDouble();
    JsonNode many = json();
    assertThat(many.get("inertia").asDouble()).isLessThan(one);
    assertThat(many.get("iterations").asInt()).isBetween(2, 100);
    assertThat(json("--kmeans-iterations", 1).get("iterations").asInt()).isEqualTo(1);
    double ten = json("--restarts", 10).get("inertia").asDouble();
    List<Double> single = new ArrayList<>();
    for (int seed = 0; seed < 8; seed++) {
      single.add(json("--seed", seed, "--kmeans-iterations", 1).get("inertia").asDouble());
    }
    assertThat(ten).isLessThanOrEqualTo(many.get("inertia").asDouble());
    assertThat(single.stream().distinct().count()).isGreaterThan(1);
    assertThat(json("--seed", 3, "--kmeans-iterations", 1).get("inertia").asDouble())
        .isEqualTo(single.get(3));
  }

  @Test
  void clustersAndScoresOfEachClassAreWritten() throws IOException {
    Path clusters = folder.resolve("c.npy");
    Path csv = folder.resolve("classes.csv");
    JsonNode json = json("--clusters-out", clusters, "--per-class", csv, "--recall-at", "1,2");
    Npy found = Npy.read(clusters);
    assertThat(found.shape()).containsExactly(N);
    assertThat(Arrays.stream((int[]) found.data()).distinct().count()).isEqualTo(4);
    List<String> lines = Files.readAllLines(csv);
    assertThat(lines.get(0))
        .isEqualTo(
            "class,queries,matches,recall_at_1,recall_at_2,precision_at_1,r_precision,map_at_r");
    assertThat(lines).hasSize(5);
    assertThat(lines.subList(1, 5).stream().map(line -> line.split(",", -1)[0]))
        .containsExactly("-10", "0", "10", "20");
    assertThat(
            lines.stream()
                .skip(1)
                .mapToDouble(line -> Double.parseDouble(line.split(",", -1)[7]))
                .average()
                .orElseThrow())
        .isCloseTo(json.get("map_at_r").asDouble(), within(1e-12));
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left.filter(file -> file.toString().endsWith(".part"))).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({"--clusters-out, c.npy", "--per-class, c.csv"})
  void outputWithoutAFolderIsRefusedBeforeTheWork(String option, String name) {
    Path nowhere = folder.resolve("none").resolve(name);
    Shell shell = evaluate(option, nowhere);
    assertThat(shell.code()).isEqualTo(1);
    assertThat(shell.err()).contains(option).contains("no folder").contains("none");
  }

  @ParameterizedTest
  @CsvSource({"--clusters-out", "--per-class"})
  void whatIsReadIsNotWrittenOver(String option) throws IOException {
    byte[] before = Files.readAllBytes(labels);
    Path link = Files.createSymbolicLink(folder.resolve("link"), labels);
    for (Path out : List.of(labels, folder.resolve("..").resolve(folder).resolve("l.npy"), link)) {
      Shell shell = evaluate(option, out);
      assertThat(shell.code()).isEqualTo(1);
      assertThat(shell.err()).contains(option + " " + out, "name another file");
    }
    assertThat(labels).hasBinaryContent(before);
  }

  @Test
  void twoOutputsOfOneNameAreRefused() {
    Path out = folder.resolve("both");
    Shell shell = evaluate("--clusters-out", out, "--per-class", out);
    assertThat(shell.code()).isEqualTo(1);
    assertThat(shell.err()).contains("--per-class " + out, "name another file");
    assertThat(out).doesNotExist();
  }

  @Test
  void anArrayTakesThePlaceOfAnEarlierOneOnly() throws IOException {
    Path out = Files.writeString(folder.resolve("picture.png"), "a picture");
    Shell shell = evaluate("--clusters-out", out);
    assertThat(shell.code()).isEqualTo(1);
    assertThat(shell.err()).contains("--clusters-out " + out, "no .npy file");
    assertThat(out).hasContent("a picture");
    Files.writeString(out, ""); // as mktemp leaves it
    evaluate("--clusters-out", out).output();
    evaluate("--clusters-out", out).output();
    assertThat(Npy.read(out).shape()).containsExactly(N);
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aFullDeviceIsNamed() {
    for (String option : List.of("--clusters-out", "--per-class")) {
      Shell shell = evaluate(option, "/dev/full");
      assertThat(shell.code()).isEqualTo(1);
      assertThat(shell.err()).contains("/dev/full cannot be written");
    }
  }

  @Test
  void anOptionGivenTwiceIsNamed() {
    Shell shell = evaluate("--embeddings", embeddings);
    assertThat(shell.code()).isEqualTo(2);
    assertThat(shell.err()).contains("option '--embeddings' should be specified only once");
  }

  @Test
  void aTextWithALabelOnEachLineIsReadAsItsArray() throws IOException {
    JsonNode array = json("--kmeans", "none");
    StringBuilder lines = new StringBuilder("\ufeff");
    Arrays.stream(classes).forEach(c -> lines.append("klasse é ").append(c).append("\r\n"));
    labels = Files.writeString(folder.resolve("labels.txt"), lines);
    assertThat(json("--kmeans", "none").get("map_at_r")).isEqualTo(array.get("map_at_r"));

    Files.writeString(labels, "label\n" + lines);
    assertThat(evaluate().err()).contains("labels.txt", "41 labels for 40 embeddings", "heading");
    Files.writeString(labels, lines.toString().replace("é ", "é\t"));
    assertThat(evaluate().err()).contains("labels.txt", "several columns");
    Files.writeString(labels, "\0" + lines);
    assertThat(evaluate().err()).contains("labels.txt", "not a NumPy .npy file");
    Files.write(labels, new byte[0]);
    assertThat(evaluate().err()).contains("labels.txt", "it is empty");
  }

  @Test
  void namesAreNumberedInTheirOrderAndStandInTheTable() throws IOException {
    String[] names = {"b \"x\", y", "a", "é", "c"};
    Path text = folder.resolve("names.npy");
    int width = 8;
    ByteBuffer data = ByteBuffer.allocate(N * 4 * width).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < N; i++) {
      data.position(i * 4 * width);
      names[i % 4].codePoints().forEach(data::putInt);
    }
    String header =
        "{'descr': '<U%d', 'fortran_order': False, 'shape': (%d,), }\n".formatted(width, N);
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.writeBytes(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0});
    file.write(header.length());
    file.write(0);
    file.writeBytes(header.getBytes(StandardCharsets.UTF_8));
    file.writeBytes(data.array());
    Files.write(text, file.toByteArray());
    JsonNode numbers = json();
    Path csv = folder.resolve("classes.csv");
    labels = text;
    JsonNode named = json("--per-class", csv);
    for (String name : List.of("nmi", "ari", "map_at_r", "recall_at")) {
      assertThat(named.get(name)).as(name).isEqualTo(numbers.get(name));
    }
    assertThat(Files.readAllLines(csv).stream().skip(1).map(line -> line.replaceAll(",10,9.*", "")))
        .containsExactly("a", "\"b \"\"x\"\", y\"", "c", "é");
  }

  @Test
  void columnsRowsAndFloatsOfWholeNumbersAreLabelsToo() throws IOException {
    JsonNode expected = json();
    double[] floats = Arrays.stream(classes).asDoubleStream().toArray();
    for (Npy each :
        List.of(
            new Npy(new int[] {N, 1}, classes),
            new Npy(new int[] {1, N}, classes),
            new Npy(new int[] {N}, floats),
            new Npy(new int[] {N, 1}, Arrays.stream(classes).asLongStream().toArray()))) {
      each.write(labels);
      JsonNode got = json();
      assertThat(got.get("nmi")).isEqualTo(expected.get("nmi"));
      assertThat(got.get("map_at_r")).isEqualTo(expected.get("map_at_r"));
    }
  }

  @Test
  void whatAreNoLabelsIsRefused() throws IOException {
    for (Npy each :
        List.of(
            new Npy(new int[] {N - 1}, new int[N - 1]),
            new Npy(new int[] {N, 2}, new int[2 * N]),
            new Npy(new int[] {2, N / 2}, new int[N]),
            new Npy(new int[] {}, new int[1]),
            new Npy(new int[] {0}, new int[0]))) {
      each.write(labels);
      Shell shell = evaluate();
      assertThat(shell.code()).isEqualTo(1);
      assertThat(shell.err()).contains("l.npy: labels must be [40]");
      assertThat(shell.err().strip().lines()).hasSize(1);
    }
    double[] halves = new double[N];
    halves[7] = 0.5;
    new Npy(new int[] {N}, halves).write(labels);
    assertThat(evaluate().err()).contains("l.npy: labels must be whole numbers").contains("0.5");
  }

  @Test
  void embeddingsThatHaveNoDistanceAreRefusedByFileAndRow() throws IOException {
    float[] x = new float[N * D];
    Arrays.fill(x, 1);
    x[5 * D + 1] = Float.POSITIVE_INFINITY;
    new Npy(new int[] {N, D}, x).write(embeddings);
    assertThat(evaluate().err()).contains("e é.npy: row 5").contains("not finite");
    Arrays.fill(x, 6 * D, 7 * D, 0);
    x[5 * D + 1] = 1;
    new Npy(new int[] {N, D}, x).write(embeddings);
    assertThat(evaluate("--distance", "cosine").err()).contains("e é.npy: row 6").contains("zero");
    assertThat(evaluate().code()).isZero();
    new Npy(new int[] {1, D}, new float[D]).write(embeddings);
    new Npy(new int[] {1}, new int[1]).write(labels);
    assertThat(evaluate().err()).contains("e é.npy: 1 rows").contains("--gallery-embeddings");
  }

  @Test
  void aGalleryIsSearchedInPlaceOfTheOthers() throws IOException {
    Path gallery = folder.resolve("g.npy");
    Path galleryLabels = folder.resolve("gl.npy");
    new Npy(new int[] {2, D}, new double[] {9, 9, 9, 2, 0, 0}).write(gallery);
    new Npy(new int[] {2}, new long[] {-10, 20}).write(galleryLabels);
    Object[] with = {"--gallery-embeddings", gallery, "--gallery-labels", galleryLabels};
    JsonNode json = json(with);
    assertThat(json.get("queries").asInt()).isEqualTo(N);
    assertThat(json.get("without_match").asInt()).isEqualTo(N / 2);
    assertThat(json.get("recall_at").get("2").asDouble()).isEqualTo(1);
    assertThat(evaluate(with).output()).contains("20 of 40 queries");
    // One query is enough.
    new Npy(new int[] {1, D}, new float[] {2, 0, 0}).write(embeddings);
    new Npy(new int[] {1}, new int[] {20}).write(labels);
    assertThat(json(with).get("precision_at_1").asDouble()).isEqualTo(1);
    new Npy(new int[] {2, 2}, new double[4]).write(gallery);
    Shell narrow = evaluate(with);
    assertThat(narrow.code()).isEqualTo(1);
    assertThat(narrow.err()).contains("g.npy: [2, 2]").contains("[1, 3]");
    Shell alone = evaluate("--gallery-embeddings", gallery);
    assertThat(alone.code()).isEqualTo(2);
    assertThat(alone.err()).contains("--gallery-labels");
  }
}
