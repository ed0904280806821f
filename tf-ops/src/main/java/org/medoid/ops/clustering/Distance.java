package org.medoid.ops.clustering;

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
    return Attributes.of(this);
  }

  /**
   * The constant of an attribute value.
   *
   * @param attribute as {@link #attribute()} gives it
   * @return the constant
   * @throws IllegalArgumentException if there is none
   */
  public static Distance of(String attribute) {
    return Attributes.parse(values(), "distance", attribute);
  }
}
