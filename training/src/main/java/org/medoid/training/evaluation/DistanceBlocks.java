package org.medoid.training.evaluation;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.medoid.ops.clustering.Threads;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.ndarray.buffer.IntDataBuffer;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/**
 * Squared distances of queries to points, block by block, by TensorFlow's matrix product: |q - p|²
 * is the product of (-2q, 1, |q|²) and (p, |p|², 1). A filter, not the last word: in float32 it is
 * wrong by up to {@link #error}, so what is nearly tied must be compared by exact differences
 * ({@link Differences}). Callers bring the rows into a {@link Frame}, which keeps the error small
 * beside the distances.
 *
 * <p>Memory: for each processor a block of {@value #SCORES} floats, whatever the number of queries.
 * A row of distances goes to its user as soon as it is there, so that it is still in the cache.
 */
final class DistanceBlocks implements AutoCloseable {
  /**
   * 24 MB. Less, and packing the points for each block costs: for 60,502 rows of 64 a tenth of the
   * time at 12 MB. More, and two blocks leave the cache of 32 MB before they are read: 10.5 instead
   * of 8.8 s at 48 MB.
   */
  private static final int SCORES = 6 << 20;

  /** Half a unit in the last place of 1. */
  private static final double ROUNDING = 0x1p-24;

  private final int d;
  private final Graph graph = new Graph();
  private final Session session;
  private final Placeholder<TFloat32> queries;
  private final Placeholder<TFloat32> points;
  private final Operand<TFloat32> distances;
  private final int threads = Threads.count();

  /** Prepares for points of d dimensions. */
  DistanceBlocks(int d) {
    this.d = d;
    Ops tf = Ops.create(graph);
    queries = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, d + 2)));
    points = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(d + 2, -1)));
    distances = tf.linalg.matMul(queries, points);
    session = new Session(graph);
  }

  /** Uses the distances of one query; each thread has its own. */
  @FunctionalInterface
  interface Row {
    /**
     * Uses a row.
     *
     * @param query the query
     * @param row the bits of the distances to the points, in their order, then anything. Of floats
     *     not below 0 the bits are in the order of the values, and those just below 0 come before
     *     them: good enough to look for the least, and faster than floats.
     */
    void accept(int query, int[] row);
  }

  /**
   * A bound of what a distance from here may be off, for rows of length at most 1: the rounding of
   * d + 2 products whose sizes sum to at most (|q| + |p|)² = 4, in any order (Higham, "Accuracy and
   * Stability of Numerical Algorithms", 2002, section 3.1), 2 for the squares, and 8 for rounding
   * both rows to float32, which turns each by at most half a unit and so a distance of 2 by two.
   */
  float error() {
    return (float) (4.04 * (d + 8) * ROUNDING);
  }

  /**
   * Hands out a row of distances for each query, in no order, from several threads ({@link
   * Threads}).
   *
   * @param x rows of which some are queries, of length at most 1
   * @param query which rows are queries
   * @param y rows of which some are points, of length at most 1
   * @param point which rows are points; the row handed out follows this order
   * @param rows makes the user of a thread
   * @param progress hears how many queries are done
   */
  void each(float[] x, int[] query, float[] y, int[] point, Supplier<Row> rows, Heard progress) {
    if (query.length == 0 || point.length == 0) {
      return;
    }
    int block = Math.max(1, Math.min(SCORES / point.length, 1 + (query.length - 1) / threads));
    int blocks = (query.length + block - 1) / block;
    AtomicInteger done = new AtomicInteger();
    try (TFloat32 all = columns(y, point)) {
      parallel(
          blocks,
          () -> {
            Row user = rows.get();
            int[] row = new int[point.length];
            return b -> {
              int first = b * block;
              int count = Math.min(block, query.length - first);
              block(x, query, first, count, all, row, user);
              progress.done(done.addAndGet(count));
            };
          });
    }
  }

  /**
   * Runs tasks on several threads ({@link Threads}).
   *
   * @param tasks how many
   * @param workers makes what runs the tasks of a thread, by their numbers, which come in no order
   */
  void parallel(int tasks, Supplier<IntConsumer> workers) {
    AtomicInteger next = new AtomicInteger();
    int count = Math.min(threads, tasks);
    ExecutorService pool = Executors.newFixedThreadPool(count);
    try {
      List<Future<?>> running = new ArrayList<>();
      for (int w = 0; w < count; w++) {
        running.add(
            pool.submit(
                () -> {
                  IntConsumer worker = workers.get();
                  for (int t = next.getAndIncrement(); t < tasks; t = next.getAndIncrement()) {
                    worker.accept(t);
                  }
                }));
      }
      join(running, next);
    } finally {
      pool.shutdown();
    }
  }

  /**
   * Hands out the bits of the distances of queries to points, queries in rows.
   *
   * @param some {@link #rows}
   * @param all {@link #columns}
   * @param use takes them; afterwards they are gone
   */
  void product(TFloat32 some, TFloat32 all, Consumer<IntDataBuffer> use) {
    try (Result result =
        session.runner().feed(queries, some).feed(points, all).fetch(distances).run()) {
      use.accept(((TFloat32) result.get(0)).asRawTensor().data().asInts());
    }
  }

  /** Hears how many queries are done. */
  @FunctionalInterface
  interface Heard {
    /** So many are done. */
    void done(int count);
  }

  /** Waits for all, also after a failure: the points are in use until the last thread is done. */
  private static void join(List<Future<?>> running, AtomicInteger next) {
    RuntimeException failure = null;
    Error error = null; // of memory perhaps, which has a mend of its own
    boolean interrupted = false;
    for (int i = 0; i < running.size(); ) {
      try {
        running.get(i).get();
        i++;
      } catch (InterruptedException e) {
        interrupted = true;
        next.set(Integer.MAX_VALUE / 2); // no more blocks
        failure = new IllegalStateException("the evaluation was interrupted", e);
      } catch (ExecutionException e) {
        next.set(Integer.MAX_VALUE / 2);
        if (e.getCause() instanceof Error cause) {
          error = cause;
        } else {
          failure =
              e.getCause() instanceof RuntimeException cause
                  ? cause
                  : new IllegalStateException(e.getCause());
        }
        i++;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (error != null) {
      throw error;
    }
    if (failure != null) {
      throw failure;
    }
  }

  private void block(
      float[] x, int[] query, int first, int count, TFloat32 all, int[] row, Row user) {
    IntDataBuffer to = DataBuffers.of(row, false, false);
    try (TFloat32 some = rows(x, query, first, count)) {
      product(
          some,
          all,
          bits -> {
            for (int q = 0; q < count; q++) {
              bits.slice((long) q * row.length, row.length).copyTo(to, row.length);
              user.accept(query[first + q], row);
            }
          });
    }
  }

  /** Queries as rows (-2x, 1, |x|²). */
  TFloat32 rows(float[] x, int[] query, int first, int count) {
    int width = d + 2;
    float[] values = new float[Embeddings.size(count, width)];
    for (int i = 0; i < count; i++) {
      int from = query[first + i] * d;
      for (int j = 0; j < d; j++) {
        values[i * width + j] = -2 * x[from + j];
      }
      values[i * width + d] = 1;
      values[i * width + d + 1] = squares(x, from);
    }
    return TFloat32.tensorOf(Shape.of(count, width), DataBuffers.of(values, false, false));
  }

  /**
   * Points as columns (x, |x|², 1), which the product packs faster than rows: alone, 69 queries
   * against 60,502 points run at 60 GFLOPS a thread, with rows at 45.
   */
  TFloat32 columns(float[] y, int[] point) {
    int n = point.length;
    float[] values = new float[Embeddings.size(n, d + 2)];
    for (int i = 0; i < n; i++) {
      int from = point[i] * d;
      for (int j = 0; j < d; j++) {
        values[j * n + i] = y[from + j];
      }
      values[d * n + i] = squares(y, from);
      values[(d + 1) * n + i] = 1;
    }
    return TFloat32.tensorOf(Shape.of(d + 2, n), DataBuffers.of(values, false, false));
  }

  private float squares(float[] x, int from) {
    double squares = 0;
    for (int j = from; j < from + d; j++) {
      squares += (double) x[j] * x[j];
    }
    return (float) squares;
  }

  @Override
  public void close() {
    session.close();
    graph.close();
  }
}
