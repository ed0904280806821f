package org.medoid.training;

import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The command line in a process of its own, for tests that end it from outside. */
final class Launched {
  private Launched() {}

  static Process start(String limit, Path output, String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                "bash",
                "-c",
                limit + "exec \"$@\"",
                "medoid",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "org.medoid.training.cli.Medoid"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
    builder.environment().put("TF_CPP_MIN_LOG_LEVEL", "3");
    return builder.start();
  }

  static void assumeBash() {
    assumeThat(Files.exists(Path.of("/bin/bash"))).as("skipped: no /bin/bash").isTrue();
  }
}
