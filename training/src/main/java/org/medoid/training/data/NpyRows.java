package org.medoid.training.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.medoid.export.WholeFile;

/**
 * Writes a float32 matrix as a {@code .npy} file of version 1, row by row: aside, then renamed, so
 * that there is the whole file or none. What a process that was killed has written stays aside, and
 * the next one with the same key goes on after it.
 */
public final class NpyRows implements AutoCloseable {
  private static final Pattern SHAPE = Pattern.compile("'shape': \\(\\d+, (\\d{1,9})\\)");

  private final Path file;
  private final Path aside;
  private final LockedFile locked;
  private final FileChannel out;
  private final int rows;
  private int width;
  private int written;
  private boolean kept;

  /**
   * Begins a file, or goes on with it.
   *
   * @param file replaced, if it exists, when all rows are there; what a link leads to
   * @param rows how many there will be
   * @param key of letters and digits; tells all that decides the rows: what is left of a file with
   *     another key is removed
   * @throws IOException if it cannot be written, naming it: its folder is missing, the thread was
   *     interrupted; if it is a folder, a device or a pipe, or another process writes it, with
   *     whatever key
   */
  public NpyRows(Path file, int rows, String key) throws IOException {
    this.file = WholeFile.place(file);
    this.rows = rows;
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new FileSystemException(
          file.toString(), null, "is a device or a pipe, where no file can be gone on with");
    }
    String name = "." + this.file.getFileName() + ".";
    aside = this.file.resolveSibling(name + key + ".part");
    try {
      locked = LockedFile.open(aside);
    } catch (IOException e) {
      throw WholeFile.naming(file, aside, e);
    }
    if (locked == null) {
      throw busy();
    }
    out = locked.channel();
    try {
      removeOthers(name);
      goOn();
    } catch (IOException e) {
      locked.close();
      throw WholeFile.naming(file, aside, e);
    }
  }

  private FileSystemException busy() {
    return new FileSystemException(
        file.toString(), null, "is being written by another process; wait for it");
  }

  private void removeOthers(String name) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    DirectoryStream.Filter<Path> others =
        each -> {
          String other = each.getFileName().toString();
          return other.startsWith(name)
              && other.matches(Pattern.quote(name) + "[0-9A-Za-z]+\\.part")
              && !other.equals(aside.getFileName().toString());
        };
    try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, others)) {
      for (Path each : found) {
        LockedFile other = LockedFile.open(each);
        if (other == null) {
          if (out.size() == 0) {
            Files.delete(aside);
          }
          throw busy();
        }
        try {
          Files.delete(each);
        } finally {
          other.close();
        }
      }
    }
  }

  /** Keeps the whole rows that are there, if they are such rows. */
  private void goOn() throws IOException {
    ByteBuffer start = ByteBuffer.allocate(256);
    while (start.hasRemaining() && out.read(start) > 0) {}
    String text = new String(start.array(), 0, start.position(), StandardCharsets.ISO_8859_1);
    Matcher shape = SHAPE.matcher(text);
    if (shape.find()) {
      width = Integer.parseInt(shape.group(1));
      byte[] header = Npy.header("<f4", rows, width).array();
      long there = (out.size() - header.length) / (4L * Math.max(1, width));
      if (width > 0
          && there > 0
          && there <= rows
          && text.startsWith(new String(header, StandardCharsets.ISO_8859_1))) {
        written = (int) there;
        out.truncate(header.length + 4L * width * written);
        out.position(out.size());
        return;
      }
      width = 0;
    }
    out.truncate(0);
  }

  /**
   * How many rows there are, of an earlier process to begin with.
   *
   * @return 0 to all
   */
  public int written() {
    return written;
  }

  /**
   * Adds rows.
   *
   * @param values float32 [n, columns] in a row
   * @param columns of each row, the same every time
   * @throws IOException if they cannot be written
   * @throws IllegalArgumentException if they are no such rows, or more than were said
   */
  public void add(float[] values, int columns) throws IOException {
    if (columns < 1 || values.length % columns != 0 || (width != 0 && columns != width)) {
      throw new IllegalArgumentException(
          "%d values are no rows of %d".formatted(values.length, width == 0 ? columns : width));
    }
    if (written + values.length / columns > rows) {
      throw new IllegalArgumentException("more rows than the " + rows + " that were said");
    }
    if (width == 0) {
      width = columns;
      write(Npy.header("<f4", rows, width));
    }
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    write(bytes);
    written += values.length / columns;
  }

  /** Lets what is written stay aside for the next process, though not all rows are there. */
  public void keep() {
    kept = true;
  }

  private void write(ByteBuffer bytes) throws IOException {
    try {
      Npy.writeWhole(out, bytes);
    } catch (IOException e) {
      throw WholeFile.naming(file, e);
    }
  }

  /**
   * Puts the file in its place if all rows are there, else removes it, unless it is to be kept.
   *
   * @throws IOException if it cannot be written
   */
  @Override
  public void close() throws IOException {
    try {
      locked.close();
      if (written == rows) {
        Files.move(aside, file, StandardCopyOption.REPLACE_EXISTING);
      }
    } finally {
      if (!kept) {
        Files.deleteIfExists(aside);
      }
    }
  }
}
