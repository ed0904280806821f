package org.medoid.export.savedmodel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.medoid.export.ModelExporter;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.math.Mean;
import org.tensorflow.op.nn.AvgPool;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.types.TBfloat16;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat16;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint16;
import org.tensorflow.types.TUint8;
import org.tensorflow.types.family.TNumber;
import org.tensorflow.types.family.TType;

/** SavedModels of many habits, all read to one: float32 images in [0, 1] to float32 features. */
class ModelSignatureTest {
  private static final int SIDE = 4;
  private static final int PIXELS = SIDE * SIDE * 3;

  /** From a colour to features, with which every network here ends. */
  private static final float[][] COLOURS = {{1, -2}, {3, 0.5f}, {-1, 4}};

  @TempDir private Path folder;
  private final WrittenModel model = new WrittenModel();
  private final Ops tf = model.tf;

  @AfterEach
  void close() {
    model.close();
  }

  private <T extends TType> Placeholder<T> placeholder(Class<T> type, long... shape) {
    return tf.placeholder(type, Placeholder.shape(Shape.of(shape)));
  }

  private Placeholder<TFloat32> images() {
    return placeholder(TFloat32.class, -1, SIDE, SIDE, 3);
  }

  /** The mean colour, by the weights. */
  private Operand<TFloat32> colours(Operand<TFloat32> x) {
    // Behind a ReLU, so that nothing in front of it is part of the network.
    Operand<TFloat32> mean = tf.math.mean(tf.nn.relu(x), tf.constant(new int[] {1, 2}));
    return tf.linalg.matMul(mean, tf.constant(COLOURS));
  }

  private static float[] pictures(int count) {
    float[] values = new float[count * PIXELS];
    for (int i = 0; i < values.length; i++) {
      values[i] = (i * 37 % 256) / 255f;
    }
    return values;
  }

  /** What {@link #colours} gives of pictures whose pixels are scale * x + shift. */
  private static float[] expected(float[] pictures, double scale, double shift) {
    float[] features = new float[pictures.length / PIXELS * 2];
    for (int i = 0; i < pictures.length; i++) {
      double pixel = Math.max(0, scale * pictures[i] + shift) / (SIDE * SIDE);
      for (int k = 0; k < 2; k++) {
        features[i / PIXELS * 2 + k] += (float) (pixel * COLOURS[i % 3][k]);
      }
    }
    return features;
  }

  private ModelSignature open(SignatureChoice choice) throws IOException {
    return SavedModel.open(model.write(folder)).signature(choice);
  }

  private ModelSignature open() throws IOException {
    return open(SignatureChoice.FITTING);
  }

  private ModelSignature only(Operand<?> in, Operand<?> out) throws IOException {
    model.signature("serving_default", Map.of("in", in), Map.of("out", out));
    return open();
  }

  /** Runs the flat graph, for both purposes, and the SavedModel itself: all give the same. */
  private static float[] run(ModelSignature signature, float[] pictures) throws IOException {
    int count = pictures.length / PIXELS;
    float[] first = null;
    for (Purpose purpose : Purpose.values()) {
      FlatGraph flat = signature.flat(purpose);
      assertThat(flat.inputs()).containsOnlyKeys("images");
      assertThat(flat.outputs()).containsOnlyKeys("features");
      try (Graph graph = new Graph();
          Session session = new Session(graph)) {
        graph.importGraphDef(flat.frozen(signature.values(flat)));
        try (TFloat32 in =
                TFloat32.tensorOf(Shape.of(count, SIDE, SIDE, 3), DataBuffers.of(pictures));
            Result result =
                session
                    .runner()
                    .feed(flat.inputs().get("images"), in)
                    .fetch(flat.outputs().get("features"))
                    .run()) {
          assertThat(result.get(0).shape()).isEqualTo(Shape.of(count, signature.size()));
          float[] out = new float[Math.toIntExact(result.get(0).size())];
          ((TFloat32) result.get(0)).asRawTensor().data().asFloats().read(out);
          first = first == null ? out : first;
          assertThat(out).isEqualTo(first);
        }
      }
    }
    if (!signature.runs()) { // this processor's TensorFlow would crash
      assertThat(signature.notes().toString()).contains("ONEDNN_MAX_CPU_ISA");
      return first;
    }
    try (OriginalModel original = signature.original()) {
      float tolerance = (float) (20 * signature.step());
      assertThat(original.features(pictures, SIDE, SIDE)).containsExactly(first, within(tolerance));
    }
    return first;
  }

  @ParameterizedTest
  @CsvSource({
    "features, serving_default, features",
    "serving_default, default, serving_default",
    "default, image_feature_vector, default",
    "anything, something, ''",
    "own, own, own"
  })
  void ofSeveralSignaturesTheirNamesDecide(String one, String other, String chosen)
      throws IOException {
    Placeholder<TFloat32> in = images();
    Operand<TFloat32> out = colours(in);
    model.signature(other, Map.of("x", in), Map.of("y", out));
    model.signature(one, Map.of("x", in), Map.of("y", out));
    if (chosen.isEmpty()) {
      assertThatIOException()
          .isThrownBy(this::open)
          .withMessageContaining("several signatures")
          .withMessageContaining("anything: x float32 [?, 4, 4, 3] -> y float32 [?, 2]")
          .withMessageContaining("something: x");
    } else {
      assertThat(open().name()).isEqualTo(chosen);
      assertThat(open().notes().get(0)).contains("signature " + chosen, "x float32 [?, 4, 4, 3]");
    }
    assertThat(open(SignatureChoice.of(other)).name()).isEqualTo(other);
    assertThatIOException()
        .isThrownBy(() -> open(SignatureChoice.of("absent")))
        .withMessageContaining("saved_model.pb has no signature absent; it has ")
        .withMessageContaining(other + ": x float32");
  }

  @Test
  void aSignatureThatDoesNotFitIsPassedOverForOneThatDoes() throws IOException {
    Placeholder<TFloat32> in = images();
    Placeholder<TString> encoded = placeholder(TString.class, -1);
    model.signature(
        "serving_default",
        Map.of("b", encoded),
        Map.of(
            "y",
            tf.zeros(
                tf.concat(List.of(tf.shape(encoded), tf.array(2)), tf.constant(0)),
                TFloat32.class)));
    model.signature("pixels", Map.of("x", in), Map.of("y", colours(in)));
    assertThat(open().name()).isEqualTo("pixels");
    assertThatIOException()
        .isThrownBy(() -> open(SignatureChoice.of("serving_default")))
        .withMessageContaining("takes encoded pictures or other strings, not pixels: no decoder");
  }

  @Test
  void ofSeveralOutputsTheNameThenTheShapeThenTheOrderOfComputationDecides() throws IOException {
    Placeholder<TFloat32> in = images();
    Operand<TFloat32> vector = colours(in);
    Operand<TFloat32> classes = tf.nn.softmax(tf.math.mul(vector, tf.constant(2f)));
    Map<String, Operand<?>> outputs =
        Map.of("output_0", classes, "output_1", vector, "a_map", tf.math.neg(in));
    model.signature("computation", Map.of("x", in), outputs);
    assertThat(open().output().name()).isEqualTo("output_1");
    assertThat(open().notes().get(0))
        .contains("-> output_1 float32 [?, 2] (of output_0 float32 [?, 2], output_1");
    assertThat(open(new SignatureChoice(null, "output_0", null)).output().name())
        .isEqualTo("output_0");
    assertThatIOException()
        .isThrownBy(() -> open(new SignatureChoice("computation", "absent", null)))
        .withMessageContaining("has no output absent, only a_map, output_0, output_1");
    model.signature("names", Map.of("x", in), Map.of("embedding", classes, "output_1", vector));
    assertThat(open(SignatureChoice.of("names")).output().name()).isEqualTo("embedding");
    model.signature("logits", Map.of("x", in), Map.of("logits", vector, "z", classes));
    assertThat(open(SignatureChoice.of("logits")).output().name()).isEqualTo("z");
    model.signature(
        "apart", Map.of("x", in), Map.of("p", vector, "q", colours(tf.math.square(in))));
    assertThatIOException()
        .isThrownBy(() -> open(SignatureChoice.of("apart")))
        .withMessageContaining("several outputs that may be the features, say which one: p");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "mine", "serve,gpu", "train|", "train|serve,tpu", "train|serve"})
  void theGraphThatServesIsTakenOrTheOneWithoutTagsOrTheOnlyOne(String tags) throws IOException {
    Placeholder<TFloat32> in = images();
    model.signature("s", Map.of("x", in), Map.of("y", colours(in)));
    List<List<String>> graphs = new ArrayList<>();
    for (String each : tags.split("\\|", -1)) {
      graphs.add(each.isEmpty() ? List.of() : List.of(each.split(",", -1)));
    }
    SavedModel read = SavedModel.open(model.write(folder, graphs));
    assertThat(read.tags()).isEqualTo(graphs.get(graphs.size() - 1));
    ModelSignature signature = read.signature(SignatureChoice.FITTING);
    float[] pictures = pictures(2);
    assertThat(run(signature, pictures)).containsExactly(expected(pictures, 1, 0), within(1e-5f));
    assertThat(signature.notes().toString().contains("tags:"))
        .isEqualTo(!read.tags().contains("serve"));
  }

  @Test
  void severalGraphsOfOtherTagsAreListed() throws IOException {
    Placeholder<TFloat32> in = images();
    model.signature("s", Map.of("x", in), Map.of("y", colours(in)));
    model.write(folder, List.of(List.of("train"), List.of("eval")));
    assertThatIOException()
        .isThrownBy(() -> SavedModel.open(folder))
        .withMessageContaining("no graph with the tag serve or without tags")
        .withMessageContaining("[[train], [eval]]");
    model.write(folder, List.of());
    assertThatIOException()
        .isThrownBy(() -> SavedModel.open(folder))
        .withMessageContaining("no graph at all");
    Files.delete(folder.resolve("saved_model.pb"));
    assertThatExceptionOfType(NoSuchFileException.class)
        .isThrownBy(() -> SavedModel.open(folder))
        .withMessageContaining("give the folder that holds saved_model.pb");
    Files.createFile(folder.resolve("model.onnx"));
    assertThatExceptionOfType(NoSuchFileException.class)
        .isThrownBy(() -> SavedModel.open(folder))
        .withMessageContaining("an ONNX file alone");
  }

  /** What people give in place of the folder. */
  @Test
  void whatIsNoSavedModelIsToldWithWhatToGive() throws IOException {
    for (String name : List.of("net.keras", "net.h5", "net.onnx")) {
      Path file = Files.createFile(folder.resolve(name));
      assertThatExceptionOfType(NoSuchFileException.class)
          .isThrownBy(() -> SavedModel.open(file))
          .withMessageContaining(name.endsWith("onnx") ? "ONNX file" : "model.export(");
    }
    Path served = Files.createDirectories(folder.resolve("served").resolve("embedding"));
    for (String version : List.of("1", "2")) {
      Files.createFile(Files.createDirectory(served.resolve(version)).resolve("saved_model.pb"));
    }
    assertThatExceptionOfType(NoSuchFileException.class)
        .isThrownBy(() -> SavedModel.open(folder.resolve("served")))
        .withMessageContaining("there is one in " + served.resolve("1") + ", ");
  }

  /** How networks begin, and the pixels that they must be fed with. */
  enum Beginning {
    BY_255(PixelRange.ZERO_TO_255, 1 / 255.0, 0),
    BY_HALF_OF_255(PixelRange.ZERO_TO_255, 1 / 127.5, -1),
    BY_DEVIATION(PixelRange.ZERO_TO_255, 1 / 58.4, -2.1),
    BY_65535(PixelRange.ZERO_TO_65535, 1 / 65535.0, 0),
    BY_HALF_OF_65535(PixelRange.ZERO_TO_65535, 1 / 32767.5, -1),
    MEAN_OFF(PixelRange.ZERO_TO_255, 1, -116),
    TWICE(PixelRange.ZERO_TO_ONE, 2, -1),
    BY_SMALL_DEVIATION(PixelRange.ZERO_TO_ONE, 4.37, -2.12),
    TO_255(PixelRange.ZERO_TO_ONE, 255, -116),
    HALF_PLUS_HALF(PixelRange.MINUS_ONE_TO_ONE, 0.5, 0.5),
    TO_255_FROM_MINUS_ONE(PixelRange.MINUS_ONE_TO_ONE, 127.5, 127.5),
    NOTHING(null, 1, 0);

    private final PixelRange range;
    private final double scale;
    private final double shift;

    Beginning(PixelRange range, double scale, double shift) {
      this.range = range;
      this.scale = scale;
      this.shift = shift;
    }
  }

  @ParameterizedTest
  @EnumSource
  void pixelsAreFedInTheRangeThatTheNetworkBeginsWith(Beginning beginning) throws IOException {
    Placeholder<TFloat32> in = images();
    // Reversed and padded on the way, as networks of Caffe do.
    Operand<TFloat32> reversed = tf.reverse(in, tf.constant(new int[] {3}));
    Operand<TFloat32> scaled =
        tf.math.sub(
            tf.math.mul(reversed, tf.constant((float) beginning.scale)),
            tf.constant(
                new float[] {
                  (float) -beginning.shift, (float) -beginning.shift, (float) -beginning.shift
                }));
    ModelSignature signature = only(in, colours(tf.reverse(scaled, tf.constant(new int[] {3}))));
    PixelRange range = beginning.range == null ? PixelRange.ZERO_TO_ONE : beginning.range;
    assertThat(signature.range()).isEqualTo(range);
    assertThat(signature.notes().toString().contains("does not show their range; 0,1 is taken"))
        .isEqualTo(beginning.range == null);
    float[] pictures = pictures(3);
    double shift = beginning.scale * range.shift()[0] + beginning.shift;
    double scale = beginning.scale * range.scale()[0];
    assertThat(run(signature, pictures))
        .containsExactly(expected(pictures, scale, shift), within(2e-3f));
  }

  @Test
  void aRangeThatIsGivenIsNotQuestioned() throws IOException {
    Placeholder<TFloat32> in = images();
    model.signature("s", Map.of("x", in), Map.of("y", colours(in)));
    float[] pictures = pictures(2);
    for (PixelRange range : PixelRange.values()) {
      ModelSignature signature = open(SignatureChoice.FITTING.withRange(range));
      assertThat(signature.notes().toString()).doesNotContain("pixels:");
      assertThat(PixelRange.of(range.toString())).isEqualTo(range);
      if (range != PixelRange.CAFFE && range != PixelRange.TORCH) {
        float scale = range.scale()[0];
        assertThat(run(signature, pictures))
            .containsExactly(expected(pictures, scale, range.shift()[0]), within(1e-5f * scale));
      }
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PixelRange.of("0,2"))
        .withMessageContaining("pixel range '0,2' is none of 0,1 | 0,255 | -1,1");
  }

  /** The numbers are preprocess_input's of keras.applications, of one colour: 0.2, 0.5, 0.9. */
  @Test
  void meansAndOrderOfCaffeAndTorchAreThoseOfKeras() throws IOException {
    Placeholder<TFloat32> in = images();
    model.signature(
        "s", Map.of("x", in), Map.of("y", tf.math.mean(in, tf.constant(new int[] {1, 2}))));
    float[] picture = new float[SIDE * SIDE * 3];
    for (int i = 0; i < picture.length; i += 3) {
      picture[i] = 0.2f;
      picture[i + 1] = 0.5f;
      picture[i + 2] = 0.9f;
    }
    assertThat(run(open(SignatureChoice.FITTING.withRange(PixelRange.CAFFE)), picture))
        .containsExactly(new float[] {125.561f, 10.721f, -72.68f}, within(1e-3f));
    assertThat(run(open(SignatureChoice.FITTING.withRange(PixelRange.TORCH)), picture))
        .containsExactly(new float[] {-1.244541f, 0.196429f, 2.195556f}, within(1e-5f));
  }

  @Test
  void aRangeThatWholeNumbersDoNotHoldIsRefused() throws IOException {
    Placeholder<TUint8> bytes = placeholder(TUint8.class, -1, SIDE, SIDE, 3);
    model.signature(
        "s", Map.of("x", bytes), Map.of("y", colours(tf.dtypes.cast(bytes, TFloat32.class))));
    for (PixelRange range :
        List.of(PixelRange.MINUS_ONE_TO_ONE, PixelRange.CAFFE, PixelRange.ZERO_TO_ONE)) {
      assertThatIOException()
          .isThrownBy(() -> open(SignatureChoice.FITTING.withRange(range)))
          .withMessageContaining("takes uint8, which does not hold pixels of the range " + range);
    }
    assertThat(open(SignatureChoice.FITTING.withRange(PixelRange.ZERO_TO_255)).range())
        .isEqualTo(PixelRange.ZERO_TO_255);
  }

  private <T extends TNumber> void typed(Class<T> type) throws IOException {
    Placeholder<T> in = placeholder(type, -1, SIDE, SIDE, 3);
    Operand<T> mean = tf.math.mean(in, tf.constant(new int[] {1, 2}));
    Operand<T> out = tf.linalg.matMul(mean, tf.dtypes.cast(tf.constant(COLOURS), type));
    ModelSignature signature = only(in, out);
    float[] pictures = pictures(2);
    assertThat(run(signature, pictures)).containsExactly(expected(pictures, 1, 0), within(1e-5f));
    assertThat(signature.notes().toString()).contains("numbers: float32 in place of");
    for (NodeDef node : signature.flat(Purpose.INFERENCE).nodes()) {
      assertThat(node.getOp()).as(node.getName()).isNotEqualTo("Cast");
    }
  }

  @Test
  void halfAndDoublePrecisionAreComputedInSingle() throws IOException {
    typed(TFloat16.class);
    typed(TBfloat16.class);
    typed(TFloat64.class);
  }

  /** Of an exponential linear unit runtimes have no kernel in it. */
  @Test
  void doublePrecisionWithinIsComputedInSingleWhereItHasTo() throws IOException {
    for (boolean needed : new boolean[] {false, true}) {
      Placeholder<TFloat32> in = images();
      Operand<TFloat64> wide = tf.dtypes.cast(in, TFloat64.class);
      Operand<TFloat64> y = needed ? tf.nn.elu(wide) : tf.nn.relu(wide);
      ModelSignature signature = only(in, colours(tf.dtypes.cast(y, TFloat32.class)));
      float[] pictures = pictures(2);
      assertThat(run(signature, pictures)).containsExactly(expected(pictures, 1, 0), within(1e-5f));
      assertThat(signature.notes().toString().contains("float32 in place of float64"))
          .isEqualTo(needed);
    }
  }

  @Test
  void integersTakePixelsUpTo255Rounded() throws IOException {
    Placeholder<TUint8> bytes = placeholder(TUint8.class, -1, SIDE, SIDE, 3);
    ModelSignature signature =
        only(bytes, colours(tf.math.div(tf.dtypes.cast(bytes, TFloat32.class), tf.constant(255f))));
    assertThat(signature.range()).isEqualTo(PixelRange.ZERO_TO_255);
    float[] pictures = pictures(2);
    assertThat(run(signature, pictures)).containsExactly(expected(pictures, 1, 0), within(1e-5f));
    Placeholder<TInt32> integers = placeholder(TInt32.class, -1, SIDE, SIDE, 3);
    assertThat(only(integers, colours(tf.dtypes.cast(integers, TFloat32.class))).range())
        .isEqualTo(PixelRange.ZERO_TO_255);
  }

  @Test
  void integersOf16BitsTakePixelsUpTo65535() throws IOException {
    Placeholder<TUint16> in = placeholder(TUint16.class, -1, SIDE, SIDE, 3);
    Operand<TFloat32> numbers = tf.dtypes.cast(in, TFloat32.class);
    ModelSignature signature = only(in, colours(tf.math.div(numbers, tf.constant(65535f))));
    assertThat(signature.range()).isEqualTo(PixelRange.ZERO_TO_65535);
    assertThat(signature.notes().toString()).contains("pixels: 0,65535, as uint16");
    float[] pictures = pictures(2);
    assertThat(run(signature, pictures)).containsExactly(expected(pictures, 1, 0), within(1e-5f));
    // What the graph does with them is seen here too.
    assertThat(only(in, colours(numbers)).range()).isEqualTo(PixelRange.ZERO_TO_65535);
    assertThat(only(in, colours(tf.math.div(numbers, tf.constant(255f)))).range())
        .isEqualTo(PixelRange.ZERO_TO_255);
    Placeholder<TInt32> wide = placeholder(TInt32.class, -1, SIDE, SIDE, 3);
    Operand<TFloat32> wider = tf.dtypes.cast(wide, TFloat32.class);
    assertThat(only(wide, colours(tf.math.div(wider, tf.constant(65535f)))).range())
        .isEqualTo(PixelRange.ZERO_TO_65535);
  }

  /** What convert_image_dtype makes of whole numbers: no picture file reaches the largest. */
  @Test
  void pixelsUpToTheLargestIntegerAreRefused() {
    Placeholder<TInt32> in = placeholder(TInt32.class, -1, SIDE, SIDE, 3);
    Operand<TFloat32> numbers = tf.dtypes.cast(in, TFloat32.class);
    Operand<TFloat32> scaled = tf.math.mul(numbers, tf.constant(2f / Integer.MAX_VALUE));
    assertThatIOException()
        .isThrownBy(() -> only(in, colours(tf.math.sub(scaled, tf.constant(1f)))))
        .withMessageContaining("pixels up to the largest int32");
  }

  @Test
  void anOpenSizeIsWhatTheGraphScalesImagesTo() throws IOException {
    Placeholder<TFloat32> in = placeholder(TFloat32.class, -1, -1, -1, 3);
    Operand<TFloat32> half = tf.math.mul(in, tf.constant(0.5f));
    Operand<TFloat32> scaled = tf.image.resizeBilinear(half, tf.constant(new int[] {6, 7}));
    ModelSignature signature = only(in, colours(scaled));
    assertThat(signature.height()).isEqualTo(-1);
    assertThat(signature.meantHeight()).isEqualTo(6);
    assertThat(signature.meantWidth()).isEqualTo(7);
    // One that looks at the pictures before it scales them is meant for no size.
    Operand<TFloat32> mean = tf.math.mean(in, tf.constant(new int[] {1, 2}));
    Operand<TFloat32> both = tf.concat(List.of(colours(scaled), mean), tf.constant(1));
    assertThat(only(in, both).meantHeight()).isEqualTo(-1);
  }

  @Test
  void channelsFirstAreTransposedAndLayersOfThemRewritten() throws IOException {
    Placeholder<TFloat32> in = placeholder(TFloat32.class, -1, 3, SIDE, SIDE);
    ModelSignature signature =
        only(in, colours(tf.linalg.transpose(in, tf.constant(new int[] {0, 2, 3, 1}))));
    assertThat(signature.height()).isEqualTo(SIDE);
    float[] pictures = pictures(2);
    assertThat(run(signature, pictures)).containsExactly(expected(pictures, 1, 0), within(1e-5f));
    Operand<TFloat32> pooled =
        tf.nn.avgPool(
            in,
            List.of(1L, 1L, 4L, 4L),
            List.of(1L, 1L, 4L, 4L),
            "VALID",
            AvgPool.dataFormat("NCHW"));
    ModelSignature layered = only(in, tf.reshape(pooled, tf.constant(new int[] {-1, 3})));
    assertThat(layered.runs()).isFalse();
    assertThat(layered.notes()).anyMatch(note -> note.contains("channels first (NCHW)"));
    assertThat(layered.flat(Purpose.TRAINING).nodes())
        .noneMatch(node -> node.toString().contains("NCHW"));
  }

  @Test
  void aSwitchIsSetToFalseAndFurtherInputsAreRefusedByName() throws IOException {
    Placeholder<TFloat32> in = images();
    Placeholder<TBool> training = placeholder(TBool.class);
    Operand<TFloat32> on = tf.dtypes.cast(training, TFloat32.class);
    Operand<TFloat32> out = colours(tf.math.add(in, tf.math.mul(on, tf.constant(9f))));
    model.signature("s", Map.of("x", in, "training", training), Map.of("y", out));
    ModelSignature signature = open();
    assertThat(signature.notes()).contains("set to false: training bool []");
    float[] pictures = pictures(2);
    assertThat(run(signature, pictures)).containsExactly(expected(pictures, 1, 0), within(1e-5f));
    model.signature("s", Map.of("x", in, "mask", images()), Map.of("y", out));
    assertThatIOException()
        .isThrownBy(this::open)
        .withMessageContaining("mask float32 [?, 4, 4, 3], x float32 [?, 4, 4, 3]")
        .withMessageContaining("takes several inputs");
  }

  @Test
  void aFixedBatchIsFreedWhereTheGraphAllowsIt() throws IOException {
    for (int batch : new int[] {1, 8}) {
      Placeholder<TFloat32> in = placeholder(TFloat32.class, batch, SIDE, SIDE, 3);
      Operand<TFloat32> rows =
          tf.reshape(tf.nn.relu(in), tf.constant(new int[] {batch, SIDE * SIDE, 3}));
      Operand<TFloat32> back = tf.reshape(rows, tf.constant(new int[] {-1, SIDE, SIDE, 3}));
      Operand<TFloat32> flat = tf.reshape(colours(back), tf.constant(new long[] {batch, 2}));
      ModelSignature signature = only(in, flat);
      assertThat(signature.batch()).isEqualTo(-1);
      assertThat(signature.notes()).contains("batch: freed, the model was written for " + batch);
      float[] pictures = pictures(11);
      assertThat(run(signature, pictures)).containsExactly(expected(pictures, 1, 0), within(1e-5f));
    }
  }

  /** A mean over everything is one picture's own as long as it is alone. */
  @Test
  void anyNumberOfPicturesIsServedWhereOnlyOneIsRight() throws IOException {
    Placeholder<TFloat32> in = placeholder(TFloat32.class, 1, SIDE, SIDE, 3);
    Operand<TFloat32> mean = tf.math.mean(in, tf.constant(new int[] {0, 1, 2, 3}));
    ModelSignature signature = only(in, colours(tf.math.sub(in, mean)));
    assertThat(signature.batch()).isEqualTo(1);
    assertThat(signature.notes())
        .contains("batch: fixed at 1; an export takes so many at a time, in a loop");
    assertThat(run(signature, pictures(1))).hasSize(2);
    assertServed(signature, 1, 2, 5);
  }

  @Test
  void aBatchOfTwoThatCannotBeFreedIsServedInPairs() throws IOException {
    Placeholder<TFloat32> in = placeholder(TFloat32.class, 2, SIDE, SIDE, 3);
    List<Operand<TFloat32>> rows = new ArrayList<>();
    for (Operand<TFloat32> row : tf.unstack(in, 2L)) {
      rows.add(tf.squeeze(colours(tf.expandDims(row, tf.constant(0)))));
    }
    ModelSignature signature = only(in, tf.stack(rows));
    assertThat(signature.batch()).isEqualTo(2);
    assertThat(run(signature, pictures(2))).hasSize(4);
    assertServed(signature, 1, 2, 3, 6);
  }

  private void assertServed(ModelSignature signature, int... counts) throws IOException {
    assertThat(ModelExporter.of(signature).export(folder.resolve("out")).differences())
        .containsKeys("reference", "savedmodel", "onnx");
    FlatGraph flat = signature.served();
    try (OriginalModel original = signature.original();
        Graph graph = new Graph();
        Session session = new Session(graph)) {
      graph.importGraphDef(flat.frozen(signature.values(flat)));
      for (int count : counts) {
        float[] pictures = pictures(count);
        for (int i = 0; i < pictures.length; i++) {
          pictures[i] *= 1f / (1 + i / PIXELS); // each of another brightness
        }
        try (TFloat32 in =
                TFloat32.tensorOf(Shape.of(count, SIDE, SIDE, 3), DataBuffers.of(pictures));
            Result result = session.runner().feed("images", in).fetch("features").run()) {
          assertThat(result.get(0).shape()).isEqualTo(Shape.of(count, 2));
          float[] out = new float[count * 2];
          ((TFloat32) result.get(0)).asRawTensor().data().asFloats().read(out);
          assertThat(out).containsExactly(original.features(pictures, SIDE, SIDE), within(1e-5f));
        }
      }
    }
  }

  @Test
  void picturesThatDependOnEachOtherAreNotServed() throws IOException {
    Operand<TFloat32> places = tf.constant(new float[][] {{1, 1}, {2, 2}, {3, 3}});
    Placeholder<TFloat32> three = placeholder(TFloat32.class, 3, SIDE, SIDE, 3);
    Placeholder<TFloat32> four = placeholder(TFloat32.class, 4, SIDE, SIDE, 3);
    Operand<TFloat32> mean =
        tf.math.mean(four, tf.constant(0), Mean.keepDims(true)); // of the batch
    Operand<TFloat32> behind =
        tf.reshape(colours(tf.math.sub(four, mean)), tf.constant(new int[] {4, 2}));
    ModelSignature place = only(three, tf.math.add(colours(three), places));
    assertThat(place.batch()).isEqualTo(3);
    assertThat(run(place, pictures(3))).hasSize(6);
    ModelSignature others = only(four, behind);
    assertThat(others.batch()).isEqualTo(4);
    for (ModelSignature signature : List.of(place, others)) {
      assertThat(signature.notes().toString())
          .contains("the features of one picture depend on the others");
      assertThatIllegalArgumentException()
          .isThrownBy(signature::served)
          .withMessageContaining("%d pictures at a time".formatted(signature.batch()));
    }
  }

  @Test
  void aMapOrASequenceIsAveragedAndAnOpenNumberOfFeaturesDeclared() throws IOException {
    Placeholder<TFloat32> in = images();
    float[] pictures = pictures(2);
    Operand<TFloat32> weights = tf.constant(new float[][][][] {{COLOURS}});
    Operand<TFloat32> map = tf.nn.conv2d(tf.nn.relu(in), weights, List.of(1L, 1L, 1L, 1L), "SAME");
    assertThat(run(only(in, map), pictures))
        .containsExactly(expected(pictures, 1, 0), within(1e-5f));
    Operand<TFloat32> sequence = tf.reshape(map, tf.constant(new int[] {-1, SIDE * SIDE, 2}));
    assertThat(run(only(in, sequence), pictures))
        .containsExactly(expected(pictures, 1, 0), within(1e-5f));
    assertThat(open().notes().toString()).contains("features: the mean over all places of out");
    Placeholder<TFloat32> any = tf.placeholder(TFloat32.class);
    assertThat(run(only(any, colours(any)), pictures))
        .containsExactly(expected(pictures, 1, 0), within(1e-5f));
    assertThat(open().height()).isEqualTo(-1);
  }

  @Test
  void aCallOfPythonCodeIsRefusedBeforeAnythingIsRun() {
    Placeholder<TFloat32> in = images();
    Output<TFloat32> called =
        tf.scope()
            .opBuilder("EagerPyFunc", "called")
            .addInputList(new Output<?>[] {in.asOutput()})
            .setAttr("token", "pyfunc_0")
            .setAttr("Tout", new DataType[] {DataType.DT_FLOAT})
            .build()
            .output(0);
    assertThatIOException()
        .isThrownBy(() -> only(in, colours(tf.reshape(called, tf.shape(in)))))
        .withMessageContaining("node called (EagerPyFunc) calls Python code");
  }

  @Test
  void whatIsNoPictureIsRefusedWithTheReason() {
    for (Map.Entry<long[], String> each :
        Map.of(
                new long[] {-1, SIDE, SIDE, 1}, "pictures of 1 channel, not 3",
                new long[] {-1, SIDE, SIDE}, "pictures without an axis of channels",
                new long[] {SIDE, SIDE, 3}, "takes one picture, not a batch",
                new long[] {-1, 9}, "takes no pictures")
            .entrySet()) {
      Placeholder<TFloat32> in = placeholder(TFloat32.class, each.getKey());
      assertThatIOException()
          .isThrownBy(() -> only(in, tf.zeros(tf.constant(new int[] {1, 2}), TFloat32.class)))
          .withMessageContaining("saved_model.pb has no signature from images")
          .withMessageContaining(each.getValue());
    }
    Placeholder<TFloat32> in = images();
    assertThatIOException()
        .isThrownBy(() -> only(in, tf.dtypes.cast(colours(in), TInt32.class)))
        .withMessageContaining("has no output of floating point");
  }
}
