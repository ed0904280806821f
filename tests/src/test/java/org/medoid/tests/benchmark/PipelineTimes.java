package org.medoid.tests.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.medoid.export.image.ImageSize;
import org.medoid.graph.image.Crop;
import org.medoid.training.data.DataSets;
import org.medoid.training.data.ImageDataSet;
import org.medoid.training.data.ImagePipeline;
import org.tensorflow.ConcreteFunction;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.Signature;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Squeeze;
import org.tensorflow.op.image.DecodeJpeg;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TString;
import org.tensorflow.types.family.TType;

/**
 * Prints how many images of 500x375 pixels a second the pipelines read, batches of 64 at 227x227:
 * that of training (random crop, mirror), the same with crops of random size, that of evaluation,
 * and, as the peer, the plainest tf.data graph (decode, resize, a corner cut out, nothing random).
 * They take turns, so that other work on the machine hits all; the median of the rounds counts.
 */
public final class PipelineTimes {
  private static final int BATCH = 64;
  private static final int IMAGES = 128;

  /** 1,280 images a round. */
  private static final int BATCHES = 20;

  private static final int SIZE = 227;
  private static final int RESIZE = 256;

  private PipelineTimes() {}

  /**
   * Measures.
   *
   * @param arguments the rounds, 7 if none; and a folder of pictures, a folder for each class, to
   *     read instead of the ones that are made
   * @throws IOException if pictures cannot be written or read
   */
  public static void main(String[] arguments) throws IOException {
    int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 7;
    Path folder;
    if (arguments.length > 1) {
      folder = Path.of(arguments[1]);
    } else {
      folder = Files.createTempDirectory("photographs");
      Photographs.write(folder, IMAGES, 0.9f);
    }
    ImageDataSet data = DataSets.unlabelled(folder, false);
    long bytes = 0;
    for (Path file : data.files()) {
      bytes += Files.size(file);
    }
    System.out.printf(
        Locale.ROOT, "%d images of %d bytes on average%n", data.size(), bytes / data.size());
    int[] sequence = new int[BATCHES * BATCH];
    Arrays.setAll(sequence, i -> i % data.size());
    long[] places = new long[sequence.length];
    Arrays.setAll(places, i -> i);

    ImageSize size = ImageSize.square(SIZE, RESIZE);
    try (ImagePipeline training = ImagePipeline.training(data, BATCH, size, Crop.RANDOM, true, 1);
        ImagePipeline resized =
            ImagePipeline.training(data, BATCH, size, Crop.RANDOM_RESIZED, true, 1);
        ImagePipeline evaluation = ImagePipeline.evaluation(data, BATCH, size);
        Graph graph = new Graph();
        Session session = ImagePipeline.session(graph)) {
      Plain plain = new Plain(Ops.create(graph), data);
      double[][] rates = new double[4][rounds];
      for (int round = -1; round < rounds; round++) {
        double[] rate = {
          rate(() -> training.start(sequence, places), () -> training.next().close()),
          rate(() -> resized.start(sequence, places), () -> resized.next().close()),
          rate(() -> evaluation.start(sequence, places), () -> evaluation.next().close()),
          rate(() -> plain.start(session), () -> plain.next(session))
        };
        for (int i = 0; i < rate.length && round >= 0; i++) { // the first round warms up
          rates[i][round] = rate[i];
        }
      }
      String[] names = {"training", "resized crop", "evaluation", "plain tf.data"};
      for (int i = 0; i < names.length; i++) {
        Arrays.sort(rates[i]);
        System.out.printf(
            Locale.ROOT,
            "%-14s %6.0f images/s (%.0f to %.0f)%n",
            names[i],
            rates[i][rounds / 2],
            rates[i][0],
            rates[i][rounds - 1]);
      }
    }
  }

  private static double rate(Runnable start, Runnable next) {
    long before = System.nanoTime();
    start.run();
    for (int i = 0; i < BATCHES; i++) {
      next.run();
    }
    return BATCHES * BATCH / ((System.nanoTime() - before) / 1e9);
  }

  /** The peer. */
  private static final class Plain {
    private final Op start;
    private final Operand<TFloat32> images;

    Plain(Ops tf, ImageDataSet data) {
      String[] files =
          data.files().stream()
              .map(file -> file.toAbsolutePath().toString())
              .toArray(String[]::new);
      ConcreteFunction load =
          ConcreteFunction.create(
              f -> {
                Placeholder<TInt32> index =
                    f.placeholder(TInt32.class, Placeholder.shape(Shape.scalar()));
                Operand<TString> file = f.gather(f.array(files), index, f.constant(0));
                Operand<TFloat32> resized =
                    f.image.resizeBilinear(
                        f.expandDims(
                            f.image.decodeJpeg(f.io.readFile(file), DecodeJpeg.channels(3L)),
                            f.constant(0)),
                        f.constant(new int[] {RESIZE, RESIZE}));
                Operand<TFloat32> cut =
                    f.slice(
                        f.squeeze(resized, Squeeze.axis(List.of(0L))),
                        f.constant(new int[3]),
                        f.constant(new int[] {SIZE, SIZE, 3}));
                return Signature.builder("plain_load_image")
                    .input("index", index)
                    .output("image", cut)
                    .build();
              });
      int[] sequence = new int[BATCHES * BATCH];
      Arrays.setAll(sequence, i -> i % files.length);
      List<Class<? extends TType>> types = List.of(TFloat32.class);
      List<Shape> batched = List.of(Shape.of(BATCH, SIZE, SIZE, 3));
      Operand<? extends TType> loaded =
          tf.data.parallelMapDataset(
              tf.data.tensorSliceDataset(List.of(tf.constant(sequence)), List.of(Shape.scalar())),
              List.of(),
              tf.constant(2L * Runtime.getRuntime().availableProcessors()),
              load,
              types,
              List.of(Shape.of(SIZE, SIZE, 3)));
      Operand<? extends TType> ahead =
          tf.data.prefetchDataset(
              tf.data.batchDataset(
                  loaded, tf.constant((long) BATCH), tf.constant(true), types, batched),
              tf.constant(2L),
              types,
              batched);
      Operand<? extends TType> iterator = tf.data.iterator("plain", "", types, batched);
      start = tf.data.makeIterator(ImagePipeline.untuned(tf, ahead, types, batched), iterator);
      images =
          tf.data
              .iteratorGetNext(iterator, types, batched)
              .components()
              .get(0)
              .expect(TFloat32.class);
    }

    void start(Session session) {
      session.runner().addTarget(start).run().close();
    }

    void next(Session session) {
      session.runner().fetch(images).run().close();
    }
  }
}
