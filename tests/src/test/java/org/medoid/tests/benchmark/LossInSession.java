package org.medoid.tests.benchmark;

import java.util.Arrays;
import org.medoid.graph.loss.FacilityLocation;
import org.medoid.ops.FacilityLocationLoss;
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
    double[] wide = formula(m, d, c);
    float[] narrow = new float[wide.length];
    for (int i = 0; i < narrow.length; i++) {
      narrow[i] = (float) wide[i];
    }
    x = TFloat32.tensorOf(Shape.of(m, d), DataBuffers.of(narrow));
    y = TInt64.vectorOf(labels(m, c));
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

  /** The generator of the golden data: unit rows, any size. */
  static double[] formula(int m, int d, int c) {
    double[] x = new double[m * d];
    for (int i = 0; i < m; i++) {
      double squares = 0;
      for (int j = 0; j < d; j++) {
        double value =
            Math.sin(1.3 * i + 0.7 * j + 0.11 * i * j) + 0.5 * Math.cos(2.1 * (i % c) + 0.9 * j);
        x[i * d + j] = value;
        squares += value * value;
      }
      for (int j = i * d; j < i * d + d; j++) {
        x[j] /= Math.sqrt(squares);
      }
    }
    return x;
  }

  /** Row i is of class i mod c. */
  static long[] labels(int m, int c) {
    long[] labels = new long[m];
    Arrays.setAll(labels, i -> i % c);
    return labels;
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
