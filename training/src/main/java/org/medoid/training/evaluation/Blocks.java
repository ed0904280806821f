package org.medoid.training.evaluation;

import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.linalg.MatMul;
import org.tensorflow.op.nn.TopK;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * Finds the nearest of many points for blocks of queries, with TensorFlow's matrix product: the k
 * smallest of |q - p|², which are the k largest of q·p - |p|²/2. Memory: a block of scores, {@value
 * #SCORES} floats at most, never all of them.
 */
final class Blocks implements AutoCloseable {
  /** 64 MB of scores: large enough for the matrix product, small beside the embeddings. */
  private static final int SCORES = 1 << 24;

  private final int d;
  private final Graph graph = new Graph();
  private final Session session;
  private final Placeholder<TFloat32> queries;
  private final Placeholder<TFloat32> points;
  private final Placeholder<TFloat32> halfSquares;
  private final TopK<TFloat32, TInt32> nearest;

  /** Prepares searches for the k nearest among points of d dimensions. */
  Blocks(int d, int k) {
    this.d = d;
    Ops tf = Ops.create(graph);
    queries = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, d)));
    points = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, d)));
    halfSquares = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1)));
    Operand<TFloat32> scores =
        tf.math.sub(tf.linalg.matMul(queries, points, MatMul.transposeB(true)), halfSquares);
    nearest = tf.nn.topK(scores, tf.constant(k), TInt32.class);
    session = new Session(graph);
  }

  /** Takes the results of a block. */
  @FunctionalInterface
  interface Use {
    /**
     * Takes the results of the queries from first on.
     *
     * @param first the first query of the block
     * @param count queries in the block
     * @param indices count·k points, the nearest first; on equal distance the lower index first
     * @param scores count·k values q·p - |p|²/2
     */
    void accept(int first, int count, int[] indices, float[] scores);
  }

  /** Searches for every query, block by block, in order. */
  void search(float[] query, int queryCount, float[] point, int pointCount, Use use) {
    float[] halves = new float[pointCount];
    for (int p = 0; p < pointCount; p++) {
      double squares = 0;
      for (int j = 0; j < d; j++) {
        double v = point[p * d + j];
        squares += v * v;
      }
      halves[p] = (float) (squares / 2);
    }
    int block = Math.max(1, Math.min(queryCount, SCORES / pointCount));
    try (Tensor all = matrix(point, 0, pointCount);
        Tensor norms = TFloat32.vectorOf(halves)) {
      for (int first = 0; first < queryCount; first += block) {
        int count = Math.min(block, queryCount - first);
        try (Tensor some = matrix(query, first, count);
            Result result =
                session
                    .runner()
                    .feed(queries, some)
                    .feed(points, all)
                    .feed(halfSquares, norms)
                    .fetch(nearest.indices())
                    .fetch(nearest.values())
                    .run()) {
          TInt32 indices = (TInt32) result.get(0);
          int[] found = new int[Math.toIntExact(indices.size())];
          indices.copyTo(DataBuffers.of(found, false, false));
          float[] scores = new float[found.length];
          ((TFloat32) result.get(1)).copyTo(DataBuffers.of(scores, false, false));
          use.accept(first, count, found, scores);
        }
      }
    }
  }

  private TFloat32 matrix(float[] values, int first, int count) {
    return TFloat32.tensorOf(
        Shape.of(count, d),
        DataBuffers.of(values, true, false).slice((long) first * d, (long) count * d));
  }

  @Override
  public void close() {
    session.close();
    graph.close();
  }
}
