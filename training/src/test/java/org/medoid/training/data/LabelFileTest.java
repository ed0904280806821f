package org.medoid.training.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LabelFileTest {
  @TempDir private Path folder;

  private Object[] read(String text, Charset charset, int count) throws IOException {
    Path file = folder.resolve("labels");
    Files.write(file, text.getBytes(charset));
    return (Object[]) LabelFile.read(file, count).data();
  }

  private AbstractThrowableAssert<?, ?> refused(String text, Charset charset, int count) {
    return assertThatThrownBy(() -> read(text, charset, count))
        .hasMessageStartingWith(folder.resolve("labels") + ": ");
  }

  @Test
  void quotesAsSpreadsheetsAndPythonWriteThemKeepCommasAndLineBreaks() throws IOException {
    assertThat(read("\"Doe, \"\"J\"\"\"\n\"Roe, A\"\n", StandardCharsets.UTF_8, 2))
        .containsExactly("Doe, \"J\"", "Roe, A");
    assertThat(read("\"a\nb\"\r\nc\r\n", StandardCharsets.UTF_8, 2)).containsExactly("a\nb", "c");
    assertThat(read("\"a\" b\nc\n", StandardCharsets.UTF_8, 2)).containsExactly("\"a\" b", "c");
    refused("Doe, J\nRoe, A\n", StandardCharsets.UTF_8, 2).hasMessageContaining("in quotes");
  }

  @Test
  void emptyLinesAtTheEndsAreLeftOutWhereThereAreTooManyLines() throws IOException {
    assertThat(read("\na\nb\n\n", StandardCharsets.UTF_8, 2)).containsExactly("a", "b");
    assertThat(read("a\n\nb\n", StandardCharsets.UTF_8, 3)).containsExactly("a", "", "b");
    assertThat(read("a\n\nb\n\n", StandardCharsets.UTF_8, 3)).containsExactly("a", "", "b");
  }

  /** Without the missing one the heading would be a label, and each label that of the next row. */
  @Test
  void aMissingLabelBelowAHeadingIsNotLeftOut() {
    for (String missing : List.of("", "\"\"")) {
      refused("label\na\n" + missing + "\nb\n", StandardCharsets.UTF_8, 3)
          .hasMessageContaining("4 labels for 3 embeddings")
          .hasMessageContaining("\"label\"");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"UTF-16", "UTF-8", "x-UTF-16LE-BOM"})
  void whatShellsOfWindowsWriteIsRead(String charset) throws IOException {
    assertThat(read("\ufeffé\r\nb\r\n", Charset.forName(charset), 2)).containsExactly("é", "b");
  }

  @Test
  void anotherNumberIsToldWithTheFirstWhichMayBeAHeading() {
    refused("label\n1\n2\n", StandardCharsets.UTF_8, 2)
        .hasMessageContaining("3 labels for 2 embeddings")
        .hasMessageContaining("\"label\"");
  }

  @Test
  void textOfAnotherEncodingIsToldFromOtherFiles() {
    refused("é\nb\n", StandardCharsets.ISO_8859_1, 2).hasMessageContaining("not UTF-8");
    refused("PK\3\4\n\n", StandardCharsets.UTF_8, 2).hasMessageContaining(".npz");
  }
}
