package org.medoid.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReadmeTest {
  private static final Path README = Path.of("..", "README.md");
  private static final Pattern PROGRAM =
      Pattern.compile("```java\\R(.*?public class (\\w+).*?)```", Pattern.DOTALL);
  private static final Pattern COMMAND =
      Pattern.compile("^(?:    )?\\./medoid ([^#\\n]*)", Pattern.MULTILINE);

  @Test
  void itsProgramCompilesAndLearns(@TempDir Path folder) throws Exception {
    Matcher program = PROGRAM.matcher(Files.readString(README));
    assertThat(program.find()).isTrue();
    assertThat(program.group(1).lines().count()).isLessThanOrEqualTo(45);
    Path source = folder.resolve(program.group(2) + ".java");
    Files.writeString(source, program.group(1));
    ByteArrayOutputStream complaints = new ByteArrayOutputStream();
    int code =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                complaints,
                "-Xlint:all",
                "-proc:none",
                "-cp",
                System.getProperty("java.class.path"),
                source.toString());
    assertThat(code).as(complaints.toString(StandardCharsets.UTF_8)).isZero();

    PrintStream out = System.out;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    try (URLClassLoader loader = new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
      loader
          .loadClass(program.group(2))
          .getMethod("main", String[].class)
          .invoke(null, (Object) new String[0]);
    } finally {
      System.setOut(out);
    }
    List<Double> agreements =
        Pattern.compile("NMI ([\\d.]+)")
            .matcher(printed.toString(StandardCharsets.UTF_8))
            .results()
            .map(each -> Double.parseDouble(each.group(1)))
            .toList();
    assertThat(agreements).hasSizeGreaterThan(2);
    assertThat(agreements.get(agreements.size() - 1)).isGreaterThan(agreements.get(0) + 0.2);
  }

  @Test
  void itsCommandsAreUnderstood() throws Exception {
    Matcher commands = COMMAND.matcher(Files.readString(README));
    int seen = 0;
    while (commands.find()) {
      String[] words = commands.group(1).strip().split("\\s+", -1);
      String help = Shell.medoid(words[0], "--help").output();
      assertThat(help).contains("Usage: medoid " + words[0]);
      for (String word : words) {
        if (word.startsWith("--")) {
          assertThat(help).as("%s %s", words[0], word).containsPattern(word + "\\b");
        }
      }
      seen++;
    }
    assertThat(seen).isGreaterThan(5);
  }
}
