package org.medoid.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The pages of the packages: their programs compile, and print what their comments say. */
class PackageExamplesTest {
  private static final Pattern EXAMPLE =
      Pattern.compile(
          "<pre>\\{@code\\R(.*?public class .*?)^ \\* \\}</pre>",
          Pattern.DOTALL | Pattern.MULTILINE);
  private static final Pattern PRINTS = Pattern.compile("// prints (.*)");

  static List<Path> pages() throws IOException {
    try (Stream<Path> files = Files.walk(Path.of(".."))) {
      return files
          .filter(file -> file.endsWith("package-info.java"))
          .filter(file -> file.toString().replace('\\', '/').contains("/src/main/java/"))
          .sorted()
          .toList();
    }
  }

  private static boolean needsNone(Path page) {
    return Stream.of("cli", "report", "tests", "pass").anyMatch(page.getParent()::endsWith);
  }

  static List<Path> examples() throws IOException {
    return pages().stream().filter(page -> !needsNone(page)).toList();
  }

  @Test
  void thereAreAllPackages() throws IOException {
    assertThat(pages()).hasSizeGreaterThanOrEqualTo(15);
    assertThat(examples()).hasSizeGreaterThanOrEqualTo(12);
  }

  @ParameterizedTest
  @MethodSource("examples")
  void aPageHasAProgramThatPrintsWhatItSays(Path page, @TempDir Path folder) throws Exception {
    Program program = program(page);
    List<String> told =
        PRINTS
            .matcher(program.source())
            .results()
            .map((MatchResult each) -> each.group(1))
            .toList();
    assertThat(told).isNotEmpty();
    assertThat(program.run(folder).lines()).containsExactlyElementsOf(told);
  }

  /** The program of a page. */
  static Program program(Path page) throws IOException {
    Matcher example = EXAMPLE.matcher(Files.readString(page));
    assertThat(example.find()).as("a program in " + page).isTrue();
    return new Program(
        example
            .group(1)
            .lines()
            .map(line -> line.replaceFirst("^ \\* ?", ""))
            .reduce("", (a, b) -> a + b + "\n"));
  }
}
