package org.medoid.graph.loss;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.medoid.graph.InferenceGraph;
import org.medoid.graph.RmsProp;
import org.medoid.graph.StepRates;
import org.medoid.graph.TrainingGraph;
import org.medoid.graph.network.EmbeddingHead;
import org.medoid.graph.network.LayerVariable;
import org.medoid.graph.network.Layers;
import org.medoid.graph.network.Network;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.StdArrays;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/** Every loss trains a linear embedding of pictures whose class shows in few of many pixels. */
@Timeout(180)
class LossesTest {
  private static final int SIZE = 3;
  private static final int PIXELS = SIZE * SIZE * 3;
  private static final int CLASSES = 6;
  private static final int BATCH = 36;
  private static final EmbeddingHead HEAD = new EmbeddingHead(6);
  private static final float RATE = 0.003f;

  /** The pixels themselves are the features. */
  private static final Network PIXEL_NETWORK =
      new Network() {
        @Override
        public String name() {
          return "pixels";
        }

        @Override
        public int defaultImageSize() {
          return SIZE;
        }

        @Override
        public Operand<TFloat32> features(Layers layers, Operand<TFloat32> images) {
          return layers.tf().reshape(images, layers.tf().constant(new int[] {-1, PIXELS}));
        }
      };

  @TempDir Path folder;

  private static final class Training implements AutoCloseable {
    final Graph graph = new Graph();
    final Placeholder<TFloat32> images;
    final Placeholder<TInt64> labels;
    final TrainingGraph training;
    final Session session;
    final Random random = new Random(4);

    Training(String loss) {
      Ops tf = Ops.create(graph);
      images = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, SIZE, SIZE, 3)));
      labels = tf.placeholder(TInt64.class, Placeholder.shape(Shape.of(-1)));
      training =
          new TrainingGraph(
              tf,
              PIXEL_NETWORK,
              HEAD,
              images,
              labels,
              Losses.of(loss, Losses.Settings.of(CLASSES)),
              RmsProp.defaults(),
              Layers.Options.defaults());
      session = new Session(graph);
      session.initialize();
    }

    /** Runs a batch; gives its loss and how often the nearest other point is of the class. */
    double[] run(boolean step, int batch) {
      float[] pixels = new float[batch * PIXELS];
      long[] classes = new long[batch];
      for (int i = 0; i < batch; i++) {
        classes[i] = i % CLASSES;
        for (int p = 0; p < PIXELS; p++) {
          double signal = p < CLASSES && p == classes[i] ? 2 : 0;
          pixels[i * PIXELS + p] = (float) (signal + random.nextGaussian() * 0.4);
        }
      }
      try (TFloat32 pictures =
              TFloat32.tensorOf(Shape.of(batch, SIZE, SIZE, 3), DataBuffers.of(pixels));
          TInt64 of = TInt64.vectorOf(classes);
          // Proxies as fast as runs of the command line let them be.
          StepRates.Fed rates = new StepRates(step ? RATE : 0, 1, 10, 1).tensors()) {
        Session.Runner runner =
            rates
                .into(session.runner(), training)
                .feed(images, pictures)
                .feed(labels, of)
                .fetch(training.loss())
                .fetch(training.embeddings());
        if (step) {
          runner.addTarget(training.step());
        }
        try (Result result = runner.run()) {
          return new double[] {
            ((TFloat32) result.get(0)).getFloat(),
            nearestIsOwn(StdArrays.array2dCopyOf((TFloat32) result.get(1)), classes)
          };
        }
      }
    }

    float[][] variable(String name) {
      try (TFloat32 value = (TFloat32) session.runner().fetch(name).run().get(0)) {
        return StdArrays.array2dCopyOf(value);
      }
    }

    @Override
    public void close() {
      session.close();
      graph.close();
    }
  }

  private static double nearestIsOwn(float[][] x, long[] labels) {
    int right = 0;
    for (int i = 0; i < x.length; i++) {
      int nearest = -1;
      double most = -2;
      for (int j = 0; j < x.length; j++) {
        double cosine = 0;
        for (int k = 0; k < x[i].length; k++) {
          cosine += (double) x[i][k] * x[j][k];
        }
        if (j != i && cosine > most) {
          most = cosine;
          nearest = j;
        }
      }
      right += labels[nearest] == labels[i] ? 1 : 0;
    }
    return (double) right / x.length;
  }

  static List<String> names() {
    return Losses.names();
  }

  @ParameterizedTest
  @MethodSource("names")
  void trainingLowersTheLossAndSeparatesTheClassesOfNewPictures(String name) {
    try (Training training = new Training(name)) {
      double[] before = training.run(false, 120);
      for (int i = 0; i < 400; i++) {
        training.run(true, BATCH);
      }
      double[] after = training.run(false, 120);
      assertThat(before[1]).isLessThan(0.6);
      assertThat(after[0]).isLessThan(before[0]);
      assertThat(after[1]).isGreaterThan(0.9);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"proxy_nca", "proxy_anchor", "normalized_softmax"})
  void proxiesTrainAndAreSavedAndStayOutOfTheInferenceGraph(String name) {
    String prefix = folder.resolve(name).toString();
    try (Training training = new Training(name)) {
      LayerVariable proxies =
          training.training.variables().stream()
              .filter(v -> v.group() == LayerVariable.Group.PROXY)
              .findFirst()
              .orElseThrow();
      assertThat(proxies.name()).isEqualTo("Proxies/weights");
      assertThat(proxies.shape()).isEqualTo(Shape.of(CLASSES, HEAD.size()));
      float[][] before = training.variable(proxies.name());
      training.run(true, BATCH);
      float[][] after = training.variable(proxies.name());
      for (int c = 0; c < CLASSES; c++) {
        assertThat(after[c]).isNotEqualTo(before[c]);
      }
      training.session.save(prefix);
      training.run(true, BATCH);
      training.session.restore(prefix);
      assertThat(training.variable(proxies.name())).isDeepEqualTo(after);
    }
    try (InferenceGraph inference =
        InferenceGraph.restored(PIXEL_NETWORK, HEAD, SIZE, Path.of(prefix))) {
      assertThat(inference.graph().operation("Embedding/weights")).isNotNull();
      assertThat(inference.graph().operation("Proxies/weights")).isNull();
    }
  }
}
