package org.medoid.training.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.medoid.training.format.Csv;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Labels in a file or a pipe: an array of NumPy's, or a text with a label on each line. */
public final class LabelFile {
  private static final Logger LOG = LoggerFactory.getLogger(LabelFile.class);

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
   * @param count how many there must be in a text: a pipe that gives many more is not read to its
   *     end
   * @return an array of numbers or of texts
   * @throws IOException if it cannot be read
   * @throws IllegalArgumentException if it is neither, or a text of another number of labels; names
   *     the file
   */
  public static Npy read(Path file, int count) throws IOException {
    return FileErrors.naming(file, () -> whole(file, count));
  }

  private static Npy whole(Path file, int count) throws IOException {
    if (!Files.exists(file) || Files.isDirectory(file) || Files.isRegularFile(file)) {
      return read(file, file, count);
    }
    Path kept = Files.createTempFile("medoid", ".labels");
    try {
      try (InputStream in = Files.newInputStream(file);
          OutputStream out = FileErrors.named(kept)) {
        copy(file, in, out, LONGEST * (count + 1L));
      }
      return read(file, kept, count);
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
    boolean wide = isUtf16(chunk);
    long copied = 0;
    while (chunk.length > 0) {
      String text = new String(chunk, StandardCharsets.ISO_8859_1);
      if (!array && !wide && BINARY.matcher(text).find()) {
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
  private static Npy read(Path file, Path content, int count) throws IOException {
    if (!Files.isRegularFile(content) || Npy.begins(content)) {
      return NpyReader.read(file, content);
    }
    List<String> labels = labels(file, Files.readAllBytes(content));
    if (labels.size() != count) {
      labels = withoutEmptyEnds(labels);
    }
    if (labels.size() != count) {
      throw new IllegalArgumentException(
          "%s: %d labels for %d embeddings; needs a label on each line, and no heading (the first is \"%s\")"
              .formatted(
                  file, labels.size(), count, labels.isEmpty() ? "" : shortened(labels.get(0))));
    }
    long empty = labels.stream().filter(String::isEmpty).count();
    if (empty > 0) {
      LOG.warn("{}: {} labels are empty, and are taken for a class of their own", file, empty);
    }
    return new Npy(new int[] {labels.size()}, labels.toArray(String[]::new));
  }

  /** Between others an empty line is a label that is missing: without it the next ones move up. */
  private static List<String> withoutEmptyEnds(List<String> labels) {
    int from = 0;
    int to = labels.size();
    while (from < to && labels.get(from).isEmpty()) {
      from++;
    }
    while (to > from && labels.get(to - 1).isEmpty()) {
      to--;
    }
    return labels.subList(from, to);
  }

  private static String shortened(String text) {
    return text.length() > 40 ? text.substring(0, 40) + "..." : text;
  }

  private static List<String> labels(Path file, byte[] content) {
    String text = text(file, content);
    List<String> lines = text.lines().toList();
    if (lines.isEmpty() || lines.stream().anyMatch(line -> CONTROL.matcher(line).find())) {
      throw new IllegalArgumentException(file + ": " + OtherFiles.name(content));
    }
    boolean tabs = lines.stream().allMatch(line -> line.contains("\t"));
    boolean columns = tabs || lines.stream().allMatch(line -> line.contains(","));
    if (!tabs && (columns || lines.stream().anyMatch(line -> line.startsWith("\"")))) {
      Optional<List<String>> column = Csv.column(text); // in quotes, commas in them
      if (column.isPresent()) {
        return column.get().stream().map(String::strip).toList();
      }
    }
    if (columns) {
      throw new IllegalArgumentException(
          file
              + ": has several columns; write the one with the labels into a file of its own, in"
              + " quotes where a label has commas");
    }
    return lines.stream().map(String::strip).toList();
  }

  /** Of UTF-8, or of UTF-16 that says so, as Windows' shells write it. */
  private static String text(Path file, byte[] content) {
    try {
      return (isUtf16(content) ? StandardCharsets.UTF_16 : StandardCharsets.UTF_8)
          .newDecoder()
          .decode(ByteBuffer.wrap(content))
          .toString()
          .replace("\ufeff", "");
    } catch (CharacterCodingException e) {
      String latin = new String(content, StandardCharsets.ISO_8859_1);
      throw new IllegalArgumentException(
          file
              + ": "
              + (BINARY.matcher(latin).find()
                  ? OtherFiles.name(content)
                  : "text that is not UTF-8; save it as UTF-8"),
          e);
    }
  }

  /** By the mark that it begins with. */
  private static boolean isUtf16(byte[] content) {
    return content.length > 1
        && ((content[0] == (byte) 0xff && content[1] == (byte) 0xfe)
            || (content[0] == (byte) 0xfe && content[1] == (byte) 0xff));
  }
}
