package org.medoid.training.data;

import java.nio.file.Path;
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

  /** The message without its advice. */
  private final String told;

  /**
   * Makes the exception.
   *
   * @param broken at least one, each with the reason
   * @param cause what found the first, or null
   */
  BrokenImagesException(Map<Path, String> broken, Throwable cause) {
    super(
        told(broken)
            + (broken.size() == 1
                ? "; remove it, or leave it out"
                : "; remove them, or leave them out"),
        cause);
    told = told(broken);
  }

  /** Throws one if there are any. */
  static void check(Map<Path, String> broken) {
    if (!broken.isEmpty()) {
      throw new BrokenImagesException(broken, null);
    }
  }

  /**
   * What is said where they can neither be removed nor left out: by a run that goes on.
   *
   * @return the message without its advice
   */
  public String told() {
    return told;
  }

  private static String told(Map<Path, String> broken) {
    Map.Entry<Path, String> first = broken.entrySet().iterator().next();
    int more = broken.size() - 1;
    String one = first.getKey() + ": " + first.getValue();
    if (more == 0) {
      return one;
    }
    return one
        + "; nor can "
        + broken.keySet().stream()
            .skip(1)
            .limit(NAMED - 1L)
            .map(Path::toString)
            .collect(Collectors.joining(", "))
        + (more < NAMED ? "" : " and " + (more - NAMED + 1) + " others")
        + " be read";
  }
}
