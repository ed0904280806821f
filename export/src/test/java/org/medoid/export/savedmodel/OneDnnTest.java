package org.medoid.export.savedmodel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.proto.DataType;

class OneDnnTest {
  @Test
  void theInstructionsAreThoseOfTheFirstProcessor() {
    String processor = "processor\t: 0\nflags\t\t: fpu avx2\nbugs\t:\nprocessor\t: 1\nflags: mmx\n";
    assertThat(OneDnn.instructions(processor)).contains("fpu", "avx2").doesNotContain("mmx");
    assertThat(OneDnn.instructions("")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    // TensorFlow uses oneDNN, and leaves bfloat16 to it
    "DT_BFLOAT16, avx512f avx512_vnni, AVX2, , true",
    "DT_BFLOAT16, avx512f avx512_vnni, avx2, , true",
    "DT_BFLOAT16, avx512f, AVX2, 1, true",
    "DT_HALF, avx512f avx512_vnni avx512_fp16, AVX2, , true",
    // not used
    "DT_BFLOAT16, avx512f, AVX2, , false",
    "DT_BFLOAT16, avx512f avx512_vnni, AVX2, 0, false",
    // not left to it
    "DT_BFLOAT16, avx2 avx_vnni, AVX2, , false",
    "DT_HALF, avx512f avx512_vnni, AVX2, , false",
    "DT_DOUBLE, avx512f avx512_vnni, AVX2, , false",
    // not limited
    "DT_BFLOAT16, avx512f avx512_vnni, AVX512_CORE, , false",
    "DT_BFLOAT16, avx512f avx512_vnni, , , false",
  })
  void halfPrecisionIsFatalWhereOneDnnIsKeptFromTheInstructions(
      DataType type, String instructions, String limit, String used, boolean fatal) {
    Map<String, String> environment = new HashMap<>();
    if (limit != null) {
      environment.put("ONEDNN_MAX_CPU_ISA", limit);
    }
    if (used != null) {
      environment.put("TF_ENABLE_ONEDNN_OPTS", used);
    }
    Set<String> has = Set.of(instructions.split(" ", -1));
    Optional<String> note = OneDnn.fatal(Set.of(type), has, environment);
    assertThat(note.isPresent()).isEqualTo(fatal);
    note.ifPresent(text -> assertThat(text).contains("ONEDNN_MAX_CPU_ISA=" + limit));
  }
}
