package org.medoid.training.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/** Labels in a file or a pipe: an array of NumPy's, or a text with a label on each line. */
public final class LabelFile {
  /** No text holds others of them than tabs. */
  private static final Pattern CONTROL = Pattern.compile("[\\p{Cntrl}&&[^\t]]");

  /** The same with ends of lines: what a device gives that never ends. */
  private static final Pattern BINARY = Pattern.compile("[\\p{Cntrl}&&[^\t\r\n]]");

  /** The longest label on average, in bytes, that a pipe may give. */
  private static final long LONGEST = 4_096;

  private static final int CHUNK = 1 << 16;

  private LabelFile() {}

  /**
   * Reads labels.
   *
   * @param file a file, or a pipe such as {@code /dev/stdin}, which is read once
   * @param count about how many there will be: a pipe of text that gives many more is not read to
   *     its end
   * @return an array of numbers or of texts
   * @throws IOException if it cannot be read
   * @throws IllegalArgumentException if it is neither; names the file
   */
  public static Npy read(Path file, int count) throws IOException {
    if (!Files.exists(file) || Files.isDirectory(file) || Files.isRegularFile(file)) {
      return read(file, file);
    }
    Path kept = Files.createTempFile("medoid", ".labels");
    try {
      try (InputStream in = Files.newInputStream(file);
          OutputStream out = Files.newOutputStream(kept)) {
        copy(file, in, out, LONGEST * (count + 1L));
      }
      return read(file, kept);
    } finally {
      Files.delete(kept);
    }
  }

  private static void copy(Path pipe, InputStream in, OutputStream out, long most)
      throws IOException {
    byte[] chunk = in.readNBytes(CHUNK);
    boolean array =
        chunk.length >= Npy.MAGIC.length
            && Arrays.equals(Npy.MAGIC, Arrays.copyOf(chunk, Npy.MAGIC.length));
    long copied = 0;
    while (chunk.length > 0) {
      String text = new String(chunk, StandardCharsets.ISO_8859_1);
      if (!array && BINARY.matcher(text).find()) {
        throw new IllegalArgumentException(pipe + ": " + OtherFiles.name(chunk));
      }
      copied += chunk.length;
      if (!array && copied > most) {
        throw new IllegalArgumentException(
            pipe + ": more than " + most + " bytes, which are no labels of as few embeddings");
      }
      out.write(chunk);
      chunk = in.readNBytes(CHUNK);
    }
  }

  /** Of the content of a file by its name; names as {@code embed} prints them go through cut. */
  private static Npy read(Path file, Path content) throws IOException {
    if (!Files.isRegularFile(content) || Npy.begins(content)) {
      return NpyReader.read(file, content);
    }
    List<String> lines;
    try {
      lines = Files.readAllLines(content, StandardCharsets.UTF_8);
    } catch (CharacterCodingException e) {
      return NpyReader.read(file, content); // which says what it is
    }
    if (lines.isEmpty() || lines.stream().anyMatch(line -> CONTROL.matcher(line).find())) {
      return NpyReader.read(file, content);
    }
    if (lines.stream().allMatch(line -> line.contains("\t") || line.contains(","))) {
      throw new IllegalArgumentException(
          file + ": has several columns; write the one with the labels into a file of its own");
    }
    return new Npy(
        new int[] {lines.size()},
        lines.stream().map(line -> line.replace("\ufeff", "").strip()).toArray(String[]::new));
  }
}
