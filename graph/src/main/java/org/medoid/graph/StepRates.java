package org.medoid.graph;

import org.tensorflow.Session;
import org.tensorflow.types.TFloat32;

/**
 * What a training step is told beside its batch.
 *
 * @param learningRate of the embedding layer
 * @param backboneFactor on the learning rate of the backbone; with 0 it stands still
 * @param proxyFactor on the learning rate of the loss's own variables
 * @param marginMultiplier γ
 * @param flags what this worker tells the others with the step: the step gives back {@code flags},
 *     the sum over all workers; whole numbers, as far as float holds them
 */
public record StepRates(
    double learningRate,
    double backboneFactor,
    double proxyFactor,
    double marginMultiplier,
    int flags) {
  /**
   * Rates of a worker that tells the others nothing.
   *
   * @param learningRate of the embedding layer
   * @param backboneFactor on the learning rate of the backbone
   * @param proxyFactor on the learning rate of the loss's own variables
   * @param marginMultiplier γ
   */
  public StepRates(
      double learningRate, double backboneFactor, double proxyFactor, double marginMultiplier) {
    this(learningRate, backboneFactor, proxyFactor, marginMultiplier, 0);
  }

  /**
   * The same rates with flags.
   *
   * @param flags what this worker tells the others
   * @return new rates
   */
  public StepRates withFlags(int flags) {
    return new StepRates(learningRate, backboneFactor, proxyFactor, marginMultiplier, flags);
  }

  /**
   * One learning rate for all.
   *
   * @param learningRate of every variable
   * @param marginMultiplier γ
   * @return the rates
   */
  public static StepRates of(double learningRate, double marginMultiplier) {
    return new StepRates(learningRate, 1, 1, marginMultiplier);
  }

  /**
   * What a run is fed, to be closed after it.
   *
   * @param rate of the embedding layer
   * @param backbone factor
   * @param proxies factor
   * @param multiplier γ
   * @param flags for the other workers
   */
  public record Fed(
      TFloat32 rate, TFloat32 backbone, TFloat32 proxies, TFloat32 multiplier, TFloat32 flags)
      implements AutoCloseable {
    /**
     * Feeds the values into a run of a training graph.
     *
     * @param runner of a session of the graph
     * @param graph the graph
     * @return the runner
     */
    public Session.Runner into(Session.Runner runner, TrainingGraph graph) {
      return runner
          .feed(graph.learningRate(), rate)
          .feed(graph.backboneFactor(), backbone)
          .feed(graph.proxyFactor(), proxies)
          .feed(graph.marginMultiplier(), multiplier)
          .feed(graph.ownFlags(), flags);
    }

    @Override
    public void close() {
      rate.close();
      backbone.close();
      proxies.close();
      multiplier.close();
      flags.close();
    }
  }

  /**
   * The values as tensors.
   *
   * @return to be fed, and closed after the run
   */
  public Fed tensors() {
    return new Fed(
        TFloat32.scalarOf((float) learningRate),
        TFloat32.scalarOf((float) backboneFactor),
        TFloat32.scalarOf((float) proxyFactor),
        TFloat32.scalarOf((float) marginMultiplier),
        TFloat32.scalarOf(flags));
  }
}
