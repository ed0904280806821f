package org.medoid.training.data;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.medoid.export.WholeFile;

/** Errors that Java leaves without the file's name. */
final class FileErrors {
  private FileErrors() {}

  /** Writes a file, which is named where it cannot be: of a pipe's copy, not the pipe. */
  static OutputStream named(Path kept) throws IOException {
    return new FilterOutputStream(Files.newOutputStream(kept)) {
      @Override
      public void write(byte[] bytes, int from, int count) throws IOException {
        try {
          out.write(bytes, from, count);
        } catch (IOException e) {
          throw new FileSystemException(kept.toString(), null, WholeFile.reason(e));
        }
      }
    };
  }

  /** What reads. */
  interface Reading {
    Npy read() throws IOException;
  }

  /** A disk that fails, or a device, names no file. */
  static Npy naming(Path file, Reading reading) throws IOException {
    try {
      return reading.read();
    } catch (FileSystemException e) {
      throw e;
    } catch (IOException e) {
      throw new IOException(file + " cannot be read: " + WholeFile.reason(e), e);
    }
  }
}
