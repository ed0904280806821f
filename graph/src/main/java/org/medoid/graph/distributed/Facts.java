package org.medoid.graph.distributed;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What workers compare before they begin, as text: a line each, name and value. */
final class Facts {
  private Facts() {}

  static String write(Map<String, String> facts) {
    StringBuilder text = new StringBuilder();
    facts.forEach((name, value) -> text.append(name).append('\t').append(value).append('\n'));
    return text.toString();
  }

  static Map<String, String> read(String text) {
    Map<String, String> facts = new LinkedHashMap<>();
    text.lines()
        .forEach(
            line -> {
              int tab = line.indexOf('\t');
              facts.put(line.substring(0, tab), line.substring(tab + 1));
            });
    return facts;
  }

  /** What a worker was told otherwise than the one that leads. */
  static List<String> differences(
      Peer peer, Map<String, String> theirs, Map<String, String> leading) {
    Set<String> names = new LinkedHashSet<>(leading.keySet());
    names.addAll(theirs.keySet());
    List<String> differences = new ArrayList<>();
    for (String name : names) {
      String a = theirs.getOrDefault(name, "none");
      String b = leading.getOrDefault(name, "none");
      if (!a.equals(b)) {
        differences.add("%s has %s %s, worker 0 has %s".formatted(peer, name, a, b));
      }
    }
    return differences;
  }
}
