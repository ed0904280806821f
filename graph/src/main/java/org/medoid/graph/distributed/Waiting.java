package org.medoid.graph.distributed;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.medoid.graph.distributed.Peer.State;
import org.tensorflow.exceptions.TensorFlowException;

/**
 * How a worker waits for another: so long and no longer, telling for whom.
 *
 * @param patience how long
 * @param told is told for whom, after a second and then every ten
 */
record Waiting(Duration patience, Consumer<String> told) {
  private static final long TICK_MS = 100;

  /** Until one that seems gone is asked again: its name may have failed to resolve. */
  private static final long AGAIN_MS = 500;

  static void pause(long milliseconds) {
    try {
      Thread.sleep(milliseconds);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  void until(Peer peer, BooleanSupplier there) {
    until(() -> peer, there);
  }

  /**
   * Waits.
   *
   * @param peer for whom, at the moment
   * @param there asked ten times a second
   * @throws IllegalStateException if it is not there in time, and its server does not live either:
   *     one that lives is reading its data
   */
  void until(Supplier<Peer> peer, BooleanSupplier there) {
    long begun = System.nanoTime();
    long next = 1;
    while (!there.getAsBoolean()) {
      long seconds = (System.nanoTime() - begun) / 1_000_000_000;
      if (seconds >= patience.toSeconds() && surely(peer.get()) != State.ALIVE) {
        throw new IllegalStateException(
            "%s did not come within %d s: start it, or look whether its address is right and can be"
                    .formatted(peer.get(), patience.toSeconds())
                + " reached from here");
      }
      if (seconds >= next) {
        told.accept("waiting for " + peer.get());
        next = seconds + 10;
      }
      pause(TICK_MS);
    }
  }

  /**
   * Waits for a text on the board, as long as the worker that puts it there lives: how long it
   * waits for others is its own affair.
   *
   * @throws IllegalStateException if it does not live
   */
  String forText(Board board, String name, Peer peer) {
    long tick = 0;
    while (true) {
      try {
        Optional<String> text = board.get(name);
        if (text.isPresent()) {
          return text.get();
        }
      } catch (TensorFlowException e) {
        requireAlive(peer);
      }
      if (tick++ % 20 == 0) {
        requireAlive(peer);
      }
      if (tick % 100 == 10) {
        told.accept("waiting for " + peer + ", which waits for all workers");
      }
      pause(TICK_MS);
    }
  }

  /**
   * Does what TensorFlow would try for ever if the other worker dies meanwhile.
   *
   * @throws IllegalStateException if it does not live
   */
  <T> T whileAlive(Peer peer, Supplier<T> task) {
    CompletableFuture<T> future = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                future.complete(task.get());
              } catch (RuntimeException | Error e) {
                future.completeExceptionally(e);
              }
            },
            "waits for a worker");
    thread.setDaemon(true);
    thread.start();
    while (true) {
      try {
        return future.get(2, TimeUnit.SECONDS);
      } catch (TimeoutException e) {
        requireAlive(peer);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted", e);
      } catch (ExecutionException e) {
        throw e.getCause() instanceof RuntimeException cause
            ? cause
            : new CompletionException(e.getCause());
      }
    }
  }

  /** Probes as {@link Watch} does: gone is only what is so several times in a row. */
  private static State surely(Peer peer) {
    State state = peer.probe();
    for (int times = 1; state == State.GONE && times < Watch.TIMES; times++) {
      pause(AGAIN_MS);
      state = peer.probe();
    }
    return state;
  }

  private void requireAlive(Peer peer) {
    State state = surely(peer);
    for (long begun = System.nanoTime();
        state == State.SILENT && (System.nanoTime() - begun) / 1e9 < patience.toSeconds(); ) {
      state = surely(peer);
    }
    if (state != State.ALIVE) {
      throw new IllegalStateException(
          peer + state.told + (state == State.GONE ? "; its own output says why" : ""));
    }
  }
}
