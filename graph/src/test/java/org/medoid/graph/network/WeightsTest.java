package org.medoid.graph.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.OperationBuilder;
import org.tensorflow.Output;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.StdArrays;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TString;

class WeightsTest {

  /** The ways in which checkpoints have been written over the years. */
  enum Format {
    /** {@code Session.save}: prefix.index and prefix.data-00000-of-00001. */
    V2,
    /** The first operation, one file of whole tensors. */
    V1_SAVE,
    /** What TF1's Saver(write_version=V1) used, as TF-Slim did: one file of slices. */
    V1_SAVE_SLICES
  }

  @TempDir private Path folder;

  private static Model net(long seed, int embedding) {
    return new Model(
        Layers.Mode.INFERENCE,
        Layers.Options.defaults().withSeed(seed),
        Shape.of(-1, 4, 4, 3),
        (l, x) ->
            new EmbeddingHead(embedding)
                .embed(
                    l, l.globalMean(l.scope("Net", () -> l.convBatchNormRelu("A", x, 4, 3, 1)))));
  }

  /** Writes the variables of a model, and more, and returns the prefix. */
  private Path write(Format format, Model model, Map<String, Operand<?>> more) {
    Path prefix = folder.resolve("weights.ckpt");
    Map<String, Operand<?>> all = new HashMap<>(more);
    model.layers.variables().forEach(v -> all.put(v.name(), v.variable()));
    write(format, model.tf, model.session(), all, prefix);
    return prefix;
  }

  private static void write(
      Format format, Ops tf, Session session, Map<String, Operand<?>> tensors, Path prefix) {
    Operand<TString> names =
        tf.constant(StdArrays.ndCopyOf(tensors.keySet().toArray(String[]::new)));
    Operand<TString> slices = tf.zerosLike(names);
    Operand<TString> file = tf.constant(prefix.toString());
    List<Operand<?>> data = List.copyOf(tensors.values());
    Operation save =
        switch (format) {
          case V2 -> tf.train.save(file, names, slices, data).op();
          case V1_SAVE_SLICES -> tf.train.saveSlices(file, names, slices, data).op();
          case V1_SAVE -> {
            OperationBuilder builder = tf.scope().opBuilder("Save", "Save");
            builder.addInput(file.asOutput()).addInput(names.asOutput());
            builder.addInputList(data.stream().map(Operand::asOutput).toArray(Output<?>[]::new));
            yield builder.build();
          }
        };
    session.runner().addTarget(save).run().close();
  }

  @ParameterizedTest
  @EnumSource
  void everyFormatRestoresByNameAndPassesOverWhatElseTheFileHolds(Format format)
      throws IOException {
    try (Model source = net(1, 3);
        Model target = net(2, 3)) {
      Ops tf = source.tf;
      Path prefix =
          write(
              format,
              source,
              Map.of(
                  "global_step", tf.constant(7L),
                  "Net/A/weights/RMSProp", tf.constant(new float[] {1, 2}),
                  "Net/Logits/weights", tf.constant(new float[2][5])));
      assertThat(Files.exists(prefix)).isEqualTo(format != Format.V2);
      Weights.Report report = Weights.restore(target.session(), target.layers.variables(), prefix);
      assertThat(report.complete()).isTrue();
      assertThat(report.lines()).containsExactly("restored 6 of 6 variables from " + prefix);
      source
          .values()
          .forEach((name, v) -> assertThat(target.values().get(name)).as(name).isEqualTo(v));
    }
  }

  @ParameterizedTest
  @EnumSource
  void theTableOfContentsGivesNameTypeAndShape(Format format) throws IOException {
    try (Model source = net(1, 3)) {
      Path prefix =
          write(
              format,
              source,
              Map.of(
                  "global_step", source.tf.constant(7L),
                  "two", source.tf.constant(new double[] {1, 2})));
      Map<String, String> listed = new HashMap<>();
      Checkpoint.read(prefix)
          .tensors()
          .forEach(
              (name, e) -> listed.put(name, e.type() + " " + Arrays.toString(e.shape().asArray())));
      assertThat(listed)
          .hasSize(8)
          .containsEntry("global_step", "DT_INT64 []")
          .containsEntry("two", "DT_DOUBLE [2]")
          .containsEntry("Net/A/weights", "DT_FLOAT [3, 3, 3, 4]")
          .containsEntry("Net/A/BatchNorm/moving_mean", "DT_FLOAT [4]");
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatIsMissingOrOfAnotherShapeOrTypeIsNamedAndKeepsItsValue(Format format)
      throws IOException {
    try (Graph graph = new Graph();
        Session session = new Session(graph);
        Model target = net(2, 3)) {
      Ops tf = Ops.create(graph);
      Path prefix = Files.createDirectory(folder.resolve("a [b]")).resolve("part[1].ckpt");
      Map<String, Operand<?>> part =
          Map.of(
              "Net/A/weights", tf.constant(new float[3][3][3][5]),
              "Net/A/BatchNorm/beta", tf.constant(new double[4]),
              "Net/A/BatchNorm/moving_mean", tf.constant(new float[] {1, 2, 3, 4}));
      write(format, tf, session, part, prefix);
      Map<String, float[]> before = target.values();

      Weights.Report report = Weights.restore(target.session(), target.layers.variables(), prefix);

      assertThat(report.complete()).isFalse();
      assertThat(report.restored()).containsExactly("Net/A/BatchNorm/moving_mean");
      assertThat(report.missing())
          .containsExactly(
              "Net/A/BatchNorm/moving_variance", "Embedding/weights", "Embedding/biases");
      assertThat(report.unfit())
          .containsExactly(
              "Net/A/weights is DT_FLOAT [3, 3, 3, 4] in the network, DT_FLOAT [3, 3, 3, 5] in the"
                  + " checkpoint",
              "Net/A/BatchNorm/beta is DT_FLOAT [4] in the network, DT_DOUBLE [4] in the"
                  + " checkpoint");
      assertThat(report.lines())
          .hasSize(6)
          .startsWith("restored 1 of 6 variables from " + prefix)
          .contains("not in the checkpoint: Embedding/weights");
      Map<String, float[]> after = target.values();
      assertThat(after.remove("Net/A/BatchNorm/moving_mean")).containsExactly(1, 2, 3, 4);
      after.forEach((name, v) -> assertThat(v).as(name).isEqualTo(before.get(name)));
    }
  }

  @Test
  void aVersionOneFileOfInceptionWithItsClassifierFillsAllOfTheBackbone() throws IOException {
    InceptionV2 inception = new InceptionV2();
    Shape images = Shape.of(-1, 96, 96, 3);
    Path prefix;
    Map<String, float[]> expected;
    try (Model source =
        new Model(
            Layers.Mode.INFERENCE,
            Layers.Options.defaults().withSeed(1),
            images,
            inception::features)) {
      prefix =
          write(
              Format.V1_SAVE_SLICES,
              source,
              Map.of(
                  "InceptionV2/Logits/Conv2d_1c_1x1/weights",
                  source.tf.constant(new float[1][1][1024][1001]),
                  "InceptionV2/Logits/Conv2d_1c_1x1/biases",
                  source.tf.constant(new float[1001])));
      expected = source.values();
    }
    try (Model target =
        new Model(
            Layers.Mode.TRAINING,
            Layers.Options.defaults().withSeed(2),
            images,
            (l, x) -> new EmbeddingHead(64).embed(l, inception.features(l, x)))) {
      List<LayerVariable> backbone =
          target.layers.variables().stream()
              .filter(v -> v.group() == LayerVariable.Group.BACKBONE)
              .toList();
      Weights.Report report = Weights.restore(target.session(), backbone, prefix);
      assertThat(report.lines()).containsExactly("restored 275 of 275 variables from " + prefix);
      Map<String, float[]> actual = target.values();
      expected.forEach((name, v) -> assertThat(actual.get(name)).as(name).isEqualTo(v));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".index", ".data-00000-of-00001"})
  void anyFileOfAVersionTwoCheckpointNamesIt(String end) throws IOException {
    try (Model source = net(1, 3)) {
      Path prefix = write(Format.V2, source, Map.of());
      assertThat(Checkpoint.read(Path.of(prefix + end)).prefix()).isEqualTo(prefix.toString());
    }
  }

  @Test
  void aCheckpointOfAnotherNetworkIsAnError() {
    try (Model source = net(1, 3);
        Model target =
            new Model(
                Layers.Mode.INFERENCE,
                Layers.Options.defaults(),
                Shape.of(-1, 16, 16, 3),
                new ConvNet()::features)) {
      Path prefix = write(Format.V2, source, Map.of());
      assertThatIOException()
          .isThrownBy(() -> Weights.restore(target.session(), target.layers.variables(), prefix))
          .withMessageContaining("ConvNet/Block1/weights")
          .withMessageContaining("Embedding/biases")
          .withMessageContaining("another network");
    }
  }

  @Test
  void aMissingFileAndAFolderAreToldApart() {
    assertThatExceptionOfType(NoSuchFileException.class)
        .isThrownBy(() -> Checkpoint.read(folder.resolve("none.ckpt")))
        .withMessageContaining("none.ckpt")
        .withMessageContaining("none.ckpt.index");
    assertThatIOException()
        .isThrownBy(() -> Checkpoint.read(folder))
        .withMessageContaining("is a folder");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 100, 5000})
  void aFileThatIsNoCheckpointIsNamed(int size) throws IOException {
    Path file = folder.resolve("archive.tar.gz");
    Files.write(file, new byte[size]);
    assertThatIOException()
        .isThrownBy(() -> Checkpoint.read(file))
        .withMessageContaining("archive.tar.gz is not a TensorFlow checkpoint");
  }

  @ParameterizedTest
  @EnumSource
  void aTruncatedCheckpointIsAnErrorAndLeavesTheNetworkAsItWas(Format format) throws IOException {
    try (Model source = net(1, 3);
        Model target = net(2, 3)) {
      Path prefix = write(format, source, Map.of());
      List<Path> files =
          format == Format.V2
              ? List.of(Path.of(prefix + ".index"), Path.of(prefix + ".data-00000-of-00001"))
              : List.of(prefix);
      Map<String, float[]> before = target.values();
      for (Path file : files) {
        byte[] whole = Files.readAllBytes(file);
        for (int keep : new int[] {0, whole.length / 2, whole.length - 1}) {
          Files.write(file, Arrays.copyOf(whole, keep));
          assertThatIOException()
              .as("%s cut to %s of %s bytes", file, keep, whole.length)
              .isThrownBy(
                  () -> Weights.restore(target.session(), target.layers.variables(), prefix))
              .withMessageContaining("is not a TensorFlow checkpoint or is damaged")
              .withMessageNotContaining("\n");
          target.values().forEach((name, v) -> assertThat(v).as(name).isEqualTo(before.get(name)));
        }
        Files.write(file, whole);
      }
      assertThat(Weights.restore(target.session(), target.layers.variables(), prefix).complete())
          .isTrue();
    }
  }

  @Test
  void aVersionTwoCheckpointWithoutItsDataIsNamed() throws IOException {
    try (Model source = net(1, 3);
        Model target = net(2, 3)) {
      Path prefix = write(Format.V2, source, Map.of());
      Files.delete(Path.of(prefix + ".data-00000-of-00001"));
      assertThatIOException()
          .isThrownBy(() -> Weights.restore(target.session(), target.layers.variables(), prefix))
          .withMessageContaining("data-00000-of-00001");
    }
  }

  @Test
  void thereIsNoNeedToInitialiseFirst() throws IOException {
    try (Model source = net(1, 3);
        Graph graph = new Graph()) {
      Path prefix = write(Format.V2, source, Map.of());
      Ops tf = Ops.create(graph);
      Layers layers = new Layers(tf, Layers.Mode.INFERENCE, Layers.Options.defaults());
      Operand<TFloat32> images = tf.constant(new float[1][4][4][3]);
      layers.scope("Net", () -> layers.convBatchNormRelu("A", images, 4, 3, 1));
      try (Session session = new Session(graph)) {
        Weights.restore(session, layers.variables(), prefix);
        try (var result = session.runner().fetch(layers.variables().get(0).variable()).run()) {
          assertThat(Model.floats(result.get(0))).isEqualTo(source.values().get("Net/A/weights"));
        }
      }
    }
  }
}
