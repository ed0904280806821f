package org.medoid.training.data;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.medoid.export.image.ImageSize;
import org.medoid.export.image.Pictures;
import org.medoid.graph.image.Crop;
import org.medoid.graph.image.Images;
import org.medoid.ops.clustering.Threads;
import org.tensorflow.ConcreteFunction;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.Signature;
import org.tensorflow.ndarray.NdArray;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.data.IteratorGetNext;
import org.tensorflow.op.data.ParallelMapDataset;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.GraphOptions;
import org.tensorflow.proto.RewriterConfig;
import org.tensorflow.proto.data.DatasetOptions;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;
import org.tensorflow.types.family.TType;

/**
 * Reads batches of images with tf.data, in a graph and a session of its own: file, decode, turn
 * upright, scale, crop, batch, prefetch; in parallel, in a fixed order.
 *
 * <p>The images to read are a sequence of indices, given when the pipeline starts. Random crops
 * depend on the seed and the position in the run, so that a run that goes on from position n cuts
 * what one that was never interrupted would.
 */
public final class ImagePipeline implements AutoCloseable {
  /** Batches read ahead. */
  private static final long AHEAD = 2;

  /**
   * Without the thread that tunes a pipeline: there is nothing to tune here, and whoever starts the
   * pipeline anew waits until that thread ends, which misses its call now and then and sleeps on.
   * Of ten starts three to five lasted 2 to 6 seconds, as long as 3,000 to 9,000 images.
   */
  private static final String OPTIONS =
      new String(
          DatasetOptions.Options.newBuilder()
              .setAutotuneOptions(DatasetOptions.AutotuneOptions.newBuilder().setEnabled(false))
              .build()
              .toByteArray(),
          StandardCharsets.US_ASCII); // tags and sizes, all below 128

  /**
   * Without the optimizer of graphs, which each start would run anew over the functions that
   * decode: 0.45 s of processor time a start, 0.12 without, and images come as fast.
   */
  private static final ConfigProto CONFIG =
      ConfigProto.newBuilder()
          .setGraphOptions(
              GraphOptions.newBuilder()
                  .setRewriteOptions(RewriterConfig.newBuilder().setDisableMetaOptimizer(true)))
          .build();

  private final Graph graph = new Graph();
  private final Session session;
  private final ImageDataSet data;
  private final int batch;
  private final Placeholder<TInt32> indices;
  private final Placeholder<TInt64> positions;
  private final Op start;
  private final Operand<TFloat32> images;

  private ImagePipeline(
      ImageDataSet data, int batch, ImageSize size, Crop crop, boolean mirror, long seed) {
    this.data = data;
    this.batch = batch;
    Ops tf = Ops.create(graph);
    boolean fixed = crop != Crop.CENTRE;
    Shape image = Shape.of(size.height(), size.width(), 3);
    ConcreteFunction load =
        ConcreteFunction.create(
            f -> {
              Placeholder<TInt32> index =
                  f.placeholder(TInt32.class, Placeholder.shape(Shape.scalar()));
              Placeholder<TInt64> position =
                  f.placeholder(TInt64.class, Placeholder.shape(Shape.scalar()));
              Operand<TString> file = f.gather(names(f, data), index, f.constant(0));
              Operand<TFloat32> picture = Pictures.decode(f, f.io.readFile(file));
              Operand<TInt64> draw = f.stack(List.of(f.constant(seed), position));
              Operand<TFloat32> cut =
                  switch (crop) {
                    case CENTRE -> Pictures.centre(f, picture, size);
                    case RANDOM -> Images.randomCrop(f, picture, size, mirror, draw);
                    case RANDOM_RESIZED -> Images.randomResizedCrop(f, picture, size, mirror, draw);
                  };
              return Signature.builder("medoid_load_image")
                  .input("index", index)
                  .input("position", position)
                  .output("image", f.ensureShape(cut, image))
                  .build();
            });
    indices = tf.placeholder(TInt32.class, Placeholder.shape(Shape.of(-1)));
    positions = tf.placeholder(TInt64.class, Placeholder.shape(Shape.of(-1)));
    List<Class<? extends TType>> types = List.of(TFloat32.class);
    List<Shape> single = List.of(image);
    long rows = fixed ? batch : Shape.UNKNOWN_SIZE;
    List<Shape> batched = List.of(Shape.of(rows, size.height(), size.width(), 3));
    Operand<? extends TType> sequence =
        tf.data.tensorSliceDataset(
            List.of(indices, positions), List.of(Shape.scalar(), Shape.scalar()));
    Operand<? extends TType> loaded =
        tf.data.parallelMapDataset(
            sequence,
            List.of(),
            tf.constant(2L * Threads.count()),
            load,
            types,
            single,
            ParallelMapDataset.deterministic("true"));
    Operand<? extends TType> batches =
        tf.data.batchDataset(loaded, tf.constant((long) batch), tf.constant(fixed), types, batched);
    Operand<? extends TType> ahead =
        tf.data.prefetchDataset(batches, tf.constant(AHEAD), types, batched);
    Operand<? extends TType> iterator = tf.data.iterator("medoid_images", "", types, batched);
    start = tf.data.makeIterator(untuned(tf, ahead, types, batched), iterator);
    IteratorGetNext next = tf.data.iteratorGetNext(iterator, types, batched);
    images = next.components().get(0).expect(TFloat32.class);
    session = session(graph);
  }

  /**
   * A session for the graph of a pipeline, and nothing else: it starts pipelines fast.
   *
   * @param graph the graph
   * @return to be closed
   */
  public static Session session(Graph graph) {
    return new Session(graph, CONFIG);
  }

  /**
   * A dataset without TensorFlow's tuning thread.
   *
   * @param tf the ops of a graph
   * @param dataset the whole pipeline
   * @param types of its components
   * @param shapes of its components
   * @return the dataset to make the iterator of
   */
  public static Operand<? extends TType> untuned(
      Ops tf,
      Operand<? extends TType> dataset,
      List<Class<? extends TType>> types,
      List<Shape> shapes) {
    return tf.data.optionsDataset(dataset, OPTIONS, types, shapes);
  }

  /** The names of the files in bytes, string [n]. */
  private static Operand<TString> names(Ops tf, ImageDataSet data) {
    NdArray<byte[]> names = NdArrays.ofObjects(byte[].class, Shape.of(data.size()));
    for (int i = 0; i < data.size(); i++) {
      names.setObject(FileNames.bytes(data.files().get(i)), i);
    }
    try (TString tensor = TString.tensorOfBytes(names)) {
      return tf.constantOf(tensor);
    }
  }

  /**
   * Batches to train on.
   *
   * @param data the images
   * @param batch images of a batch; every batch is full
   * @param size of the images; the paper scales to 256 and cuts out 227 of it
   * @param crop random
   * @param mirror whether to mirror half of them
   * @param seed of crops and mirroring
   * @return the pipeline
   * @throws IllegalArgumentException if the crop is the centre, which is not mirrored
   */
  public static ImagePipeline training(
      ImageDataSet data, int batch, ImageSize size, Crop crop, boolean mirror, long seed) {
    if (crop == Crop.CENTRE) {
      throw new IllegalArgumentException("training takes a random crop, not the centre");
    }
    return new ImagePipeline(data, batch, size, crop, mirror, seed);
  }

  /**
   * Every image once, in order: scaled, then the centre.
   *
   * @param data the images
   * @param batch images of a batch; the last may have fewer
   * @param size of the images
   * @return the pipeline
   */
  public static ImagePipeline evaluation(ImageDataSet data, int batch, ImageSize size) {
    return new ImagePipeline(data, batch, size, Crop.CENTRE, false, 0);
  }

  /**
   * How many images there are.
   *
   * @return those of the data set
   */
  public int size() {
    return data.size();
  }

  /**
   * Reads the next batch.
   *
   * @return float [batch, height, width, 3], RGB in [0, 1]; the caller closes it
   * @throws IllegalArgumentException if an image cannot be read; names the file
   * @throws org.tensorflow.exceptions.TFOutOfRangeException after the last
   */
  public TFloat32 next() {
    try {
      return (TFloat32) session.runner().fetch(images).run().get(0);
    } catch (RuntimeException e) {
      // TensorFlow's error does not say which file it was.
      Map<Path, String> broken = ImageCheck.broken(data);
      throw broken.isEmpty() ? e : new BrokenImagesException(broken, e);
    }
  }

  /**
   * Starts, or starts anew, with a sequence of images.
   *
   * @param sequence indices into the data set
   * @param places the place of each in the whole run, for the random crops
   */
  public void start(int[] sequence, long[] places) {
    try (TInt32 all = TInt32.vectorOf(sequence);
        TInt64 each = TInt64.vectorOf(places)) {
      session.runner().feed(indices, all).feed(positions, each).addTarget(start).run().close();
    }
  }

  /**
   * Reads every image once, in order.
   *
   * @param <E> what {@code use} throws
   * @param use is given one batch after another, float [batch, height, width, 3] in [0, 1], which
   *     is closed after it
   * @throws IllegalArgumentException if an image cannot be read; names the file
   * @throws E if {@code use} throws it
   */
  public <E extends Exception> void forEach(Use<TFloat32, E> use) throws E {
    forEach(IntStream.range(0, data.size()).toArray(), use);
  }

  /**
   * Reads some images, in the order of their indices.
   *
   * @param <E> what {@code use} throws
   * @param sequence indices into the data set
   * @param use as for all images
   * @throws IllegalArgumentException if an image cannot be read; names the file
   * @throws E if {@code use} throws it
   */
  public <E extends Exception> void forEach(int[] sequence, Use<TFloat32, E> use) throws E {
    start(sequence, new long[sequence.length]); // the centre is no draw
    for (int done = 0; done < sequence.length; done += batch) {
      try (TFloat32 images = next()) {
        use.accept(images);
      }
    }
  }

  /**
   * Computes something of every image once, by two batches at a time: with one, some processors
   * wait at the end of each operation. On two of them MobileNet alone takes 104 images a second so,
   * and 98 otherwise. What is computed comes in the order of the images.
   *
   * @param <R> what is computed of a batch
   * @param <E> what {@code take} throws
   * @param compute is given batches in other threads, float [batch, height, width, 3] in [0, 1],
   *     which are closed after it
   * @param take is given the results in this thread
   * @throws IllegalArgumentException if an image cannot be read; names the file
   * @throws E if {@code take} throws it
   */
  public <R, E extends Exception> void compute(Function<TFloat32, R> compute, Use<R, E> take)
      throws E {
    start(IntStream.range(0, data.size()).toArray(), new long[data.size()]);
    try (Lanes lanes = new Lanes()) {
      Deque<Future<R>> running = new ArrayDeque<>();
      for (int done = 0; done < data.size(); done += batch) {
        TFloat32 images = next();
        running.add(
            lanes.submit(
                () -> {
                  try (images) {
                    return compute.apply(images);
                  }
                }));
        if (running.size() == Lanes.COUNT) {
          take.accept(Lanes.result(running.remove()));
        }
      }
      for (Future<R> each : running) {
        take.accept(Lanes.result(each));
      }
    }
  }

  /**
   * What is done with a batch, or with what was computed of one.
   *
   * @param <T> {@link TFloat32}, the images, or what was computed
   * @param <E> what it throws
   */
  @FunctionalInterface
  public interface Use<T, E extends Exception> {
    /**
     * Does it.
     *
     * @param batch the images, or what was computed
     * @throws E if it cannot
     */
    void accept(T batch) throws E;
  }

  /** Closes the session and the graph. */
  @Override
  public void close() {
    session.close();
    graph.close();
  }
}
