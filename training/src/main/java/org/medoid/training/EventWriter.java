package org.medoid.training;

import java.nio.file.Path;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.summary.SummaryWriter;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

/**
 * Writes scalars to a TensorBoard events file, through TensorFlow's own summary ops in a graph of
 * their own. Not for use by two threads at once.
 */
public final class EventWriter implements AutoCloseable {
  private final Graph graph = new Graph();
  private final Session session;
  private final Placeholder<TInt64> step;
  private final Placeholder<TString> tag;
  private final Placeholder<TFloat32> value;
  private final Op write;
  private final Op close;

  /**
   * Opens a new events file.
   *
   * @param folder where TensorBoard looks; made if missing
   */
  public EventWriter(Path folder) {
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
    close = tf.summary.closeSummaryWriter(writer);
    session = new Session(graph);
    session.runner().addTarget(open).run().close();
  }

  /**
   * Adds a point to a curve.
   *
   * @param step the training step
   * @param tag the name of the curve
   * @param value its value there
   */
  public void scalar(long step, String tag, double value) {
    try (TInt64 s = TInt64.scalarOf(step);
        TString t = TString.scalarOf(tag);
        TFloat32 v = TFloat32.scalarOf((float) value)) {
      session
          .runner()
          .feed(this.step, s)
          .feed(this.tag, t)
          .feed(this.value, v)
          .addTarget(write)
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
