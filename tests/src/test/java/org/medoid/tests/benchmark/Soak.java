package org.medoid.tests.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Runs the op many times through a session and compares the process's resident size after a tenth
 * of the calls with that after all. A leak of one small tensor a call (8 KB of embeddings) would
 * show as 140 MB. Ends with 1 if the size grew by more than {@value #ALLOWED_MB} MB. Linux only:
 * reads /proc/self/status.
 *
 * <p>Run it with a fixed Java heap (-Xms256m -Xmx256m -XX:+AlwaysPreTouch), so that what grows is
 * native memory.
 */
public final class Soak {
  private static final int ALLOWED_MB = 32;

  private Soak() {}

  /**
   * Runs the op.
   *
   * @param arguments the number of calls; 20000 if none is given
   * @throws IOException if /proc/self/status cannot be read
   */
  public static void main(String[] arguments) throws IOException {
    int calls = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 20_000;
    long early = 0;
    try (LossInSession loss = new LossInSession(128, 64, 32, 1)) {
      for (int call = 1; call <= calls; call++) {
        loss.run();
        if (call == calls / 10) {
          early = residentKilobytes();
        }
        if (call % (calls / 10) == 0) {
          System.out.printf(
              Locale.ROOT, "%d calls: %.1f MB resident%n", call, residentKilobytes() / 1024.0);
        }
      }
    }
    double grown = (residentKilobytes() - early) / 1024.0;
    System.out.printf(Locale.ROOT, "grown by %.1f MB since call %d%n", grown, calls / 10);
    if (grown > ALLOWED_MB) {
      System.exit(1);
    }
  }

  private static long residentKilobytes() throws IOException {
    List<String> lines = Files.readAllLines(Path.of("/proc/self/status"));
    return lines.stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow(() -> new IOException("/proc/self/status has no line VmRSS"));
  }
}
