package org.medoid.training.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.medoid.training.format.Json;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** A command that knows how it was called, and where it prints. */
abstract class SpecCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  /** Where results go. */
  final PrintWriter out() {
    return spec.commandLine().getOut();
  }

  /** Prints a result as one line of JSON. */
  final void json(Object result) throws JsonProcessingException {
    out().println(Json.mapper().writeValueAsString(result));
    out().flush();
  }

  /** Tells on standard error, whatever is quiet. */
  final void tell(String line) {
    spec.commandLine().getErr().println("medoid: " + line);
  }

  /** As {@link Usage#require}. */
  final void require(boolean holds, String otherwise) {
    Usage.require(spec, holds, otherwise);
  }
}
