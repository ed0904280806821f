package org.medoid.export;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What this process is writing aside, to be renamed when it is whole. A program that a signal ends
 * calls {@link #removeAll}; without that, later exports to the same place remove what is old.
 */
public final class Asides {
  /** Whoever is still writing may make a file while its folder is deleted. */
  private static final int TRIES = 5;

  private static final Set<Path> NOW = ConcurrentHashMap.newKeySet();

  private Asides() {}

  static void add(Path aside) {
    NOW.add(aside);
  }

  /** It is gone, or is being put in its place. */
  static void done(Path aside) {
    NOW.remove(aside);
  }

  /** Removes all of it, as far as that can be done; what writes it fails. For the program's end. */
  public static void removeAll() {
    for (Path each : NOW) {
      for (int tries = 0; tries < TRIES && Files.exists(each); tries++) {
        try {
          Leftovers.delete(each);
        } catch (IOException e) {
          // The next try, or a later export.
        }
      }
    }
  }
}
