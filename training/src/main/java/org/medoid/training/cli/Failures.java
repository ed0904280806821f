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
    if (failure instanceof FileSystemException system && system.getReason() != null) {
      return system.getFile() + ": " + system.getReason();
    }
    if (failure instanceof NoSuchFileException missing) {
      return missing.getFile() + ": no such file or folder";
    }
    if (failure instanceof AccessDeniedException denied) {
      return denied.getFile() + ": permission denied";
    }
    if (failure instanceof FileAlreadyExistsException exists) {
      return exists.getFile() + ": already exists";
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

  /** A text without line breaks. */
  static String oneLine(String text) {
    return text.strip().replaceAll("\\s*\\R\\s*", " ");
  }
}
