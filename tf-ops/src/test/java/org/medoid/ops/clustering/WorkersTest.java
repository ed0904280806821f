package org.medoid.ops.clustering;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WorkersTest {
  private static final int ROWS = 2048;

  @Test
  void everyRowIsWorkedOnOnce() {
    AtomicInteger[] times = new AtomicInteger[ROWS];
    Arrays.setAll(times, i -> new AtomicInteger());
    Workers.forRange(
        ROWS,
        (from, to) -> {
          for (int i = from; i < to; i++) {
            times[i].incrementAndGet();
          }
        });
    assertThat(times).allMatch(each -> each.get() == 1);
  }

  /** The arrays of a batch may not be given up while another thread still writes them. */
  @Test
  void theOthersAreAwaitedWhenTheCallersPartThrows() {
    assumeTrue(Workers.parts(ROWS) > 1);
    Thread caller = Thread.currentThread();
    AtomicInteger begun = new AtomicInteger();
    AtomicInteger ended = new AtomicInteger();
    assertThatThrownBy(
            () ->
                Workers.forRange(
                    ROWS,
                    (from, to) -> {
                      if (Thread.currentThread() == caller) {
                        while (begun.get() == 0) {
                          Thread.onSpinWait();
                        }
                        throw new IllegalStateException("the caller's part");
                      }
                      begun.incrementAndGet();
                      LockSupport.parkNanos(50_000_000);
                      ended.incrementAndGet();
                    }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the caller's part");
    int before = ended.get();
    assertThat(before).isEqualTo(begun.get()).isPositive();
    LockSupport.parkNanos(120_000_000);
    assertThat(ended.get()).isEqualTo(before);
  }

  @Test
  void whatAnotherPartThrowsIsThrownAsItIs() {
    assumeTrue(Workers.parts(ROWS) > 1);
    Thread caller = Thread.currentThread();
    assertThatThrownBy(
            () ->
                Workers.forRange(
                    ROWS,
                    (from, to) -> {
                      if (Thread.currentThread() != caller) {
                        throw new OutOfMemoryError("the other's part");
                      }
                    }))
        .isInstanceOf(OutOfMemoryError.class)
        .hasMessage("the other's part");
  }
}
