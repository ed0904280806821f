package org.medoid.ops.clustering;

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
    return Attributes.of(this);
  }

  /**
   * The constant of an attribute value.
   *
   * @param attribute as {@link #attribute()} gives it
   * @return the constant
   * @throws IllegalArgumentException if there is none
   */
  public static Start of(String attribute) {
    return Attributes.parse(values(), "start", attribute);
  }
}
