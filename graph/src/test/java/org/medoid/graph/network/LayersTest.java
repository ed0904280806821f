package org.medoid.graph.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;
import static org.medoid.graph.network.Layers.BatchNormalization.FROZEN;
import static org.medoid.graph.network.Layers.BatchNormalization.TRAIN;
import static org.medoid.graph.network.Layers.Mode.INFERENCE;
import static org.medoid.graph.network.Layers.Mode.TRAINING;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.medoid.graph.network.Model.Values;
import org.tensorflow.EagerSession;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

class LayersTest {

  private static final Layers.Options OPTIONS = Layers.Options.defaults();
  private static final Shape SMALL_IMAGES = Shape.of(-1, 9, 9, 2);

  /** A bit of everything, [batch, 9, 9, 2] to embeddings of length 3. */
  private static Operand<TFloat32> smallNet(Layers layers, Operand<TFloat32> x) {
    Operand<TFloat32> a = layers.convBatchNormRelu("A", x, 4, 3, 2);
    Operand<TFloat32> b =
        layers.scope("B", () -> layers.bias(layers.separableConv2d(a, 5, 3, 1, 2)));
    Operand<TFloat32> both =
        layers.concat(List.of(layers.maxPool(a, 3, 2), layers.avgPool(b, 3, 2)));
    return new EmbeddingHead(3).embed(layers, layers.globalMean(layers.relu(both)));
  }

  private static Model small(Layers.Mode mode, Layers.Options options) {
    return new Model(mode, options, SMALL_IMAGES, LayersTest::smallNet);
  }

  private static Model single(
      BiFunction<Layers, Operand<TFloat32>, Operand<TFloat32>> layer, long... inputShape) {
    return new Model(INFERENCE, OPTIONS, Shape.of(inputShape), layer);
  }

  @Test
  void sameMaximumPoolingIgnoresThePaddingAndPutsTheOddPixelAtTheEnd() {
    try (Model model = single((l, x) -> l.maxPool(x, 3, 2), 1, 4, 4, 1)) {
      float[] in = new float[16];
      for (int i = 0; i < 16; i++) {
        in[i] = -1 - i;
      }
      // Windows start at rows 0 and 2; the second reaches one row beyond the image.
      assertThat(model.run(Values.of(Shape.of(1, 4, 4, 1), in))).containsExactly(-1, -3, -9, -11);
    }
  }

  @Test
  void averagePoolingDividesByTheCellsInsideTheImage() {
    try (Model model = single((l, x) -> l.avgPool(x, 3, 1), 1, 3, 3, 1)) {
      assertThat(model.run(Values.of(Shape.of(1, 3, 3, 1), 1, 1, 1, 1, 1, 1, 1, 1, 1)))
          .containsOnly(1f);
    }
  }

  @Test
  void convolutionWithStrideTwoOnAnEvenSidePadsAtTheEndOnly() {
    try (Model model = single((l, x) -> l.conv2d(x, 1, 3, 2), 1, 4, 4, 1)) {
      model.set("weights", 1, 0, 0, 0, 0, 0, 0, 0, 0);
      float[] in = new float[16];
      for (int i = 0; i < 16; i++) {
        in[i] = i;
      }
      // The kernel's first cell lies on the image's own cells (0,0), (0,2), (2,0), (2,2).
      assertThat(model.run(Values.of(Shape.of(1, 4, 4, 1), in))).containsExactly(0, 2, 8, 10);
    }
  }

  @Test
  void depthwiseOutputsAreOrderedByChannelThenMultiplier() {
    try (Model model = single((l, x) -> l.separableConv2d(x, 1, 1, 1, 2), 1, 1, 1, 2)) {
      model.set("depthwise_weights", 1, 10, 100, 1000); // [1, 1, channel, multiplier]
      model.set("pointwise_weights", 0, 0, 1, 0); // channel 1, multiplier 0
      assertThat(model.run(Values.of(Shape.of(1, 1, 1, 2), 3, 5))).containsExactly(500);
    }
  }

  @Test
  void batchNormalizationInTrainingNormalisesByTheBiasedVarianceAndAveragesTheUnbiased() {
    float[] in = {1, 2, 3, 6};
    double mean = 3;
    double biased = 3.5;
    double unbiased = 14.0 / 3;
    Layers.Options options = new Layers.Options(TRAIN, 0.75, false, 0);
    try (Model model =
        new Model(TRAINING, options, Shape.of(-1, 1, 2, 1), (l, x) -> l.batchNorm(x))) {
      model.set("BatchNorm/beta", 10);
      float[] out =
          model.run(model.output, Values.of(Shape.of(2, 1, 2, 1), in), model.layers.updates());
      for (int i = 0; i < 4; i++) {
        assertThat((double) out[i])
            .isCloseTo((in[i] - mean) / Math.sqrt(biased + 0.001) + 10, within(1e-5));
      }
      assertThat(model.values().get("BatchNorm/moving_mean")[0])
          .isCloseTo((float) (0.25 * mean), within(1e-6f));
      assertThat(model.values().get("BatchNorm/moving_variance")[0])
          .isCloseTo((float) (0.75 + 0.25 * unbiased), within(1e-6f));
    }
  }

  @Test
  void batchNormalizationInInferenceUsesTheAveragesAndDoesNotLookAtTheBatch() {
    try (Model model =
        new Model(INFERENCE, OPTIONS, Shape.of(-1, 1, 1, 1), (l, x) -> l.batchNorm(x))) {
      model.set("BatchNorm/beta", 0.5f);
      model.set("BatchNorm/moving_mean", 2);
      model.set("BatchNorm/moving_variance", 4);
      assertThat(model.layers.updates()).isEmpty();
      float[] out = model.run(Values.of(Shape.of(2, 1, 1, 1), 2, 100));
      assertThat(out[0]).isEqualTo(0.5f);
      assertThat((double) out[1]).isCloseTo(98 / Math.sqrt(4.001) + 0.5, within(1e-4));
    }
  }

  @Test
  void aRowOfZerosStaysZeroUnderL2NormalisationAndHasAFiniteGradient() {
    try (Model model =
        new Model(
            TRAINING,
            OPTIONS,
            Shape.of(-1, 2),
            (l, x) -> l.scope("D", () -> l.l2Normalize(l.dense(x, 3))))) {
      List<Operand<TFloat32>> gradients = model.layers.gradients(model.loss());
      Values zeros = Values.of(Shape.of(1, 2), 0, 0);
      assertThat(model.run(zeros)).containsOnly(0f);
      for (Operand<TFloat32> gradient : gradients) {
        for (float g : model.run(gradient, zeros)) {
          assertThat(g).isFinite();
        }
      }
    }
  }

  @Test
  void embeddingsHaveLengthOne() {
    try (Model model = small(INFERENCE, OPTIONS)) {
      float[] out = model.run(Values.random(Shape.of(4, 9, 9, 2), 1));
      for (int row = 0; row < 4; row++) {
        double squares = 0;
        for (int i = 0; i < 3; i++) {
          squares += (double) out[row * 3 + i] * out[row * 3 + i];
        }
        assertThat(squares).isCloseTo(1, within(1e-6));
      }
    }
  }

  @Test
  void trainingAndInferenceHaveTheSameVariablesWhateverElseTheirGraphsHold() {
    try (Model training = small(TRAINING, OPTIONS);
        Model inference =
            new Model(
                INFERENCE,
                OPTIONS,
                SMALL_IMAGES,
                (l, x) -> {
                  l.tf().withName("A").constant(1f);
                  return smallNet(l, x);
                })) {
      assertThat(names(training))
          .containsExactly(
              "A/weights",
              "A/BatchNorm/beta",
              "A/BatchNorm/moving_mean",
              "A/BatchNorm/moving_variance",
              "B/depthwise_weights",
              "B/pointwise_weights",
              "B/biases",
              "Embedding/weights",
              "Embedding/biases");
      assertThat(names(inference)).isEqualTo(names(training));
      for (LayerVariable v : inference.layers.variables()) {
        assertThat(v.variable().op().name()).isEqualTo(v.name());
        assertThat(v.variable().asOutput().shape()).isEqualTo(v.shape());
      }
    }
  }

  @Test
  void variableNamesDoNotDependOnTheScopeOfTheOpsGiven() {
    try (Model outer = small(TRAINING, OPTIONS)) {
      Layers inner = new Layers(outer.tf.withSubScope("tower"), TRAINING, OPTIONS);
      Operand<TFloat32> ones = outer.tf.constant(new float[1][2]);
      inner.scope("C", () -> inner.dense(ones, 2));
      assertThat(inner.variables().get(0).variable().op().name()).isEqualTo("C/weights");
    }
  }

  @Test
  void onlyWeightsAndBiasesAreTrainableAndTheGroupsAreToldApart() {
    try (Model model = small(TRAINING, OPTIONS)) {
      for (LayerVariable v : model.layers.variables()) {
        assertThat(v.trainable()).as(v.name()).isEqualTo(!v.name().contains("moving_"));
        assertThat(v.group() == LayerVariable.Group.HEAD)
            .as(v.name())
            .isEqualTo(v.name().startsWith("Embedding/"));
      }
      assertThat(model.layers.updates()).hasSize(2);
    }
  }

  @Test
  void aFrozenBackboneTrainsTheHeadAloneAndLeavesTheRestAsItWas() {
    try (Model model = small(TRAINING, OPTIONS.withFreezeBackbone(true))) {
      assertThat(model.layers.trainables())
          .extracting(LayerVariable::name)
          .containsExactly("Embedding/weights", "Embedding/biases");
      List<Op> step = model.descent(model.loss(), 0.1f);
      Map<String, float[]> before = model.values();
      model.run(model.output, Values.random(Shape.of(4, 9, 9, 2), 1), step);
      model
          .values()
          .forEach(
              (name, after) ->
                  assertThat(Arrays.equals(after, before.get(name)))
                      .as(name)
                      .isEqualTo(!name.startsWith("Embedding/")));
    }
  }

  @Test
  void inferenceFromATrainingCheckpointEqualsFrozenTrainingAndIgnoresOptimizerSlots(
      @TempDir Path folder) {
    Values batch = Values.random(Shape.of(6, 9, 9, 2), 3);
    String prefix = folder.resolve("model").toString();
    float[] untrained;
    Map<String, float[]> trained;
    try (Model model = small(TRAINING, OPTIONS)) {
      Op slot = model.tf.withName("slot").variable(model.tf.constant(1f));
      assertThat(slot).isNotNull();
      List<Op> step = model.descent(model.loss(), 0.1f);
      for (int i = 0; i < 5; i++) {
        model.run(model.output, batch, step);
      }
      model.session().save(prefix);
      trained = model.values();
    }
    float[] inference;
    try (Model model = small(INFERENCE, OPTIONS)) {
      untrained = model.run(batch);
      model.session().restore(prefix);
      inference = model.run(batch);
      assertThat(model.values())
          .allSatisfy((name, values) -> assertThat(values).isEqualTo(trained.get(name)));
    }
    try (Model model = small(TRAINING, OPTIONS.withBatchNormalization(FROZEN))) {
      model.session().restore(prefix);
      assertThat(model.run(batch)).containsExactly(inference, within(1e-6f));
    }
    assertThat(inference).isNotEqualTo(untrained);
  }

  @Test
  void withAveragesThatAreTheBatchItselfInferenceEqualsTraining() {
    // Decay 0: one update makes the averages the batch's own statistics, up to Bessel's n/(n-1).
    Layers.Options options = new Layers.Options(TRAIN, 0, false, 0);
    Values batch = Values.random(Shape.of(64, 9, 9, 2), 5);
    try (Model training = small(TRAINING, options);
        Model inference = small(INFERENCE, options)) {
      float[] expected = training.run(training.output, batch, training.layers.updates());
      assertThat(inference.run(batch)).isNotEqualTo(expected);
      inference.setAll(training.values());
      assertThat(inference.run(batch)).containsExactly(expected, within(2e-3f));
    }
  }

  @ParameterizedTest
  @EnumSource
  void theGradientIsTheSlopeOfTheLoss(Layers.BatchNormalization batchNormalization) {
    try (Model model = small(TRAINING, OPTIONS.withBatchNormalization(batchNormalization))) {
      Operand<TFloat32> loss = model.loss();
      List<Operand<TFloat32>> gradients = model.layers.gradients(loss);
      Values batch = Values.random(Shape.of(8, 9, 9, 2), 7);
      Map<String, float[]> start = model.values();
      for (int i = 0; i < gradients.size(); i++) {
        String name = model.layers.trainables().get(i).name();
        float[] gradient = model.run(gradients.get(i), batch);
        float[] at = start.get(name);
        double squares = 0;
        for (float g : gradient) {
          squares += (double) g * g;
        }
        // Both ways along the gradient by a length of 0.01: the loss must change by 0.02 |g|.
        double length = Math.sqrt(squares);
        model.set(name, moved(at, gradient, 0.01 / length));
        double up = model.run(loss, batch)[0];
        model.set(name, moved(at, gradient, -0.01 / length));
        double down = model.run(loss, batch)[0];
        model.set(name, at);
        assertThat(length).as(name).isGreaterThan(1e-3);
        assertThat((up - down) / 0.02).as(name).isCloseTo(length, within(0.02 * length + 1e-3));
      }
    }
  }

  @Test
  void gradientsOfAnOuterGradientAreThoseOfTheLossItComesFrom() {
    try (Model model = small(TRAINING, OPTIONS)) {
      List<Operand<TFloat32>> direct = model.layers.gradients(model.loss());
      // d/dy of the sum of (y - 0.3)^2
      Operand<TFloat32> outer =
          model.tf.math.mul(
              model.tf.math.sub(model.output, model.tf.constant(0.3f)), model.tf.constant(2f));
      List<Operand<TFloat32>> chained =
          model.layers.gradients(model.output, model.tf.stopGradient(outer));
      Values batch = Values.random(Shape.of(4, 9, 9, 2), 9);
      for (int i = 0; i < direct.size(); i++) {
        assertThat(model.run(chained.get(i), batch))
            .containsExactly(model.run(direct.get(i), batch), within(1e-5f));
      }
    }
  }

  @Test
  void theSameSeedGivesTheSameBitsAndTrainingFromThemTheSameWeights() {
    List<Map<String, float[]>> runs = new ArrayList<>();
    for (int run = 0; run < 2; run++) {
      try (Model model = small(TRAINING, OPTIONS.withSeed(42))) {
        List<Op> step = model.descent(model.loss(), 0.1f);
        runs.add(model.values());
        for (int i = 0; i < 5; i++) {
          model.run(model.output, Values.random(Shape.of(16, 9, 9, 2), i), step);
        }
        runs.add(model.values());
      }
    }
    runs.get(0)
        .forEach((name, values) -> assertThat(values).as(name).isEqualTo(runs.get(2).get(name)));
    runs.get(1)
        .forEach((name, values) -> assertThat(values).as(name).isEqualTo(runs.get(3).get(name)));
  }

  @Test
  void everyVariableAndEverySeedHasItsOwnNumbersWithinTheBoundOfItsFormula() {
    BiFunction<Layers, Operand<TFloat32>, Operand<TFloat32>> twins =
        (l, x) -> {
          Operand<TFloat32> first = l.scope("first", () -> l.conv2d(x, 8, 3, 1));
          return l.scope("second", () -> l.conv2d(first, 8, 3, 1));
        };
    try (Model one = new Model(TRAINING, OPTIONS.withSeed(1), Shape.of(1, 8, 8, 8), twins);
        Model two = new Model(TRAINING, OPTIONS.withSeed(2), Shape.of(1, 8, 8, 8), twins)) {
      float[] first = one.values().get("first/weights");
      assertThat(first).isNotEqualTo(one.values().get("second/weights"));
      assertThat(first).isNotEqualTo(two.values().get("first/weights"));
      double bound = Math.sqrt(6.0 / 72);
      double squares = 0;
      for (float w : first) {
        assertThat(Math.abs(w)).isLessThanOrEqualTo((float) bound);
        squares += (double) w * w;
      }
      // Variance 2 / inputs, from 576 numbers.
      assertThat(squares / first.length).isCloseTo(2.0 / 72, within(0.1 * 2 / 72));
    }
  }

  @Test
  void mistakesAreNamed() {
    try (Model model = small(TRAINING, OPTIONS);
        EagerSession eager = EagerSession.create()) {
      Ops tf = model.tf;
      Layers layers = model.layers;
      Operand<TFloat32> image = tf.constant(new float[1][2][2][3]);
      layers.scope("twice", () -> layers.conv2d(image, 1, 1, 1));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> layers.scope("twice", () -> layers.conv2d(image, 1, 1, 1)))
          .withMessageContaining("twice/weights");
      assertThatIllegalArgumentException()
          .isThrownBy(
              () -> layers.scope("E", () -> layers.dense(tf.placeholder(TFloat32.class), 2)))
          .withMessageContaining("input of E");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new Layers(Ops.create(eager), TRAINING, OPTIONS))
          .withMessageContaining("eager");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new Layers.Options(TRAIN, 1, false, 0))
          .withMessageContaining("decay");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new EmbeddingHead(0))
          .withMessageContaining("size");
      Layers none = new Layers(tf, TRAINING, OPTIONS);
      assertThatIllegalStateException()
          .isThrownBy(() -> none.gradients(model.output))
          .withMessageContaining("no trainable");
    }
  }

  private static List<String> names(Model model) {
    return model.layers.variables().stream().map(LayerVariable::name).toList();
  }

  private static float[] moved(float[] from, float[] direction, double by) {
    float[] to = from.clone();
    for (int i = 0; i < to.length; i++) {
      to[i] += (float) (by * direction[i]);
    }
    return to;
  }
}
