package org.medoid.training.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import org.medoid.export.Asides;
import org.medoid.ops.host.ProcessEnd;
import org.medoid.training.Trainer;

/**
 * What Ctrl-C does (or a signal to terminate): training ends after its current step, with a
 * checkpoint; everything else ends at once, with a line that says so. The virtual machine gives the
 * exit code that a shell expects, 130 for Ctrl-C.
 */
final class Interruption {
  /** The exit code of a program that Ctrl-C ended. */
  static final int EXIT_CODE = 130;

  private static final AtomicInteger TRAININGS = new AtomicInteger();

  /** Work whose own hooks end it; TensorFlow rests meanwhile. */
  private static final AtomicInteger HOOKED = new AtomicInteger();

  /** How Java calls the thread that a signal starts, and the signal's number. */
  private static final Map<String, Integer> SIGNALS =
      Map.of("SIGHUP handler", 1, "SIGINT handler", 2, "SIGTERM handler", 15);

  private Interruption() {}

  /**
   * Runs the program.
   *
   * @param program gives its exit code
   * @return the exit code
   */
  static int saidFor(IntSupplier program) {
    Thread hook =
        new Thread(
            () -> {
              if (TRAININGS.get() == 0) { // else the trainer says how far it came
                new PrintWriter(System.err, true, StandardCharsets.UTF_8)
                    .println("medoid: interrupted");
                if (HOOKED.get() == 0) {
                  System.out.flush();
                  Asides.removeAll();
                  ProcessEnd.now(exitCode());
                }
              }
            },
            "interrupted");
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      return program.getAsInt();
    } finally {
      remove(hook);
    }
  }

  /** What a shell expects of a program that the signal has ended. */
  private static int exitCode() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(thread -> SIGNALS.get(thread.getName()))
        .filter(Objects::nonNull)
        .findFirst()
        .map(signal -> 128 + signal)
        .orElse(EXIT_CODE);
  }

  /**
   * Does work that has a hook of its own for the end of the program, and lets no TensorFlow run in
   * this process.
   *
   * @param work gives an exit code
   * @return the exit code
   * @throws IOException as the work
   */
  static int hooked(Training<Integer> work) throws IOException {
    HOOKED.incrementAndGet();
    try {
      return work.run();
    } finally {
      HOOKED.decrementAndGet();
    }
  }

  /**
   * A call of {@link Trainer#run} or {@link Trainer#resume}.
   *
   * @param <R> what comes of it
   */
  interface Training<R> {
    R run() throws IOException;
  }

  /**
   * Trains; the end of the program waits for the checkpoint after the current step.
   *
   * @param <R> what comes of it
   * @param trainer what trains
   * @param training runs it
   * @param remark told how far it came, if the program is ending
   * @return the result
   * @throws IOException as {@link Trainer#run}
   * @throws CancellationException if the program is ending
   */
  static <R> R train(Trainer trainer, Training<R> training, Consumer<String> remark)
      throws IOException {
    CountDownLatch done = new CountDownLatch(1);
    // The virtual machine ends when its hooks do: this one waits for the checkpoint.
    Thread hook =
        new Thread(
            () -> {
              trainer.stop();
              try {
                done.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "stop training");
    TRAININGS.incrementAndGet();
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      R result = training.run();
      if (!remove(hook)) {
        // TensorFlow must rest when the program ends: its threads crash when their pools are gone.
        throw new CancellationException("stopped after the last step");
      }
      TRAININGS.decrementAndGet();
      return result;
    } catch (CancellationException e) {
      remark.accept(e.getMessage());
      throw e;
    } finally {
      if (remove(hook)) { // it failed
        TRAININGS.decrementAndGet();
      }
      done.countDown();
    }
  }

  /** Whether the program is not ending already. */
  private static boolean remove(Thread hook) {
    try {
      return Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      return false;
    }
  }
}
