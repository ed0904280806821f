package org.medoid.training.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.exceptions.TFInvalidArgumentException;
import org.tensorflow.exceptions.TensorFlowException;

class FailuresTest {
  @Test
  void ofFilesNameTheFileAndKeepTheReason() {
    assertThat(Failures.describe(new NoSuchFileException("a", null, "give the folder")))
        .isEqualTo("a: no such file or folder; give the folder");
    assertThat(Failures.describe(new FileAlreadyExistsException("a", null, "is not empty")))
        .isEqualTo("a: is not empty");
    assertThat(Failures.describe(new FileSystemException("a", null, "No space left on device")))
        .isEqualTo("a: No space left on device");
  }

  @Test
  void ofFilesWithoutAReasonSayTheirKind() {
    assertThat(Failures.describe(new NoSuchFileException("a")))
        .isEqualTo("a: no such file or folder");
    assertThat(Failures.describe(new AccessDeniedException("a"))).isEqualTo("a: permission denied");
    assertThat(Failures.describe(new FileAlreadyExistsException("a")))
        .isEqualTo("a: already exists");
    assertThat(Failures.describe(new NotDirectoryException("a")))
        .isEqualTo("a: is a file, not a folder");
    assertThat(Failures.describe(new DirectoryNotEmptyException("a")))
        .isEqualTo("a: is a folder with something in it");
    assertThat(Failures.describe(new FileSystemLoopException("a")))
        .isEqualTo("a: is a link to a folder around it");
    assertThat(Failures.describe(new AtomicMoveNotSupportedException("a", "b", null)))
        .isEqualTo("a: AtomicMoveNotSupportedException");
  }

  @Test
  void areOneLineWhateverTheyHold() {
    assertThat(Failures.describe(new IllegalArgumentException("a:\n  b\n\tc\n")))
        .isEqualTo("a: b c");
  }

  @Test
  void ofTensorFlowAreItsFirstLineAndTheNode() {
    String hint = "Hint: If you want to see a list of allocated tensors when OOM happens, add";
    String text = "No space left on device\n\t [[{{node save/Save}}]]\n" + hint;
    assertThat(Failures.describe(new TensorFlowException(text)))
        .isEqualTo("No space left on device (node save/Save)");
    assertThat(Failures.describe(new TFInvalidArgumentException(text)))
        .isEqualTo("No space left on device (node save/Save)");
  }

  @Test
  void ofTheVirtualMachineSayTheMend() {
    assertThat(Failures.describe(new OutOfMemoryError("Java heap space")))
        .isEqualTo("out of memory (Java heap space); set MEDOID_OPTS=-Xmx... to allow more");
    assertThat(Failures.describe(new StackOverflowError())).contains("MEDOID_OPTS=-Xss");
    assertThat(Failures.describe(new UnsatisfiedLinkError("no libx in\nthe path")))
        .contains("no libx in the path")
        .contains("medoid doctor");
    assertThat(Failures.describe(new NoClassDefFoundError("org/x/Y"))).contains("org/x/Y");
  }

  @Test
  void ofInitialisersSayWhatHappenedInThem() {
    assertThat(
            Failures.describe(
                new ExceptionInInitializerError(new IllegalStateException("no natives here"))))
        .isEqualTo("no natives here");
    NoClassDefFoundError again = new NoClassDefFoundError("Could not initialize class org.x.Y");
    again.initCause(new ExceptionInInitializerError(new UnsatisfiedLinkError("no libx")));
    assertThat(Failures.describe(again)).contains("no libx").contains("medoid doctor");
  }

  @Test
  void ofOtherThreadsAreThoseThatTheyWrap() {
    assertThat(
            Failures.describe(
                new java.util.concurrent.ExecutionException(new NoSuchFileException("a"))))
        .isEqualTo("a: no such file or folder");
  }

  @Test
  void aPlaceThatCannotBeLookedAtIsNotSaidToBeMissing(@TempDir Path folder) throws IOException {
    Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("link"));
    Path lost = Files.createSymbolicLink(folder.resolve("lost"), Path.of("nowhere"));
    Path file = Files.createFile(folder.resolve("file"));
    assertThat(missing(link.resolve("x"), null)).contains(link + " is a link to ", "cannot be");
    assertThat(missing(lost, null)).endsWith(lost + " is a link to nowhere, which is not there");
    assertThat(missing(file.resolve("x/y"), "give a folder"))
        .isEqualTo(file.resolve("x/y") + ": " + file + " is a file, not a folder; give a folder");
    assertThat(missing(folder.resolve("n".repeat(300)), null)).contains("too long");
    assertThat(missing(folder.resolve("x"), null)).endsWith("x: no such file or folder");
    assertThat(
            Failures.describe(
                new FileSystemException(file.resolve("x").toString(), null, "Not a directory")))
        .endsWith(file + " is a file, not a folder");
    assertThat(Failures.describe(new FileAlreadyExistsException(lost.toString())))
        .contains("is a link to nowhere");
  }

  /** Of a class whose start failed before Java keeps only what was said. */
  @Test
  void aNativeLibraryThatFailedBeforeIsNamed() {
    NoClassDefFoundError again = new NoClassDefFoundError("Could not initialize class TF_Status");
    again.initCause(
        new ExceptionInInitializerError(
            "Exception java.lang.UnsatisfiedLinkError: no jnitensorflow in java.library.path [in thread \"main\"]"));
    assertThat(Failures.describe(again))
        .startsWith("a native library cannot be loaded: ")
        .contains("jnitensorflow")
        .endsWith("medoid doctor says more");
  }

  private static String missing(Path file, String mend) {
    return Failures.describe(new NoSuchFileException(file.toString(), null, mend));
  }
}
