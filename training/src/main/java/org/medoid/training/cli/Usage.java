package org.medoid.training.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** What holds of the options of a command that is used as it is meant. */
final class Usage {
  private Usage() {}

  /**
   * Requires it.
   *
   * @param spec of the command
   * @param holds whether it does
   * @param otherwise what is told, with the option and the mend
   * @throws ParameterException if not: the program ends with the exit code of wrong usage
   */
  static void require(CommandSpec spec, boolean holds, String otherwise) {
    if (!holds) {
      throw new ParameterException(spec.commandLine(), otherwise);
    }
  }
}
