package org.medoid.ops.clustering;

/**
 * The loss of a batch and the clustering that it comes from.
 *
 * <p>Paper symbols: {@code facilityScore} F(X, S*), {@code oracleScore} F~(X, y*), {@code margin}
 * Δ(g(S*), y*), {@code augmentedScore} A(S*), {@code medoids} S*, {@code assignments} g(S*), {@code
 * loss} ℓ.
 */
public final class Clustering {
  private final Problem problem;
  private final int[] medoids;
  private final int[] assignments;
  private final int[] classMedoids;
  private final double facilityScore;
  private final double oracleScore;
  private final double agreement;
  private final double nmi;
  private final double marginMultiplier;

  Clustering(
      Problem problem,
      int[] medoids,
      int[] assignments,
      int[] classMedoids,
      double facilityScore,
      double oracleScore,
      double agreement,
      double nmi,
      double marginMultiplier) {
    this.problem = problem;
    this.medoids = medoids;
    this.assignments = assignments;
    this.classMedoids = classMedoids;
    this.facilityScore = facilityScore;
    this.oracleScore = oracleScore;
    this.agreement = agreement;
    this.nmi = nmi;
    this.marginMultiplier = marginMultiplier;
  }

  /**
   * The loss: the sum over the batch, hinged at 0.
   *
   * @return max(0, A(S*) - F~)
   */
  public double loss() {
    return Math.max(0, augmentedScore() - oracleScore);
  }

  /**
   * F of the medoids found: minus the sum of the distances to them.
   *
   * @return not positive
   */
  public double facilityScore() {
    return facilityScore;
  }

  /**
   * F~: the score of the best medoid inside each true class.
   *
   * @return not positive
   */
  public double oracleScore() {
    return oracleScore;
  }

  /**
   * Δ: 1 minus the agreement.
   *
   * @return in [0, 1]
   */
  public double margin() {
    return 1 - agreement;
  }

  /**
   * A: the facility score plus γΔ.
   *
   * @return any value
   */
  public double augmentedScore() {
    return facilityScore + marginMultiplier * margin();
  }

  /**
   * The agreement of the clustering with the labels, in the measure of the options.
   *
   * @return in [0, 1]
   */
  public double agreement() {
    return agreement;
  }

  /**
   * The NMI (geometric mean) of the clustering with the labels, whatever the margin.
   *
   * @return in [0, 1]
   */
  public double nmi() {
    return nmi;
  }

  /**
   * The rows that are medoids, in the order of their choice.
   *
   * @return a copy, as long as there are classes in the batch
   */
  public int[] medoids() {
    return medoids.clone();
  }

  /**
   * For each row the index of its medoid in {@link #medoids()}.
   *
   * @return a copy, one for each row
   */
  public int[] assignments() {
    return assignments.clone();
  }

  /**
   * Writes the subgradient of the loss: 1[ℓ &gt; 0] (∂F(S*) - ∂F~), medoids and margin held fixed
   * as in the paper. Each distance pulls the point and its medoid; a distance of 0 pulls neither.
   *
   * @param out m·d values, row-major; overwritten
   * @throws IllegalArgumentException if it has another length
   */
  public void gradient(double[] out) {
    problem.requireSize(out);
    java.util.Arrays.fill(out, 0);
    if (!(loss() > 0)) {
      return;
    }
    for (int i = 0; i < assignments.length; i++) {
      problem.addDistanceGradient(i, medoids[assignments[i]], -1, out);
      problem.addDistanceGradient(i, classMedoids[problem.classOf(i)], 1, out);
    }
  }
}
