package org.medoid.tests.benchmark;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.medoid.ops.clustering.ClusteringOptions;
import org.medoid.ops.clustering.LocalSearch;
import org.medoid.ops.clustering.StructuredClustering;
import org.medoid.tests.GoldenBatch;

/**
 * Prints what the kernel takes (loss and gradient in plain Java, double; d = 64, C = m / 4) with a
 * large margin multiplier and with {@code swap}, next to γ = 1 and {@code exact}: some lines for
 * each argument, a batch size.
 *
 * <p>The kinds take turns, so that what else the machine does meets all of them; each line has the
 * median milliseconds of a kind, and the processor's for the calling thread, with the ratios to the
 * first kind. On a busy machine run it with {@code -Dmedoid.threads=1} and read the latter.
 */
public final class KernelRatios {
  private static final int D = 64;

  private KernelRatios() {}

  private record Kind(String name, double gamma, LocalSearch search) {}

  /**
   * Measures.
   *
   * @param arguments batch sizes
   */
  public static void main(String[] arguments) {
    for (String argument : arguments) {
      int m = Integer.parseInt(argument);
      List<Kind> kinds =
          List.of(
              new Kind("γ = 1", 1, LocalSearch.EXACT),
              new Kind("γ = m/4", m / 4.0, LocalSearch.EXACT),
              new Kind("γ = 10^6", 1e6, LocalSearch.EXACT),
              new Kind("γ = 1, swap", 1, LocalSearch.SWAP),
              new Kind("γ = m/4, swap", m / 4.0, LocalSearch.SWAP));
      // The compilers need some hundred small batches.
      measure(m, kinds, Math.max(1, 12_000_000 / (m * m)));
      double[][][] times = measure(m, kinds, Math.max(3, 6_000_000 / (m * m)));
      for (int n = 0; n < kinds.size(); n++) {
        System.out.printf(
            Locale.ROOT,
            "m=%d %-14s %.3f ms, ratio %.2f; processor %.3f ms, ratio %.2f%n",
            m,
            kinds.get(n).name(),
            median(times[0][n]),
            median(times[0][n]) / median(times[0][0]),
            median(times[1][n]),
            median(times[1][n]) / median(times[1][0]));
      }
    }
  }

  private static double[][][] measure(int m, List<Kind> kinds, int rounds) {
    ThreadMXBean processor = ManagementFactory.getThreadMXBean();
    double[] x = GoldenBatch.embeddings(m, D, m / 4);
    long[] labels = GoldenBatch.labels(m, m / 4);
    double[] gradient = new double[m * D];
    double[][][] times = new double[2][kinds.size()][rounds];
    for (int round = 0; round < rounds; round++) {
      for (int n = 0; n < kinds.size(); n++) {
        Kind kind = kinds.get(n);
        StructuredClustering kernel =
            new StructuredClustering(ClusteringOptions.defaults().withLocalSearch(kind.search()));
        long before = System.nanoTime();
        long processorBefore = processor.getCurrentThreadCpuTime();
        kernel.solve(x, m, D, labels, kind.gamma()).gradient(gradient);
        times[1][n][round] = (processor.getCurrentThreadCpuTime() - processorBefore) / 1e6;
        times[0][n][round] = (System.nanoTime() - before) / 1e6;
      }
    }
    return times;
  }

  private static double median(double[] times) {
    return Arrays.stream(times).sorted().skip(times.length / 2).findFirst().orElseThrow();
  }
}
