package org.medoid.graph.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.medoid.graph.network.Model.Values;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.types.TFloat32;

class InceptionV2Test {

  private static final InceptionV2 NET = new InceptionV2();
  private static final Layers.Options FINE_TUNING =
      Layers.Options.defaults().withBatchNormalization(Layers.BatchNormalization.FROZEN);

  /**
   * Slim's convolutions: per line a module, its input channels, then per branch the filters of its
   * 1x1 and 3x3 convolutions, then the 1x1 after the pool, or "-" where there is none.
   */
  private static final String MODULES =
      """
      3b  192   64       64,64    64,96,96    32
      3c  256   64       64,96    64,96,96    64
      4a  320   128,160  64,96,96    -         -
      4b  576   224      64,96    96,128,128  128
      4c  576   192      96,128   96,128,128  128
      4d  576   160      128,160  128,160,160 96
      4e  576   96       128,192  160,192,192 96
      5a  576   128,192  192,256,256 -         -
      5b  1024  352      192,320  160,224,224 128
      5c  1024  352      192,320  192,224,224 128
      """;

  private static Model model(Layers.Mode mode, Layers.Options options, long... shape) {
    return new Model(mode, options, Shape.of(shape), NET::features);
  }

  @Test
  void theVariablesAreThoseOfSlimsCheckpointByNameAndShape() {
    try (Model model = model(Layers.Mode.TRAINING, FINE_TUNING, -1, -1, -1, 3)) {
      Map<String, String> actual = new LinkedHashMap<>();
      for (LayerVariable v : model.layers.variables()) {
        actual.put(v.name(), Arrays.toString(v.shape().asArray()));
      }
      assertThat(actual).containsExactlyInAnyOrderEntriesOf(slimsVariables());
      // Slim has 277, 141 of them trainable, 11,199,137 values; Logits are two of 1,026,025.
      assertThat(actual).hasSize(275);
      assertThat(model.layers.trainables()).hasSize(139);
      assertThat(model.layers.variables().stream().mapToLong(v -> v.shape().size()).sum())
          .isEqualTo(11_199_137 - 1_026_025);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "96, 48 24 12 6 3",
    "224, 112 56 28 14 7",
    "227, 114 57 29 15 8",
    "299, 150 75 38 19 10"
  })
  void everyStrideHalvesTheMapAndRoundsUp(int side, String sides) {
    try (Model model = model(Layers.Mode.INFERENCE, FINE_TUNING, -1, side, side, 3)) {
      Map<String, Operand<TFloat32>> ends = model.layers.endPoints();
      assertThat(ends.keySet())
          .containsExactly(
              "Conv2d_1a_7x7",
              "MaxPool_2a_3x3",
              "Conv2d_2b_1x1",
              "Conv2d_2c_3x3",
              "MaxPool_3a_3x3",
              "Mixed_3b",
              "Mixed_3c",
              "Mixed_4a",
              "Mixed_4b",
              "Mixed_4c",
              "Mixed_4d",
              "Mixed_4e",
              "Mixed_5a",
              "Mixed_5b",
              "Mixed_5c");
      String actual =
          List.of("Conv2d_1a_7x7", "MaxPool_2a_3x3", "MaxPool_3a_3x3", "Mixed_4a", "Mixed_5c")
              .stream()
              .map(name -> String.valueOf(ends.get(name).asOutput().shape().get(1)))
              .collect(Collectors.joining(" "));
      assertThat(actual).isEqualTo(sides);
      assertThat(model.output.asOutput().shape().asArray()).containsExactly(-1, 1024);
    }
  }

  @Test
  void aGraphForUnknownSizesTakesAnySize() {
    try (Model model = model(Layers.Mode.INFERENCE, FINE_TUNING, -1, -1, -1, 3)) {
      assertThat(model.run(Values.random(Shape.of(1, 96, 96, 3), 1))).hasSize(1024);
      assertThat(model.run(Values.random(Shape.of(2, 97, 131, 3), 2))).hasSize(2048);
    }
  }

  /** Proxy-Anchor's pooling: nothing but the end differs, so that the same checkpoint fits. */
  @Test
  void averageAndMaximumPoolingIsTheSumOfBothOverTheLastMap() {
    InceptionV2 both = new InceptionV2(InceptionV2.Pooling.AVERAGE_MAX);
    Values images = Values.random(Shape.of(2, 96, 96, 3), 3);
    try (Model slim = model(Layers.Mode.INFERENCE, FINE_TUNING, -1, 96, 96, 3);
        Model model =
            new Model(
                Layers.Mode.INFERENCE, FINE_TUNING, Shape.of(-1, 96, 96, 3), both::features)) {
      assertThat(model.layers.variables().stream().map(LayerVariable::name))
          .containsExactlyElementsOf(
              slim.layers.variables().stream().map(LayerVariable::name).toList());
      float[] map = model.run(model.layers.endPoints().get("Mixed_5c"), images);
      float[] features = model.run(images);
      int places = map.length / features.length;
      assertThat(places).isEqualTo(9);
      for (int image = 0; image < 2; image++) {
        for (int c = 0; c < 1024; c++) {
          double sum = 0;
          double most = Double.NEGATIVE_INFINITY;
          for (int place = 0; place < places; place++) {
            float value = map[(image * places + place) * 1024 + c];
            sum += value;
            most = Math.max(most, value);
          }
          assertThat((double) features[image * 1024 + c])
              .isCloseTo(sum / places + most, within(1e-5));
        }
      }
    }
  }

  @Test
  void tooSmallImagesAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model(Layers.Mode.INFERENCE, FINE_TUNING, -1, 95, 96, 3).close())
        .withMessage("inception_v2 wants images of at least 96x96 pixels, got 95x96");
  }

  @Test
  void fineTuningLeavesTheAveragesAndChangesEveryTrainable() {
    try (Model model = model(Layers.Mode.TRAINING, FINE_TUNING, -1, 96, 96, 3)) {
      assertThat(model.layers.updates()).isEmpty();
      List<Op> step = model.descent(model.loss(), 0.01f);
      Map<String, float[]> before = model.values();
      model.run(model.output, Values.random(Shape.of(2, 96, 96, 3), 1), step);
      Map<String, float[]> after = model.values();
      for (LayerVariable v : model.layers.variables()) {
        assertThat(Arrays.equals(after.get(v.name()), before.get(v.name())))
            .as(v.name())
            .isEqualTo(!v.trainable());
      }
    }
  }

  @Test
  void trainingFromScratchMovesEveryAverage() {
    try (Model model = model(Layers.Mode.TRAINING, Layers.Options.defaults(), -1, 96, 96, 3)) {
      assertThat(model.layers.updates()).hasSize(2 * 68);
      Map<String, float[]> before = model.values();
      model.run(model.output, Values.random(Shape.of(2, 96, 96, 3), 1), model.layers.updates());
      Map<String, float[]> after = model.values();
      for (LayerVariable v : model.layers.variables()) {
        assertThat(Arrays.equals(after.get(v.name()), before.get(v.name())))
            .as(v.name())
            .isEqualTo(!v.name().contains("moving_"));
      }
    }
  }

  /** The numbers of TF-Slim itself, with weights that formulas fill. */
  @ParameterizedTest
  @ValueSource(ints = {224, 227})
  void activationsAreSlims(int side) throws IOException {
    JsonNode golden = golden();
    Map<String, Integer> positions = new LinkedHashMap<>();
    golden.get("variables").forEach(v -> positions.put(v.get("name").asText(), v.get("v").asInt()));
    double worst = compared(side, positions, golden.get("sizes").get(String.valueOf(side)));
    System.out.printf("Inception-v2 at %d: largest relative difference %.2g%n", side, worst);
  }

  /**
   * The same by small numbers that are always there: what this network gave at 96 pixels when it
   * gave TF-Slim's own at 224 and 227 within 4e-6, variables counted in their order here.
   */
  @Test
  void activationsAreThoseThatWereSlims() throws IOException {
    JsonNode small;
    try (InputStream in = getClass().getResourceAsStream("inception_v2_at_96.json")) {
      small = new ObjectMapper().readTree(in);
    }
    compared(96, null, small);
  }

  /** Compares with end points and pooled features; positions null count the variables. */
  private static double compared(int side, Map<String, Integer> positions, JsonNode expected) {
    try (Model model = model(Layers.Mode.INFERENCE, FINE_TUNING, -1, side, side, 3)) {
      fill(model, positions);
      Map<String, Operand<TFloat32>> wanted = new LinkedHashMap<>(model.layers.endPoints());
      assertThat(wanted).hasSizeGreaterThan(10);
      double worst = 0;
      try (TFloat32 in = images(side).tensor()) {
        Session.Runner runner = model.session().runner().feed(model.input, in);
        wanted.values().forEach(runner::fetch);
        try (Result result = runner.fetch(model.output).run()) {
          int i = 0;
          for (String name : wanted.keySet()) {
            JsonNode end = expected.get("end_points").get(name);
            float[] actual = Model.floats(result.get(i));
            assertThat(result.get(i++).shape().asArray()).containsExactly(longs(end.get("shape")));
            double sum = 0;
            for (float a : actual) {
              sum += a;
            }
            worst = Math.max(worst, near(name + " sum", sum, end.get("sum").asDouble()));
            for (JsonNode sample : end.get("samples")) {
              int flat = sample.get("flat").asInt();
              worst =
                  Math.max(
                      worst, near(name + " " + flat, actual[flat], sample.get("value").asDouble()));
            }
          }
          float[] pool = Model.floats(result.get(i));
          JsonNode first = expected.get("global_pool_n0");
          JsonNode second = expected.get("global_pool_n1_first16");
          assertThat(first).hasSizeGreaterThanOrEqualTo(16);
          assertThat(second).hasSize(16);
          for (int k = 0; k < first.size(); k++) {
            worst = Math.max(worst, near("pool 0," + k, pool[k], first.get(k).asDouble()));
          }
          for (int k = 0; k < 16; k++) {
            worst = Math.max(worst, near("pool 1," + k, pool[1024 + k], second.get(k).asDouble()));
          }
        }
      }
      return worst;
    }
  }

  /** Relative to the value, or to the maps' standard deviation of about 1 where it is smaller. */
  private static double near(String what, double actual, double expected) {
    double difference = Math.abs(actual - expected) / Math.max(1, Math.abs(expected));
    assertThat(difference).as("%s: %s for %s", what, actual, expected).isLessThan(1e-4);
    return difference;
  }

  private static void fill(Model model, Map<String, Integer> positions) {
    Map<String, float[]> values = new LinkedHashMap<>();
    for (LayerVariable variable : model.layers.variables()) {
      int position = positions == null ? values.size() : positions.get(variable.name());
      values.put(variable.name(), formula(variable.name(), variable.shape(), position));
    }
    model.setAll(values);
  }

  /** The golden file's formulas. */
  private static float[] formula(String name, Shape shape, int v) {
    float[] values = new float[Math.toIntExact(shape.size())];
    double inputs =
        name.endsWith("depthwise_weights")
            ? 49
            : (double) shape.size() / shape.get(shape.numDimensions() - 1);
    for (int k = 0; k < values.length; k++) {
      double value;
      if (name.endsWith("weights")) {
        double p = 0.7 * k;
        p = p + 1.3 * v;
        p = p + (0.001 * k) * k;
        value = Math.sqrt(5 / inputs) * Math.sin(p);
      } else if (name.endsWith("moving_mean")) {
        value = 0.1 * Math.cos(0.5 * k + v);
      } else if (name.endsWith("moving_variance")) {
        double s = Math.sin(0.3 * k + v);
        value = 1 + 0.5 * s * s;
      } else {
        value = 0.1 * Math.sin(0.9 * k + v);
      }
      values[k] = (float) value;
    }
    return values;
  }

  /** Two images whose scaled values are the golden file's: x = sin(...), fed as (x + 1) / 2. */
  private static Values images(int side) {
    float[] data = new float[2 * side * side * 3];
    int at = 0;
    for (int n = 0; n < 2; n++) {
      for (int i = 0; i < side; i++) {
        for (int j = 0; j < side; j++) {
          for (int c = 0; c < 3; c++) {
            data[at++] = (float) ((Math.sin(0.05 * i + 0.03 * j * (c + 1) + n) + 1) / 2);
          }
        }
      }
    }
    return Values.of(Shape.of(2, side, side, 3), data);
  }

  private static JsonNode golden() throws IOException {
    String given = System.getProperty("medoid.shared");
    Path shared = given == null ? Path.of("..", "..", "shared") : Path.of(given);
    Path file = shared.resolve("data").resolve("slim_inception_v2_golden.json");
    assumeThat(Files.exists(file))
        .as("skipped, data not found: " + file + " (set -Dmedoid.shared=FOLDER)")
        .isTrue();
    return new ObjectMapper().readTree(file.toFile());
  }

  private static long[] longs(JsonNode array) {
    long[] values = new long[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).asLong();
    }
    return values;
  }

  private static Map<String, String> slimsVariables() {
    Map<String, String> shapes = new LinkedHashMap<>();
    String stem = "InceptionV2/Conv2d_1a_7x7/";
    shapes.put(stem + "depthwise_weights", "[7, 7, 3, 8]");
    shapes.put(stem + "pointwise_weights", "[1, 1, 24, 64]");
    shapes.put(stem + "biases", "[64]");
    convolution(shapes, "Conv2d_2b_1x1", 1, 64, 64);
    convolution(shapes, "Conv2d_2c_3x3", 3, 64, 192);
    for (String line : MODULES.lines().toList()) {
      String[] part = line.trim().split(" +", -1);
      int input = Integer.parseInt(part[1]);
      boolean halves = part[4].equals("-");
      for (int branch = 0; branch < 3; branch++) {
        if (part[2 + branch].equals("-")) {
          continue;
        }
        int in = input;
        List<String> filters = new ArrayList<>(List.of(part[2 + branch].split(",", -1)));
        for (int i = 0; i < filters.size(); i++) {
          int out = Integer.parseInt(filters.get(i));
          int kernel = i == 0 ? 1 : 3;
          boolean stride = halves && i == filters.size() - 1;
          String name = stride ? "1a" : "0" + "abc".charAt(i);
          convolution(
              shapes,
              "Mixed_%s/Branch_%d/Conv2d_%s_%dx%d".formatted(part[0], branch, name, kernel, kernel),
              kernel,
              in,
              out);
          in = out;
        }
      }
      if (!halves) {
        convolution(
            shapes,
            "Mixed_" + part[0] + "/Branch_3/Conv2d_0b_1x1",
            1,
            input,
            Integer.parseInt(part[5]));
      }
    }
    return shapes;
  }

  private static void convolution(
      Map<String, String> shapes, String name, int kernel, int in, int out) {
    String path = "InceptionV2/" + name + "/";
    shapes.put(path + "weights", Arrays.toString(new int[] {kernel, kernel, in, out}));
    for (String role : List.of("beta", "moving_mean", "moving_variance")) {
      shapes.put(path + "BatchNorm/" + role, "[" + out + "]");
    }
  }
}
