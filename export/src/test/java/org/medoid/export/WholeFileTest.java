package org.medoid.export;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
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
  void aMissingFolderIsNamedAndNotTheFileAside() {
    Path file = folder.resolve("none/e.npy");
    assertThatThrownBy(() -> WholeFile.write(file, aside -> Files.writeString(aside, "x")))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessage(file + ": there is no folder " + folder.resolve("none"));
  }

  @Test
  void ofTheFileAsideOnlyTheReasonIsTold() throws IOException {
    Path no = Files.createFile(folder.resolve("no folder")).resolve("e.npy");
    assertThatThrownBy(() -> WholeFile.write(no, aside -> Files.writeString(aside, "x")))
        .isInstanceOf(FileSystemException.class)
        .hasMessageStartingWith(no + ": ")
        .hasMessageNotContaining(".part");
    Path file = folder.resolve("e.npy");
    assertThatThrownBy(
            () ->
                WholeFile.write(
                    file,
                    aside -> {
                      throw new AccessDeniedException(aside.toString()); // root is never denied
                    }))
        .isInstanceOf(AccessDeniedException.class)
        .hasMessage(file + ": permission denied to write to " + folder);
    assertThatThrownBy(
            () ->
                WholeFile.write(
                    file,
                    aside -> {
                      Files.createDirectory(aside); // in the way, and not to be removed
                      Files.createFile(aside.resolve("x"));
                      Files.writeString(aside, "x");
                    }))
        .isInstanceOf(FileSystemException.class)
        .hasMessage(file + ": Is a directory");
  }

  @Test
  void anInterruptedThreadIsToldThatItWas() {
    Path file = folder.resolve("e.npy");
    WholeFile.Content channel =
        aside -> {
          try (FileChannel out = FileChannel.open(aside, CREATE, WRITE)) {
            out.write(ByteBuffer.allocate(1));
          }
        };
    Thread.currentThread().interrupt();
    try {
      assertThatThrownBy(() -> WholeFile.write(file, channel))
          .isInstanceOf(IOException.class)
          .hasMessage(file + " cannot be written: the thread was interrupted");
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
    assertThat(folder).isEmptyDirectory();
    assertThatThrownBy(
            () ->
                WholeFile.write(
                    file,
                    aside -> {
                      throw new ClosedChannelException();
                    }))
        .hasMessage(file + " cannot be written: ClosedChannelException");
  }
}
