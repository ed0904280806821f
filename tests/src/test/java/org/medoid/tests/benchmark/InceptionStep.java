package org.medoid.tests.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;
import org.medoid.graph.RmsProp;
import org.medoid.graph.TrainingGraph;
import org.medoid.graph.loss.Losses;
import org.medoid.graph.network.EmbeddingHead;
import org.medoid.graph.network.InceptionV2;
import org.medoid.graph.network.Layers;
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
 * Prints the median seconds of a training step of Inception-v2 at 227x227 pixels, frozen batch
 * normalisation, everything fed, and the share of it that the loss and its gradient take.
 *
 * <p>With a third argument it also measures the step with the contrastive loss, which has no kernel
 * of ours, and writes that graph, for {@code inception_step.py} to run from Python.
 */
public final class InceptionStep {
  private static final int SIZE = 227;

  private InceptionStep() {}

  /**
   * Measures.
   *
   * @param arguments images in a batch, steps, and the file to write a graph to
   * @throws IOException if the file cannot be written
   */
  public static void main(String[] arguments) throws IOException {
    int batch = Integer.parseInt(arguments[0]);
    int steps = Integer.parseInt(arguments[1]);
    double step = median("facility_location", batch, steps, null);
    System.out.printf(Locale.ROOT, "facility_location: %.2f s a step of %d images%n", step, batch);
    try (LossInSession loss = new LossInSession(batch, 64, batch / 4, 1)) {
      double[] seconds = new double[1000];
      for (int i = 0; i < 2 * seconds.length; i++) {
        long before = System.nanoTime();
        loss.run();
        seconds[i % seconds.length] = (System.nanoTime() - before) / 1e9;
      }
      Arrays.sort(seconds);
      double alone = seconds[seconds.length / 2];
      System.out.printf(
          Locale.ROOT,
          "the loss and its gradient: %.3f ms, %.4f %% of the step%n",
          1e3 * alone,
          100 * alone / step);
    }
    if (arguments.length > 2) {
      System.out.printf(
          Locale.ROOT,
          "contrastive: %.2f s a step%n",
          median("contrastive", batch, steps, Path.of(arguments[2])));
    }
  }

  private static double median(String loss, int batch, int steps, Path file) throws IOException {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> images =
          tf.withName("images")
              .placeholder(TFloat32.class, Placeholder.shape(Shape.of(batch, SIZE, SIZE, 3)));
      Placeholder<TInt64> labels =
          tf.withName("labels").placeholder(TInt64.class, Placeholder.shape(Shape.of(batch)));
      TrainingGraph training =
          new TrainingGraph(
              tf,
              new InceptionV2(),
              new EmbeddingHead(64),
              images,
              labels,
              Losses.of(loss, Losses.Settings.of(batch, FacilityLocationLoss.margin("nmi"))),
              RmsProp.defaults(),
              Layers.Options.defaults().withBatchNormalization(Layers.BatchNormalization.FROZEN));
      if (file != null) {
        Files.write(file, graph.toGraphDef().toByteArray());
      }
      session.initialize();
      float[] pixels = new float[batch * SIZE * SIZE * 3];
      Random random = new Random(1);
      for (int i = 0; i < pixels.length; i++) {
        pixels[i] = random.nextFloat();
      }
      double[] seconds = new double[steps];
      try (TFloat32 x = TFloat32.tensorOf(Shape.of(batch, SIZE, SIZE, 3), DataBuffers.of(pixels));
          TInt64 y = TInt64.vectorOf(GoldenBatch.labels(batch, batch / 4));
          TFloat32 rate = TFloat32.scalarOf(1e-4f);
          TFloat32 gamma = TFloat32.scalarOf(1)) {
        for (int i = -1; i < steps; i++) { // the first plans memory and warms up
          long before = System.nanoTime();
          session
              .runner()
              .feed(images, x)
              .feed(labels, y)
              .feed(training.learningRate(), rate)
              .feed(training.marginMultiplier(), gamma)
              .fetch(training.loss())
              .addTarget(training.step())
              .run()
              .close();
          seconds[Math.max(i, 0)] = (System.nanoTime() - before) / 1e9;
        }
      }
      Arrays.sort(seconds);
      return seconds[steps / 2];
    }
  }
}
