package org.medoid.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two processes do not train in one folder. */
@Timeout(120)
class RunLockTest {
  @TempDir private Path folder;

  @Test
  void aFolderIsTakenOnceAndFreeAgainAfterwards() throws IOException {
    Path run = folder.resolve("run");
    try (RunLock one = new RunLock();
        RunLock other = new RunLock()) {
      one.take(run);
      assertThatThrownBy(() -> other.take(run))
          .isInstanceOf(FileAlreadyExistsException.class)
          .hasMessageContaining("another process trains there");
    }
    assertThat(run).isEmptyDirectory();
    try (RunLock again = new RunLock()) {
      again.take(run);
      assertThat(run.resolve(RunLock.FILE)).exists();
      RunFolder.requireFree(run); // as one is after a process was killed
    }
  }

  @Test
  void anotherProcessIsRefusedAndChangesNothing() throws Exception {
    Launched.assumeBash();
    String data = Pictures.write(folder.resolve("data"), 8, 6, 18);
    Path run = folder.resolve("run");
    Path output = folder.resolve("output");
    String[] words = {
      "train",
      "--data=" + data,
      "--model=convnet",
      "--image-size=16",
      "--batch=8",
      "--classes-per-batch=2",
      "--steps=1",
      "--out=" + run
    };
    try (RunLock lock = new RunLock()) {
      lock.take(run);
      try (RunLock second = new RunLock()) { // of this process, which must not let go of the first
        assertThatThrownBy(() -> second.take(run)).isInstanceOf(FileAlreadyExistsException.class);
      }
      Process process = Launched.start("", output, words);
      assertThat(process.waitFor(100, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isEqualTo(1);
      assertThat(Files.readString(output)).contains(run + ": another process trains there");
      try (var content = Files.list(run)) {
        assertThat(content).containsExactly(run.resolve(RunLock.FILE));
      }
    }
    assertThat(Launched.start("", output, words).waitFor()).isZero();
    assertThat(run.resolve("result.json")).exists();
    assertThat(run.resolve(RunLock.FILE)).doesNotExist();
  }
}
