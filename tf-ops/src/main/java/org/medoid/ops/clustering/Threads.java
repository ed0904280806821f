package org.medoid.ops.clustering;

/**
 * How many threads Medoid's own work is shared among: the clustering kernel, evaluation, the
 * reading of images. The system property {@value #PROPERTY} sets the number; the default is the
 * number of processors that Java sees, which is what a container's quota or {@code taskset} leaves.
 */
public final class Threads {
  /** The system property. It is read when the first batch is solved. */
  public static final String PROPERTY = "medoid.threads";

  private Threads() {}

  /**
   * The number of threads.
   *
   * @return 1 or more
   */
  public static int count() {
    return Math.max(1, Integer.getInteger(PROPERTY, Runtime.getRuntime().availableProcessors()));
  }
}
