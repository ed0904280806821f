package org.medoid.ops.clustering;

/** The local search that follows the start (paper, algorithm 2). */
public enum LocalSearch {
  /** Scores a swap by A(S) in full and moves only if that is strictly better; A(S) never falls. */
  EXACT,

  /**
   * As the author's TensorFlow 1 code: scores a swap by the distances inside the cluster as it was
   * at the start of the sweep, plus γΔ in full, and always takes the best.
   */
  REFERENCE,

  /**
   * As {@link #EXACT}, then any point for any medoid while that raises A(S): eager swaps (Schubert,
   * Rousseeuw: "Fast and eager k-medoids clustering", Information Systems 101, 2021) with the
   * margin in the score. With eight points or more to a class they are tried from the start itself
   * too, and the better end is kept. A(S) is never below that of {@code EXACT}, and no single swap
   * would raise it. The largest number of sweeps bounds those of {@code EXACT}, not the swaps,
   * which end of themselves; with 0 the start is kept.
   */
  SWAP,

  /** Keeps the start. */
  NONE;

  /**
   * With so many points to a cluster swaps begin at the start too: with fewer they end as well
   * without margin (736.71 both, 1024 points around 256 centres), and cost twice as much.
   */
  static final int STRAIGHT = 8;

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
  public static LocalSearch of(String attribute) {
    return Attributes.parse(values(), "local search", attribute);
  }
}
