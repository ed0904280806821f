package org.medoid.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TargetFolderTest {
  private static final Map<String, String> OLD =
      Map.of("saved_model.pb", "old", "model.onnx", "old", "export.json", "old", "notes", "mine");
  private static final Map<String, String> NEW =
      Map.of(
          "saved_model.pb", "new", "variables/index", "new", "export.json", "new", "notes", "mine");

  /** No process has this number. */
  private static final long DEAD = 999_999_999;

  @TempDir private Path folder;
  private Path home;
  private FailingFiles files;

  @BeforeEach
  void wrap() {
    files = new FailingFiles(folder);
    home = folder.resolve("deep").resolve("model");
  }

  private static void write(Path to, Map<String, String> content) throws IOException {
    for (Map.Entry<String, String> each : content.entrySet()) {
      Path file = to.resolve(each.getKey());
      Files.createDirectories(file.getParent());
      Files.writeString(file, each.getValue());
    }
  }

  /** What a reader sees: all files but hidden ones. */
  private static Map<String, String> read(Path from) throws IOException {
    Map<String, String> content = new TreeMap<>();
    if (Files.exists(from)) {
      try (Stream<Path> all = Files.walk(from)) {
        for (Path file : all.filter(Files::isRegularFile).toList()) {
          String name = from.relativize(file).toString().replace('\\', '/');
          if (!name.startsWith(".")) {
            content.put(name, Files.readString(file));
          }
        }
      }
    }
    return content;
  }

  private List<String> hidden() throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.map(path -> path.getFileName().toString()).filter(n -> n.startsWith(".")).toList();
    }
  }

  private void clear() throws IOException {
    if (Files.exists(folder.resolve("deep"))) {
      Leftovers.delete(folder.resolve("deep"));
    }
  }

  private void exportNew(boolean overwrite) throws IOException {
    try (TargetFolder target = TargetFolder.plain(files.path(home), overwrite)) {
      write(
          target.aside(),
          Map.of("saved_model.pb", "new", "variables/index", "new", "export.json", "new"));
      assertThat(target.publish().toString()).isEqualTo(home.toString());
    }
  }

  @Test
  void anExportIsReplacedFileByFileAndWhatIsNotPartOfItStays() throws IOException {
    write(home, OLD);
    exportNew(true);
    assertThat(read(home)).isEqualTo(NEW);
    assertThat(hidden()).isEmpty();
  }

  @Test
  void atEveryMomentEachFileOfAReplacedExportIsThereTheDescriptionChangesLast() throws IOException {
    write(home, OLD);
    AtomicInteger looks = new AtomicInteger();
    files.before(
        () -> {
          try {
            Map<String, String> seen = read(home);
            assertThat(seen).containsKeys("saved_model.pb", "export.json", "notes");
            if (seen.get("export.json").equals("new")) {
              assertThat(seen).containsEntry("saved_model.pb", "new");
            }
            looks.incrementAndGet();
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        });
    exportNew(true);
    assertThat(looks.get()).isGreaterThan(10);
  }

  @Test
  void whicheverStepFailsTheOldExportIsThereOrTheNewOneAndTheSameAgainSucceeds()
      throws IOException {
    write(home, OLD);
    exportNew(true);
    int steps = files.steps();
    assertThat(steps).isGreaterThan(10);
    int failed = 0;
    for (int n = 1; n <= steps; n++) {
      clear();
      write(home, OLD);
      int which = n;
      files.failing(step -> step == which);
      try {
        exportNew(true);
        assertThat(read(home)).as("step %d is told", n).isEqualTo(NEW);
      } catch (IOException e) {
        failed++;
        assertThat(read(home)).as("step %d", n).isIn(OLD, NEW);
      }
      files.failing(step -> false);
      exportNew(true);
      assertThat(read(home)).as("after step %d", n).isEqualTo(NEW);
    }
    assertThat(failed).isGreaterThan(8);
  }

  @Test
  void aKilledReplacementIsTakenBackByTheNextExportWhichMayBeKilledToo() throws IOException {
    int killed = 0;
    for (int n = 1, done = 0; done == 0; n++) {
      clear();
      write(home, OLD);
      int which = n;
      // All further steps fail as well: nothing tidies up after a kill.
      files.failing(step -> step >= which);
      try {
        exportNew(true);
        done = 1;
      } catch (IOException e) {
        killed++;
      }
      for (int again = 1; again < 12; again += 2) {
        died();
        int next = again;
        files.failing(step -> step >= next);
        try {
          exportNew(true);
        } catch (IOException e) {
          assertThat(e).hasMessageContaining("step");
        }
      }
      died();
      files.failing(step -> false);
      // Not allowed to replace: the earlier export is put back all the same.
      if (done == 0 && !read(home).equals(NEW)) {
        assertThatIOException().isThrownBy(() -> exportNew(false)).withMessageContaining("empty");
        assertThat(read(home)).as("killed at step %d", n).isIn(OLD, NEW);
      }
      exportNew(true);
      assertThat(read(home)).isEqualTo(NEW);
    }
    assertThat(killed).isGreaterThan(10);
  }

  /** Lets what is aside belong to a process that is no more. */
  private void died() throws IOException {
    long own = ProcessHandle.current().pid();
    try (Stream<Path> content = Files.list(home)) {
      for (Path each : content.toList()) {
        String name = each.getFileName().toString();
        if (name.contains("-" + own + "-")) {
          Files.move(each, home.resolve(name.replace("-" + own + "-", "-" + DEAD + "-")));
        }
      }
    }
  }

  @Test
  void whatIsReplacedByAnotherProcessRightNowIsLeftAlone() throws IOException {
    write(home, OLD);
    Path previous = home.resolve(".previous-" + ProcessHandle.current().pid() + "-1");
    write(previous, Map.of("saved_model.pb", "older"));
    try (TargetFolder target = TargetFolder.plain(home, true)) {
      assertThat(read(home)).isEqualTo(OLD);
      assertThat(target.aside()).isEmptyDirectory();
    }
    assertThat(previous).exists();
  }

  @Test
  void whatDeadProcessesLeftAsideIsRemovedAfterAnHour() throws IOException {
    Path beside = folder.resolve(".model.part-" + DEAD + "-7");
    Path young = folder.resolve(".model.part-" + DEAD + "-8");
    Path other = folder.resolve(".model2.part-" + DEAD + "-7");
    for (Path each : List.of(beside, young, other)) {
      write(each, Map.of("saved_model.pb", "half"));
    }
    FileTime before = FileTime.from(Instant.now().minus(Duration.ofHours(2)));
    Files.setLastModifiedTime(beside, before);
    Files.setLastModifiedTime(other, before);
    TargetFolder.plain(folder.resolve("model"), false).close();
    assertThat(beside).doesNotExist();
    assertThat(young).exists();
    assertThat(other).exists();
    // Nor do they make a folder that holds nothing else a full one.
    Files.move(young, Files.createDirectory(folder.resolve("empty")).resolve(".part-1-1"));
    TargetFolder.plain(folder.resolve("empty"), false).close();
  }

  @Test
  void aFolderThatAppearsMeanwhileIsReplacedOnlyIfThatIsAllowed() throws IOException {
    for (boolean allowed : new boolean[] {false, true}) {
      clear();
      try (TargetFolder target = TargetFolder.plain(home, allowed)) {
        write(target.aside(), Map.of("export.json", "new"));
        write(home, Map.of("export.json", "theirs", "model.onnx", "theirs"));
        if (allowed) {
          target.publish();
          assertThat(read(home)).isEqualTo(Map.of("export.json", "new"));
        } else {
          assertThatIOException().isThrownBy(target::publish).withMessageContaining("not empty");
          assertThat(read(home)).containsEntry("model.onnx", "theirs");
        }
      }
    }
    assertThat(hidden()).isEmpty();
  }

  @Test
  void aVersionThatAppearsMeanwhileTakesTheNumberAndTheNextIsTaken() throws IOException {
    AtomicInteger theirs = new AtomicInteger();
    try (TargetFolder target = TargetFolder.version(files.path(home), null)) {
      write(target.aside(), Map.of("export.json", "new"));
      // Between the look at the numbers and the rename.
      files.before(
          () -> {
            try {
              if (theirs.incrementAndGet() <= 2) {
                write(home.resolve(theirs.toString()), Map.of("export.json", "theirs"));
              }
            } catch (IOException e) {
              throw new AssertionError(e);
            }
          });
      assertThat(target.publish().toString()).isEqualTo(home.resolve("3").toString());
    }
    assertThat(read(home))
        .isEqualTo(
            Map.of("1/export.json", "theirs", "2/export.json", "theirs", "3/export.json", "new"));
    assertThat(hidden()).isEmpty();
  }

  @Test
  void aServedModelThatAppearsMeanwhileGetsTheNextVersion() throws IOException {
    try (TargetFolder target = TargetFolder.version(home, "config.pbtxt")) {
      write(target.aside(), Map.of("model.onnx", "new"));
      target.beside("config.pbtxt", "new");
      write(home, Map.of("1/model.onnx", "theirs", "config.pbtxt", "theirs"));
      assertThat(target.publish()).isEqualTo(home.resolve("2"));
    }
    assertThat(read(home))
        .isEqualTo(Map.of("1/model.onnx", "theirs", "2/model.onnx", "new", "config.pbtxt", "new"));
    assertThat(hidden()).isEmpty();
  }

  @Test
  void whicheverStepOfAVersionFailsNoHalfOneIsSeen() throws IOException {
    for (int n = 1, done = 0; done == 0; n++) {
      clear();
      write(home, Map.of("1/model.onnx", "old", "config.pbtxt", "old"));
      int which = n;
      files.failing(step -> step == which);
      try (TargetFolder target = TargetFolder.version(files.path(home), "config.pbtxt")) {
        write(target.aside(), Map.of("model.onnx", "new"));
        target.beside("config.pbtxt", "new");
        target.publish();
        done = files.steps() < which ? 1 : 0;
      } catch (IOException e) {
        assertThat(e).hasMessageContaining("step " + n + " fails");
        assertThat(read(home)).isEqualTo(Map.of("1/model.onnx", "old", "config.pbtxt", "old"));
      }
    }
    assertThat(read(home))
        .isEqualTo(Map.of("1/model.onnx", "old", "2/model.onnx", "new", "config.pbtxt", "new"));
  }

  @Test
  void aSavedModelThatIsNoExportIsNotReplaced() throws IOException {
    Map<String, String> trained = Map.of("saved_model.pb", "keras", "variables/index", "trained");
    write(home, trained);
    assertThatIOException()
        .isThrownBy(() -> TargetFolder.plain(home, true))
        .withMessageContaining("something else than an earlier export (no export.json)");
    assertThat(read(home)).isEqualTo(trained);
  }

  @Test
  void aLinkToNothingIsToldBeforeTheWork() throws IOException {
    Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("nothing"));
    assertThatIOException()
        .isThrownBy(() -> TargetFolder.plain(link, true))
        .withMessageContaining("a link to nothing");
  }

  /** What a program does that a signal ends. */
  @Test
  void whatIsWrittenAsideCanBeRemovedUntilItIsPutInItsPlace() throws IOException {
    try (TargetFolder target = TargetFolder.plain(home, false)) {
      write(target.aside(), NEW);
      Asides.removeAll();
      assertThat(target.aside()).doesNotExist();
    }
    try (TargetFolder target = TargetFolder.plain(home, false)) {
      write(target.aside(), NEW);
      target.publish();
      Asides.removeAll();
    }
    assertThat(read(home)).isEqualTo(new TreeMap<>(NEW));
    Path file = folder.resolve("rows");
    assertThatIOException()
        .isThrownBy(
            () ->
                WholeFile.write(
                    file,
                    aside -> {
                      Files.writeString(aside, "half");
                      Asides.removeAll();
                      assertThat(aside).doesNotExist();
                    }));
    assertThat(file).doesNotExist();
  }
}
