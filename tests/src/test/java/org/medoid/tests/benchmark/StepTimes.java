package org.medoid.tests.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Random;
import org.medoid.graph.RmsProp;
import org.medoid.graph.StepRates;
import org.medoid.graph.TrainingGraph;
import org.medoid.graph.loss.Losses;
import org.medoid.graph.network.EmbeddingHead;
import org.medoid.graph.network.InceptionV2;
import org.medoid.graph.network.Layers;
import org.medoid.graph.network.Network;
import org.medoid.graph.network.SavedModelNetwork;
import org.medoid.ops.FacilityLocationLoss;
import org.medoid.tests.GoldenBatch;
import org.tensorflow.Graph;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * Prints the median seconds of a training step and of its way forward alone, frozen batch
 * normalisation, everything fed, with the facility location loss and with the contrastive one,
 * which has no kernel of ours, and the share of the step that our loss and its gradient take.
 *
 * <p>With a fifth argument it writes the graph with the contrastive loss, for {@code step_speed.py}
 * to run from Python.
 */
public final class StepTimes {
  private final Network network;
  private final int size;
  private final int batch;
  private final int steps;

  private StepTimes(Network network, int size, int batch, int steps) {
    this.network = network;
    this.size = size;
    this.batch = batch;
    this.steps = steps;
  }

  /**
   * Measures.
   *
   * @param arguments {@code inception_v2} or the folder of a SavedModel, height and width of the
   *     images, images in a batch, steps, and the file to write a graph to
   * @throws IOException if a file cannot be read or written
   */
  public static void main(String[] arguments) throws IOException {
    StepTimes times =
        new StepTimes(
            arguments[0].equals("inception_v2")
                ? new InceptionV2()
                : SavedModelNetwork.load(Path.of(arguments[0])),
            Integer.parseInt(arguments[1]),
            Integer.parseInt(arguments[2]),
            Integer.parseInt(arguments[3]));
    Path file = arguments.length > 4 ? Path.of(arguments[4]) : null;
    double step = times.print("facility_location", null);
    times.print("contrastive", file);
    try (LossInSession loss = new LossInSession(times.batch, 64, times.batch / 4, 1)) {
      double alone = MedianTime.seconds(200, 1000, loss::run);
      System.out.printf(
          Locale.ROOT,
          "the loss and its gradient: %.3f ms, %.4f %% of the step%n",
          1e3 * alone,
          100 * alone / step);
    }
  }

  private double print(String loss, Path file) throws IOException {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> images =
          tf.withName("images")
              .placeholder(TFloat32.class, Placeholder.shape(Shape.of(batch, size, size, 3)));
      Placeholder<TInt64> labels =
          tf.withName("labels").placeholder(TInt64.class, Placeholder.shape(Shape.of(batch)));
      TrainingGraph training =
          new TrainingGraph(
              tf,
              network,
              new EmbeddingHead(64),
              images,
              labels,
              Losses.of(loss, Losses.Settings.of(batch, FacilityLocationLoss.margin("nmi"))),
              RmsProp.defaults(),
              Layers.Options.defaults().withBatchNormalization(Layers.BatchNormalization.FROZEN));
      tf.withName("embeddings").identity(training.embeddings());
      if (file != null) {
        Files.write(file, graph.toGraphDef().toByteArray());
      }
      session.initialize();
      float[] pixels = new float[batch * size * size * 3];
      Random random = new Random(1);
      for (int i = 0; i < pixels.length; i++) {
        pixels[i] = random.nextFloat();
      }
      try (TFloat32 x = TFloat32.tensorOf(Shape.of(batch, size, size, 3), DataBuffers.of(pixels));
          TInt64 y = TInt64.vectorOf(GoldenBatch.labels(batch, batch / 4));
          StepRates.Fed rates = StepRates.of(1e-4, 1).tensors()) {
        double forward =
            MedianTime.seconds(
                1 + steps / 5,
                steps,
                () -> session.runner().feed(images, x).fetch(training.embeddings()).run().close());
        double step =
            MedianTime.seconds(
                1 + steps / 5,
                steps,
                () ->
                    rates
                        .into(session.runner(), training)
                        .feed(images, x)
                        .feed(labels, y)
                        .fetch(training.loss())
                        .addTarget(training.step())
                        .run()
                        .close());
        System.out.printf(Locale.ROOT, "%s: forward %.3f s, step %.3f s%n", loss, forward, step);
        return step;
      }
    }
  }
}
