package org.medoid.tests;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import org.medoid.graph.AdamW;
import org.medoid.graph.ChunkedStep;
import org.medoid.graph.Optimizer;
import org.medoid.graph.RmsProp;
import org.medoid.graph.StepRates;
import org.medoid.graph.TrainingGraph;
import org.medoid.graph.distributed.Cluster;
import org.medoid.graph.distributed.Exchange;
import org.medoid.graph.distributed.Worker;
import org.medoid.graph.loss.Losses;
import org.medoid.graph.network.ConvNet;
import org.medoid.graph.network.EmbeddingHead;
import org.medoid.graph.network.InceptionV2;
import org.medoid.graph.network.Layers;
import org.medoid.graph.network.Network;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * Trains several small networks on invented pictures, alone or as a worker of TF_CONFIG, and writes
 * the weights that came out: {@code KIND-RANK.bin} in the folder that is its argument.
 */
public final class WorkerProgram {
  private static final int BATCH = 24;
  private static final int SIZE = 16;

  /** The smallest that Inception-v2 takes. */
  private static final int INCEPTION_SIZE = 96;

  private static final int INCEPTION_BATCH = 8;

  private static final int CLASSES = 6;

  private WorkerProgram() {}

  /** Three layers of tanh: smooth, so that a difference of rounding stays one. */
  private static final class DenseNet implements Network {
    @Override
    public String name() {
      return "dense";
    }

    @Override
    public int defaultImageSize() {
      return SIZE;
    }

    @Override
    public Operand<TFloat32> features(Layers layers, Operand<TFloat32> images) {
      Operand<TFloat32> x =
          layers.tf().reshape(images, layers.tf().constant(new int[] {-1, SIZE * SIZE * 3}));
      for (int i = 0; i < 3; i++) {
        Operand<TFloat32> in = x;
        x = layers.scope("Layer" + i, () -> layers.tf().math.tanh(layers.dense(in, 48)));
      }
      return x;
    }
  }

  static void train(Worker worker, Path folder, boolean inception) throws IOException {
    Layers.Options options = Layers.Options.defaults().withSeed(3);
    Layers.Options frozen = options.withBatchNormalization(Layers.BatchNormalization.FROZEN);
    Optimizer rmsProp = RmsProp.defaults().withWeightDecay(1e-4f).withClipNorm(5);
    String own = "facility_location";
    train(worker, folder, "whole", new DenseNet(), own, rmsProp, frozen, 100, 1);
    train(worker, folder, "again", new DenseNet(), own, rmsProp, frozen, 100, 1);
    train(worker, folder, "chunks", new DenseNet(), own, rmsProp, frozen, 100, 2);
    train(
        worker, folder, "proxies", new DenseNet(), "soft_triple", AdamW.defaults(), frozen, 30, 1);
    train(worker, folder, "normalised", new ConvNet(), own, rmsProp, options, 2, 1);
    if (inception) { // it takes half of the time of all
      train(worker, folder, "inception", new InceptionV2(), own, rmsProp, frozen, 5, 1);
    }
  }

  private static void train(
      Worker worker,
      Path folder,
      String kind,
      Network network,
      String loss,
      Optimizer optimizer,
      Layers.Options options,
      int steps,
      int chunks)
      throws IOException {
    boolean large = network instanceof InceptionV2;
    int size = large ? INCEPTION_SIZE : SIZE;
    int share = (large ? INCEPTION_BATCH : BATCH) / worker.workers();
    int rows = share / chunks;
    int first = worker.rank() * share;
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> images =
          tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(rows, size, size, 3)));
      Placeholder<TInt64> labels = tf.placeholder(TInt64.class, Placeholder.shape(Shape.of(share)));
      EmbeddingHead head = new EmbeddingHead(8);
      var losses = Losses.of(loss, Losses.Settings.of(CLASSES));
      Exchange exchange = worker.exchange();
      boolean inChunks = chunks > 1;
      TrainingGraph training =
          new TrainingGraph(
              tf, network, head, images, labels, losses, optimizer, options, exchange, inChunks);
      try (Session session = worker.session(graph)) {
        session.initialize();
        worker.exchange().timed(session.runner().addTarget(training.synchronize())).run().close();
        for (int step = 0; step < steps; step++) {
          StepRates rates = new StepRates(0.0003, 1, 10, 4).withFlags(1);
          int s = step;
          try (TInt64 classes = labels(step, first, share)) {
            float flags;
            if (chunks > 1) {
              int[] at = new int[2];
              Map<String, Float> told =
                  new ChunkedStep(session, training)
                      .run(
                          chunks,
                          () -> pictures(size, s, first + rows * at[0]++, rows),
                          () -> pictures(size, s, first + rows * at[1]++, rows),
                          classes,
                          rates);
              flags = told.get(TrainingGraph.FLAGS);
            } else {
              try (TFloat32 pictures = pictures(size, step, first, share);
                  StepRates.Fed fed = rates.tensors();
                  Result result =
                      worker
                          .exchange()
                          .timed(fed.into(session.runner(), training))
                          .feed(images, pictures)
                          .feed(labels, classes)
                          .fetch(training.flags())
                          .addTarget(training.step())
                          .run()) {
                flags = ((TFloat32) result.get(0)).getFloat();
              }
            }
            if (flags != worker.workers()) {
              throw new IllegalStateException("the flags of all workers are " + flags);
            }
          }
        }
        write(session, training, folder.resolve(kind + "-" + worker.rank() + ".bin"));
      }
    }
  }

  private static void write(Session session, TrainingGraph training, Path file) throws IOException {
    long values = training.variables().stream().mapToLong(v -> v.shape().size()).sum();
    ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(4 * values));
    Session.Runner runner = session.runner(); // one run: each has the graph pruned anew
    training.variables().forEach(each -> runner.fetch(each.variable()));
    try (Result result = runner.run()) {
      for (int i = 0; i < result.size(); i++) {
        TFloat32 variable = (TFloat32) result.get(i);
        float[] of = new float[Math.toIntExact(variable.size())];
        variable.copyTo(DataBuffers.of(of, false, false));
        for (float value : of) {
          bytes.putFloat(value);
        }
      }
    }
    Files.write(file, bytes.array());
  }

  private static int label(int step, int row) {
    return (row * 5 + step) % CLASSES;
  }

  private static TInt64 labels(int step, int first, int count) {
    long[] labels = new long[count];
    for (int i = 0; i < count; i++) {
      labels[i] = label(step, first + i);
    }
    return TInt64.vectorOf(labels);
  }

  /** A picture depends on its step and row alone: its class's waves, and noise. */
  private static TFloat32 pictures(int size, int step, int first, int count) {
    float[] pixels = new float[count * size * size * 3];
    int at = 0;
    for (int row = first; row < first + count; row++) {
      Random random = new Random(1_000_003L * step + row);
      for (int i = 0; i < size * size * 3; i++) {
        pixels[at++] =
            (float)
                (0.5
                    + 0.2 * Math.sin(0.3 * (label(step, row) + 1) * i)
                    + 0.2 * random.nextGaussian());
      }
    }
    return TFloat32.tensorOf(Shape.of(count, size, size, 3), DataBuffers.of(pixels));
  }

  /** Trains as TF_CONFIG says. */
  public static void main(String[] arguments) throws IOException {
    Worker worker =
        Worker.join(
            Cluster.ofEnvironment().orElseThrow(), Duration.ofSeconds(60), System.out::println);
    worker.agree(Map.of());
    train(worker, Path.of(arguments[0]), worker.workers() < 3);
    worker.leave();
    System.exit(0);
  }
}
