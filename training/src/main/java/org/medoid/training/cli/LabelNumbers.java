package org.medoid.training.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.medoid.training.data.LabelFile;
import org.medoid.training.data.Npy;

/**
 * Labels out of files, numbered in the order of their names: whole numbers ascending, text by its
 * characters. Files that are read together share their numbers.
 */
final class LabelNumbers {
  /** Up to here float64 has every whole number. */
  private static final double WHOLE = 0x1p53;

  private final List<int[]> numbers = new ArrayList<>();
  private final List<String> names = new ArrayList<>();

  /**
   * A file of labels.
   *
   * @param path whole numbers of any type, or text; [n], a column or a row; or a text file with a
   *     label on each line
   * @param count how many there must be
   */
  record File(Path path, int count) {}

  private LabelNumbers() {}

  /**
   * Reads labels.
   *
   * @param files each is numbered on its own place
   * @return their numbers and names
   * @throws IOException if a file cannot be read
   * @throws IllegalArgumentException if one is not an array of labels, or not of so many
   */
  static LabelNumbers read(File... files) throws IOException {
    List<Object> columns = new ArrayList<>();
    for (File file : files) {
      columns.add(column(file));
    }
    LabelNumbers labels = new LabelNumbers();
    if (columns.stream().allMatch(column -> column instanceof long[])) {
      labels.number(
          columns.stream().map(column -> Arrays.stream((long[]) column).boxed().toList()).toList());
    } else {
      labels.number(columns.stream().map(LabelNumbers::text).toList());
    }
    return labels;
  }

  private <T extends Comparable<T>> void number(List<List<T>> columns) {
    Map<T, Integer> known = new TreeMap<>();
    columns.stream().flatMap(Collection::stream).forEach(label -> known.put(label, 0));
    for (Map.Entry<T, Integer> each : known.entrySet()) {
      each.setValue(names.size());
      names.add(each.getKey().toString());
    }
    columns.forEach(column -> numbers.add(column.stream().mapToInt(known::get).toArray()));
  }

  private static List<String> text(Object column) {
    return column instanceof String[] texts
        ? List.of(texts)
        : Arrays.stream((long[]) column).mapToObj(Long::toString).toList();
  }

  /** The long[] or String[] that a file holds. */
  private static Object column(File file) throws IOException {
    Npy y = LabelFile.read(file.path(), file.count());
    long sizes = Arrays.stream(y.shape()).filter(size -> size != 1).count();
    int size = Arrays.stream(y.shape()).reduce(1, (a, b) -> a * b);
    if (sizes > 1 || size != file.count()) {
      throw new IllegalArgumentException(
          "%s: labels must be [%d], one for each embedding, not %s"
              .formatted(file.path(), file.count(), y));
    }
    if (y.data() instanceof long[] || y.data() instanceof String[]) {
      return y.data();
    }
    if (y.data() instanceof int[] narrow) {
      return Arrays.stream(narrow).asLongStream().toArray();
    }
    double[] values =
        new Npy(new int[] {size, 1}, y.data()).embeddings(file.path().toString()).values();
    return Arrays.stream(values).mapToLong(value -> whole(file.path(), value)).toArray();
  }

  private static long whole(Path file, double value) {
    if (value != Math.rint(value) || Math.abs(value) > WHOLE) {
      throw new IllegalArgumentException(
          file + ": labels must be whole numbers or text, but one is " + value);
    }
    return (long) value;
  }

  /** The numbers of the labels of a file, by its place among those read. */
  int[] of(int file) {
    return numbers.get(file);
  }

  /** The label of a number, as text. */
  String name(int number) {
    return names.get(number);
  }
}
