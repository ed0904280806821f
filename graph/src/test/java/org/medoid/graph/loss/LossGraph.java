package org.medoid.graph.loss;

import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.StdArrays;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt64;

/** A loss in a graph of its own, with its gradients in the embeddings and the proxies. */
final class LossGraph implements AutoCloseable {
  private final Graph graph = new Graph();
  private final Session session;
  private final Placeholder<TFloat64> x;
  private final Placeholder<TFloat64> proxies;
  private final Placeholder<TInt64> labels;
  private final Operand<TFloat64> value;
  private final Output<?>[] gradients;

  /** What a run gives; the gradient in the proxies is null for a loss without. */
  record Evaluation(double value, double[][] gradient, double[][] proxyGradient) {}

  LossGraph(Rivals.Rival rival) {
    Ops tf = Ops.create(graph);
    x = tf.placeholder(TFloat64.class, Placeholder.shape(Shape.of(-1, -1)));
    proxies = tf.placeholder(TFloat64.class, Placeholder.shape(Shape.of(-1, -1)));
    labels = tf.placeholder(TInt64.class, Placeholder.shape(Shape.of(-1)));
    value = rival.factory().on(proxies).call(tf, labels, x);
    gradients =
        graph.addGradients(
            value.asOutput(),
            rival.hasProxies()
                ? new Output<?>[] {x.asOutput(), proxies.asOutput()}
                : new Output<?>[] {x.asOutput()});
    session = new Session(graph);
  }

  Evaluation evaluate(Rivals.Batch batch) {
    try (TFloat64 embeddings = TFloat64.tensorOf(StdArrays.ndCopyOf(batch.x()));
        TFloat64 proxyValues = TFloat64.tensorOf(StdArrays.ndCopyOf(batch.proxies()));
        TInt64 classes = TInt64.vectorOf(batch.labels())) {
      Session.Runner runner =
          session
              .runner()
              .feed(x, embeddings)
              .feed(proxies, proxyValues)
              .feed(labels, classes)
              .fetch(value);
      for (Output<?> gradient : gradients) {
        runner.fetch(gradient);
      }
      try (Result result = runner.run()) {
        return new Evaluation(
            ((TFloat64) result.get(0)).getDouble(),
            StdArrays.array2dCopyOf((TFloat64) result.get(1)),
            gradients.length > 1 ? StdArrays.array2dCopyOf((TFloat64) result.get(2)) : null);
      }
    }
  }

  double value(Rivals.Batch batch) {
    return evaluate(batch).value();
  }

  @Override
  public void close() {
    session.close();
    graph.close();
  }
}
