package org.medoid.training.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class StandardOutputTest {
  private static StandardOutput printed(String failure) {
    StandardOutput watched =
        new StandardOutput(
            new OutputStream() {
              @Override
              public void write(int value) throws IOException {
                if (failure != null) {
                  throw new IOException(failure);
                }
              }
            });
    try (PrintStream print = new PrintStream(watched, true, StandardCharsets.UTF_8)) {
      print.println("{}");
    }
    return watched;
  }

  @Test
  void aResultThatIsLostIsNoSuccess() {
    PrintStream err = System.err;
    ByteArrayOutputStream told = new ByteArrayOutputStream();
    System.setErr(new PrintStream(told, true, StandardCharsets.UTF_8));
    try {
      assertThat(printed("No space left on device").exitCode(0)).isEqualTo(1);
      assertThat(told.toString(StandardCharsets.UTF_8).strip())
          .hasLineCount(1)
          .contains("standard output", "No space left on device");
      told.reset();
      assertThat(printed("No space left on device").exitCode(2)).isEqualTo(2);
      assertThat(printed("Broken pipe").exitCode(0)).isZero(); // | head
      assertThat(printed(null).exitCode(0)).isZero();
      assertThat(told.size()).isZero();
    } finally {
      System.setErr(err);
    }
  }
}
