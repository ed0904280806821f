package org.medoid.tests.benchmark;

import java.util.concurrent.TimeUnit;
import org.medoid.ops.FacilityLocationLoss;
import org.medoid.ops.clustering.Clustering;
import org.medoid.ops.clustering.ClusteringOptions;
import org.medoid.ops.clustering.LocalSearch;
import org.medoid.ops.clustering.Margin;
import org.medoid.ops.clustering.StructuredClustering;
import org.medoid.tests.GoldenBatch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** The loss with its gradient, the kernel alone and the op in a session; d = 64, C = m / 4. */
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 3)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class LossBenchmark {
  private static final int D = 64;

  /** The batch size. */
  @Param({"128", "256", "512", "1024", "2048", "4096"})
  public int m;

  /** The margin. */
  @Param({"nmi", "nmi_arithmetic", "ami", "ari", "v_measure", "identical"})
  public String margin;

  /** The local search. */
  @Param({"exact", "reference", "swap", "none"})
  public String search;

  /** The margin multiplier, a number or {@code m/4}, which training needs. */
  @Param({"1", "m/4"})
  public String gamma;

  private double multiplier;
  private double[] x;
  private long[] labels;
  private double[] gradient;
  private StructuredClustering kernel;
  private LossInSession session;

  /** Makes the batch, the kernel and the session. */
  @Setup
  public void prepare() {
    multiplier = gamma.equals("m/4") ? m / 4.0 : Double.parseDouble(gamma);
    x = GoldenBatch.embeddings(m, D, m / 4);
    labels = GoldenBatch.labels(m, m / 4);
    gradient = new double[m * D];
    kernel =
        new StructuredClustering(
            ClusteringOptions.defaults()
                .withMargin(Margin.of(margin))
                .withLocalSearch(LocalSearch.of(search)));
    session =
        new LossInSession(
            m,
            D,
            m / 4,
            multiplier,
            FacilityLocationLoss.margin(margin),
            FacilityLocationLoss.localSearch(search));
  }

  /** Closes the session. */
  @TearDown
  public void close() {
    session.close();
  }

  /**
   * Loss and gradient in plain Java, double.
   *
   * @return the gradient
   */
  @Benchmark
  public double[] kernel() {
    Clustering result = kernel.solve(x, m, D, labels, multiplier);
    result.gradient(gradient);
    return gradient;
  }

  /**
   * Loss and gradient through a TensorFlow session, float.
   *
   * @return the loss
   */
  @Benchmark
  public float session() {
    return session.run();
  }
}
