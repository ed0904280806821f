package org.medoid.training.data;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.medoid.export.image.ImageSize;
import org.medoid.export.image.Pictures;
import org.medoid.graph.image.Crop;
import org.medoid.graph.image.Images;
import org.tensorflow.ConcreteFunction;
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
import org.tensorflow.proto.data.DatasetOptions;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;
import org.tensorflow.types.family.TType;

/**
 * Reads batches of images inside a graph, with tf.data: file, decode, turn upright, scale, crop,
 * batch, prefetch; in parallel, in a fixed order.
 *
 * <p>The images to read are a sequence of indices, given when the pipeline starts. Random crops
 * depend on the seed and the position in the run, so that a run that goes on from position n cuts
 * what one that was never interrupted would.
 */
public final class ImagePipeline {
  /** The names of functions must differ within a graph. */
  private static final AtomicLong NEXT = new AtomicLong();

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

  private final ImageDataSet data;
  private final Placeholder<TInt32> indices;
  private final Placeholder<TInt64> positions;
  private final Op start;
  private final Operand<TFloat32> images;
  private final Operand<TInt64> labels;

  private ImagePipeline(
      Ops tf, ImageDataSet data, int batch, ImageSize size, Crop crop, boolean mirror, long seed) {
    this.data = data;
    int[] classes = data.labels();
    long[] wide = new long[classes.length];
    for (int i = 0; i < classes.length; i++) {
      wide[i] = classes[i];
    }
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
              Operand<TInt64> label = f.gather(f.constant(wide), index, f.constant(0));
              Operand<TFloat32> picture = Pictures.decode(f, f.io.readFile(file));
              Operand<TInt64> draw = f.stack(List.of(f.constant(seed), position));
              Operand<TFloat32> cut =
                  switch (crop) {
                    case CENTRE -> Pictures.centre(f, picture, size);
                    case RANDOM -> Images.randomCrop(f, picture, size, mirror, draw);
                    case RANDOM_RESIZED -> Images.randomResizedCrop(f, picture, size, mirror, draw);
                  };
              return Signature.builder("medoid_load_image_" + NEXT.getAndIncrement())
                  .input("index", index)
                  .input("position", position)
                  .output("image", f.ensureShape(cut, image))
                  .output("label", label)
                  .build();
            });
    indices = tf.placeholder(TInt32.class, Placeholder.shape(Shape.of(-1)));
    positions = tf.placeholder(TInt64.class, Placeholder.shape(Shape.of(-1)));
    List<Class<? extends TType>> types = List.of(TFloat32.class, TInt64.class);
    List<Shape> single = List.of(image, Shape.scalar());
    long rows = fixed ? batch : Shape.UNKNOWN_SIZE;
    List<Shape> batched = List.of(Shape.of(rows, size.height(), size.width(), 3), Shape.of(rows));
    Operand<? extends TType> sequence =
        tf.data.tensorSliceDataset(
            List.of(indices, positions), List.of(Shape.scalar(), Shape.scalar()));
    Operand<? extends TType> loaded =
        tf.data.parallelMapDataset(
            sequence,
            List.of(),
            tf.constant(2L * Runtime.getRuntime().availableProcessors()),
            load,
            types,
            single,
            ParallelMapDataset.deterministic("true"));
    Operand<? extends TType> batches =
        tf.data.batchDataset(loaded, tf.constant((long) batch), tf.constant(fixed), types, batched);
    Operand<? extends TType> ahead =
        tf.data.prefetchDataset(batches, tf.constant(AHEAD), types, batched);
    Operand<? extends TType> iterator =
        tf.data.iterator("medoid_images_" + NEXT.getAndIncrement(), "", types, batched);
    start = tf.data.makeIterator(untuned(tf, ahead, types, batched), iterator);
    IteratorGetNext next = tf.data.iteratorGetNext(iterator, types, batched);
    images = next.components().get(0).expect(TFloat32.class);
    labels = next.components().get(1).expect(TInt64.class);
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
   * @param tf the ops of the training graph
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
      Ops tf, ImageDataSet data, int batch, ImageSize size, Crop crop, boolean mirror, long seed) {
    if (crop == Crop.CENTRE) {
      throw new IllegalArgumentException("training takes a random crop, not the centre");
    }
    return new ImagePipeline(tf, data, batch, size, crop, mirror, seed);
  }

  /**
   * Every image once, in order: scaled, then the centre.
   *
   * @param tf the ops of a graph
   * @param data the images
   * @param batch images of a batch; the last may have fewer
   * @param size of the images
   * @return the pipeline
   */
  public static ImagePipeline evaluation(Ops tf, ImageDataSet data, int batch, ImageSize size) {
    return new ImagePipeline(tf, data, batch, size, Crop.CENTRE, false, 0);
  }

  /**
   * A batch; each run of it takes the next. After the last it fails with TFOutOfRangeException.
   *
   * @return float [batch, height, width, 3], RGB in [0, 1]
   */
  public Operand<TFloat32> images() {
    return images;
  }

  /**
   * The classes of the same batch, when run together with {@link #images()}.
   *
   * @return int64 [batch]
   */
  public Operand<TInt64> labels() {
    return labels;
  }

  /**
   * Reads the next batch.
   *
   * @param session the session that the pipeline was started in
   * @return as {@link #images()}; the caller closes it
   * @throws IllegalArgumentException if an image cannot be read; names the file
   */
  public TFloat32 next(Session session) {
    try {
      return (TFloat32) session.runner().fetch(images).run().get(0);
    } catch (RuntimeException e) {
      // TensorFlow's error does not say which file it was.
      ImageCheck.broken(data.files())
          .forEach(
              (file, reason) -> {
                throw new IllegalArgumentException(
                    file + ": " + reason + "; remove it or train with skip-broken", e);
              });
      throw e;
    }
  }

  /**
   * Starts, or starts anew, with a sequence of images.
   *
   * @param session a session of the graph
   * @param sequence indices into the data set
   * @param places the place of each in the whole run, for the random crops
   */
  public void start(Session session, int[] sequence, long[] places) {
    try (TInt32 all = TInt32.vectorOf(sequence);
        TInt64 each = TInt64.vectorOf(places)) {
      session.runner().feed(indices, all).feed(positions, each).addTarget(start).run().close();
    }
  }

  /**
   * Starts with every image once, in order.
   *
   * @param session a session of the graph
   */
  public void start(Session session) {
    int[] all = new int[data.size()];
    for (int i = 0; i < all.length; i++) {
      all[i] = i;
    }
    start(session, all, new long[all.length]); // the centre is no draw
  }
}
