package org.medoid.training.cli;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** What a command takes its model from, one of two. */
class RunOrModel {
  @Option(names = "--run", paramLabel = "RUN", description = "The best checkpoint of a run.")
  Path run;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "An exported model, or another SavedModel from images to features.")
  Path model;
}
