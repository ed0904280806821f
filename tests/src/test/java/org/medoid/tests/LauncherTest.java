package org.medoid.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.medoid.training.data.Npy;

/** The launcher, as users and machines call it: a process of its own in another folder. */
@Timeout(240)
class LauncherTest {
  private static final Path LAUNCHER = Path.of("..", "medoid").toAbsolutePath().normalize();

  /** Beyond ASCII, with a space. */
  private static final String EMBEDDINGS = "Vögel 鳥.npy";

  @TempDir private static Path folder;

  /** Variables that are taken out of the environment where a test does not set them. */
  private static final List<String> LOCALE = List.of("LC_ALL", "LC_CTYPE", "LANG", "LANGUAGE");

  @BeforeAll
  static void write() throws IOException {
    assumeThat(Files.exists(Path.of("/bin/sh"))).as("skipped: no /bin/sh").isTrue();
    double[] x = new double[24];
    long[] y = new long[12];
    for (int i = 0; i < 12; i++) {
      y[i] = i % 3;
      x[2 * i] = Math.sin(2 * y[i] + 0.4 * i);
      x[2 * i + 1] = Math.cos(2 * y[i] + 0.4 * i);
    }
    Files.createDirectories(folder.resolve("a b"));
    new Npy(new int[] {12, 2}, x).write(folder.resolve("a b").resolve(EMBEDDINGS));
    new Npy(new int[] {12}, y).write(folder.resolve("a b").resolve("labels.npy"));
  }

  /** Runs the launcher in the folder {@code a b}; an empty value takes a variable away. */
  private static Shell run(Path launcher, Map<String, String> environment, String... arguments)
      throws Exception {
    List<String> words = new ArrayList<>(List.of("/bin/sh", launcher.toString()));
    words.addAll(Arrays.asList(arguments));
    ProcessBuilder builder = new ProcessBuilder(words).directory(folder.resolve("a b").toFile());
    Path out = Files.createTempFile(folder, "out", "");
    Path err = Files.createTempFile(folder, "err", "");
    builder.redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().keySet().removeAll(LOCALE);
    builder.environment().putAll(Map.of("LANG", "C.UTF-8", "TF_CPP_MIN_LOG_LEVEL", "3"));
    builder.environment().putAll(environment);
    builder.environment().values().removeIf(String::isEmpty);
    Process process = builder.start();
    assertThat(process.waitFor(200, TimeUnit.SECONDS)).isTrue();
    return new Shell(
        process.exitValue(),
        Files.readString(out, StandardCharsets.UTF_8),
        Files.readString(err, StandardCharsets.UTF_8));
  }

  private static Shell loss(Map<String, String> environment, String... more) throws Exception {
    List<String> words =
        new ArrayList<>(List.of("loss", "--embeddings", EMBEDDINGS, "--labels", "labels.npy"));
    words.addAll(Arrays.asList(more));
    return run(LAUNCHER, environment, words.toArray(String[]::new));
  }

  /** No locale at all, one of one byte a letter, one that is not installed, Arabic digits. */
  @Test
  void printsAndWritesTheSameBytesInEveryLocale() throws Exception {
    List<Map<String, String>> environments =
        List.of(
            Map.of(),
            Map.of("LANG", "", "MEDOID_OPTS", "-Duser.language=tr -Duser.country=TR"),
            Map.of("LC_ALL", "POSIX", "MEDOID_OPTS", "-Duser.language=ar -Duser.country=EG"),
            Map.of("LANG", "xx_XX.ISO-8859-9"));
    byte[] gradient = null;
    String printed = null;
    for (Map<String, String> environment : environments) {
      Shell shell = loss(environment, "--gradient-out", "Größe.npy", "--quiet", "--json");
      assertThat(shell.code()).as("%s: %s", environment, shell.err()).isZero();
      assertThat(shell.err()).isEmpty(); // TensorFlow's remarks are no exception
      String json = shell.out().replaceAll("\"milliseconds\":[^,}]*", "");
      byte[] written = Files.readAllBytes(folder.resolve("a b").resolve("Größe.npy"));
      assertThat(json).isEqualTo(printed == null ? json : printed);
      assertThat(written).isEqualTo(gradient == null ? written : gradient);
      printed = json;
      gradient = written;
    }
  }

  @Test
  void errorsOfTheVirtualMachineAreOneLine() throws Exception {
    Shell shell = loss(Map.of("MEDOID_OPTS", "-Xmx10m"));
    assertThat(shell.code()).isEqualTo(1);
    assertThat(shell.err()).startsWith("medoid: out of memory").hasLineCount(1);
    assertThat(shell.err()).contains("MEDOID_OPTS=-Xmx");
  }

  @Test
  void worksThroughALinkAndWithARelativeJavaHome() throws Exception {
    Path link = folder.resolve("a link");
    Files.createSymbolicLink(link, LAUNCHER);
    Path java = Path.of(System.getProperty("java.home"));
    String relative = folder.resolve("a b").toRealPath().relativize(java.toRealPath()).toString();
    Shell shell = run(link, Map.of("JAVA_HOME", relative), "--help");
    assertThat(shell.output()).startsWith("Usage: medoid");
    assertThat(shell.err()).isEmpty();
  }

  /**
   * A full disk fails; streams that are closed are as if they led to {@code /dev/null}; a file that
   * is printed to is not replaced.
   */
  @Test
  void goesByWhatItsStreamsAre() throws Exception {
    assumeThat(Path.of("/dev/full")).exists();
    String[] words = {"/bin/sh", "-c", "\"$0\" --help >/dev/full", LAUNCHER.toString()};
    Process full = new ProcessBuilder(words).redirectErrorStream(true).start();
    String told = new String(full.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(full.waitFor()).isEqualTo(1);
    assertThat(told).hasLineCount(1).contains("standard output", "No space left on device");
    words[2] = "\"$0\" --help <&- >&- 2>&-";
    assertThat(new ProcessBuilder(words).start().waitFor()).isZero();
    Shell replaced = loss(Map.of(), "--gradient-out", "/dev/stdout");
    assertThat(replaced.code()).isNotZero();
    assertThat(replaced.err())
        .contains("--gradient-out /dev/stdout: is the file that this command prints to");
  }

  private static Path program(Path file, String body) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, "#!/bin/sh\n" + body + "\n");
    assertThat(file.toFile().setExecutable(true)).isTrue();
    return file;
  }

  private static Path java(String version, String body) throws IOException {
    Path home = folder.resolve("jdk " + version);
    program(home.resolve("bin").resolve("java"), body);
    Files.writeString(home.resolve("release"), "JAVA_VERSION=\"" + version + "\"\n");
    return home;
  }

  /** A larger one is refused there, after which malloc would map all that is above 128 kB anew. */
  @ParameterizedTest
  @CsvSource({
    "2.28, 33554432",
    "2.9, 33554432",
    "2.35, 33554432",
    "2.36, 67108864",
    "'', 67108864"
  })
  void givesMallocTheLargestThresholdThatItsVersionTakes(String version, String threshold)
      throws Exception {
    Path bin = folder.resolve("libc");
    program(bin.resolve("getconf"), version.isEmpty() ? "exit 1" : "echo glibc " + version);
    Map<String, String> path = Map.of("PATH", bin + ":" + System.getenv("PATH"));
    String body = "echo \"$MALLOC_MMAP_THRESHOLD_ $MALLOC_TRIM_THRESHOLD_\"";
    assertThat(ofJava99(body, path, "--help")).isEqualTo(threshold + " 268435456");
  }

  /** What a Java prints that does this and no more. */
  private static String ofJava99(String body, Map<String, String> more, String... words)
      throws Exception {
    Map<String, String> environment = new HashMap<>(more);
    environment.put("JAVA_HOME", java("99", body).toString());
    Shell shell = run(LAUNCHER, environment, words);
    Path archives = LAUNCHER.resolveSibling("training").resolve("target").resolve("archives");
    if (Files.exists(archives)) { // one for each Java, for this one empty
      try (DirectoryStream<Path> ours = Files.newDirectoryStream(archives, "99-*")) {
        for (Path each : ours) {
          Files.delete(each);
        }
      }
    }
    return shell.out().strip();
  }

  @ParameterizedTest
  @ValueSource(strings = {"11.0.22", "1.8.0_402"})
  void saysWhichJavaIsTooOld(String version) throws Exception {
    Path home = java(version, "exit 3");
    Shell shell = run(LAUNCHER, Map.of("JAVA_HOME", home.toString()), "--help");
    assertThat(shell.code()).isEqualTo(1);
    assertThat(shell.err()).hasLineCount(1).contains(version, "17 or newer", home.toString());
  }

  @Test
  void saysWhereNoJavaIs() throws Exception {
    Shell shell = run(LAUNCHER, Map.of("JAVA_HOME", "/nowhere"), "--help");
    assertThat(shell.code()).isEqualTo(1);
    assertThat(shell.err()).hasLineCount(1).contains("JAVA_HOME is /nowhere");
  }

  @Test
  void putsTemporaryFilesElsewhereWhereTheirFolderCannotBeWritten() throws Exception {
    Map<String, String> environment = new HashMap<>();
    environment.put("TMPDIR", "/nowhere");
    environment.put("XDG_CACHE_HOME", folder.resolve("cache").toString());
    Shell shell = run(LAUNCHER, environment, "--help");
    assertThat(shell.output()).startsWith("Usage: medoid");
    assertThat(shell.err()).hasLineCount(1).contains("/nowhere cannot be written", "TMPDIR");
    environment.put("XDG_CACHE_HOME", "/proc/nowhere");
    shell = run(LAUNCHER, environment, "--help");
    assertThat(shell.code()).isEqualTo(1);
    assertThat(shell.err()).hasLineCount(1).startsWith("medoid: ").contains("/nowhere", "TMPDIR");
  }

  /**
   * A tree as Maven leaves it: a jar for each module, and the class path without the last. Java 17
   * archives no classes of a jar in a folder with a space in its name.
   */
  private static Path built(String name) throws IOException {
    Path tree = Files.createDirectories(folder.resolve(name));
    Path target = Files.createDirectories(tree.resolve("training").resolve("target"));
    ToolProvider jar = ToolProvider.findFirst("jar").orElseThrow();
    List<String> entries = new ArrayList<>();
    for (String module : List.of("tf-ops", "graph", "export", "training")) {
      Path file = Files.createDirectories(tree.resolve(module).resolve("target"));
      file = file.resolve("medoid-" + module + "-1.jar");
      String classes = LAUNCHER.resolveSibling(module) + "/target/classes";
      assertThat(jar.run(System.out, System.err, "cf", file.toString(), "-C", classes, "."))
          .isZero();
      entries.add(file.toString());
    }
    entries.remove(3);
    for (String entry : System.getProperty("java.class.path").split(":", -1)) {
      if (entry.endsWith(".jar") && !entry.contains("medoid-")) {
        entries.add(entry);
      }
    }
    Files.writeString(target.resolve("classpath"), String.join(":", entries));
    return Files.copy(LAUNCHER, tree.resolve("medoid"), StandardCopyOption.COPY_ATTRIBUTES);
  }

  /** A Java that tells the limit of oneDNN that it was started with. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "train --out x|AVX2",
        "train --resume --out RUN|none",
        "train --resume --out=RUN|none",
        "train --resume --out .|AVX2",
        "train --precision bf16 --out x|none",
        "train @words|none",
        "train --resume --out -dash|none",
        "train --out -|AVX2",
      })
  void setsTheLimitOfOneDnnAsideWhereARunComputesInBfloat16(String words, String limit)
      throws Exception {
    Path run = Files.createDirectories(folder.resolve("bf16 run"));
    Path dash = Files.createDirectories(folder.resolve("a b").resolve("-dash"));
    for (Path each : List.of(run, dash)) {
      Files.writeString(each.resolve("settings.json"), "{\n  \"precision\" : \"bf16\"\n}");
    }
    Files.writeString(folder.resolve("a b").resolve("words"), "--precision\nbf16\n");
    String[] typed = words.split(" ", -1);
    Arrays.setAll(typed, i -> typed[i].replace("RUN", run.toString()));
    Map<String, String> unset = Map.of("ONEDNN_MAX_CPU_ISA", "");
    assertThat(ofJava99("echo ${ONEDNN_MAX_CPU_ISA:-none}", unset, typed)).isEqualTo(limit);
  }

  /** The jars of the folder it came from may be gone, or of another version. */
  @Test
  void aTreeThatWasMovedIsBuiltAnew() throws Exception {
    Path moved = folder.resolve("moved");
    Files.move(built("original").getParent(), moved);
    program(folder.resolve("maven").resolve("mvn"), "echo built anew; exit 3");
    String path = folder.resolve("maven") + ":" + System.getenv("PATH");
    Shell shell = run(moved.resolve("medoid"), Map.of("PATH", path), "--version");
    assertThat(shell.code()).isEqualTo(1);
    assertThat(shell.err()).contains("built anew", "the build failed");
  }

  private static boolean shares(Path launcher) throws Exception {
    Path log = folder.resolve("classes.txt");
    Shell shell = run(launcher, Map.of("MEDOID_OPTS", "-Xlog:class+load:file=" + log), "--help");
    assertThat(shell.out()).startsWith("Usage: medoid");
    assertThat(shell.err()).isEmpty();
    return Files.readAllLines(log).stream()
        .anyMatch(line -> line.contains(".cli.Medoid source: shared objects file"));
  }

  @Test
  void keepsAnArchiveOfClassesAndGoesOnWithoutAWordWhereItDoesNotFit() throws Exception {
    assumeThat(Path.of(System.getProperty("java.home"), "lib", "server", "classes.jsa"))
        .as("skipped: a Java without an archive of its own classes")
        .exists();
    Path launcher = built("tree");
    Path target = launcher.resolveSibling("training").resolve("target");
    assertThat(shares(launcher)).isTrue();
    Path archive;
    try (Stream<Path> files = Files.list(target.resolve("archives"))) {
      archive = files.filter(file -> file.toString().endsWith(".jsa")).findFirst().orElseThrow();
    }
    byte[] whole = Files.readAllBytes(archive);
    // As many bytes of something else are left out; a part of it, which Java would die of, is
    // made anew, as is one that is older than the build.
    Files.delete(archive);
    Files.write(archive, new byte[whole.length]);
    assertThat(shares(launcher)).isFalse();
    Files.write(archive, Arrays.copyOf(whole, whole.length / 2));
    assertThat(shares(launcher)).isTrue();
    FileTime later = FileTime.from(Files.getLastModifiedTime(archive).toInstant().plusSeconds(1));
    Path jar = target.resolve("medoid-training-1.jar");
    Files.setLastModifiedTime(jar, later);
    assertThat(shares(launcher)).isFalse();
    Files.setLastModifiedTime(target.resolve("classpath"), FileTime.from(Instant.now()));
    assertThat(shares(launcher)).isTrue();
  }
}
