package org.medoid.ops.clustering;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Splits loops over the rows of a large batch among a bounded number of threads, which all batches
 * share: {@link Threads} says how many. They are daemons and end after ten idle seconds.
 */
final class Workers {
  /**
   * Below so many rows a loop stays on its own thread: at 256 a row's work is under a microsecond
   * and waking a thread costs some ten.
   */
  private static final int SMALLEST = 512;

  /** A thread is woken for so many looks at a distance, some 25 µs, and not for fewer. */
  private static final int WORTH_WAKING = 20_000;

  private static final int THREADS = Threads.count();

  private static final ThreadPoolExecutor POOL = pool();

  private Workers() {}

  /** Works on the rows of a range. */
  @FunctionalInterface
  interface Range {
    /** Works on rows from (inclusive) to (exclusive). */
    void run(int from, int to);
  }

  private static ThreadPoolExecutor pool() {
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            THREADS,
            THREADS,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            work -> {
              Thread thread = new Thread(work, "medoid-worker");
              thread.setDaemon(true);
              return thread;
            });
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  /** One thread's part of some work. */
  @FunctionalInterface
  interface Part {
    /** Does a part of those there are, numbered from 0. */
    void run(int part, int parts);
  }

  /** The number of parts that {@link #forRange} splits a loop into. */
  static int parts(int rows) {
    return rows < SMALLEST ? 1 : THREADS;
  }

  /**
   * Runs a loop over rows, the calling thread taking its part. Rows are dealt out in small runs, in
   * turn, so that triangular loops are balanced. Returns when all parts have ended; if some threw,
   * throws what the first of them did.
   */
  static void forRange(int rows, Range body) {
    int parts = parts(rows);
    if (parts == 1) {
      body.run(0, rows);
      return;
    }
    int run = Math.max(1, rows / (parts * 8));
    run(parts, (part, of) -> deal(rows, run, part, of, body));
  }

  /**
   * Does some work in at most so many parts together, in fewer where one would take about as long
   * as waking a thread does. Returns and throws as {@link #forRange}.
   *
   * @param looks what the work takes, in looks at a distance, a nanosecond or two each
   */
  static void share(long looks, int parts, Part body) {
    run((int) Math.max(1, Math.min(parts, looks / WORTH_WAKING)), body);
  }

  private static void run(int parts, Part body) {
    if (parts == 1) {
      body.run(0, 1);
      return;
    }
    List<Future<?>> others = new ArrayList<>(parts - 1);
    for (int part = 1; part < parts; part++) {
      int mine = part;
      others.add(POOL.submit(() -> body.run(mine, parts)));
    }
    Throwable failed = null;
    try {
      body.run(0, parts);
    } catch (RuntimeException | Error e) {
      failed = e;
    }
    for (Future<?> each : others) { // also after a failure: they still write the arrays
      Throwable another = await(each);
      if (failed == null) {
        failed = another;
      } else if (another != null && another != failed) {
        failed.addSuppressed(another);
      }
    }
    if (failed instanceof Error error) {
      throw error;
    }
    if (failed != null) {
      throw (RuntimeException) failed; // a part throws nothing else
    }
  }

  private static void deal(int rows, int run, int part, int parts, Range body) {
    for (int from = part * run; from < rows; from += parts * run) {
      body.run(from, Math.min(rows, from + run));
    }
  }

  /** Waits for a part to end; returns what it threw, or null. */
  private static Throwable await(Future<?> work) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          work.get();
          return null;
        } catch (InterruptedException e) {
          interrupted = true; // the arrays are still being written: leave only when it is done
        } catch (ExecutionException e) {
          return e.getCause();
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
