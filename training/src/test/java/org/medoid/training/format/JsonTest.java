package org.medoid.training.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonTest {
  /** A record as the program's files hold. */
  record Held(int count, List<Map<String, Double>> rows) {}

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "'';it is empty",
        "'{\"count\": 1';end-of-input: expected close marker for Object (line 1",
        "'{\"count\": 1,\n \"rows\": x}';'x'",
        "[];something else",
        "'{\"count\": []}';something else than is written here: count",
        "'{\"rows\": [{\"a\": 1}, {\"a\": {}}]}';something else than is written here: rows.1.a"
      })
  void whatIsWrongIsOneLineWithoutNamesOfClasses(String text, String told) {
    JsonProcessingException e =
        catchThrowableOfType(
            JsonProcessingException.class, () -> Json.mapper().readValue(text, Held.class));
    assertThat(Json.problem(e))
        .hasLineCount(1)
        .contains(told)
        .doesNotContain("java.", "Source", "Feature", "`");
  }

  @Test
  void theFileIsNamedWhateverIsWrongWithIt(@TempDir Path folder) throws IOException {
    // Two bytes of a file were lost: read as UTF-32. Then a byte that UTF-8 does not have.
    byte[][] damaged = {
      {0, 0, '{', '\n', ' ', ' ', '"', 'n', 'm', 'i', '"'},
      {'{', '"', 'n', (byte) 0xff, '"', ':', '1', '}'},
      {'{'},
      {}
    };
    for (int i = 0; i < damaged.length; i++) {
      Path file = Files.write(folder.resolve(i + ".json"), damaged[i]);
      assertThatThrownBy(() -> Json.read(file, JsonNode.class))
          .isInstanceOf(IOException.class)
          .hasMessageStartingWith(file + " is damaged: ");
    }
  }
}
