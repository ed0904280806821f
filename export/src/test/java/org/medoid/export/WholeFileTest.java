package org.medoid.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WholeFileTest {
  @TempDir private Path folder;

  @Test
  void aFullDiskIsToldWithTheFilesNameAndTheFileThatWasThereStays() throws IOException {
    Path file = folder.resolve("e.npy");
    WholeFile.write(file, aside -> Files.writeString(aside, "old"));
    assertThatThrownBy(
            () ->
                WholeFile.write(
                    file,
                    aside -> {
                      Files.writeString(aside, "ne");
                      throw new IOException("No space left on device"); // as FileChannel says it
                    }))
        .isInstanceOf(IOException.class)
        .hasMessage(file + " cannot be written: No space left on device");
    assertThat(file).hasContent("old");
    assertThat(folder.toFile().list()).containsExactly("e.npy");
  }

  @Test
  void aMissingFolderStaysWhatItIs() {
    Path file = folder.resolve("none/e.npy");
    assertThatThrownBy(() -> WholeFile.write(file, aside -> Files.writeString(aside, "x")))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining("none");
  }
}
