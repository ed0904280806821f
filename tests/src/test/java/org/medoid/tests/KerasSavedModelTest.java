package org.medoid.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.medoid.export.ExportReport;
import org.medoid.export.FrozenGraph;
import org.medoid.export.ModelExporter;
import org.medoid.export.savedmodel.SignatureChoice;
import org.medoid.graph.network.Layers;
import org.medoid.graph.network.SavedModelNetwork;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.VarHandleOp;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.SavedModel;
import org.tensorflow.proto.SaverDef;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorShapeProto;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TString;

/**
 * SavedModels as {@code tf.saved_model.save} writes them of a Keras 3 model: the network reads a
 * variable that nothing restores; what is restored is a copy of it.
 */
class KerasSavedModelTest {
  private static final float[][] WEIGHTS = {{1, -2}, {3, 0.5f}, {-1, 4}};

  @TempDir private Path folder;

  /**
   * From the mean colour of images [batch, 4, 4, 3] to two features, its colours by the weights.
   */
  private void write(boolean copied) throws IOException {
    Path prefix = Files.createDirectories(folder.resolve("variables")).resolve("variables");
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Operand<TString> key = tf.array("key");
      Operand<TString> whole = tf.array("");
      Placeholder<TFloat32> images =
          tf.withName("x").placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 4, 4, 3)));
      Operand<TFloat32> colour = tf.math.mean(images, tf.constant(new int[] {1, 2}));
      VarHandleOp read = handle(tf, "kernel");
      VarHandleOp restored = handle(tf, "Variable");
      Operand<TFloat32> value = tf.readVariableOp(read, TFloat32.class);
      tf.withName("y").linalg.matMul(colour, value);
      if (copied) {
        tf.assignVariableOp(restored, value);
      }
      Placeholder<TString> file = tf.withName("file").placeholder(TString.class);
      Operand<?> saved =
          tf.train.restore(file, key, whole, List.of(TFloat32.class)).iterator().next();
      tf.withName("restore").assignVariableOp(restored, saved);
      MetaGraphDef.Builder meta =
          MetaGraphDef.newBuilder()
              .setGraphDef(graph.toGraphDef())
              .setSaverDef(
                  SaverDef.newBuilder()
                      .setFilenameTensorName("file:0")
                      .setRestoreOpName("restore")
                      .setVersion(SaverDef.CheckpointFormatVersion.V2))
              .putSignatureDef(
                  "serving_default",
                  SignatureDef.newBuilder()
                      .putInputs("pictures", info("x:0", -1, 4, 4, 3))
                      .putOutputs("output_0", info("y:0", -1, 2))
                      .build());
      meta.getMetaInfoDefBuilder().addTags("serve");
      Files.write(
          folder.resolve("saved_model.pb"),
          SavedModel.newBuilder().addMetaGraphs(meta).build().toByteArray());
      session.run(
          tf.train.save(tf.constant(prefix.toString()), key, whole, List.of(tf.constant(WEIGHTS))));
    }
  }

  private static VarHandleOp handle(Ops tf, String name) {
    return tf.withName(name)
        .varHandleOp(TFloat32.class, Shape.of(3, 2), VarHandleOp.sharedName(name));
  }

  private static TensorInfo info(String tensor, long... shape) {
    TensorShapeProto.Builder dims = TensorShapeProto.newBuilder();
    for (long size : shape) {
      dims.addDimBuilder().setSize(size);
    }
    return TensorInfo.newBuilder()
        .setName(tensor)
        .setDtype(DataType.DT_FLOAT)
        .setTensorShape(dims)
        .build();
  }

  /** What a session gives for one picture of the colour (0.5, 1, 0.25). */
  private static float[] run(Session session, String input, String output) {
    float[][][][] picture = new float[1][4][4][];
    for (float[][] row : picture[0]) {
      java.util.Arrays.fill(row, new float[] {0.5f, 1, 0.25f});
    }
    try (TFloat32 in = TFloat32.tensorOf(org.tensorflow.ndarray.StdArrays.ndCopyOf(picture));
        Result result = session.runner().feed(input, in).fetch(output).run()) {
      TFloat32 features = (TFloat32) result.get(0);
      return new float[] {features.getFloat(0, 0), features.getFloat(0, 1)};
    }
  }

  private static final float[] EXPECTED = {0.5f * 1 + 3 - 0.25f, 0.5f * -2 + 0.5f + 0.25f * 4};

  @Test
  void isExportedWithTheValuesOfTheRestoredCopies() throws IOException {
    write(true);
    FrozenGraph frozen = FrozenGraph.ofSavedModel(folder, null);
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      graph.importGraphDef(frozen.graph());
      assertThat(run(session, "pictures", "output_0")).containsExactly(EXPECTED, within(1e-6f));
    }
    ExportReport report =
        ModelExporter.ofSavedModel(folder, SignatureChoice.FITTING)
            .export(folder.resolve("exported"));
    assertThat(report.differences().get("reference")).isLessThan(1e-6);
  }

  @Test
  void trainsFromTheValuesOfTheRestoredCopies() throws IOException {
    write(true);
    SavedModelNetwork network = SavedModelNetwork.load(folder);
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Layers layers =
          new Layers(
              tf,
              Layers.Mode.TRAINING,
              Layers.Options.defaults().withBatchNormalization(Layers.BatchNormalization.FROZEN));
      Operand<TFloat32> images =
          tf.withName("in").placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 4, 4, 3)));
      Output<TFloat32> features = network.features(layers, images).asOutput();
      session.initialize();
      assertThat(run(session, "in", features.op().name())).containsExactly(EXPECTED, within(1e-6f));
      assertThat(layers.trainables()).extracting(v -> v.name()).containsExactly("kernel");
    }
  }

  @Test
  void whoseVariablesNothingRestoresIsRefusedWithTheMend() throws IOException {
    write(false);
    for (ThrowingReader reader : READERS) {
      assertThatIOException()
          .isThrownBy(() -> reader.read(folder))
          .withMessageContaining(folder.toString())
          .withMessageContaining("kernel")
          .withMessageContaining("tf.saved_model.load");
    }
  }

  @Test
  void withoutItsVariablesIsRefusedByTheMissingFile() throws IOException {
    write(true);
    Path index = folder.resolve("variables").resolve("variables.index");
    Files.delete(index);
    for (ThrowingReader reader : READERS) {
      assertThatExceptionOfType(NoSuchFileException.class)
          .isThrownBy(() -> reader.read(folder))
          .withMessageContaining(index.toString())
          .withMessageContaining("copy the whole folder");
    }
  }

  private static final List<ThrowingReader> READERS =
      List.of(f -> FrozenGraph.ofSavedModel(f, null), SavedModelNetwork::load);

  private interface ThrowingReader {
    Object read(Path folder) throws IOException;
  }
}
