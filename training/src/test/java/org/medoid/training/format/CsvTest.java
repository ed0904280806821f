package org.medoid.training.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Chars;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CsvTest {
  @TempDir Path folder;

  @Test
  void onlyWhatMustBeQuotedIs() {
    assertThat(Csv.line(List.of("a", 1, 0.5, ""))).isEqualTo("a,1,0.5,\n");
    String plain = " two words, no: -1 'x' (é) #1 \t; a name of more than twenty-four characters";
    assertThat(Csv.line(List.of(plain.replace(",", "")))).isEqualTo(plain.replace(",", "") + "\n");
    assertThat(Csv.line(List.of(plain, "b"))).isEqualTo('"' + plain + "\",b\n");
    assertThat(Csv.line(List.of("say \"a\"", "b\nc"))).isEqualTo("\"say \"\"a\"\"\",\"b\nc\"\n");
    assertThat(Csv.line(List.of("b\rc", "d"))).isEqualTo("\"b\rc\",d\n");
  }

  @Test
  void rowsOfDifferentLengthsAreReadAsTheyAre() throws IOException {
    Path file = Files.writeString(folder.resolve("a.csv"), "step,loss\n1,0.5\n2,\n3\n");
    assertThat(Csv.read(file))
        .containsExactly(
            List.of("step", "loss"), List.of("1", "0.5"), List.of("2", ""), List.of("3"));
    assertThat(Csv.read(Files.writeString(file, ""))).isEmpty();
  }

  /** Of a process that appends, or was killed: half a number is a number too. */
  @Test
  void aLineThatHasNoEndIsLeftOut() throws IOException {
    Path file = Files.writeString(folder.resolve("a.csv"), "step,loss\n1,0.5\n2,0.1");
    assertThat(Csv.read(file)).containsExactly(List.of("step", "loss"), List.of("1", "0.5"));
    assertThat(Csv.read(Files.writeString(file, "step"))).isEmpty();
  }

  @Test
  void textThatIsNotUtf8IsAnError() throws IOException {
    Path file = Files.write(folder.resolve("a.csv"), new byte[] {'a', (byte) 0xff, '\n'});
    assertThatThrownBy(() -> Csv.read(file))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("a.csv is damaged");
  }

  @Property(seed = "1", tries = 300)
  void whatIsWrittenIsReadAgain(
      @ForAll @Size(min = 2, max = 5)
          List<@Chars({'a', ' ', ',', '"', '\n', '#', 'é'}) String> cells)
      throws IOException {
    Path file = Files.createTempFile("medoid", ".csv");
    try {
      Files.writeString(file, Csv.line(cells) + Csv.line(cells));
      assertThat(Csv.read(file)).containsExactly(cells, cells);
    } finally {
      Files.delete(file);
    }
  }

  @Test
  void whatIsNoWholeNumberIsNamedWithItsLine() throws IOException {
    Path file = folder.resolve("a.csv");
    assertThat(Csv.whole(file, 2, "30")).isEqualTo(30);
    assertThatThrownBy(() -> Csv.whole(file, 2, "x"))
        .isInstanceOf(IOException.class)
        .hasMessage(file + " is damaged: line 2 has 'x', not a whole number");
  }
}
