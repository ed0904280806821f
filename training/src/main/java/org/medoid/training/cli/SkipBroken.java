package org.medoid.training.cli;

import picocli.CommandLine.Option;

/** What a command that reads pictures does with those that cannot be read. */
final class SkipBroken {
  @Option(
      names = "--skip-broken",
      description = "Leaves out images that cannot be read, instead of failing.")
  private boolean skips;

  boolean skips() {
    return skips;
  }
}
