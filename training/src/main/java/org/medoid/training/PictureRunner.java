package org.medoid.training;

import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import org.medoid.export.FrozenGraph;
import org.medoid.export.image.ImageSize;
import org.medoid.export.image.Pictures;
import org.medoid.export.savedmodel.Difference;
import org.medoid.export.savedmodel.ModelSignature;
import org.medoid.training.data.ImageDataSet;
import org.medoid.training.data.ImagePipeline;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TString;

/** Brings pictures to the size that a network takes, and runs it on them batch by batch. */
final class PictureRunner implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PictureRunner.class);

  /** Of the largest number of an embedding, far beyond rounding. */
  private static final double SAME = 1e-3;

  private final Opener opener;
  private final ImageSize image;
  private final int batch;
  private Network network;
  private Preparation preparation;
  private boolean closed;
  private volatile int width;
  private final AtomicBoolean compared = new AtomicBoolean();

  /** Gives the pixels of a picture by its number. */
  interface Source {
    /** float [height, width, 3] in a row, of the network's size. */
    float[] pixels(int index);
  }

  /**
   * A network in a session.
   *
   * @param input its input, float [batch, height, width, 3], RGB in [0, 1]
   * @param output its output, float [batch, d]
   * @param owner closes the session and its graph
   */
  record Network(Session session, String input, String output, Runnable owner) {
    /** Of a network of a SavedModel. */
    static Network of(FrozenGraph frozen) {
      Graph graph = new Graph();
      try {
        graph.importGraphDef(frozen.graph());
      } catch (RuntimeException e) {
        graph.close();
        throw e;
      }
      Session session = new Session(graph);
      return new Network(
          session,
          frozen.inputs().get(ModelSignature.IMAGES),
          frozen.outputs().get(ModelSignature.FEATURES),
          () -> {
            session.close();
            graph.close();
          });
    }
  }

  /** Opens a network when it is first run. */
  interface Opener {
    Network open() throws IOException;
  }

  /**
   * Of a network that is open; closes it.
   *
   * @param batch pictures in one run
   */
  PictureRunner(Network network, ImageSize image, int batch) {
    this(() -> network, image, batch);
    this.network = network;
  }

  /**
   * Of a network that is opened when it is first run.
   *
   * @param batch pictures in one run
   */
  PictureRunner(Opener opener, ImageSize image, int batch) {
    this.opener = opener;
    this.image = image;
    this.batch = batch;
  }

  private int size() {
    return image.height() * image.width() * 3;
  }

  /** Embeds the files of a data set. */
  void run(ImageDataSet pictures, EmbeddingModel.Rows rows) throws IOException {
    open();
    try (ImagePipeline pipeline = ImagePipeline.evaluation(pictures, batch, image)) {
      pipeline.<float[], IOException>compute(this::embedded, values -> rows.add(values, width));
    }
  }

  /** Embeds pictures that come one by one. */
  void run(int count, Source source, EmbeddingModel.Rows rows) throws IOException {
    open();
    float[] pixels = new float[Math.min(batch, count) * size()];
    for (int done = 0; done < count; done += batch) {
      int here = Math.min(batch, count - done);
      for (int i = 0; i < here; i++) {
        System.arraycopy(source.pixels(done + i), 0, pixels, i * size(), size());
      }
      rows.add(embedded(pixels, here), width);
    }
  }

  private void open() throws IOException {
    if (closed) {
      throw new IllegalStateException("the model is closed");
    }
    if (network == null) {
      network = opener.open();
    }
  }

  private float[] embedded(float[] pixels, int count) {
    try (TFloat32 images =
        TFloat32.tensorOf(
            Shape.of(count, image.height(), image.width(), 3),
            DataBuffers.of(pixels, true, false).slice(0, (long) count * size()))) {
      return embedded(images);
    }
  }

  private float[] embedded(TFloat32 images) {
    try (Result result =
        network.session.runner().feed(network.input, images).fetch(network.output).run()) {
      TFloat32 given = (TFloat32) result.get(0);
      long fed = images.shape().get(0);
      if (given.shape().numDimensions() != 2 || given.shape().get(0) != fed) {
        throw new IllegalArgumentException(
            "the model gives %s for %d pictures, not [%d, d]".formatted(given.shape(), fed, fed));
      }
      width = Math.toIntExact(given.shape().get(1));
      float[] values = new float[Math.toIntExact(given.size())];
      given.copyTo(DataBuffers.of(values, false, false));
      if (fed > 1 && compared.compareAndSet(false, true)) {
        compareAlone(images, Arrays.copyOfRange(values, values.length - width, values.length));
      }
      return values;
    }
  }

  /** Tells, once, if the last picture of a batch has another embedding alone than it has there. */
  private void compareAlone(TFloat32 images, float[] among) {
    float[] pixels = new float[size()];
    images.get(images.shape().get(0) - 1).copyTo(DataBuffers.of(pixels, false, false));
    float[] alone = embedded(pixels, 1);
    Difference difference = Difference.of(alone, among, 0);
    if (difference.exceeds(SAME)) {
      LOG.warn(
          "a picture's embedding differs by {}, of {} at most, alone and among others: the model"
              + " lets the pictures of a batch depend on each other, draws random numbers or"
              + " magnifies rounding",
          String.format(Locale.ROOT, "%.1e", difference.most()),
          String.format(Locale.ROOT, "%.1e", difference.largest()));
    }
  }

  /** Numbers of an embedding. */
  int width() {
    if (width == 0) {
      try {
        run(1, i -> new float[size()], (values, columns) -> {});
      } catch (IOException e) {
        throw new UncheckedIOException(e.getMessage(), e);
      }
    }
    return width;
  }

  /** The pixels of the files of a data set, as the network sees them. */
  float[] pixels(ImageDataSet pictures) {
    try (ImagePipeline pipeline = ImagePipeline.evaluation(pictures, batch, image)) {
      return Embedder.pixels(pipeline);
    }
  }

  /** The pixels of an encoded picture. */
  float[] pixels(byte[] encoded, int index) {
    Preparation ready = preparation();
    try (TString bytes = TString.tensorOfBytes(NdArrays.scalarOfObject(encoded));
        Result result =
            ready.session.runner().feed(ready.encoded, bytes).fetch(ready.ofEncoded).run()) {
      return values(result);
    } catch (TensorFlowException | IllegalArgumentException e) {
      String why = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
      throw new IllegalArgumentException(
          "picture %d cannot be decoded: %s".formatted(index, why), e);
    }
  }

  /** The pixels of an image. */
  float[] pixels(BufferedImage picture, int index) {
    float[] raw = unit(colours(picture), index);
    Preparation ready = preparation();
    Shape shape = Shape.of(picture.getHeight(), picture.getWidth(), 3);
    try (TFloat32 pixels = TFloat32.tensorOf(shape, DataBuffers.of(raw, true, false));
        Result result = ready.session.runner().feed(ready.raw, pixels).fetch(ready.ofRaw).run()) {
      return values(result);
    }
  }

  /** Red, green and blue in [0, 1], as a decoder of files gives them. */
  private static float[] colours(BufferedImage picture) {
    int columns = picture.getWidth();
    int rows = picture.getHeight();
    float[] raw = new float[Math.multiplyExact(Math.multiplyExact(rows, columns), 3)];
    if (picture.getRaster().getNumBands() < 3
        && !(picture.getColorModel() instanceof IndexColorModel)) {
      // Java takes grey for linear light and makes 152 of the 80 that files and TensorFlow mean.
      for (int i = 0; i < rows * columns; i++) {
        Arrays.fill(raw, 3 * i, 3 * i + 3, grey(picture, i % columns, i / columns));
      }
      return raw;
    }
    int[] colours = picture.getRGB(0, 0, columns, rows, null, 0, columns);
    for (int i = 0; i < colours.length; i++) {
      raw[3 * i] = (colours[i] >> 16 & 0xff) / 255f;
      raw[3 * i + 1] = (colours[i] >> 8 & 0xff) / 255f;
      raw[3 * i + 2] = (colours[i] & 0xff) / 255f;
    }
    return raw;
  }

  private static float grey(BufferedImage picture, int x, int y) {
    float grey = part(picture, x, y, 0);
    float alpha = picture.isAlphaPremultiplied() ? part(picture, x, y, 1) : 0;
    return alpha > 0 ? grey / alpha : grey;
  }

  /** Of 12 bits in 16, signed, or a float. The colour model divides 32 bits by zero. */
  private static float part(BufferedImage picture, int x, int y, int band) {
    Raster raster = picture.getRaster();
    return switch (raster.getTransferType()) {
      case DataBuffer.TYPE_FLOAT, DataBuffer.TYPE_DOUBLE -> raster.getSampleFloat(x, y, band);
      case DataBuffer.TYPE_SHORT -> raster.getSample(x, y, band) / 32_767f;
      default -> {
        double largest = (1L << picture.getColorModel().getComponentSize(band)) - 1;
        yield (float) (Integer.toUnsignedLong(raster.getSample(x, y, band)) / largest);
      }
    };
  }

  /**
   * Requires pixels to be numbers in [0, 1], and takes those a little beyond, as cubic
   * interpolation makes them.
   */
  private static float[] unit(float[] pixels, int index) {
    for (float pixel : pixels) {
      if (!(pixel >= -0.5f && pixel <= 1.5f)) {
        throw new IllegalArgumentException(
            "picture %d has the value %s, pixels are in [0, 1]".formatted(index, pixel));
      }
    }
    return pixels;
  }

  /** Pictures of one size, one after the other. */
  static Source each(float[] pixels, int size) {
    return i -> unit(Arrays.copyOfRange(pixels, i * size, (i + 1) * size), i);
  }

  private float[] values(Result result) {
    float[] values = new float[size()];
    ((TFloat32) result.get(0)).copyTo(DataBuffers.of(values, false, false));
    return values;
  }

  private Preparation preparation() {
    if (preparation == null) {
      preparation = new Preparation(image);
    }
    return preparation;
  }

  /** A graph that decodes and scales, the same way as the pipeline does. */
  private static final class Preparation implements AutoCloseable {
    private final Graph graph = new Graph();
    private final Placeholder<TString> encoded;
    private final Operand<TFloat32> ofEncoded;
    private final Placeholder<TFloat32> raw;
    private final Operand<TFloat32> ofRaw;
    private final Session session;

    Preparation(ImageSize image) {
      Ops tf = Ops.create(graph);
      encoded = tf.placeholder(TString.class, Placeholder.shape(Shape.scalar()));
      ofEncoded = Pictures.centre(tf, Pictures.decode(tf, encoded), image);
      raw = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, -1, 3)));
      ofRaw = Pictures.centre(tf, raw, image);
      session = new Session(graph);
    }

    @Override
    public void close() {
      session.close();
      graph.close();
    }
  }

  @Override
  public void close() {
    closed = true;
    if (preparation != null) {
      preparation.close();
    }
    if (network != null) {
      network.owner.run();
    }
  }
}
