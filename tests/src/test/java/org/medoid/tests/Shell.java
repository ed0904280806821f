package org.medoid.tests;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.Callable;
import org.medoid.training.cli.Medoid;

/**
 * Runs a command as the launcher does, in this JVM.
 *
 * @param code the exit code
 * @param out what it printed on standard output
 * @param err what it printed on standard error
 */
record Shell(int code, String out, String err) {
  /** Runs {@code medoid} with arguments; each is taken by its string. */
  static Shell medoid(Object... arguments) {
    String[] words = Arrays.stream(arguments).map(Object::toString).toArray(String[]::new);
    try {
      return of(() -> Medoid.run(words));
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  /** Runs a program that gives its exit code, in this JVM. */
  static synchronized Shell of(Callable<Integer> program) throws Exception {
    PrintStream out = System.out;
    PrintStream err = System.err;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    ByteArrayOutputStream complained = new ByteArrayOutputStream();
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(complained, true, StandardCharsets.UTF_8));
    try {
      int code = program.call();
      return new Shell(
          code,
          printed.toString(StandardCharsets.UTF_8),
          complained.toString(StandardCharsets.UTF_8));
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }

  /** The standard output of a command that must have succeeded. */
  String output() {
    if (code != 0) {
      throw new AssertionError("exit code " + code + ": " + err);
    }
    return out;
  }

  /** The standard output of a command that must have succeeded, as JSON. */
  JsonNode json() {
    try {
      return new ObjectMapper().readTree(output());
    } catch (IOException e) {
      throw new AssertionError("not JSON: " + out, e);
    }
  }
}
