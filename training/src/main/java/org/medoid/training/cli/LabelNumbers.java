package org.medoid.training.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Numbers labels of 64 bits in the order of their first appearance. */
final class LabelNumbers {
  private final Map<Long, Integer> numbers = new HashMap<>();
  private final List<Long> names = new ArrayList<>();

  /** The numbers of labels; a label seen before keeps its number. */
  int[] of(long[] labels) {
    return Arrays.stream(labels).mapToInt(this::number).toArray();
  }

  private int number(long label) {
    Integer known = numbers.get(label);
    if (known == null) {
      known = names.size();
      numbers.put(label, known);
      names.add(label);
    }
    return known;
  }

  /** The label of a number. */
  String name(int number) {
    return Long.toString(names.get(number));
  }
}
