package org.medoid.training;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.medoid.graph.distributed.Exchange;
import org.medoid.graph.distributed.Worker;
import org.medoid.training.evaluation.Embeddings;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/** Rows of numbers that workers compute by blocks, and all of them get whole. */
record Blocks(Worker worker) {
  /** Numbers that a worker sends at once, 4 MB. */
  private static final int PIECE = 1 << 20;

  /** Computes the rows of some items. */
  @FunctionalInterface
  interface Work {
    /**
     * Computes them.
     *
     * @param from the first item
     * @param to the one after the last; more than {@code from}
     * @return row after row
     */
    float[] rows(int from, int to) throws IOException;
  }

  /** Computes a row for each of some items. */
  float[] compute(int count, Work work) throws IOException {
    int n = worker.workers();
    int from = start(count, worker.rank());
    int to = start(count, worker.rank() + 1);
    float[] own = worker.together(() -> from == to ? new float[0] : work.rows(from, to));
    if (n == 1) {
      return own;
    }
    // One whose block is empty does not know how long a row is.
    float[] widths = worker.sum(from == to ? 0 : own.length / (to - from), from == to ? 0 : 1);
    int width = Math.round(widths[0] / widths[1]);
    float[] all = new float[Embeddings.size(count, width)];
    int piece = Math.max(1, PIECE / width);
    Exchange exchange = worker.exchange();
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> part =
          tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(1, (long) piece * width)));
      Operand<TFloat32> parts = exchange.gather(tf, part);
      try (Session session = worker.session(graph)) {
        int longest = (count + n - 1) / n;
        for (int done = 0; done < longest; done += piece) {
          float[] mine = new float[piece * width];
          int at = Math.min(own.length, done * width);
          System.arraycopy(own, at, mine, 0, Math.min(own.length - at, mine.length));
          float[] gathered = run(session, exchange, part, parts, mine, n * piece * width);
          for (int i = 0; i < n; i++) {
            int row = start(count, i) + done;
            int rows = Math.min(piece, start(count, i + 1) - row);
            if (rows > 0) {
              System.arraycopy(gathered, i * piece * width, all, row * width, rows * width);
            }
          }
        }
      }
    }
    return all;
  }

  /** Gives all what the first has. */
  float[] ofFirst(float[] values, int length) throws IOException {
    if (worker.workers() == 1) {
      return values;
    }
    float[] all = new float[length];
    Exchange exchange = worker.exchange();
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> part =
          tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(PIECE)));
      Operand<TFloat32> first =
          exchange.fromFirst(tf, List.of(tf.identity(part)), TFloat32.class).get(0);
      try (Session session = worker.session(graph)) {
        for (int at = 0; at < length; at += PIECE) {
          float[] mine =
              values == null ? new float[PIECE] : Arrays.copyOfRange(values, at, at + PIECE);
          float[] got = run(session, exchange, part, first, mine, PIECE);
          System.arraycopy(got, 0, all, at, Math.min(PIECE, length - at));
        }
      }
    }
    return all;
  }

  private float[] run(
      Session session,
      Exchange exchange,
      Placeholder<TFloat32> in,
      Operand<TFloat32> out,
      float[] values,
      int length) {
    float[] got = new float[length];
    try (TFloat32 tensor = TFloat32.tensorOf(in.asOutput().shape(), DataBuffers.of(values));
        Result result = exchange.timed(session.runner().feed(in, tensor).fetch(out)).run()) {
      ((TFloat32) result.get(0)).copyTo(DataBuffers.of(got, false, false));
      return got;
    } catch (RuntimeException e) {
      throw worker.explain(e);
    }
  }

  private int start(int count, int rank) {
    return Math.toIntExact((long) count * rank / worker.workers());
  }
}
