package org.medoid.graph.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.medoid.graph.network.Model.Values;
import org.tensorflow.ConcreteFunction;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Signature;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.index.Indices;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.nn.TopK;
import org.tensorflow.proto.CollectionDef;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.SavedModel;
import org.tensorflow.proto.VariableDef;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

class SavedModelNetworkTest {

  private static final Layers.Options FINE_TUNING =
      Layers.Options.defaults().withBatchNormalization(Layers.BatchNormalization.FROZEN);
  private static final Shape IMAGES = Shape.of(-1, 16, 16, 3);

  @TempDir private Path folder;

  private static Operand<TFloat32> small(Layers layers, Operand<TFloat32> x) {
    return layers.globalMean(layers.scope("Net", () -> layers.convBatchNormRelu("A", x, 4, 3, 2)));
  }

  private void write(
      long seed, BiFunction<Layers, Operand<TFloat32>, Operand<TFloat32>> description)
      throws IOException {
    try (Model model =
        new Model(
            Layers.Mode.INFERENCE, Layers.Options.defaults().withSeed(seed), IMAGES, description)) {
      SavedModelNetwork.write(model.session(), model.input, model.output, folder);
    }
  }

  private static Model training(SavedModelNetwork network, Layers.Options options) {
    return new Model(Layers.Mode.TRAINING, options, IMAGES, network::features);
  }

  @Test
  void aWrittenNetworkComesBackWithItsValuesAndTrainsFurther() throws IOException {
    ConvNet net = new ConvNet();
    Values batch = Values.random(Shape.of(4, 16, 16, 3), 1);
    float[] expected;
    List<String> trainables;
    Map<String, float[]> values;
    try (Model model =
        new Model(
            Layers.Mode.INFERENCE, Layers.Options.defaults().withSeed(3), IMAGES, net::features)) {
      expected = model.run(batch);
      trainables = model.layers.trainables().stream().map(LayerVariable::name).toList();
      values = model.values();
      SavedModelNetwork.write(model.session(), model.input, model.output, folder);
    }
    SavedModelNetwork network = SavedModelNetwork.load(folder);
    assertThat(network.name()).isEqualTo("savedmodel:" + folder);
    assertThat(network.defaultImageSize()).isEqualTo(16);
    try (Model inference =
            new Model(Layers.Mode.INFERENCE, Layers.Options.defaults(), IMAGES, network::features);
        Model model = training(network, FINE_TUNING)) {
      assertThat(inference.run(batch)).containsExactly(expected, within(1e-6f));
      assertThat(model.run(batch)).containsExactly(expected, within(1e-6f));
      assertThat(model.layers.trainables())
          .extracting(LayerVariable::name)
          .containsExactlyInAnyOrderElementsOf(trainables);
      Map<String, float[]> loaded = model.values();
      assertThat(loaded.keySet()).containsExactlyInAnyOrderElementsOf(values.keySet());
      loaded.forEach((name, v) -> assertThat(v).as(name).isEqualTo(values.get(name)));
      assertThat(inference.layers.variables())
          .extracting(LayerVariable::name)
          .isEqualTo(model.layers.variables().stream().map(LayerVariable::name).toList());

      Operand<TFloat32> loss = model.loss();
      List<Op> step = model.descent(loss, 0.01f);
      float before = model.run(loss, batch)[0];
      for (int i = 0; i < 10; i++) {
        model.run(loss, batch, step);
      }
      assertThat(model.run(loss, batch)[0]).isLessThan(0.9f * before);
    }
  }

  @Test
  void aFrozenBackboneNeedsNoGradientAndHasNoTrainables() throws IOException {
    write(1, (l, x) -> l.tf().withName("Odd").math.digamma(small(l, x)));
    SavedModelNetwork network = SavedModelNetwork.load(folder);
    try (Model model = training(network, FINE_TUNING.withFreezeBackbone(true))) {
      assertThat(model.layers.trainables()).isEmpty();
      assertThat(model.layers.variables()).hasSize(4);
      assertThat(model.run(Values.random(Shape.of(3, 16, 16, 3), 1))).hasSize(12);
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> training(network, FINE_TUNING).close())
        .withMessageContaining("node Odd (Digamma) has no gradient");
  }

  @Test
  void whatNoGradientReachesStaysAndTheRestTrains() throws IOException {
    write(
        1,
        (l, x) -> {
          Operand<TFloat32> other =
              l.globalMean(l.scope("Other", () -> l.convBatchNormRelu("B", x, 4, 3, 2)));
          Operand<TInt32> places =
              l.tf().nn.topK(other, l.tf().constant(2), new TopK.Options[0]).indices();
          return l.tf()
              .concat(
                  List.of(small(l, x), l.tf().dtypes.cast(places, TFloat32.class)),
                  l.tf().constant(1));
        });
    try (Model model = training(SavedModelNetwork.load(folder), FINE_TUNING)) {
      assertThat(model.layers.trainables())
          .isNotEmpty()
          .allSatisfy(each -> assertThat(each.name()).contains("Net"));
      assertThat(model.layers.variables()).anySatisfy(e -> assertThat(e.name()).contains("Other"));
      Values batch = Values.random(Shape.of(4, 16, 16, 3), 1);
      Operand<TFloat32> loss = model.loss();
      List<Op> step = model.descent(loss, 0.001f);
      float before = model.run(loss, batch)[0];
      model.run(loss, batch, step);
      assertThat(model.run(loss, batch)[0]).isLessThan(before);
    }
  }

  /** A function of features that halves them, or says whether the largest is above one. */
  private static ConcreteFunction of(String name, boolean condition) {
    return ConcreteFunction.create(
        tf -> {
          Placeholder<TFloat32> x =
              tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 4)));
          Operand<?> result =
              condition
                  ? tf.math.greater(tf.reduceMax(x, tf.constant(new int[] {0, 1})), tf.constant(1f))
                  : tf.math.mul(x, tf.constant(0.5f));
          return Signature.builder(name).input("x", x).output("y", result).build();
        });
  }

  @Test
  @SuppressWarnings("unchecked")
  void aLoopThatOnlyARunEndsIsNamedWithTheFolder() throws IOException {
    try (ConcreteFunction more = of("more", true);
        ConcreteFunction half = of("half", false)) {
      write(
          1,
          (l, x) -> {
            Operand<TFloat32> features = small(l, x);
            return l.tf()
                .ensureShape(
                    (Operand<TFloat32>)
                        (Operand<?>)
                            l.tf().statelessWhile(List.of(features), more, half).iterator().next(),
                    Shape.of(-1, 4));
          });
    }
    SavedModelNetwork network = SavedModelNetwork.load(folder);
    try (Model model = training(network, FINE_TUNING.withFreezeBackbone(true))) {
      assertThat(model.run(Values.random(Shape.of(3, 16, 16, 3), 1))).hasSize(12);
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> training(network, FINE_TUNING).close())
        .withMessageContaining(folder.toString())
        .withMessageContaining("through which no gradient goes");
  }

  /** Of a counter, the number of pictures and features: whether there are more, or the next. */
  private static ConcreteFunction counting(String name, boolean condition) {
    return ConcreteFunction.create(
        tf -> {
          Placeholder<TInt32> a = tf.placeholder(TInt32.class, Placeholder.shape(Shape.scalar()));
          Placeholder<TInt32> b = tf.placeholder(TInt32.class, Placeholder.shape(Shape.scalar()));
          Placeholder<TFloat32> x =
              tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 4)));
          Signature.Builder signature =
              Signature.builder(name).input("a", a).input("b", b).input("x", x);
          return condition
              ? signature.output("y", tf.math.less(a, b)).build()
              : signature
                  .output("a", tf.math.add(a, tf.constant(1)))
                  .output("b", tf.identity(b))
                  .output("x", tf.math.mul(x, tf.constant(1.5f)))
                  .build();
        });
  }

  @Test
  @SuppressWarnings("unchecked")
  void aLoopOverTheBatchTrainsWhereTheBatchIsKnown() throws IOException {
    try (ConcreteFunction more = counting("fewer", true);
        ConcreteFunction next = counting("next", false)) {
      write(
          1,
          (l, x) -> {
            Ops tf = l.tf();
            Operand<TFloat32> features = small(l, x);
            Operand<TInt32> count = tf.stridedSlice(tf.shape(features), Indices.at(0));
            List<Operand<?>> carried = List.of(tf.constant(0), count, features);
            Operand<?> last = tf.statelessWhile(carried, more, next).output().get(2);
            return tf.ensureShape((Operand<TFloat32>) last, Shape.of(-1, 4));
          });
    }
    SavedModelNetwork network = SavedModelNetwork.load(folder);
    Shape four = Shape.of(4, 16, 16, 3);
    Values batch = Values.random(four, 1);
    try (Model inference =
            new Model(Layers.Mode.INFERENCE, Layers.Options.defaults(), IMAGES, network::features);
        Model model = new Model(Layers.Mode.TRAINING, FINE_TUNING, four, network::features)) {
      assertThat(model.run(batch)).containsExactly(inference.run(batch), within(1e-6f));
      assertThat(inference.run(Values.random(Shape.of(2, 16, 16, 3), 1))).hasSize(8);
      Operand<TFloat32> loss = model.loss();
      List<Op> step = model.descent(loss, 0.001f);
      float before = model.run(loss, batch)[0];
      model.run(loss, batch, step);
      assertThat(model.run(loss, batch)[0]).isLessThan(before);
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> training(network, FINE_TUNING).close()) // a batch of any size
        .withMessageContaining("through which no gradient goes");
  }

  @Test
  void aSavedModelFrozenToConstantsGivesFeaturesButIsNotTrained() throws IOException {
    write(1, (l, x) -> l.globalMean(l.tf().nn.relu(x)));
    SavedModelNetwork network = SavedModelNetwork.load(folder);
    try (Model model = new Model(Layers.Mode.INFERENCE, FINE_TUNING, IMAGES, network::features)) {
      assertThat(model.run(Values.random(Shape.of(3, 16, 16, 3), 1))).hasSize(9);
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> training(network, FINE_TUNING).close())
        .withMessageContaining("no trainable variable");
  }

  /** The gradient of Pow casts to its operand's type, which must not be a reference's. */
  @Test
  void anExponentTrains() throws IOException {
    write(
        1,
        (l, x) -> {
          Operand<TFloat32> positive = l.tf().math.maximum(small4(l, x), l.tf().constant(0.01f));
          Operand<TFloat32> p =
              l.scope(
                  "Pool", () -> l.variable("p", Shape.scalar(), true, () -> l.tf().constant(3f)));
          return l.globalMean(l.tf().math.pow(positive, p));
        });
    try (Model model = training(SavedModelNetwork.load(folder), FINE_TUNING)) {
      Values batch = Values.random(Shape.of(2, 16, 16, 3), 1);
      List<Op> step = model.descent(model.loss(), 0.1f);
      model.run(model.output, batch, step);
      List<float[]> scalars =
          model.values().values().stream().filter(values -> values.length == 1).toList();
      assertThat(scalars).hasSize(1);
      assertThat(scalars.get(0)[0]).isFinite().isNotEqualTo(3);
    }
  }

  private static Operand<TFloat32> small4(Layers layers, Operand<TFloat32> x) {
    return layers.scope("Net", () -> layers.conv2d(x, 4, 3, 2));
  }

  @Test
  void whatAGradientMustNotPassIsNotTrained() throws IOException {
    write(
        1,
        (l, x) -> {
          Operand<TFloat32> still = l.tf().stopGradient(small4(l, x));
          return l.globalMean(l.scope("Top", () -> l.conv2d(still, 4, 1, 1)));
        });
    try (Model model = training(SavedModelNetwork.load(folder), FINE_TUNING)) {
      assertThat(model.layers.trainables())
          .extracting(LayerVariable::name)
          .containsExactly("Top/weights");
      Values batch = Values.random(Shape.of(2, 16, 16, 3), 1);
      Map<String, float[]> before = model.values();
      model.run(model.output, batch, model.descent(model.loss(), 0.1f));
      assertThat(model.values().get("Net/weights")).isEqualTo(before.get("Net/weights"));
      assertThat(model.values().get("Top/weights")).isNotEqualTo(before.get("Top/weights"));
    }
  }

  @Test
  void aMapIsAveragedOverAllPlaces() throws IOException {
    write(1, (l, x) -> l.scope("Net", () -> l.conv2d(x, 5, 3, 2)));
    try (Model model = training(SavedModelNetwork.load(folder), FINE_TUNING)) {
      assertThat(model.output.asOutput().shape().asArray()).containsExactly(-1, 5);
    }
  }

  @Test
  void whatTheWriterDeclaredNotTrainableStaysAsItIs() throws IOException {
    write(1, SavedModelNetworkTest::small);
    Path file = folder.resolve("saved_model.pb");
    SavedModel.Builder model = SavedModel.parseFrom(Files.readAllBytes(file)).toBuilder();
    MetaGraphDef.Builder meta = model.getMetaGraphsBuilder(0);
    for (String name : List.of("Net/A/weights", "Net/A/BatchNorm/beta")) {
      CollectionDef.Builder variables =
          meta
              .getCollectionDefOrDefault("variables", CollectionDef.getDefaultInstance())
              .toBuilder();
      variables
          .getBytesListBuilder()
          .addValue(VariableDef.newBuilder().setVariableName(name + ":0").build().toByteString());
      meta.putCollectionDef("variables", variables.build());
    }
    CollectionDef.Builder trainable = CollectionDef.newBuilder();
    trainable
        .getBytesListBuilder()
        .addValue(
            VariableDef.newBuilder().setVariableName("Net/A/weights:0").build().toByteString());
    meta.putCollectionDef("trainable_variables", trainable.build());
    Files.write(file, model.build().toByteArray());

    try (Model training = training(SavedModelNetwork.load(folder), FINE_TUNING)) {
      assertThat(training.layers.trainables())
          .extracting(LayerVariable::name)
          .containsExactly("Net/A/weights");
    }
  }

  @Test
  void batchNormalisationIsNotTrainedAndImagesOfAnotherSizeAreRefused() throws IOException {
    write(1, SavedModelNetworkTest::small);
    SavedModelNetwork network = SavedModelNetwork.load(folder);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> training(network, Layers.Options.defaults()).close())
        .withMessageContaining("FROZEN");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new Model(
                        Layers.Mode.INFERENCE,
                        FINE_TUNING,
                        Shape.of(-1, 32, 32, 3),
                        network::features)
                    .close())
        .withMessageContaining("16x16 pixels");
  }

  @Test
  void aFolderWithoutASavedModelOrWithADamagedOneIsNamed() throws IOException {
    assertThatExceptionOfType(NoSuchFileException.class)
        .isThrownBy(() -> SavedModelNetwork.load(folder))
        .withMessageContaining("saved_model.pb")
        .withMessageContaining("give the folder");
    write(1, SavedModelNetworkTest::small);
    Path file = folder.resolve("saved_model.pb");
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length / 2));
    assertThatIOException()
        .isThrownBy(() -> SavedModelNetwork.load(folder))
        .withMessageContaining("saved_model.pb is damaged");
    Files.write(file, whole);
    Path values = folder.resolve("variables").resolve("variables.data-00000-of-00001");
    Files.write(values, new byte[0]);
    assertThatIOException()
        .isThrownBy(() -> SavedModelNetwork.load(folder))
        .withMessageContaining("cannot be loaded")
        .withMessageContaining("less bytes");
    Files.delete(values);
    assertThatExceptionOfType(NoSuchFileException.class)
        .isThrownBy(() -> SavedModelNetwork.load(folder))
        .withMessageContaining("variables.data")
        .withMessageContaining("copy the whole folder");
  }

  @Test
  void withoutASuitableSignatureTheOnesThereAreListed() throws IOException {
    write(1, (l, x) -> l.tf().math.mean(small(l, x), l.tf().constant(1)));
    assertThatIOException()
        .isThrownBy(() -> SavedModelNetwork.load(folder))
        .withMessageContaining("no signature from images")
        .withMessageContaining(
            "features (images float32 [?, 16, 16, 3] -> features float32 [?]) has no output");
  }

  /** Written by Keras on TensorFlow 2: functions and resource variables. */
  @Test
  void theMobileNetThatKerasWroteGivesTheSameFeaturesAsUnderTensorFlowAndTrains()
      throws IOException {
    String given = System.getProperty("medoid.shared");
    Path shared = given == null ? Path.of("..", "..", "shared") : Path.of(given);
    Path mobilenet = shared.resolve("data").resolve("mobilenet_v1_savedmodel");
    assumeThat(Files.exists(mobilenet))
        .as("skipped, data not found: " + mobilenet + " (set -Dmedoid.shared=FOLDER)")
        .isTrue();
    SavedModelNetwork network = SavedModelNetwork.load(mobilenet);
    Shape images = Shape.of(-1, 224, 224, 3);
    Values batch = Values.random(Shape.of(2, 224, 224, 3), 1);
    float[] expected;
    try (SavedModelBundle bundle = SavedModelBundle.load(mobilenet.toString(), "serve");
        TFloat32 in = batch.tensor();
        Result result =
            bundle
                .session()
                .runner()
                .feed("serving_default_images", in)
                .fetch("StatefulPartitionedCall_1")
                .run()) {
      expected = Model.floats(result.get(0));
    }
    try (Model model = new Model(Layers.Mode.TRAINING, FINE_TUNING, images, network::features)) {
      assertThat(model.output.asOutput().shape().asArray()).containsExactly(-1, 1024);
      assertThat(model.run(batch)).containsExactly(expected, within(1e-5f));
      // 14 convolutions and 13 depthwise ones, each with a bias: batch normalisation is folded in.
      assertThat(model.layers.trainables()).hasSize(54);
      Operand<TFloat32> loss = model.loss();
      List<Op> step = model.descent(loss, 1e-4f);
      Map<String, float[]> before = model.values();
      float start = model.run(loss, batch)[0];
      for (int i = 0; i < 3; i++) {
        model.run(loss, batch, step);
      }
      assertThat(model.run(loss, batch)[0]).isLessThan(start);
      Map<String, float[]> after = model.values();
      after.forEach((name, v) -> assertThat(Arrays.equals(v, before.get(name))).as(name).isFalse());
    }
  }
}
