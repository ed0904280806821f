package org.medoid.ops.clustering;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** The names of constants as the op's attributes and the command line write them. */
final class Attributes {
  private Attributes() {}

  /** The constant's name in lower case. */
  static String of(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  /** The constant of a name; an IllegalArgumentException lists the names if there is none. */
  static <E extends Enum<E>> E parse(E[] constants, String kind, String name) {
    return Arrays.stream(constants)
        .filter(each -> of(each).equals(name))
        .findAny()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    Arrays.stream(constants)
                        .map(Attributes::of)
                        .collect(
                            Collectors.joining(", ", kind + " '" + name + "' is none of ", ""))));
  }
}
