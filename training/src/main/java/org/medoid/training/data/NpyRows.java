package org.medoid.training.data;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * Writes a float32 matrix as a {@code .npy} file of version 1, row by row: aside, then renamed, so
 * that there is the whole file or none.
 */
public final class NpyRows implements AutoCloseable {
  private final Path file;
  private final Path aside;
  private final OutputStream out;
  private final int rows;
  private int width;
  private int written;

  /**
   * Begins a file.
   *
   * @param file replaced, if it exists, when all rows are there
   * @param rows how many there will be
   * @throws IOException if it cannot be written
   */
  public NpyRows(Path file, int rows) throws IOException {
    this.file = file;
    this.rows = rows;
    aside = file.resolveSibling("." + file.getFileName() + ".part");
    out = new BufferedOutputStream(Files.newOutputStream(aside), 1 << 16);
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
      out.write(header());
    }
    written += values.length / columns;
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    out.write(bytes.array());
  }

  private byte[] header() {
    String text =
        "{'descr': '<f4', 'fortran_order': False, 'shape': (" + rows + ", " + width + "), }";
    int before = 10;
    text += " ".repeat(63 - (before + text.length()) % 64) + "\n";
    ByteBuffer header = ByteBuffer.allocate(before + text.length()).order(ByteOrder.LITTLE_ENDIAN);
    header.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0});
    header.putShort((short) text.length());
    return header.put(text.getBytes(StandardCharsets.ISO_8859_1)).array();
  }

  /**
   * Puts the file in its place if all rows are there, else removes it.
   *
   * @throws IOException if it cannot be written
   */
  @Override
  public void close() throws IOException {
    try {
      out.close();
      if (written == rows) {
        Files.move(aside, file, StandardCopyOption.REPLACE_EXISTING);
      }
    } finally {
      Files.deleteIfExists(aside);
    }
  }
}
