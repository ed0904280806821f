package org.medoid.training.data;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** The names of files as the file system has them: bytes, of no known encoding on Unix. */
public final class FileNames {
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

  /**
   * The last part of a path as text, the same in every locale if it is UTF-8. A path's string is
   * not: in the POSIX locale different names become one.
   *
   * @param file a path of the default file system, not a root
   * @return what the locale makes of it; if that has U+FFFD in it and the bytes are UTF-8, these
   */
  public static String name(Path file) {
    String name = file.getFileName().toString();
    if (!unix() || name.indexOf('\ufffd') < 0) {
      return name;
    }
    byte[] all = bytes(file); // with a / at the end if it is a folder
    int to = all[all.length - 1] == '/' ? all.length - 1 : all.length;
    int from = to;
    while (all[from - 1] != '/') {
      from--;
    }
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(all, from, to - from))
          .toString();
    } catch (CharacterCodingException e) {
      return name;
    }
  }

  /**
   * Adds what lies in a class's folder.
   *
   * @throws IllegalArgumentException if another folder's name reads the same, which would be lost
   */
  static void put(Map<String, List<Path>> classes, String name, List<Path> images, Path folder) {
    if (classes.putIfAbsent(name, images) != null) {
      throw new IllegalArgumentException(
          folder + ": its name reads '" + name + "' as another class's does: rename it in UTF-8");
    }
  }

  private static boolean unix() {
    return File.separatorChar == '/';
  }
}
