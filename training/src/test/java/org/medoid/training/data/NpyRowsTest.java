package org.medoid.training.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NpyRowsTest {
  @TempDir private Path folder;
  private Path file;
  private Path aside;

  @BeforeEach
  void name() {
    file = folder.resolve("e.npy");
    aside = folder.resolve(".e.npy.k1.part");
  }

  /** Leaves what a process leaves that is killed after four of six rows, and in the fifth. */
  private void killed() throws Exception {
    byte[] left;
    try (NpyRows rows = new NpyRows(file, 6, "k1")) {
      rows.add(new float[] {1, 2, 3, 4}, 2);
      rows.add(new float[] {5, 6, 7, 8}, 2);
      left = Files.readAllBytes(aside);
    }
    assertThat(aside).doesNotExist(); // one that fails leaves nothing
    Files.write(aside, left);
    Files.write(aside, new byte[] {9, 9, 9}, StandardOpenOption.APPEND);
  }

  private void finish(String key, int before) throws Exception {
    try (NpyRows rows = new NpyRows(file, 6, key)) {
      assertThat(rows.written()).isEqualTo(before);
      for (int i = before; i < 6; i++) {
        rows.add(new float[] {2 * i + 1, 2 * i + 2}, 2);
      }
    }
    Npy read = Npy.read(file);
    assertThat(read.shape()).containsExactly(6, 2);
    assertThat((float[]) read.data()).containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).containsExactly(file);
    }
  }

  @Test
  void whatAnotherProcessWritesIsNeitherGoneOnWithNorRemoved() throws Exception {
    try (NpyRows rows = new NpyRows(file, 2, "k1")) {
      rows.add(new float[] {1, 2}, 2);
      assertThatThrownBy(() -> new NpyRows(file, 2, "k1"))
          .hasMessage(file + ": is being written by another process; wait for it");
      // With another key one of the two would find the other's rows under the name it gave.
      assertThatThrownBy(() -> new NpyRows(file, 1, "k2"))
          .hasMessage(file + ": is being written by another process; wait for it");
      try (Stream<Path> files = Files.list(folder)) {
        assertThat(files).containsExactly(aside);
      }
      rows.add(new float[] {3, 4}, 2);
    }
    assertThat((float[]) Npy.read(file).data()).containsExactly(1, 2, 3, 4);
  }

  @Test
  void goesOnAfterTheLastWholeRowOfAKilledProcess() throws Exception {
    killed();
    finish("k1", 4);
  }

  @Test
  void whatALinkLeadsToIsWrittenAndAFolderOrADeviceIsNot() throws Exception {
    Path real = Files.createDirectory(folder.resolve("disk")).resolve("e.npy");
    Files.createSymbolicLink(file, real);
    try (NpyRows rows = new NpyRows(file, 1, "k1")) {
      rows.add(new float[] {1, 2}, 2);
    }
    assertThat(file).isSymbolicLink();
    assertThat((float[]) Npy.read(real).data()).containsExactly(1, 2);
    assertThatThrownBy(() -> new NpyRows(folder, 1, "k1")).hasMessageContaining("is a folder");
    Path device = Path.of("/dev/null");
    assumeThat(Files.exists(device)).isTrue();
    assertThatThrownBy(() -> new NpyRows(device, 1, "k1")).hasMessageContaining("is a device");
    assertThat(Files.isRegularFile(device)).isFalse();
  }

  @Test
  void aMissingFolderAndAnInterruptedThreadAreTold() throws Exception {
    Path nowhere = folder.resolve("none").resolve("e.npy");
    assertThatThrownBy(() -> new NpyRows(nowhere, 1, "k1"))
        .isInstanceOf(IOException.class)
        .hasMessage(nowhere + ": there is no folder " + nowhere.getParent());
    String interrupted = file + " cannot be written: the thread was interrupted";
    try (NpyRows rows = new NpyRows(file, 1, "k1")) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> rows.add(new float[] {1}, 1)).hasMessage(interrupted);
      assertThatThrownBy(() -> new NpyRows(file, 1, "k2")).hasMessage(interrupted);
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
    assertThat(file).doesNotExist();
  }

  @Test
  void neverMixesRowsOfAnotherKey() throws Exception {
    killed();
    Path another = Files.createFile(folder.resolve(".e.npy.txt"));
    try (NpyRows rows = new NpyRows(file, 6, "k2")) {
      assertThat(rows.written()).isZero();
      assertThat(aside).doesNotExist();
    }
    assertThat(another).exists();
    Files.delete(another);
    finish("k2", 0);
  }

  @Test
  void beginsAnewAfterWhatIsNoSuchFile() throws Exception {
    for (byte[] nonsense :
        new byte[][] {
          {}, {1, 2, 3}, "'shape': (6, 2), ".repeat(20).getBytes(StandardCharsets.US_ASCII)
        }) {
      Files.write(aside, nonsense);
      finish("k1", 0);
      Files.delete(file);
    }
  }
}
