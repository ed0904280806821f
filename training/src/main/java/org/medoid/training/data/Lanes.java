package org.medoid.training.data;

import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** The threads in which batches are computed side by side. */
final class Lanes implements AutoCloseable {
  /** More gain nothing, and each holds a batch and what the network makes of it. */
  static final int COUNT = 2;

  private final ExecutorService threads =
      Executors.newFixedThreadPool(
          COUNT,
          work -> {
            Thread thread = new Thread(work, "medoid-batch");
            thread.setDaemon(true);
            return thread;
          });

  <R> Future<R> submit(Callable<R> work) {
    return threads.submit(work);
  }

  /**
   * Waits for a result, or throws what computing it threw.
   *
   * @throws CancellationException if this thread is interrupted
   */
  static <R> R result(Future<R> running) {
    try {
      return running.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted while pictures were read");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException thrown) {
        throw thrown;
      }
      if (e.getCause() instanceof Error thrown) {
        throw thrown;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  /** Waits for what is running: it uses a session that may be closed next. */
  @Override
  public void close() {
    threads.shutdown();
    boolean interrupted = false;
    while (true) {
      try {
        if (threads.awaitTermination(1, TimeUnit.DAYS)) {
          break;
        }
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
