package org.medoid.ops.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.tensorflow.Graph;
import org.tensorflow.Session;
import org.tensorflow.TensorFlow;

/** TensorFlow's pools are as large as the first word about them says. */
@Timeout(120)
@EnabledOnOs(OS.LINUX)
class SessionThreadsTest {
  /** In a process of its own: threads after TensorFlow is loaded, limited, and used again. */
  static final class Program {
    private static long threads() throws IOException {
      try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
        return tasks.count();
      }
    }

    public static void main(String[] arguments) throws IOException {
      TensorFlow.version();
      try (Graph graph = new Graph()) {
        long before = threads();
        SessionThreads.limit(Integer.parseInt(arguments[0]));
        long limited = threads();
        new Session(graph).close();
        System.out.println((limited - before) + " " + (threads() - limited));
      }
    }
  }

  /** Threads that the limit starts, and those that a session starts after it. */
  private static String started(int count) throws Exception {
    List<String> options =
        List.of(
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:-UseDynamicNumberOfCompilerThreads"); // none that come and go
    return OwnProcess.printed(options, Map.of(), Program.class, Integer.toString(count)).strip();
  }

  @Test
  void eitherPoolHasSoManyThreadsAndLaterSessionsAddNone() throws Exception {
    int one = Integer.parseInt(started(1).replaceFirst(" 0$", ""));
    int six = Integer.parseInt(started(6).replaceFirst(" 0$", ""));
    assertThat(six - one).isEqualTo(10);
  }

  @Test
  void fewerThanOneIsRefused() {
    assertThatThrownBy(() -> SessionThreads.limit(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("but are 0");
  }
}
