package org.medoid.training.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MistypedTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "loss --embeddings e --labels l --gamma -1",
        "loss --embeddings e --labels l --gamma NaN",
        "loss --embeddings e --labels l --gamma 1e39",
        "loss --embeddings e --labels l --max-sweeps -1",
        "train --out x --model convnet --data folder:x --embedding 1000000000",
        "train --out x --model convnet --data folder:x --image-size 999999",
        "train --out x --model convnet --data folder:x --resize 999999",
        "demo --out x --steps -1",
        "init --to x --model resnet",
        "init --to x --model convnet --image-size -1",
        "init --to x --model convnet --image-size 8193",
        "init --to x --run r --seed 3",
        "compare --out x --model convnet --data folder:x --losses ,",
        "compare --out x --model convnet --data folder:x --seeds ,",
        "export --to x --model m --format ,",
        "evaluate --embeddings e --labels l --recall-at ,",
        "compare --runs 3 --out x --model convnet --data folder:x --seed 9223372036854775807",
        "evaluate --embeddings e --labels l --embeddings e"
      })
  void valuesAreToldWithTheirOptionBeforeAnythingIsDone(String words) {
    Typed typed = Typed.medoid((Object[]) words.split(" ", -1));
    String[] parts = words.split(" ", -1);
    assertThat(typed.code()).isEqualTo(2);
    assertThat(typed.out()).isEmpty();
    assertThat(typed.err().strip())
        .hasLineCount(1)
        .startsWith("medoid: ")
        .contains(parts[parts.length - 2])
        .doesNotContain("Exception", "Error:");
  }

  @Test
  void aFileOfWordsThatCannotBeReadIsOneLine() {
    Typed typed = Typed.medoid("loss", "@" + System.getProperty("java.io.tmpdir"));
    assertThat(typed.code()).isEqualTo(2);
    assertThat(typed.err().strip()).hasLineCount(1).startsWith("medoid: @");
  }

  @Test
  void listsMayHaveSpacesBehindTheirCommas() {
    assertThat(Typed.medoid("compare", "--losses", "n_pairs, x", "--out", "o").err())
        .contains("--losses x: no such loss");
    String help = Typed.medoid("evaluate", "--help").ok().out();
    assertThat(help).contains("--recall-at=K[,K...]");
    assertThat(Typed.medoid("evaluate", "--run", "r", "--recall-at", "1, 2,4 ,x").err())
        .contains("--recall-at")
        .contains("'x'");
  }

  @ParameterizedTest
  @ValueSource(strings = {"train", "evaluate", "doctor"})
  void eachCommandSaysItsVersion(String command) {
    assertThat(Typed.medoid(command, "--version").ok().lines().get(0)).startsWith("medoid ");
  }

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
