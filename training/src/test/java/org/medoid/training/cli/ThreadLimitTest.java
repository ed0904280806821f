package org.medoid.training.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.medoid.ops.clustering.Threads;

class ThreadLimitTest {
  @TempDir private Path folder;

  @AfterEach
  void forget() {
    System.clearProperty(Threads.PROPERTY);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"0|1", "0-1|2", "0-3,8|5", "2,5,7|3", "0-63,128-191|128"})
  void processorsAreCountedAsLinuxListsThem(String list, int count) throws Exception {
    Path status =
        Files.writeString(
            folder.resolve("status"),
            "Cpus_allowed:\tffff,ffffffff\nCpus_allowed_list:\t" + list + "\nMems_allowed:\t1\n");
    assertThat(ThreadLimit.schedulable(status)).isEqualTo(count);
  }

  @Test
  void withoutLinuxNothingIsKnown() {
    assertThat(ThreadLimit.schedulable(folder.resolve("none"))).isZero();
  }

  @Test
  void theOptionHoldsForEveryCommandAndDoctorTellsIt() {
    assertThat(Typed.medoid("doctor", "--threads", "3").out())
        .contains("work shared among 3 (--threads)");
    assertThat(Threads.count()).isEqualTo(3);
    // The threads that read pictures beside the one that waits for them.
    assertThat(System.getProperty("java.util.concurrent.ForkJoinPool.common.parallelism"))
        .isEqualTo("2");
    for (int count : new int[] {0, 20_000}) {
      Typed wrong = Typed.medoid("report", "--threads=" + count, "--run", "none");
      assertThat(wrong.code()).isEqualTo(2);
      assertThat(wrong.err()).contains("--threads " + count, "from 1 to 4096");
    }
  }
}
