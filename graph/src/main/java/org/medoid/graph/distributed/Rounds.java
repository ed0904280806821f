package org.medoid.graph.distributed;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/**
 * What workers tell each other beside the steps: a row of numbers each, that all of them get to
 * see. While one is busy with something of its own the rounds go on, once a second at least, so
 * that a worker that dies or hangs meanwhile is found out as in a step. Open until the process
 * ends, as TensorFlow's server is.
 */
final class Rounds {
  private static final long PAUSE_MS = 1000;
  private static final int WIDTH = 4;

  private final Worker worker;
  private final Exchange exchange;
  private final Graph graph = new Graph();
  private final Placeholder<TFloat32> own;
  private final Operand<TFloat32> all;
  private final Session session;

  Rounds(Worker worker) {
    this.worker = worker;
    exchange = worker.exchange();
    Ops tf = Ops.create(graph);
    own = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(1, WIDTH)));
    all = exchange.gather(tf, own);
    session = worker.session(graph);
  }

  /** Tells the others four numbers and gives back theirs, row by row. */
  float[] tell(boolean busy, boolean failed, float a, float b) {
    float[] rows = new float[worker.workers() * WIDTH];
    try (TFloat32 row =
            TFloat32.tensorOf(
                Shape.of(1, WIDTH), DataBuffers.of(busy ? 1f : 0f, failed ? 1f : 0f, a, b));
        Result result = exchange.timed(session.runner().feed(own, row).fetch(all)).run()) {
      ((TFloat32) result.get(0)).copyTo(DataBuffers.of(rows, false, false));
      return rows;
    }
  }

  /** The sum of a column of what {@link #tell} gave. */
  static float sum(float[] rows, int column) {
    float sum = 0;
    for (int i = column; i < rows.length; i += WIDTH) {
      sum += rows[i];
    }
    return sum;
  }

  <T> T together(Worker.Task<T> task, IntFunction<String> name) throws IOException {
    CountDownLatch ended = new CountDownLatch(1);
    FutureTask<T> future =
        new FutureTask<>(task::run) {
          @Override
          protected void done() {
            ended.countDown();
          }
        };
    Thread thread = new Thread(future, "own work of a worker");
    thread.setDaemon(true);
    thread.start();
    for (boolean busy = true; busy; ) {
      float[] rows;
      boolean failed;
      try {
        ended.await(PAUSE_MS, TimeUnit.MILLISECONDS);
        boolean done = future.isDone();
        failed = done && failed(future);
        rows = tell(!done, failed, 0, 0);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted", e);
      } catch (RuntimeException e) {
        throw worker.explain(e);
      }
      for (int i = 0; i < worker.workers(); i++) {
        if (rows[i * WIDTH + 1] > 0 && i != worker.rank()) {
          throw new IllegalStateException(name.apply(i) + " failed; its own output says why");
        }
      }
      // By what was told: of a task that failed since, the others hear in the next round.
      busy = sum(rows, 0) > 0 && !failed;
    }
    return get(future);
  }

  /** Of one that is done. */
  private static boolean failed(FutureTask<?> future) {
    try {
      future.get();
      return false;
    } catch (ExecutionException | InterruptedException e) {
      return true;
    }
  }

  private static <T> T get(FutureTask<T> future) throws IOException {
    try {
      return future.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException cause) {
        throw cause;
      }
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      if (e.getCause() instanceof Error cause) {
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
    }
  }
}
