package org.medoid.training.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.medoid.training.RunFolder;
import org.medoid.training.data.ImageDataSet;
import org.medoid.training.evaluation.EvaluationResult;
import org.medoid.training.settings.ScheduleSettings.Choice;
import org.medoid.training.settings.TrainingSettings;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class ReportTest {
  private static final int CLASSES = 7;
  private static final int EACH = 6;
  private static final int SIZE = 4;
  private static final String NASTY = "<script>alert(\"&\")</script>";

  @TempDir static Path folder;

  private static ImageDataSet data;
  private static String page;
  private static Document document;

  private static TrainingSettings settings() throws IOException {
    return settings(Choice.VALIDATION);
  }

  private static TrainingSettings settings(Choice choice) throws IOException {
    return TrainingSettings.of(
        "folder:" + NASTY,
        "convnet",
        draft -> {
          draft.imageSize = 16;
          draft.resize = 18;
          draft.embedding = SIZE;
          draft.batch = 8;
          draft.classesPerBatch = 2;
          draft.steps = 40L;
          draft.evalEvery = 10L;
          draft.chooseOn = choice;
        });
  }

  @BeforeAll
  static void write() throws Exception {
    data = data(folder.resolve("images"));
    page = page(folder.resolve("run"), embeddings(0.4));
    // Scripts and styles are not XML; all else on the page is.
    String markup =
        Pattern.compile("(?s)(<(script|style)[^>]*>).*?(</\\2>)")
            .matcher(page)
            .replaceAll("$1$3")
            .replaceFirst("<!DOCTYPE html>", "");
    document =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new InputSource(new StringReader(markup)));
  }

  private static ImageDataSet data(Path folder) throws IOException {
    Files.createDirectories(folder);
    List<Path> files = new ArrayList<>();
    List<Integer> labels = new ArrayList<>();
    List<String> names = new ArrayList<>();
    for (int c = 0; c < CLASSES; c++) {
      names.add(c == 0 ? NASTY : "class " + c);
      for (int i = 0; i < EACH; i++) {
        BufferedImage image = new BufferedImage(20, 20, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(Color.getHSBColor(c / (float) CLASSES, 1, 1 - i / 10f));
        graphics.fillRect(0, 0, 20, 20);
        graphics.dispose();
        Path file = folder.resolve(c + "-" + i + ".png");
        ImageIO.write(image, "png", file.toFile());
        files.add(file);
        labels.add(c);
      }
    }
    return new ImageDataSet(
        "test", files, labels.stream().mapToInt(Integer::intValue).toArray(), names);
  }

  /** A cloud for each class; the two last classes share one. */
  private static float[] embeddings(double spread) {
    Random random = new Random(1);
    float[] values = new float[CLASSES * EACH * SIZE];
    for (int i = 0; i < values.length; i++) {
      int c = Math.min(i / SIZE / EACH, CLASSES - 2);
      values[i] = (float) ((c >> i % SIZE & 1) * 2 + spread * random.nextGaussian());
    }
    return values;
  }

  private static String page(Path run, float[] embeddings) throws IOException {
    return page(run, embeddings, settings());
  }

  private static String page(Path run, float[] embeddings, TrainingSettings settings)
      throws IOException {
    RunFolder target = RunFolder.create(run, settings);
    StringBuilder metrics = new StringBuilder("step,loss,agreement,eval_nmi,eval_recall_at_1\n");
    for (int step = 1; step <= 40; step++) {
      metrics
          .append(step + "," + 10.0 / step + "," + (step > 30 ? "1.0" : "0.75"))
          .append(step % 10 == 0 ? "," + step / 50.0 + ",0.5\n" : ",,\n");
    }
    Files.writeString(run.resolve("metrics.csv"), metrics);
    Map<String, EvaluationResult> scores = new LinkedHashMap<>();
    scores.put("raw pixels", result(0.25));
    scores.put("after training", result(0.75));
    Report.write(
        target, new Report.Content("A " + NASTY, settings, scores, data, 0, embeddings, 16));
    return Files.readString(run.resolve("report.html"));
  }

  private static EvaluationResult result(double score) {
    return new EvaluationResult(
        score,
        score,
        score,
        score,
        score,
        Map.of(1, score, 2, score),
        score,
        score,
        score,
        Map.of());
  }

  private static List<Element> all(String tag, String css) {
    NodeList nodes = document.getElementsByTagName(tag);
    List<Element> found = new ArrayList<>();
    for (int i = 0; i < nodes.getLength(); i++) {
      Element element = (Element) nodes.item(i);
      if (Arrays.asList(element.getAttribute("class").split(" ")).contains(css)) {
        found.add(element);
      }
    }
    return found;
  }

  @Test
  void needsNothingFromOutside() {
    assertThat(page).doesNotContainPattern("(?i)(src|href)=\"(?!#)");
    assertThat(page).doesNotContainPattern("(?i)(https?:)?//[a-z]+\\.");
    assertThat(page).doesNotContain("@import");
    assertThat(page.split("url\\(", -1)).hasSize(2);
    assertThat(page).contains("url(data:image/", "default-src 'none'");
  }

  @Test
  void escapesWhatComesFromOutside() {
    assertThat(page).doesNotContain(NASTY);
    assertThat(document.getElementsByTagName("h1").item(0).getTextContent())
        .isEqualTo("A " + NASTY);
    assertThat(page.split("</script>", -1)).hasSize(3);
  }

  @Test
  void showsEveryQueryWithItsNeighboursMarkedByClassAndSymbol() {
    List<Element> queries =
        all("div", "query").stream().filter(each -> each.hasAttribute("data-query")).toList();
    assertThat(queries).isNotEmpty();
    for (Element query : queries) {
      String own =
          data.classNames().get(data.labels()[Integer.parseInt(query.getAttribute("data-query"))]);
      List<Element> tiles =
          all("div", "tile").stream()
              .filter(tile -> tile.getParentNode().getParentNode() == query)
              .toList();
      assertThat(tiles).hasSize(8);
      for (Element tile : tiles) {
        boolean right = tile.getAttribute("title").equals(own);
        assertThat(tile.getAttribute("class")).isEqualTo(right ? "tile right" : "tile wrong");
        assertThat(tile.getElementsByTagName("b").item(0).getTextContent())
            .isEqualTo(right ? "✓" : "✗");
        assertThat(tile.getElementsByTagName("span").item(0).getTextContent())
            .isEqualTo(tile.getAttribute("title"));
      }
    }
  }

  @Test
  void namesTheClassesThatShareACloudAsConfused() {
    assertThat(all("div", "card").get(0).getElementsByTagName("h3").item(0).getTextContent())
        .isEqualTo("class 5 and class 6");
  }

  @Test
  void saysHowOftenTheClusteringWasAlreadyRight() {
    assertThat(document.getElementsByTagName("section").item(0).getTextContent())
        .contains("in 10 of 40 steps: 25\u00a0%; in the last 4: 100\u00a0%");
  }

  @Test
  void comparesCurvesOfTheTestClassesAloneWithTheOtherRowsOfTheTable() throws IOException {
    List<Element> charts = all("figure", "chart");
    assertThat(charts).hasSize(4);
    assertThat(charts.get(1).getTextContent())
        .contains("Recall@1, validation classes")
        .doesNotContain("raw pixels");
    assertThat(all("table", "scores").get(0).getElementsByTagName("tr").getLength()).isEqualTo(3);
    assertThat(page(folder.resolve("test"), embeddings(0.4), settings(Choice.TEST)))
        .contains("Recall@1, unseen classes", "raw pixels 0.250");
  }

  @Test
  void saysHowManyStepsWereTakenAndWhichClassesAreNotUnseen() throws IOException {
    assertThat(page).contains("never seen in training");
    RunFolder run = RunFolder.create(folder.resolve("stopped"), settings());
    Files.writeString(run.path().resolve("metrics.csv"), "step,seconds,loss\n1,1,1\n30,1,1\n");
    Report.write(run, new Report.Content("s", settings(), Map.of(), data, 2, embeddings(0.4), 16));
    assertThat(run.path().resolve("report.html"))
        .content()
        .contains(", 30 of ", " classes, 2 of which were trained on too")
        .doesNotContain("never seen in training");
  }

  @Test
  void isTheSameEachTime() throws IOException {
    assertThat(page(folder.resolve("again"), embeddings(0.4))).isEqualTo(page);
  }

  @Test
  void standsEmbeddingsThatAreAllTheSameAndARunWithoutSteps() throws IOException {
    Path run = folder.resolve("bare");
    RunFolder bare = RunFolder.create(run, settings());
    float[] same = new float[data.size() * SIZE];
    Report.write(bare, new Report.Content("bare", settings(), Map.of(), data, 0, same, 16));
    assertThat(run.resolve("report.html"))
        .content()
        .contains("has logged no step yet", "too few different images for a map");
  }

  @Test
  void standsTwoImages() throws IOException {
    ImageDataSet two =
        new ImageDataSet("two", data.files().subList(0, 2), new int[] {0, 1}, List.of("a", "b"));
    RunFolder run = RunFolder.create(folder.resolve("two"), settings());
    Report.write(
        run, new Report.Content("two", settings(), Map.of(), two, 0, new float[] {1, 2}, 16));
    assertThat(run.path().resolve("report.html"))
        .content()
        .contains("No class has two images", "too few different images for a map");
  }

  @Test
  void refusesRowsThatDoNotFitTheImages() {
    assertThatThrownBy(
            () ->
                new Report.Content(
                    "t", settings(), Map.of(), data, 0, new float[data.size() + 1], 16))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("42 images and 43 values");
  }

  @Test
  void namesTheDamagedLineOfTheMetrics() throws IOException {
    Path run = folder.resolve("damaged");
    RunFolder damaged = RunFolder.create(run, settings());
    Files.writeString(run.resolve("metrics.csv"), "step,loss\n1,0.5\n2,ouch\n");
    assertThatThrownBy(
            () ->
                Report.write(
                    damaged,
                    new Report.Content("t", settings(), Map.of(), data, 0, embeddings(0.1), 16)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("metrics.csv is damaged: line 3 has 'ouch'");
    assertThat(run.resolve("report.html")).doesNotExist();
  }

  @Test
  void drawsWholeClassesFromAcrossALargeSet() {
    int[] labels = new int[10_000];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = i / 5;
    }
    int[] shown = Report.shown(labels, 2_000);
    assertThat(shown).hasSize(1_200).isSorted().doesNotHaveDuplicates();
    Map<Integer, Long> sizes = new LinkedHashMap<>();
    Arrays.stream(shown).forEach(row -> sizes.merge(labels[row], 1L, Long::sum));
    assertThat(sizes.values()).containsOnly(5L);
    assertThat(sizes.keySet()).anyMatch(c -> c < 20).anyMatch(c -> c >= 1_980);
  }

  @Test
  void drawsSeveralClassesOfASetWithHugeOnes() {
    int[] labels = new int[50_000];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = i % 10;
    }
    assertThat(Arrays.stream(Report.shown(labels, 10)).map(row -> labels[row]).distinct().count())
        .isEqualTo(10);
  }

  @Test
  void writesTheProjectorsFilesInTheSameOrder() throws IOException {
    RunFolder run = RunFolder.create(folder.resolve("projector"), settings());
    float[] embeddings = embeddings(0.2);
    Projector.write(run, data, embeddings);
    Path events = run.path().resolve("events");
    List<String> vectors = Files.readAllLines(events.resolve("projector/vectors.tsv"));
    List<String> metadata = Files.readAllLines(events.resolve("projector/metadata.tsv"));
    assertThat(vectors).hasSize(data.size());
    assertThat(metadata).hasSize(data.size() + 1);
    assertThat(vectors.get(EACH).split("\t"))
        .hasSize(SIZE)
        .startsWith("" + embeddings[EACH * SIZE]);
    assertThat(metadata.get(EACH + 1)).isEqualTo("class 1\t1-0.png");
    BufferedImage sprite = ImageIO.read(events.resolve("projector/sprite.png").toFile());
    assertThat(sprite.getWidth()).isEqualTo(7 * 64);
    // Row 0 is red, at full brightness, row 1 a tenth darker.
    assertThat(new Color(sprite.getRGB(10, 10))).isEqualTo(new Color(255, 0, 0));
    assertThat(new Color(sprite.getRGB(74, 10)).getRed()).isBetween(225, 233);
    assertThat(events.resolve("projector_config.pbtxt"))
        .content()
        .contains("projector/vectors.tsv");
  }

  @Test
  void theProjectorsSpriteIsReplacedWhole() throws IOException {
    RunFolder run = RunFolder.create(folder.resolve("twice"), settings());
    Projector.write(run, data, embeddings(0.2));
    Path events = run.path().resolve("events");
    Path sprite = events.resolve("projector/sprite.png");
    Path old = Files.createLink(folder.resolve("old.png"), sprite); // is changed with it in place
    byte[] before = Files.readAllBytes(old);
    Projector.write(run, data.part(0, EACH), Arrays.copyOf(embeddings(0.2), EACH * SIZE));
    assertThat(Files.readAllBytes(sprite)).isNotEqualTo(before);
    assertThat(old).hasBinaryContent(before);
  }
}
