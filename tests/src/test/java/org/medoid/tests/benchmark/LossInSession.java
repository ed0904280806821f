package org.medoid.tests.benchmark;

import org.medoid.graph.loss.FacilityLocation;
import org.medoid.ops.FacilityLocationLoss;
import org.medoid.tests.GoldenBatch;
import org.tensorflow.Graph;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * The loss and its gradient as a training step asks for them: through a TensorFlow session, float
 * embeddings, everything fed (TensorFlow would compute an op on constants once and for all).
 */
final class LossInSession implements AutoCloseable {
  private final Graph graph = new Graph();
  private final Session session = new Session(graph);
  private final Placeholder<TFloat32> embeddings;
  private final Placeholder<TInt64> labels;
  private final Placeholder<TFloat32> gamma;
  private final FacilityLocationLoss<TFloat32> op;
  private final Output<?> gradient;
  private final TFloat32 x;
  private final TInt64 y;
  private final TFloat32 multiplier;

  /** Makes a graph and the formula's batch of m rows of d values in c classes. */
  LossInSession(int m, int d, int c, double gammaValue, FacilityLocationLoss.Options... options) {
    Ops tf = Ops.create(graph);
    embeddings = tf.placeholder(TFloat32.class);
    labels = tf.placeholder(TInt64.class);
    gamma = tf.placeholder(TFloat32.class);
    op = new FacilityLocation(gamma, options).op(tf, labels, embeddings);
    gradient = graph.addGradients(op.loss(), new Output<?>[] {embeddings.asOutput()})[0];
    double[] wide = GoldenBatch.embeddings(m, d, c);
    float[] narrow = new float[wide.length];
    for (int i = 0; i < narrow.length; i++) {
      narrow[i] = (float) wide[i];
    }
    x = TFloat32.tensorOf(Shape.of(m, d), DataBuffers.of(narrow));
    y = TInt64.vectorOf(GoldenBatch.labels(m, c));
    multiplier = TFloat32.scalarOf((float) gammaValue);
  }

  /** One forward and backward run; returns the loss. */
  float run() {
    try (Result result = runner().fetch(op.loss()).fetch(gradient).run()) {
      return ((TFloat32) result.get(0)).getFloat();
    }
  }

  private Session.Runner runner() {
    return session.runner().feed(embeddings, x).feed(labels, y).feed(gamma, multiplier);
  }

  @Override
  public void close() {
    x.close();
    y.close();
    multiplier.close();
    session.close();
    graph.close();
  }
}
