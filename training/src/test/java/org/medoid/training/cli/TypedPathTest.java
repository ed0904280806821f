package org.medoid.training.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class TypedPathTest {
  /** What {@code --out "$NEVER_SET"} leaves would be the current folder. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "evaluate --embeddings  --labels l.npy",
        "evaluate --run ",
        "evaluate --model m --data folder:",
        "embed --model m --images  --out e.npy",
        "embed --model m --images i --out ",
        "export --model m --to ",
        "export --run  --to x",
        "train --data folder:  --model convnet --out r",
        "train --data folder:x --model convnet --out ",
        "train --data folder:x --model savedmodel: --out r",
        "train --data folder:x --model convnet --weights  --out r",
        "compare --data sop: --model convnet --out r",
        "init --model savedmodel: --to x",
        "init --model convnet --to ",
        "loss --embeddings e --labels l --gradient-out ",
        "demo --out ",
        "report --run "
      })
  void anEmptyNameIsWrongUsageOfItsOption(String words) {
    Typed typed = Typed.medoid((Object[]) words.split(" ", -1));
    assertThat(typed.code()).isEqualTo(2);
    assertThat(typed.out()).isEmpty();
    assertThat(typed.err().strip())
        .hasLineCount(1)
        .containsPattern("option '--[a-z-]+'.*an empty name of a file or folder");
  }

  @Test
  void theHomeIsPutInWhereShellsLeaveItOut() {
    TypedPath paths = new TypedPath();
    TypedPath.Spec specs = new TypedPath.Spec();
    String home = paths.convert("~").toString();
    assertThat(Path.of(home)).isAbsolute();
    assertThat(paths.convert("~/a b")).isEqualTo(Path.of(home, "a b"));
    assertThat(specs.convert("folder:~/a")).isEqualTo("folder:" + home + "/a");
    assertThat(specs.convert("~/a.ckpt")).isEqualTo(home + "/a.ckpt");
    for (String same : new String[] {"icons", "folder:a/~/b", "savedmodel:C:\\x", "./~", "own:"}) {
      assertThat(specs.convert(same)).isEqualTo(same);
    }
    assertThat(paths.convert("a~/~")).isEqualTo(Path.of("a~/~"));
    assertThatThrownBy(() -> paths.convert("a\0b"))
        .isInstanceOf(TypeConversionException.class)
        .hasMessageContaining("no file name");
  }

  @Test
  void aDashIsNoFile() {
    Typed typed = Typed.medoid("evaluate", "--embeddings", "e.npy", "--labels", "-");
    assertThat(typed.code()).isEqualTo(2);
    assertThat(typed.err()).contains("--labels", "/dev/stdin", "./-");
  }
}
