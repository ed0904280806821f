package org.medoid.training.cli;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What cannot be written is told before the work begins, by the option's name. */
class OutputFileTest {
  private static final String OPTION = "--per-class";

  @TempDir private Path folder;

  @Test
  void linksThatLeadNowhereOrInACircleAreTold() throws IOException {
    Path lost = Files.createSymbolicLink(folder.resolve("lost"), folder.resolve("no/x"));
    Path circle = Files.createSymbolicLink(folder.resolve("circle"), folder.resolve("circle"));
    assertThatThrownBy(() -> OutputFile.check(OPTION, lost))
        .hasMessage(OPTION + " " + lost + ": there is no folder " + folder.resolve("no"));
    assertThatThrownBy(() -> OutputFile.check(OPTION, circle))
        .hasMessageStartingWith(OPTION + " " + circle)
        .hasMessageContaining("circle");
    Path coming = Files.createSymbolicLink(folder.resolve("coming"), folder.resolve("x"));
    assertThatCode(() -> OutputFile.check(OPTION, coming)).doesNotThrowAnyException();
  }

  @Test
  void aFileOnTheWayIsTold() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    assertThatThrownBy(() -> OutputFile.check(OPTION, file.resolve("x")))
        .hasMessageContaining(OPTION)
        .hasMessageContaining("there is no folder " + file);
  }

  @Test
  void aTextTakesThePlaceOfItsLikeOnly() throws IOException {
    Path photo = Files.write(folder.resolve("p.jpg"), new byte[] {(byte) 0xff, (byte) 0xd8, 1});
    assertThatThrownBy(() -> OutputFile.checkText(OPTION, photo, "class,"))
        .hasMessageContaining(OPTION + " " + photo)
        .hasMessageContaining("name another file");
    Path earlier = Files.writeString(folder.resolve("c.csv"), "class,queries\n");
    Path empty = Files.createFile(folder.resolve("empty"));
    for (Path fine : new Path[] {earlier, empty, folder.resolve("new"), Path.of("/dev/null")}) {
      assertThatCode(() -> OutputFile.checkText(OPTION, fine, "class,")).doesNotThrowAnyException();
    }
  }
}
