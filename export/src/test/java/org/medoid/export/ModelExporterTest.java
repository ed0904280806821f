package org.medoid.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.onnx.proto.OnnxMl;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.medoid.export.image.ImageSize;
import org.medoid.export.onnx.OnnxConverter;
import org.medoid.export.savedmodel.SignatureChoice;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.types.TFloat32;

class ModelExporterTest {
  private static final Shape IMAGES = Shape.of(-1, 16, 16, 3);
  private static final EnumSet<ExportFormat> SAVEDMODEL = EnumSet.of(ExportFormat.SAVEDMODEL);

  @TempDir private Path folder;

  private static FrozenGraph small() {
    try (SmallModel model = new SmallModel(IMAGES)) {
      return model.frozen();
    }
  }

  private List<String> content(Path of) throws IOException {
    try (Stream<Path> files = Files.walk(of)) {
      return files
          .filter(path -> !path.equals(of))
          .map(path -> of.relativize(path).toString())
          .sorted()
          .toList();
    }
  }

  @Test
  void aPlainExportIsASavedModelWithBothSignaturesAnOnnxFileAndItsDescription() throws IOException {
    Path target = folder.resolve("an exporté").resolve("model");
    ExportReport report =
        ModelExporter.of(small())
            .resize(20)
            .metadata(Map.of("distance", "euclidean", "scores", Map.of("nmi", 0.5)))
            .export(target);
    assertThat(report.folder()).isEqualTo(target);
    assertThat(report.embeddingSize()).isEqualTo(5);
    assertThat(report.differences()).containsOnlyKeys("savedmodel", "image_bytes", "onnx");
    assertThat(report.differences().values()).allMatch(d -> d <= 1e-5);
    assertThat(content(target))
        .containsExactly("export.json", "model.onnx", "saved_model.pb", "variables");
    JsonNode info = new ObjectMapper().readTree(target.resolve("export.json").toFile());
    assertThat(info).isEqualTo(new ObjectMapper().readTree(report.info().toString()));
    assertThat(info.get("embedding_size").asInt()).isEqualTo(5);
    assertThat(info.get("image_height").asInt()).isEqualTo(16);
    assertThat(info.at("/preprocessing/scaled_width").asInt())
        .isEqualTo(info.get("resize").asInt());
    assertThat(info.at("/preprocessing/antialias").asBoolean(true)).isFalse();
    assertThat(info.get("resize").asInt()).isEqualTo(20);
    assertThat(info.get("l2_normalised").asBoolean()).isTrue();
    assertThat(info.get("distance").asText()).isEqualTo("euclidean");
    assertThat(info.at("/scores/nmi").asDouble()).isEqualTo(0.5);
    assertThat(info.at("/onnx/opset").asInt()).isPositive();
    assertThat(info.at("/parity/pictures").asInt()).isEqualTo(8);
    try (SavedModelBundle bundle = SavedModelBundle.load(target.toString(), "serve")) {
      Map<String, SignatureDef> signatures = bundle.metaGraphDef().getSignatureDefMap();
      assertThat(signatures).containsOnlyKeys("serving_default", "image_bytes");
      assertThat(signatures.values())
          .allMatch(signature -> signature.getMethodName().equals("tensorflow/serving/predict"))
          .allMatch(signature -> signature.containsOutputs("embedding"));
    }
  }

  @Test
  void theSameModelGivesTheSameBytes() throws IOException {
    for (String name : List.of("a", "b")) {
      ModelExporter.of(small()).export(folder.resolve(name));
    }
    for (String file : List.of("saved_model.pb", "model.onnx")) {
      assertThat(folder.resolve("a").resolve(file))
          .hasSameBinaryContentAs(folder.resolve("b").resolve(file));
    }
  }

  @Test
  void anExportIsReplacedOnlyIfAllowedAndNothingElseEver() throws IOException {
    Path target = folder.resolve("model");
    ModelExporter.of(small()).export(target);
    ModelExporter again = ModelExporter.of(small()).formats(SAVEDMODEL);
    assertThatIOException()
        .isThrownBy(() -> again.export(target))
        .withMessageContaining(target.toString())
        .withMessageContaining("not empty");
    assertThat(target.resolve("model.onnx")).exists();
    again.overwrite(true).export(target);
    assertThat(target.resolve("model.onnx")).doesNotExist();
    assertThat(content(folder)).doesNotHave(hidden());

    Path precious = Files.createDirectories(folder.resolve("precious"));
    Files.writeString(precious.resolve("thesis.tex"), "1");
    assertThatIOException()
        .isThrownBy(() -> again.export(precious))
        .withMessageContaining("something else than an earlier export");
    assertThatIOException()
        .isThrownBy(() -> again.export(precious.resolve("thesis.tex")))
        .withMessageContaining("is a file");
    assertThatIOException()
        .isThrownBy(() -> again.export(precious.resolve("thesis.tex").resolve("deep")))
        .withMessageContaining("thesis.tex");
    assertThat(content(precious)).containsExactly("thesis.tex");
  }

  private static org.assertj.core.api.Condition<List<? extends String>> hidden() {
    return new org.assertj.core.api.Condition<>(
        names -> names.stream().anyMatch(name -> name.startsWith(".")), "hidden remains");
  }

  @Test
  void anExportThatDiffersIsNotWrittenAndTheOldOneStays() throws IOException {
    Path target = folder.resolve("model");
    ModelExporter.of(small()).formats(SAVEDMODEL).export(target);
    byte[] before = Files.readAllBytes(target.resolve("saved_model.pb"));
    float[] reference = new float[8 * 5];
    ModelExporter wrong =
        ModelExporter.of(small()).formats(SAVEDMODEL).overwrite(true).reference(reference);
    assertThatIOException()
        .isThrownBy(() -> wrong.export(target))
        .withMessageContaining(target.toString())
        .withMessageMatching(
            "(?s).*differ by \\d\\.\\d+e-\\d+, more than \\d\\.\\de-06; their largest value is"
                + " 0\\.\\d+; from the same graph in double precision those of the model before it"
                + " was frozen differ by \\d\\.\\d+e-\\d+ and TensorFlow's own by \\d\\.\\d+e-\\d+;"
                + " one rounding of pixels and weights moves them by \\d\\.\\de-\\d+");
    // Whoever allows more gets it, also where embeddings have length one.
    ExportReport far =
        ModelExporter.of(small())
            .formats(SAVEDMODEL)
            .tolerance(2)
            .reference(reference)
            .export(folder.resolve("far"));
    assertThat(far.differences().get("reference")).isBetween(0.3, 1.0);
    assertThat(target.resolve("saved_model.pb")).hasBinaryContent(before);
    Path fresh = folder.resolve("new").resolve("model");
    assertThatIOException().isThrownBy(() -> wrong.export(fresh));
    assertThat(content(folder)).doesNotHave(hidden()).doesNotContain("new");
  }

  @Test
  void aReferenceThatIsNotARowForEachPictureIsRefused() {
    for (int length : new int[] {0, 8 * 5 - 1, 8 * 5 + 1, 8 * 5 + 4, 9 * 5, 7 * 5}) {
      assertThatIllegalArgumentException()
          .isThrownBy(
              () ->
                  ModelExporter.of(small())
                      .tolerance(2)
                      .reference(new float[length])
                      .export(folder.resolve("x")))
          .withMessageContaining(
              "the reference has " + length + " values, which are not 8 embeddings of 5");
    }
    assertThat(folder.resolve("x")).doesNotExist();
  }

  @Test
  void aConverterThatWritesAnotherNetworkIsFoundOut() throws IOException {
    ModelExporter wrong =
        ModelExporter.of(small())
            .onnx(
                OnnxConverter.Options.defaults()
                    .withConverter(
                        "Relu",
                        node -> node.output(0, node.emit("Sigmoid", List.of(node.input(0))))));
    assertThatIOException()
        .isThrownBy(() -> wrong.export(folder.resolve("x")))
        .withMessageContaining("embeddings of the ONNX file in onnxruntime differ by")
        .withMessageMatching(".*TensorFlow's own by \\d\\.\\d+e-0[789];.*");
    assertThat(content(folder)).isEmpty();
  }

  @Test
  void whatHasNoConverterTakesTheUsersOwn() throws IOException {
    // Of two ones it is its third argument.
    FrozenGraph frozen = colours((tf, x) -> tf.math.betainc(tf.constant(1f), tf.constant(1f), x));
    refused(frozen, "(Betainc)", "OnnxConverter.Options.withConverter");
    ExportReport report =
        ModelExporter.of(frozen)
            .onnx(
                OnnxConverter.Options.defaults()
                    .withOpset(17)
                    .withMetadata(Map.of("author", "me"))
                    .withConverter("Betainc", node -> node.same(0, 2)))
            .export(folder.resolve("x"));
    assertThat(report.differences().get("onnx")).isLessThan(1e-5);
    assertThat(report.notes()).isEmpty();
    assertThat(report.info().at("/onnx/opset").asInt()).isEqualTo(17);
    assertThat(Files.readString(folder.resolve("x/model.onnx"), StandardCharsets.ISO_8859_1))
        .contains("author", "embedding_size");
  }

  @Test
  void servedModelsGetTheNextVersionAndRequestsToWarmUp() throws IOException {
    Path target = folder.resolve("served");
    ModelExporter exporter =
        ModelExporter.of(small()).formats(SAVEDMODEL).layout(ExportLayout.TF_SERVING);
    assertThat(exporter.export(target).folder()).isEqualTo(target.resolve("1"));
    Files.createDirectory(target.resolve("7"));
    assertThat(exporter.export(target).folder()).isEqualTo(target.resolve("8"));
    assertThat(content(target.resolve("8")))
        .contains("saved_model.pb", "assets.extra/tf_serving_warmup_requests");
    Path other = Files.createDirectories(folder.resolve("other"));
    Files.writeString(other.resolve("thesis.tex"), "1");
    assertThatIOException()
        .isThrownBy(() -> exporter.export(other))
        .withMessageContaining("nor a served model");
    assertThat(content(other)).containsExactly("thesis.tex");
  }

  @Test
  void tritonGetsTheOnnxFileAndAConfigurationWithoutTheBatch() throws IOException {
    ModelExporter exporter = ModelExporter.of(small()).layout(ExportLayout.TRITON).name("icons");
    assertThat(exporter.export(folder).folder()).isEqualTo(folder.resolve("icons").resolve("1"));
    assertThat(content(folder)).doesNotHave(hidden());
    exporter.export(folder);
    assertThat(content(folder)).doesNotHave(hidden());
    assertThat(content(folder.resolve("icons")))
        .containsExactly(
            "1",
            "1/export.json",
            "1/model.onnx",
            "2",
            "2/export.json",
            "2/model.onnx",
            "config.pbtxt");
    assertThat(folder.resolve("icons").resolve("config.pbtxt"))
        .content()
        .contains("name: \"icons\"", "dims: [ 16, 16, 3 ]", "dims: [ 5 ]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> exporter.formats(SAVEDMODEL).export(folder))
        .withMessageContaining(folder.toString())
        .withMessageContaining("onnx");
  }

  @Test
  void aFailedTritonExportLeavesNeitherAConfigurationNorAFolder() throws IOException {
    ModelExporter exporter =
        ModelExporter.of(small())
            .layout(ExportLayout.TRITON)
            .name("icons")
            .reference(new float[8 * 5]);
    assertThatIOException().isThrownBy(() -> exporter.export(folder));
    assertThat(content(folder)).isEmpty();
    ModelExporter.of(small()).layout(ExportLayout.TRITON).name("icons").export(folder);
    Path configuration = folder.resolve("icons").resolve("config.pbtxt");
    Files.writeString(configuration, "the user's own");
    assertThatIOException().isThrownBy(() -> exporter.export(folder));
    assertThat(configuration).hasContent("the user's own");
    // What cannot be replaced by a file takes the new version back.
    Files.delete(configuration);
    Files.createDirectories(configuration.resolve("in the way"));
    assertThatIOException()
        .isThrownBy(
            () ->
                ModelExporter.of(small()).layout(ExportLayout.TRITON).name("icons").export(folder))
        .withMessageContaining(folder + " is not exported")
        .withMessageContaining("config.pbtxt");
    assertThat(content(folder.resolve("icons")))
        .containsExactly(
            "1", "1/export.json", "1/model.onnx", "config.pbtxt", "config.pbtxt/in the way");
  }

  @Test
  void aWidthThatTensorFlowLeavesOpenIsTheMeasuredOne() {
    OnnxMl.ModelProto.Builder open = OnnxMl.ModelProto.newBuilder();
    OnnxMl.TensorShapeProto.Builder shape =
        open.getGraphBuilder()
            .addOutputBuilder()
            .getTypeBuilder()
            .getTensorTypeBuilder()
            .getShapeBuilder();
    shape.addDimBuilder().setDimParam("batch");
    shape.addDimBuilder().setDimParam("embedding_1");
    OnnxMl.TensorShapeProto sized =
        ExportWork.sized(open.build(), 7)
            .getGraph()
            .getOutput(0)
            .getType()
            .getTensorType()
            .getShape();
    assertThat(sized.getDim(0).getDimParam()).isEqualTo("batch");
    assertThat(sized.getDim(1).getDimValue()).isEqualTo(7);
  }

  @Test
  void aSourceOfOpenSizeGetsTheOneThatIsAskedFor() throws IOException {
    FrozenGraph open;
    try (SmallModel model = new SmallModel(Shape.of(-1, -1, -1, 3))) {
      open = model.frozen();
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ModelExporter.of(open).export(folder.resolve("x")))
        .withMessageContaining(folder.resolve("x") + " is not exported")
        .withMessageContaining("leaves the size");
    ExportReport report = ModelExporter.of(open).imageSize(12, 18).export(folder.resolve("x"));
    assertThat(report.info().get("image_width").asInt()).isEqualTo(18);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ModelExporter.of(small()).imageSize(12, 18).export(folder.resolve("y")))
        .withMessageContaining("it must be [batch, 12, 18, 3]");
    assertThat(folder.resolve("y")).doesNotExist();
  }

  @Test
  void aSizeThatIsNoneIsRefusedAtOnce() {
    for (int[] size : new int[][] {{0, -3}, {-3, 16}, {16, 0}}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> ModelExporter.of(small()).imageSize(size[0], size[1]))
          .withMessage("image size %dx%d: both must be at least 1", size[0], size[1]);
    }
  }

  @Test
  void metadataThatIsNoJsonIsNamedAtOnceAndWhatIsTakenIsAsItWasGiven() throws IOException {
    for (Object value : List.of(new Object(), Map.of("b", List.of(new Object())))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> ModelExporter.of(small()).metadata(Map.of("a", value)))
          .withMessageStartingWith("metadata 'a' cannot be written as JSON: ")
          .withMessageContaining("java.lang.Object")
          .withMessageNotContainingAny("\n", "FAIL_ON_EMPTY_BEANS");
    }
    List<Integer> scores = new ArrayList<>(List.of(1));
    ModelExporter exporter =
        ModelExporter.of(small()).formats(SAVEDMODEL).metadata(Map.of("scores", scores));
    scores.set(0, 2);
    assertThat(exporter.export(folder.resolve("x")).info().at("/scores/0").asInt()).isEqualTo(1);
  }

  /** In a process of its own: onnxruntime is loaded but once. */
  static final class WithoutTemporaryFolder {
    private WithoutTemporaryFolder() {}

    public static void main(String[] target) throws IOException {
      for (int i = 0; i < 2; i++) { // Java does not tell the reason twice
        try {
          ModelExporter.of(colours((tf, mean) -> mean)).export(Path.of(target[0]));
        } catch (IOException e) {
          System.out.println(e.getMessage());
        }
      }
    }
  }

  /** In a container whose temporary folder cannot be written; what failed was an Error. */
  @Test
  void anExportWithoutAPlaceToUnpackOnnxruntimeSaysSo() throws Exception {
    Path target = folder.resolve("x");
    Path output = folder.resolve("output");
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Djava.io.tmpdir=" + folder.resolve("none"),
            "-cp",
            System.getProperty("java.class.path"),
            WithoutTemporaryFolder.class.getName(),
            target.toString());
    assertThat(new ProcessBuilder(command).redirectOutput(output.toFile()).start().waitFor())
        .isZero();
    assertThat(Files.readAllLines(output))
        .hasSize(2)
        .allSatisfy(
            line ->
                assertThat(line)
                    .startsWith(target + " is not exported: onnxruntime")
                    .contains("java.io.tmpdir, which is " + folder.resolve("none")));
    assertThat(target).doesNotExist();
  }

  /** What becomes of the mean colour of pictures. */
  private static FrozenGraph colours(BiFunction<Ops, Operand<TFloat32>, Operand<TFloat32>> detour) {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Operand<TFloat32> images =
          tf.withName("x").placeholder(TFloat32.class, Placeholder.shape(IMAGES));
      Operand<TFloat32> mean = tf.math.mean(images, tf.constant(new int[] {1, 2}));
      tf.withName("y").identity(detour.apply(tf, mean));
      return FrozenGraph.of(graph.toGraphDef(), Map.of("in", "x:0"), Map.of("out", "y:0"));
    }
  }

  private void refused(FrozenGraph frozen, String... reasons) {
    Path target = folder.resolve("deep").resolve("model");
    assertThatThrownBy(() -> ModelExporter.of(frozen).export(target))
        .satisfies(
            e ->
                assertThat(e.getMessage())
                    .startsWith(target + " is not exported: ")
                    .contains(reasons));
    assertThat(target.getParent()).doesNotExist();
  }

  @Test
  void whatCannotBeExportedIsToldWithTheTargetAndLeavesNothing() {
    refused(
        colours((tf, x) -> tf.math.digamma(tf.math.add(tf.math.lgamma(x), tf.constant(2f)))),
        "2 nodes",
        "(Lgamma)",
        "(Digamma)");
    refused(
        colours((tf, x) -> tf.reshape(x, tf.constant(new int[] {1, 3}))),
        "TensorFlow does not run the model",
        "(node Reshape)");
    refused(
        colours((tf, x) -> tf.reshape(x, tf.constant(new int[] {-1, 1, 1, 3}))),
        "[1, 1, 1, 3]",
        "global pooling");
    refused(
        colours(
            (tf, x) ->
                tf.math.add(
                    x, tf.random.randomUniform(tf.constant(new int[] {3}), TFloat32.class))),
        "differ by",
        "draws random numbers in",
        "(RandomUniform)");
  }

  @Test
  void aTargetThatCannotBeMadeIsToldWithTheFolderInTheWay() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "1");
    assertThatIOException()
        .isThrownBy(() -> ModelExporter.of(small()).export(file.resolve("model")))
        .withMessageStartingWith(file.resolve("model") + " cannot be written")
        .withMessageContaining("no folder can be made in " + file);
  }

  @Test
  void picturesAreReadFromFilesAndABadOneIsNamed() throws IOException {
    ImageBytes image = new ImageBytes(24, 30, 0);
    float[] pixels = new float[2 * 24 * 30 * 3];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (i * 7 % 256) / 255f;
    }
    List<byte[]> encoded = image.encode(pixels);
    Path a = Files.write(folder.resolve("a.png"), encoded.get(0));
    Path b = Files.write(folder.resolve("b.png"), encoded.get(1));
    assertThat(image.decode(encoded, List.of("a", "b"))).containsExactly(pixels, within(1e-6f));
    ExportReport report =
        ModelExporter.of(small())
            .formats(SAVEDMODEL)
            .resize(20)
            .pictures(List.of(a, b))
            .export(folder.resolve("x"));
    assertThat(report.pictures()).isEqualTo(2);
    Files.write(b, Arrays.copyOf(encoded.get(1), 20));
    assertThatIOException()
        .isThrownBy(
            () -> ModelExporter.of(small()).pictures(List.of(a, b)).export(folder.resolve("y")))
        .withMessageContaining(folder.resolve("y") + " is not exported")
        .withMessageContaining("b.png is not a picture");
    Files.delete(b);
    assertThatIOException()
        .isThrownBy(
            () -> ModelExporter.of(small()).pictures(List.of(a, b)).export(folder.resolve("y")))
        .withMessageContaining(folder.resolve("y") + " is not exported")
        .withMessageContaining("b.png");
    assertThat(folder.resolve("y")).doesNotExist();
  }

  /** Written by Keras on TensorFlow 2: functions and resource variables. */
  @Test
  void theMobileNetThatKerasWroteIsExportedUnderOurNames() throws IOException {
    Path mobilenet = mobilenet();
    ExportReport report =
        ModelExporter.ofSavedModel(mobilenet, SignatureChoice.FITTING)
            .tolerance(1e-4)
            .export(folder.resolve("m"));
    assertThat(report.embeddingSize()).isEqualTo(1024);
    assertThat(report.differences())
        .containsOnlyKeys("reference", "savedmodel", "image_bytes", "onnx");
    FrozenGraph again = FrozenGraph.ofSavedModel(folder.resolve("m"), "serving_default");
    assertThat(again.inputs()).containsOnlyKeys("images");
    assertThat(again.outputs()).containsOnlyKeys("embedding");
  }

  static Path mobilenet() {
    String given = System.getProperty("medoid.shared");
    Path shared = given == null ? Path.of("..", "..", "shared") : Path.of(given);
    Path mobilenet = shared.resolve("data").resolve("mobilenet_v1_savedmodel");
    assumeThat(Files.exists(mobilenet))
        .as("skipped, data not found: " + mobilenet + " (set -Dmedoid.shared=FOLDER)")
        .isTrue();
    return mobilenet;
  }

  @Test
  void tritonsConfigurationHasTheSameDigitsInEveryLocale() {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
      assertThat(TritonConfiguration.of("a", ImageSize.square(16, 16), 5))
          .contains("dims: [ 16, 16, 3 ]", "dims: [ 5 ]");
    } finally {
      Locale.setDefault(before);
    }
  }
}
