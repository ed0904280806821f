package org.medoid.ops.clustering;

/**
 * The agreement of a clustering with the labels, in [0, 1]; the structured margin Δ is 1 minus it.
 */
public enum Margin {
  /** Mutual information over the geometric mean of the entropies, as the paper has it. */
  NMI,

  /** Mutual information over the arithmetic mean of the entropies. */
  NMI_ARITHMETIC,

  /** Adjusted mutual information, arithmetic mean, 0 where negative. */
  AMI,

  /** Adjusted Rand index, 0 where negative. */
  ARI,

  /** Harmonic mean of homogeneity and completeness; the same value as NMI_ARITHMETIC. */
  V_MEASURE,

  /** 1 if the two partitions are the same up to the names of the clusters, else 0. */
  IDENTICAL;

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
  public static Margin of(String attribute) {
    return Attributes.parse(values(), "margin", attribute);
  }
}
