package org.medoid.ops.clustering;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** The distance between two embeddings. */
public enum Distance {
  /** ‖a - b‖, as the paper has it. */
  EUCLIDEAN,

  /** ‖a - b‖². */
  SQUARED_EUCLIDEAN,

  /** 1 - a·b / (‖a‖ ‖b‖); no row may be zero. */
  COSINE;

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
  public static Distance of(String attribute) {
    return Arrays.stream(values())
        .filter(each -> each.attribute().equals(attribute))
        .findAny()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "distance '"
                        + attribute
                        + "' is none of "
                        + Arrays.stream(values())
                            .map(Distance::attribute)
                            .collect(Collectors.joining(", "))));
  }
}
