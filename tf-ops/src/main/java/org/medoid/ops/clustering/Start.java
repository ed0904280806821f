package org.medoid.ops.clustering;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** How the first medoids are chosen. */
public enum Start {
  /** One after the other, each the one that raises A(S) most (paper, algorithm 1). */
  GREEDY,
  /** Distinct rows at random. */
  RANDOM;

  /**
   * The name that the op's attribute and the command line use.
   *
   * @return the constant's name in lower case
   */
  public String attribute() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The constant of an attribute value.
   *
   * @param attribute as {@link #attribute()} gives it
   * @return the constant
   * @throws IllegalArgumentException if there is none
   */
  public static Start of(String attribute) {
    return Arrays.stream(values())
        .filter(each -> each.attribute().equals(attribute))
        .findAny()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "start '"
                        + attribute
                        + "' is none of "
                        + Arrays.stream(values())
                            .map(Start::attribute)
                            .collect(Collectors.joining(", "))));
  }
}
