package org.medoid.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReadmeTest {
  private static final Path README = Path.of("..", "README.md");
  private static final Pattern PROGRAM =
      Pattern.compile("```java\\R(.*?public class .*?)```", Pattern.DOTALL);
  private static final Pattern COMMAND =
      Pattern.compile("^(?:    )?\\./medoid ([^#\\n]*)", Pattern.MULTILINE);

  @Test
  void itsProgramCompilesAndLearns(@TempDir Path folder) throws Exception {
    Matcher program = PROGRAM.matcher(Files.readString(README));
    assertThat(program.find()).isTrue();
    assertThat(program.group(1).lines().count()).isLessThanOrEqualTo(45);
    String printed = new Program(program.group(1)).run(folder);
    List<Double> agreements =
        Pattern.compile("NMI ([\\d.]+)")
            .matcher(printed)
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
