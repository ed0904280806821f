package org.medoid.tests.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs programs of the test class path in processes of their own. */
public final class Commands {
  private Commands() {}

  /**
   * Starts a class.
   *
   * @param before what bash does first, for example {@code ulimit -f 8;}
   * @param output takes standard output and error
   * @param jvm options of the virtual machine
   * @param main the class
   * @param words its arguments, each by its string
   */
  static Process start(String before, Path output, List<String> jvm, String main, Object... words)
      throws IOException {
    assumeThat(Files.exists(Path.of("/bin/bash"))).as("skipped: no /bin/bash").isTrue();
    List<String> command =
        new ArrayList<>(
            List.of(
                "/bin/bash",
                "-c",
                before + " exec \"$@\"",
                "medoid",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1", // two thirds of the processor time of so short a run
                "-Djava.awt.headless=true"));
    command.addAll(jvm);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main));
    for (Object word : words) {
      command.add(word.toString());
    }
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
    builder.environment().put("TF_CPP_MIN_LOG_LEVEL", "3");
    builder.environment().putIfAbsent("ONEDNN_MAX_CPU_ISA", "AVX2");
    return builder.start();
  }

  /**
   * What a command ended with.
   *
   * @param code its exit code
   * @param output all that it printed
   */
  public record Done(int code, String output) {
    /**
     * The output of a command that must have succeeded.
     *
     * @return all that it printed
     */
    public String well() {
      assertThat(code).as(output).isZero();
      return output;
    }

    /**
     * The only line that tells of a failure.
     *
     * @return with the program's name
     */
    public String line() {
      List<String> lines = output.lines().filter(line -> line.startsWith("medoid: ")).toList();
      assertThat(lines).as(output).hasSize(1);
      assertThat(output).doesNotContain("\tat ", "Exception in thread");
      return lines.get(0);
    }
  }

  /** What result.json says of a run, without how long it took. */
  static String result(Path run) throws IOException {
    return Files.readString(run.resolve("result.json")).replaceAll("\"seconds\" : \\{[^}]*}", "");
  }

  /**
   * The words of a short training of a small network.
   *
   * @param out the run's folder
   * @param pictures a folder per class
   * @param batch images a step, of two classes
   * @param steps in all
   * @param more further words, each by its string
   */
  public static Object[] training(Path out, Path pictures, int batch, int steps, Object... more) {
    List<Object> words = new ArrayList<>(List.of("train", "--out", out));
    words.addAll(List.of("--data", "folder:" + pictures, "--model", "convnet"));
    words.addAll(List.of("--image-size", 16, "--batch", batch, "--classes-per-batch", 2));
    words.addAll(List.of("--steps", steps));
    words.addAll(List.of(more));
    return words.toArray();
  }

  /**
   * Runs {@code medoid} to its end.
   *
   * @param before what bash does first, for example {@code ulimit -f 8;}
   * @param scratch a folder for what it prints
   * @param words its arguments, each by its string
   * @return what it ended with
   * @throws Exception if it cannot be started
   */
  public static Done medoid(String before, Path scratch, Object... words) throws Exception {
    Path output = Files.createTempFile(scratch, "output", ".txt");
    Process process = start(before, output, List.of(), "org.medoid.training.cli.Medoid", words);
    if (!process.waitFor(240, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
      throw new AssertionError("no end within 240 s: " + List.of(words));
    }
    return new Done(process.exitValue(), Files.readString(output));
  }
}
