package org.medoid.training;

import java.io.IOException;
import java.util.Map;
import org.medoid.graph.distributed.Worker;

/** Whether a run is asked to stop, also while it waits for the other workers to begin. */
final class WorkerMeeting implements AutoCloseable {
  private volatile boolean stopped;
  private boolean interrupted;

  /** The thread of a run that waits. */
  private Thread waiting;

  /** Asks the run to stop; any thread may. */
  void stop() {
    stopped = true;
    synchronized (this) {
      if (waiting != null) {
        waiting.interrupt();
      }
    }
  }

  /** Asked by the run's thread, whose interruption is a wish to stop too. */
  boolean stopped() {
    if (Thread.interrupted()) { // with it no file can be written
      interrupted = true;
      stopped = true;
    }
    return stopped;
  }

  /** Ends the run: its thread is interrupted again, if it was. */
  @Override
  public void close() {
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Waits for the other workers; a program that is being ended does not. */
  void agree(Worker worker, Map<String, String> facts) throws IOException {
    synchronized (this) {
      waiting = Thread.currentThread();
    }
    try {
      if (!stopped) {
        worker.agree(facts);
      }
    } catch (IllegalStateException e) {
      if (!stopped) {
        throw e;
      }
    } finally {
      synchronized (this) {
        waiting = null;
      }
      Thread.interrupted(); // by stop()
    }
    if (stopped) {
      throw new IllegalStateException("stopped before the other workers were there");
    }
  }
}
