package org.medoid.training;

import java.nio.file.Path;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.summary.SummaryWriter;
import org.tensorflow.op.summary.WriteImageSummary;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint8;

/**
 * Writes scalars, histograms, images and a graph to a TensorBoard events file, through TensorFlow's
 * own summary ops in a graph of their own. Not for use by two threads at once.
 */
final class EventWriter implements AutoCloseable {
  /** Images of a batch that are written. */
  private static final long IMAGES = 16;

  private static final int CONSTANT_BYTES = 1024;

  private final Graph graph = new Graph();
  private final Session session;
  private final Placeholder<TInt64> step;
  private final Placeholder<TString> tag;
  private final Placeholder<TFloat32> value;
  private final Placeholder<TFloat32> values;
  private final Placeholder<TFloat32> pictures;
  private final Placeholder<TString> definition;
  private final Op write;
  private final Op writeHistogram;
  private final Op writeImages;
  private final Op writeGraph;
  private final Op close;

  /** Opens a new events file in the folder where TensorBoard looks; makes it if missing. */
  EventWriter(Path folder) {
    Ops tf = Ops.create(graph);
    Operand<?> writer = tf.summary.summaryWriter(SummaryWriter.sharedName("events"));
    Op open =
        tf.summary.createSummaryFileWriter(
            writer,
            tf.constant(folder.toString()),
            tf.constant(100), // queued events before a flush
            tf.constant(10_000), // milliseconds before a flush
            tf.constant(".medoid"));
    step = tf.placeholder(TInt64.class);
    tag = tf.placeholder(TString.class);
    value = tf.placeholder(TFloat32.class);
    write = tf.summary.writeScalarSummary(writer, step, tag, value);
    values = tf.placeholder(TFloat32.class);
    writeHistogram = tf.summary.writeHistogramSummary(writer, step, tag, values);
    pictures = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, -1, -1, 3)));
    writeImages =
        tf.summary.writeImageSummary(
            writer,
            step,
            tag,
            // As bytes: the op would stretch the contrast of floats, image by image.
            tf.dtypes.cast(
                tf.math.round(
                    tf.math.mul(
                        tf.clipByValue(pictures, tf.constant(0f), tf.constant(1f)),
                        tf.constant(255f))),
                TUint8.class),
            tf.dtypes.cast(tf.constant(new int[] {255, 0, 0, 255}), TUint8.class),
            WriteImageSummary.maxImages(IMAGES));
    definition = tf.placeholder(TString.class);
    writeGraph = tf.summary.writeGraphSummary(writer, step, definition);
    close = tf.summary.closeSummaryWriter(writer);
    session = new Session(graph);
    try {
      session.runner().addTarget(open).run().close();
    } catch (RuntimeException | Error e) {
      session.close();
      graph.close();
      throw e;
    }
  }

  /** Adds a point to the curve of that name. */
  void scalar(long step, String tag, double value) {
    try (TFloat32 v = TFloat32.scalarOf((float) value)) {
      write(write, step, tag, this.value, v);
    }
  }

  /**
   * Adds the distribution of some values at a step.
   *
   * @param values at least one
   * @throws org.tensorflow.exceptions.TFInvalidArgumentException if a value is not finite
   */
  void histogram(long step, String tag, float[] values) {
    try (TFloat32 v = TFloat32.vectorOf(values)) {
      write(writeHistogram, step, tag, this.values, v);
    }
  }

  /**
   * Adds images, the first {@value #IMAGES} of a batch.
   *
   * @param images float [batch, height, width, 3], RGB in [0, 1]; what is outside is cut off
   */
  void images(long step, String tag, TFloat32 images) {
    write(writeImages, step, tag, pictures, images);
  }

  /**
   * Shows a graph. Constants of more than {@value #CONSTANT_BYTES} bytes are written without their
   * values, for TensorBoard shows none of them.
   */
  void graph(GraphDef graph) {
    GraphDef.Builder slim = graph.toBuilder();
    slim.getNodeBuilderList().forEach(EventWriter::dropValue);
    slim.getLibraryBuilder()
        .getFunctionBuilderList()
        .forEach(function -> function.getNodeDefBuilderList().forEach(EventWriter::dropValue));
    byte[] bytes = slim.build().toByteArray();
    try (TInt64 s = TInt64.scalarOf(0);
        TString d = TString.tensorOfBytes(NdArrays.scalarOfObject(bytes))) {
      session.runner().feed(step, s).feed(definition, d).addTarget(writeGraph).run().close();
    }
  }

  private static void dropValue(NodeDef.Builder node) {
    if (node.getOp().equals("Const")
        && node.getAttrOrThrow("value").getSerializedSize() > CONSTANT_BYTES) {
      TensorProto value = node.getAttrOrThrow("value").getTensor();
      node.putAttr(
          "value",
          AttrValue.newBuilder()
              .setTensor(
                  TensorProto.newBuilder()
                      .setDtype(value.getDtype())
                      .setTensorShape(value.getTensorShape()))
              .build());
    }
  }

  private void write(
      Op op, long step, String tag, Placeholder<TFloat32> placeholder, TFloat32 value) {
    try (TInt64 s = TInt64.scalarOf(step);
        TString t = TString.scalarOf(tag)) {
      session
          .runner()
          .feed(this.step, s)
          .feed(this.tag, t)
          .feed(placeholder, value)
          .addTarget(op)
          .run()
          .close();
    }
  }

  /** Flushes and closes the file. */
  @Override
  public void close() {
    try {
      session.runner().addTarget(close).run().close();
    } finally {
      session.close();
      graph.close();
    }
  }
}
