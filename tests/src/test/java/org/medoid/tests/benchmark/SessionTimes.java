package org.medoid.tests.benchmark;

import java.util.Arrays;
import java.util.Locale;
import org.medoid.ops.FacilityLocationLoss;

/**
 * Prints the median milliseconds of one forward and gradient run through a session, a line for each
 * argument: {@code m,d,C,gamma,local_search[,margin]}.
 *
 * <p>A size is run for at least {@value #WARM_SECONDS} seconds and five times before it is measured
 * (the compiler needs some thousand calls of small batches), then for as long again.
 */
public final class SessionTimes {
  private static final int WARM_SECONDS = 3;

  private SessionTimes() {}

  /**
   * Measures.
   *
   * @param arguments one size each
   */
  public static void main(String[] arguments) {
    for (String argument : arguments) {
      String[] part = argument.split(",", -1);
      int m = Integer.parseInt(part[0]);
      int d = Integer.parseInt(part[1]);
      int c = Integer.parseInt(part[2]);
      double gamma = Double.parseDouble(part[3]);
      String margin = part.length > 5 ? part[5] : "nmi";
      try (LossInSession loss =
          new LossInSession(
              m,
              d,
              c,
              gamma,
              FacilityLocationLoss.localSearch(part[4]),
              FacilityLocationLoss.margin(margin))) {
        measure(loss);
        double[] milliseconds = measure(loss);
        System.out.printf(
            Locale.ROOT,
            "m=%d d=%d C=%d gamma=%s search=%s margin=%s loss=%.6f ms=%.3f runs=%d%n",
            m,
            d,
            c,
            part[3],
            part[4],
            margin,
            loss.run(),
            milliseconds[milliseconds.length / 2],
            milliseconds.length);
      }
    }
  }

  private static double[] measure(LossInSession loss) {
    double[] times = new double[20_000];
    long start = System.nanoTime();
    int count = 0;
    while (count < 5
        || (count < times.length && System.nanoTime() - start < WARM_SECONDS * 1_000_000_000L)) {
      long before = System.nanoTime();
      loss.run();
      times[count++] = (System.nanoTime() - before) / 1e6;
    }
    double[] sorted = Arrays.copyOf(times, count);
    Arrays.sort(sorted);
    return sorted;
  }
}
