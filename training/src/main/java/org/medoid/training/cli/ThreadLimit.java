package org.medoid.training.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.medoid.ops.clustering.Threads;
import org.medoid.ops.host.SessionThreads;

/** How many threads the program computes with. */
final class ThreadLimit {
  /** More than processors have: with 20,000 a start takes minutes. */
  static final int MOST = 4096;

  /** Of {@code /proc/self/status}: 0-3,8 are five processors. */
  private static final Pattern RANGE = Pattern.compile("(\\d+)(?:-(\\d+))?");

  private ThreadLimit() {}

  /**
   * Sets the number. Without one Medoid's own threads follow Java, which knows what a container was
   * given; TensorFlow would start a thread for each processor it may be scheduled on, 64 in one
   * that has 2 of 64, and is told to follow too.
   *
   * @param count threads; null if the user did not say
   */
  static void set(Integer count) {
    if (count != null) {
      System.setProperty(Threads.PROPERTY, count.toString());
      SessionThreads.limit(count);
      // Of the pool that reads pictures: those beside the thread that waits for it.
      System.setProperty(
          "java.util.concurrent.ForkJoinPool.common.parallelism", Integer.toString(count - 1));
    } else if (System.getenv("TF_NUM_INTRAOP_THREADS") == null
        && Threads.count() < schedulable(Path.of("/proc/self/status"))) {
      SessionThreads.limit(Threads.count());
    }
  }

  /** How many processors the process may be scheduled on, as Linux says; 0 elsewhere. */
  static int schedulable(Path status) {
    try {
      return Files.readAllLines(status).stream()
          .filter(line -> line.startsWith("Cpus_allowed_list:"))
          .mapToInt(ThreadLimit::sum)
          .sum();
    } catch (IOException e) {
      return 0;
    }
  }

  private static int sum(String ranges) {
    return RANGE.matcher(ranges).results().mapToInt(ThreadLimit::length).sum();
  }

  private static int length(MatchResult range) {
    String last = range.group(2) == null ? range.group(1) : range.group(2);
    return Integer.parseInt(last) - Integer.parseInt(range.group(1)) + 1;
  }
}
