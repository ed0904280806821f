package org.medoid.training.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * Remembers why a result could not be written: a {@link PrintStream} goes on in silence, so that a
 * full disk would look like success.
 */
final class StandardOutput extends FilterOutputStream {
  private IOException failure;

  /**
   * Watches a stream.
   *
   * @param out where results go
   */
  StandardOutput(OutputStream out) {
    super(out);
  }

  /** Takes the place of {@link System#out}. */
  static StandardOutput install() {
    StandardOutput watched = new StandardOutput(new FileOutputStream(FileDescriptor.out));
    System.setOut(new PrintStream(watched, true, StandardCharsets.UTF_8));
    return watched;
  }

  @Override
  public void write(byte[] bytes, int from, int count) throws IOException {
    try {
      out.write(bytes, from, count);
    } catch (IOException e) {
      failure = failure == null ? e : failure;
      throw e;
    }
  }

  @Override
  public void write(int value) throws IOException {
    write(new byte[] {(byte) value}, 0, 1);
  }

  /**
   * The exit code of a program that has ended.
   *
   * @param code its own
   * @return 1 in place of success if the result is lost. A reader that has read enough ({@code |
   *     head}) is no failure
   */
  int exitCode(int code) {
    System.out.flush();
    if (failure == null
        || code != 0
        || String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT).contains("broken pipe")) {
      return code;
    }
    System.err.println(
        "medoid: the result cannot be written to standard output: " + failure.getMessage());
    return 1;
  }
}
