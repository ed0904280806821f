package org.medoid.training.data;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Images that cannot be read, all in one line, so that nobody has to mend one after the other. Who
 * opens a data set with {@code skipBroken} leaves them out.
 */
public final class BrokenImagesException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  /** The most images that the message names. */
  private static final int NAMED = 20;

  /** Each with the reason, in their order. */
  private final LinkedHashMap<String, String> images;

  /**
   * Makes the exception.
   *
   * @param broken at least one, each with the reason
   * @param cause what found the first, or null
   */
  BrokenImagesException(Map<Path, String> broken, Throwable cause) {
    super(told(broken), cause);
    images = new LinkedHashMap<>();
    broken.forEach((file, reason) -> images.put(file.toString(), reason));
  }

  /** Throws one if there are any. */
  static void check(Map<Path, String> broken) {
    if (!broken.isEmpty()) {
      throw new BrokenImagesException(broken, null);
    }
  }

  /**
   * The images.
   *
   * @return their files, each with the reason, in the data set's order; not only those that the
   *     message names
   */
  public Map<String, String> images() {
    return Collections.unmodifiableMap(images);
  }

  private static String told(Map<Path, String> broken) {
    Map.Entry<Path, String> first = broken.entrySet().iterator().next();
    int more = broken.size() - 1;
    if (more == 0) {
      return first.getKey()
          + ": "
          + first.getValue()
          + "; remove it, or leave it out (skip-broken)";
    }
    return first.getKey()
        + ": "
        + first.getValue()
        + "; nor can "
        + broken.keySet().stream()
            .skip(1)
            .limit(NAMED - 1L)
            .map(Path::toString)
            .collect(Collectors.joining(", "))
        + (more < NAMED ? "" : " and " + (more - NAMED + 1) + " others")
        + " be read; remove them, or leave them out (skip-broken)";
  }
}
