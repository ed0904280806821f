package org.medoid.training.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MistypedTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "evalute --json",
        "loss --margin nmy --embeddings e --labels l --gamma 1",
        "loss --distance x --embeddings e --labels l --gamma 1",
        "train --local-search x --out run",
        "train --start x --out run",
        "export --model m --to t --layout x",
        "export --model m --to t --format x"
      })
  void wordsAreToldInOneLineWithoutNamesOfClasses(String words) {
    Typed typed = Typed.medoid((Object[]) words.split(" ", -1));
    assertThat(typed.code()).isEqualTo(2);
    assertThat(typed.out()).isEmpty();
    assertThat(typed.err().strip())
        .hasLineCount(1)
        .startsWith("medoid: ")
        .contains("--help")
        .containsPattern("is none of|Did you mean: medoid evaluate")
        .doesNotContain("Exception");
  }
}
