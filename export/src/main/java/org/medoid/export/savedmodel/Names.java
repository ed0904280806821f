package org.medoid.export.savedmodel;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** The names that a graph's nodes have, and new ones. */
final class Names {
  private final Set<String> taken = new HashSet<>();

  /** Up to which number names are taken: an unrolled loop asks for thousands of one name. */
  private final Map<String, Integer> numbers = new HashMap<>();

  /** The wanted name, numbered if it is taken; it is taken from now on. */
  String unique(String wanted) {
    String name = wanted;
    while (!taken.add(name)) {
      name = wanted + "_" + numbers.merge(wanted, 1, Integer::sum);
    }
    return name;
  }

  void take(String name) {
    taken.add(name);
  }

  /** Gives names back. */
  void free(Set<String> names) {
    taken.removeAll(names);
    numbers.clear();
  }
}
