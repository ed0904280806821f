package org.medoid.training.format;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Comma-separated values as RFC 4180 has them, but for the end of a line, which is a line feed. A
 * cell is in quotes only where it must be.
 */
public final class Csv {
  private Csv() {}

  /**
   * A row as a line.
   *
   * @param cells one or more
   * @return the line, its end included
   */
  public static String line(List<?> cells) {
    StringWriter line = new StringWriter();
    CsvWriter.builder()
        .lineDelimiter(LineDelimiter.LF)
        .build(line)
        .writeRecord(cells.stream().map(String::valueOf).toList());
    return line.toString();
  }

  /**
   * Reads a text of one column, whose cells may be in quotes with commas and line breaks in them.
   *
   * @param text lines
   * @return the cells; empty if there are other columns, or quotes that are none of this format
   */
  public static Optional<List<String>> column(String text) {
    if (text.chars().filter(c -> c == '"').count() % 2 != 0) {
      return Optional.empty(); // the last cell would be all that follows
    }
    List<String> cells = new ArrayList<>();
    try {
      for (CsvRecord row :
          CsvReader.builder()
              .skipEmptyLines(false)
              .acceptCharsAfterQuotes(false)
              .ofCsvRecord(text)) {
        if (row.getFieldCount() != 1) {
          return Optional.empty();
        }
        cells.add(row.getField(0));
      }
    } catch (CsvParseException e) {
      return Optional.empty();
    }
    return Optional.of(cells);
  }

  /**
   * Reads a file in UTF-8 to which a process appends, or that was killed while it did: what stands
   * after the last end of a line is left out.
   *
   * @param file with or without a head
   * @return the cells of each row, the head too; rows may be of different lengths
   * @throws IOException if it cannot be read or is not text; names the file
   */
  public static List<List<String>> read(Path file) throws IOException {
    List<List<String>> rows = new ArrayList<>();
    try {
      String text = Files.readString(file);
      String whole = text.substring(0, text.lastIndexOf('\n') + 1);
      for (CsvRecord row : CsvReader.builder().skipEmptyLines(false).ofCsvRecord(whole)) {
        rows.add(row.getFields());
      }
    } catch (CharacterCodingException e) {
      throw new IOException(file + " is damaged: not UTF-8", e);
    } catch (CsvParseException e) {
      throw new IOException(file + " is damaged: " + e.getMessage(), e);
    }
    return rows;
  }

  /**
   * The whole number in a cell.
   *
   * @param file where it stands, for the message
   * @param line in which line, from 1
   * @param cell its text
   * @return the number
   * @throws IOException if it is none; names file and line
   */
  public static long whole(Path file, int line, String cell) throws IOException {
    try {
      return Long.parseLong(cell);
    } catch (NumberFormatException e) {
      throw new IOException(
          file + " is damaged: line " + line + " has '" + cell + "', not a whole number", e);
    }
  }
}
