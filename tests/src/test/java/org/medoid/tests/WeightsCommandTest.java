package org.medoid.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.medoid.graph.BackboneGraph;
import org.medoid.graph.InferenceGraph;
import org.medoid.graph.network.EmbeddingHead;
import org.medoid.graph.network.InceptionV2;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.StdArrays;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TString;

/** {@code --weights} with checkpoints of a whole Inception-v2 in both formats. */
class WeightsCommandTest {
  private static final int SIZE = 96;

  @TempDir private static Path folder;
  private static InferenceGraph trained;

  @BeforeAll
  static void network() {
    trained = InferenceGraph.untrained(new InceptionV2(), new EmbeddingHead(8), SIZE, 5);
  }

  @AfterAll
  static void close() {
    trained.close();
  }

  @Test
  void initTakesInceptionsWeightsFromACheckpointOfEitherFormat() throws Exception {
    Path expected = folder.resolve("expected");
    try (BackboneGraph same = new BackboneGraph(new InceptionV2(), SIZE, 5)) {
      same.write(expected);
    }
    Path second = folder.resolve("second.ckpt");
    trained.session().save(second.toString());
    Path first = folder.resolve("inception_v2.ckpt");
    saveAsTensorFlow1Did(first);
    float[] features = features(expected);
    for (Path checkpoint : List.of(first, second)) {
      Path to = folder.resolve("from " + checkpoint.getFileName());
      String said =
          Shell.medoid(
                  "init",
                  "--model",
                  "inception_v2",
                  "--image-size",
                  SIZE,
                  "--weights",
                  checkpoint,
                  "--to",
                  to)
              .output();
      // 277 with the classifier's two, which the backbone has not.
      assertThat(said).contains("restored 275 of 275 variables").doesNotContain("not in the");
      assertThat(features(to)).isEqualTo(features);
    }
  }

  @Test
  void initAddsTheMaximumWhereAsked() throws Exception {
    Path checkpoint = folder.resolve("pooled.ckpt");
    trained.session().save(checkpoint.toString());
    Path pooled = folder.resolve("pooled");
    Path plain = folder.resolve("plain");
    Object[] init = {
      "init", "--model", "inception_v2", "--image-size", SIZE, "--weights", checkpoint, "--to"
    };
    Shell.medoid(with(init, plain)).output();
    Shell.medoid(with(init, pooled, "--pool", "average_max")).output();
    float[] mean = features(plain);
    float[] both = features(pooled);
    assertThat(both).hasSameSizeAs(mean);
    for (int i = 0; i < mean.length; i++) {
      // The end is a ReLU: a maximum is no less than the mean.
      assertThat(both[i]).isGreaterThanOrEqualTo(2 * mean[i] - 1e-5f);
    }
    assertThat(both).isNotEqualTo(mean);

    Shell wrong = Shell.medoid("init", "--model", "convnet", "--pool", "average", "--to", plain);
    assertThat(wrong.code()).isEqualTo(2);
    assertThat(wrong.err()).contains("--pool is for --model inception_v2");
  }

  private static Object[] with(Object[] words, Object... more) {
    List<Object> all = new ArrayList<>(List.of(words));
    all.addAll(List.of(more));
    return all.toArray();
  }

  @Test
  void aCheckpointThatIsNoneIsNamed() {
    Shell shell =
        Shell.medoid(
            "init",
            "--model",
            "inception_v2",
            "--image-size",
            SIZE,
            "--weights",
            folder.resolve("nowhere.ckpt"),
            "--to",
            folder.resolve("untouched"));
    assertThat(shell.code()).isEqualTo(1);
    assertThat(shell.err()).contains("nowhere.ckpt");
    assertThat(folder.resolve("untouched")).doesNotExist();
  }

  /** Every variable, and a global step that no network has, in one file. */
  private static void saveAsTensorFlow1Did(Path file) {
    Graph graph = trained.graph();
    Ops tf = Ops.create(graph);
    List<String> names = new ArrayList<>(List.of("global_step"));
    List<Operand<?>> values = new ArrayList<>(List.of(tf.constant(1234L)));
    for (Iterator<GraphOperation> all = graph.operations(); all.hasNext(); ) {
      GraphOperation operation = all.next();
      if (operation.type().equals("VariableV2")) {
        names.add(operation.name());
        values.add(operation.output(0));
      }
    }
    Operand<TString> tensors = tf.constant(StdArrays.ndCopyOf(names.toArray(String[]::new)));
    Op save =
        tf.train.saveSlices(tf.constant(file.toString()), tensors, tf.zerosLike(tensors), values);
    trained.session().runner().addTarget(save).run().close();
  }

  private static float[] features(Path model) {
    float[] pixels = new float[SIZE * SIZE * 3];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (float) (0.5 + 0.5 * Math.sin(0.37 * i));
    }
    try (SavedModelBundle bundle = SavedModelBundle.load(model.toString(), "serve");
        TFloat32 images = TFloat32.tensorOf(Shape.of(1, SIZE, SIZE, 3), DataBuffers.of(pixels))) {
      Session session = bundle.session();
      String output = bundle.signatures().get(0).getOutputs().values().iterator().next().name;
      try (Result result = session.runner().feed("images", images).fetch(output).run()) {
        TFloat32 features = (TFloat32) result.get(0);
        float[] values = new float[Math.toIntExact(features.size())];
        features.copyTo(DataBuffers.of(values, false, false));
        return values;
      }
    }
  }
}
