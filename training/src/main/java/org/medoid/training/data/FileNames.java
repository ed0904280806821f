package org.medoid.training.data;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;

/** The names of files as the file system has them: bytes, of no known encoding on Unix. */
final class FileNames {
  /**
   * By their bytes, so that the order is the same in every locale and on every machine.
   *
   * <p>Windows' paths compare without regard to case, Unix's by bytes already.
   */
  static final Comparator<Path> BY_BYTES =
      (a, b) -> unix() ? a.compareTo(b) : Arrays.compareUnsigned(bytes(a), bytes(b));

  private FileNames() {}

  /**
   * The absolute name in bytes. A path's string is what the locale's encoding makes of them: in the
   * POSIX locale all that is not ASCII becomes U+FFFD, and no such file is found by that name. The
   * URI keeps each byte.
   *
   * @param file a path of the default file system
   * @return what opens it; UTF-8 on Windows
   */
  static byte[] bytes(Path file) {
    if (!unix()) {
      return file.toAbsolutePath()
          .toString()
          .replace(File.separatorChar, '/')
          .getBytes(StandardCharsets.UTF_8);
    }
    String uri = file.toUri().getRawPath();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(uri.length());
    for (int i = 0; i < uri.length(); i++) {
      if (uri.charAt(i) == '%') {
        bytes.write(Integer.parseInt(uri.substring(i + 1, i + 3), 16));
        i += 2;
      } else {
        bytes.write(uri.charAt(i));
      }
    }
    return bytes.toByteArray();
  }

  private static boolean unix() {
    return File.separatorChar == '/';
  }
}
