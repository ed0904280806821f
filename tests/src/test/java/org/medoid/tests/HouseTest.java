package org.medoid.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What CONTRIBUTING.md says of the house, as far as a machine can see it. */
class HouseTest {
  private static final Path ROOT = Path.of("..");
  private static final List<String> MODULES =
      List.of("tf-ops", "export", "graph", "training", "tests");

  private static final Pattern FILE = Pattern.compile("`([\\w/]+\\.(?:java|mustache))`");
  private static final Pattern PACKAGE = Pattern.compile("^package ([\\w.]+);", Pattern.MULTILINE);
  private static final Pattern IMPORT =
      Pattern.compile("^import (?:static )?(org\\.medoid[a-z.]*)\\.[A-Z]", Pattern.MULTILINE);

  private static final Pattern PROPERTY = Pattern.compile("^ *@Property\\b.*", Pattern.MULTILINE);
  private static final Pattern PROGRAM =
      Pattern.compile("\"(?:[^\"]*[\\s'(])?--[a-z]|System\\.(?:out|err|exit)\\b");

  private static List<Path> sources(String kind) throws IOException {
    List<Path> all = new ArrayList<>();
    for (String module : MODULES) {
      Path folder = ROOT.resolve(module).resolve("src").resolve(kind);
      if (Files.isDirectory(folder)) {
        try (Stream<Path> files = Files.walk(folder)) {
          files.filter(Files::isRegularFile).forEach(all::add);
        }
      }
    }
    return all;
  }

  @Test
  void theFilesToCopyAreThere() throws IOException {
    Set<String> files =
        Stream.concat(sources("main").stream(), sources("test").stream())
            .map(file -> "/" + file.toString().replace('\\', '/'))
            .collect(Collectors.toSet());
    Matcher named = FILE.matcher(Files.readString(ROOT.resolve("CONTRIBUTING.md")));
    int seen = 0;
    for (; named.find(); seen++) {
      String name = "/" + named.group(1);
      assertThat(files).as(name).anyMatch(file -> file.endsWith(name));
    }
    assertThat(seen).isGreaterThan(20);
  }

  /** Without one, a build that passed here fails on somebody's machine by the draw. */
  @Test
  void everyPropertyHasASeed() throws IOException {
    int seen = 0;
    for (Path file : sources("test")) {
      Matcher property = PROPERTY.matcher(Files.readString(file));
      for (; property.find(); seen++) {
        assertThat(property.group()).as(file.toString()).contains("seed = ");
      }
    }
    assertThat(seen).isGreaterThan(100);
  }

  @Test
  void noTwoClassesShareAName() throws IOException {
    Map<String, Long> names =
        sources("main").stream()
            .map(file -> file.getFileName().toString())
            .filter(name -> name.endsWith(".java") && !name.equals("package-info.java"))
            .collect(Collectors.groupingBy(name -> name, TreeMap::new, Collectors.counting()));
    assertThat(names).hasSizeGreaterThan(200);
    names.values().removeIf(count -> count == 1);
    assertThat(names).isEmpty();
  }

  @Test
  void noTwoPackagesUseEachOther() throws IOException {
    Map<String, Set<String>> uses = new TreeMap<>();
    for (Path file : sources("main")) {
      if (file.toString().endsWith(".java")) {
        String text = Files.readString(file);
        Matcher own = PACKAGE.matcher(text);
        assertThat(own.find()).as(file.toString()).isTrue();
        Set<String> used = uses.computeIfAbsent(own.group(1), any -> new TreeSet<>());
        IMPORT.matcher(text).results().map(each -> each.group(1)).forEach(used::add);
        used.remove(own.group(1));
      }
    }
    // What uses nothing that is left is taken away: what remains goes in a circle.
    while (uses.values().removeIf(Set::isEmpty)) {
      uses.values().forEach(used -> used.retainAll(uses.keySet()));
    }
    assertThat(uses).isEmpty();
  }

  @Test
  void noClassIsLong() throws IOException {
    for (Path file : sources("main")) {
      if (file.toString().endsWith(".java")) {
        long lines = Files.readAllLines(file).size();
        assertThat(lines).as(file.toString()).isLessThanOrEqualTo(400);
      }
    }
  }

  /** A library's user has no command line, and the program may be his. */
  @Test
  void onlyTheProgramNamesOptionsPrintsAndExits() throws IOException {
    int seen = 0;
    for (Path file : sources("main")) {
      if (file.toString().endsWith(".java")) {
        for (String line : Files.readAllLines(file)) {
          if (PROGRAM.matcher(line).find() && !line.strip().startsWith("*")) {
            assertThat(file.getParent()).as(line).hasFileName("cli");
            seen++;
          }
        }
      }
    }
    assertThat(seen).isGreaterThan(50);
  }
}
