package org.medoid.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
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
  void linksStayAndWhatTheyLeadToIsWritten() throws IOException {
    Path real = Files.createDirectory(folder.resolve("disk")).resolve("e.npy");
    Path link = Files.createSymbolicLink(folder.resolve("e.npy"), Path.of("disk/e.npy"));
    Path again = Files.createSymbolicLink(folder.resolve("again.npy"), Path.of("e.npy"));
    for (String text : List.of("to come", "there")) {
      WholeFile.write(again, aside -> Files.writeString(aside, text));
      assertThat(again).isSymbolicLink();
      assertThat(link).isSymbolicLink();
      assertThat(real).isRegularFile().hasContent(text);
    }
    Path circle = folder.resolve("circle");
    Files.createSymbolicLink(circle, circle.getFileName());
    assertThatThrownBy(() -> WholeFile.write(circle, aside -> Files.writeString(aside, "x")))
        .isInstanceOf(FileSystemException.class)
        .hasMessageContaining("circle");
  }

  /** As root, a rename would take the place of the device. */
  @Test
  void devicesAndPipesAreWrittenToAndStayWhatTheyAre() throws Exception {
    Path pipe = folder.resolve("pipe");
    assumeThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    CompletableFuture<String> read =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return Files.readString(pipe);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    WholeFile.write(pipe, place -> Files.writeString(place, "through"));
    assertThat(read.get(30, TimeUnit.SECONDS)).isEqualTo("through");
    assertThat(Files.readAttributes(pipe, BasicFileAttributes.class).isOther()).isTrue();
  }

  @Test
  void aFolderIsNamed() {
    assertThatThrownBy(() -> WholeFile.write(folder, aside -> Files.writeString(aside, "x")))
        .isInstanceOf(FileSystemException.class)
        .hasMessageContaining(folder + ": is a folder");
  }

  @Test
  void aFileOfAnotherThatIsNamedAsAPartStaysAndNothingElseIsLeft() throws IOException {
    Path other = Files.writeString(folder.resolve("e.csv.part"), "mine");
    Path file = folder.resolve("e.csv");
    WholeFile.write(file, aside -> Files.writeString(aside, "x"));
    assertThatThrownBy(
            () ->
                WholeFile.write(
                    file,
                    aside -> {
                      Files.writeString(aside, "half");
                      throw new IOException("full");
                    }))
        .hasMessage(file + " cannot be written: full");
    assertThat(file).hasContent("x");
    assertThat(other).hasContent("mine");
    try (Stream<Path> all = Files.list(folder)) {
      assertThat(all).containsExactlyInAnyOrder(file, other);
    }
  }

  @Test
  void aMissingFolderStaysWhatItIs() {
    Path file = folder.resolve("none/e.npy");
    assertThatThrownBy(() -> WholeFile.write(file, aside -> Files.writeString(aside, "x")))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining("none");
  }
}
