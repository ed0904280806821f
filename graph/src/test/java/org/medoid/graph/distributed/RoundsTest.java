package org.medoid.graph.distributed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;

class RoundsTest {
  /** Else they would wait for it in the next round until they find it gone. */
  @Test
  @Timeout(60)
  void thatATaskFailedWhileTheOthersWereToldIsToldInTheNextRound() {
    CountDownLatch told = new CountDownLatch(1);
    CompletableFuture<Thread> working = new CompletableFuture<>();
    List<String> asked = new CopyOnWriteArrayList<>();
    Exchange exchange =
        instead(
            Exchange.class,
            Exchange.ALONE,
            (name, arguments) ->
                name.equals("gather") // what is fed cannot be fetched
                    ? Optional.of(((Ops) arguments[0]).identity((Operand<?>) arguments[1]))
                    : Optional.empty());
    Worker worker =
        instead(
            Worker.class,
            Worker.alone(),
            (name, arguments) -> {
              asked.add(name);
              if (name.equals("workers")) { // when what is told is settled
                told.countDown();
                join(working.join());
              }
              return name.equals("exchange") ? Optional.of(exchange) : Optional.empty();
            });
    Worker.Task<String> task =
        () -> {
          working.complete(Thread.currentThread());
          try {
            told.await();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
          throw new IOException("disk full");
        };
    assertThatThrownBy(() -> new Rounds(worker).together(task, rank -> "worker " + rank))
        .isInstanceOf(IOException.class)
        .hasMessage("disk full");
    assertThat(asked).contains("rank"); // of a row that says failed: whose is it?
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What another gives, but where an answer is given in its place. */
  private static <T> T instead(
      Class<T> type, T other, BiFunction<String, Object[], Optional<Object>> answers) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> {
              Optional<Object> answer = answers.apply(method.getName(), arguments);
              return answer.isPresent() ? answer.get() : method.invoke(other, arguments);
            }));
  }
}
