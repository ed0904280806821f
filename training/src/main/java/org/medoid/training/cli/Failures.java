package org.medoid.training.cli;

import java.io.FileNotFoundException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.tensorflow.exceptions.TensorFlowException;

/** Says in one line what went wrong. */
final class Failures {
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
    if (failure instanceof IllegalArgumentException
        || failure instanceof IllegalStateException
        || failure instanceof UnsupportedOperationException
        || failure instanceof FileNotFoundException
        || failure instanceof java.io.IOException
        || failure instanceof TensorFlowException) {
      if (failure.getMessage() != null) {
        return failure.getMessage();
      }
    }
    if (failure instanceof java.io.UncheckedIOException unchecked) {
      return text(unchecked.getCause());
    }
    if (failure instanceof OutOfMemoryError) {
      return "out of memory (" + failure.getMessage() + "); set MEDOID_OPTS=-Xmx... to allow more";
    }
    return failure + "; --debug prints where";
  }

  private static String reason(FileSystemException failure) {
    String told = failure.getReason();
    if (failure instanceof NoSuchFileException) {
      return "no such file or folder" + (told == null ? "" : "; " + told);
    }
    if (told != null) {
      return told;
    }
    if (failure instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (failure instanceof FileAlreadyExistsException) {
      return "already exists";
    }
    return failure.getClass().getSimpleName();
  }

  /** A text without line breaks. */
  static String oneLine(String text) {
    return text.strip().replaceAll("\\s*\\R\\s*", " ");
  }
}
