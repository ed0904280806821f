package org.medoid.training.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.util.List;
import java.util.Map;
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
}
