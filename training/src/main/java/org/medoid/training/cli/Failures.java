package org.medoid.training.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.medoid.export.savedmodel.VariableValues;
import org.medoid.training.data.BrokenImagesException;
import org.tensorflow.exceptions.TensorFlowException;

/** Says in one line what went wrong. */
final class Failures {
  /** The package of TensorFlow's exceptions, which have no root of their own. */
  private static final String TENSORFLOW = TensorFlowException.class.getPackageName();

  private static final String DEBUG = "; --debug prints where";

  private Failures() {}

  /**
   * Describes a failure.
   *
   * @param failure what was thrown
   * @return one line, for a person: what failed, of which file or option, and the mend where known
   */
  static String describe(Throwable failure) {
    return oneLine(text(failure));
  }

  private static String text(Throwable failure) {
    if (failure instanceof FileSystemException system) {
      return system.getFile() + ": " + reason(system);
    }
    if (failure instanceof UncheckedIOException
        || failure instanceof ExecutionException
        || failure instanceof CompletionException
        || failure instanceof InvocationTargetException) {
      if (failure.getCause() != null) {
        return text(failure.getCause());
      }
    }
    if (failure instanceof Exception e && e.getClass().getPackageName().equals(TENSORFLOW)) {
      return VariableValues.firstLine(e);
    }
    if (failure instanceof BrokenImagesException) {
      return failure.getMessage() + " (--skip-broken)";
    }
    if (failure instanceof IllegalArgumentException
        || failure instanceof IllegalStateException
        || failure instanceof UnsupportedOperationException
        || failure instanceof CancellationException
        || failure instanceof IOException) {
      if (failure.getMessage() != null) {
        return failure.getMessage();
      }
    }
    return failure instanceof Error error ? text(error) : failure + DEBUG;
  }

  /** What the virtual machine lacks. */
  private static String text(Error error) {
    if (error instanceof OutOfMemoryError) {
      return "out of memory (" + error.getMessage() + "); set MEDOID_OPTS=-Xmx... to allow more";
    }
    if (error instanceof StackOverflowError) {
      return "something is nested too deeply for the stack; set MEDOID_OPTS=-Xss... to allow more";
    }
    Throwable root = error;
    while (root.getCause() != null && root.getCause() != root) {
      root = root.getCause();
    }
    // Where the class was tried before, what failed then is only in the text.
    if (root instanceof UnsatisfiedLinkError
        || String.valueOf(root.getMessage()).contains("UnsatisfiedLinkError")) {
      return "a native library cannot be loaded: "
          + root.getMessage()
          + "; medoid doctor says more";
    }
    if (root instanceof ClassNotFoundException
        || (root instanceof NoClassDefFoundError && root == error)) {
      return "the class "
          + root.getMessage()
          + " is not on the class path, or its start failed before; build anew with mvn package";
    }
    if (root != error && error instanceof LinkageError) { // an initialiser that failed: the reason
      return text(root);
    }
    return error + DEBUG;
  }

  private static String reason(FileSystemException failure) {
    String told = failure.getReason();
    if (failure instanceof NoSuchFileException) {
      return Obstacle.on(failure.getFile()).orElse("no such file or folder")
          + (told == null ? "" : "; " + told);
    }
    if (failure.getClass() == FileSystemException.class) { // in the words of the system
      Optional<String> obstacle = Obstacle.on(failure.getFile());
      if (obstacle.isPresent()) {
        return obstacle.get();
      }
    }
    if (told != null) {
      return told;
    }
    if (failure instanceof NotDirectoryException) {
      Path place = Path.of(failure.getFile());
      boolean pipe = Files.exists(place) && !Files.isRegularFile(place); // or a device
      return pipe ? "is a pipe or a device, not a folder" : "is a file, not a folder";
    }
    if (failure instanceof DirectoryNotEmptyException) {
      return "is a folder with something in it";
    }
    if (failure instanceof FileSystemLoopException) {
      return "is a link to a folder around it";
    }
    if (failure instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (failure instanceof FileAlreadyExistsException) {
      return Obstacle.on(failure.getFile()).orElse("already exists");
    }
    return failure.getClass().getSimpleName();
  }

  /** A text without line breaks. */
  static String oneLine(String text) {
    return text.strip().replaceAll("\\s*\\R\\s*", " ");
  }
}
