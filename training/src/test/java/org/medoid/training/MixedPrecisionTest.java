package org.medoid.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.medoid.training.settings.OptimizerSettings.Precision;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

class MixedPrecisionTest {
  @ParameterizedTest
  @ValueSource(strings = {"", "avx512f avx512_bf16x", "avx512f avx512_vnni"})
  void isRefusedOnAProcessorWithoutItsInstructions(String flags) {
    assertThat(MixedPrecision.refusal(Set.of(flags.split(" ", -1)), Map.of()).orElseThrow())
        .contains("AVX512_BF16", "float32")
        .hasLineCount(1);
    assertThat(MixedPrecision.refusal(Set.of(), Map.of())).isPresent(); // not Linux
  }

  @ParameterizedTest
  @ValueSource(strings = {"avx512_bf16", "amx_bf16"})
  void isRefusedWhereTheEnvironmentKeepsOneDnnFromThem(String flag) {
    Set<String> has = Set.of("avx512f", flag);
    assertThat(MixedPrecision.refusal(has, Map.of())).isEmpty();
    assertThat(MixedPrecision.refusal(has, Map.of("ONEDNN_MAX_CPU_ISA", "default"))).isEmpty();
    assertThat(MixedPrecision.refusal(has, Map.of("ONEDNN_MAX_CPU_ISA", "AVX2")).orElseThrow())
        .contains("ONEDNN_MAX_CPU_ISA=AVX2", "DEFAULT");
    assertThat(MixedPrecision.refusal(has, Map.of("TF_ENABLE_ONEDNN_OPTS", "0")).orElseThrow())
        .contains("TF_ENABLE_ONEDNN_OPTS=0");
  }

  @Test
  void tellsTheSessionWhichTakesItOnEveryProcessor() {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      var sum = tf.math.add(tf.constant(1f), tf.constant(2f));
      var config = MixedPrecision.config(Precision.BF16, graph);
      assertThat(config.toString()).contains("auto_mixed_precision_onednn_bfloat16: ON");
      assertThat(MixedPrecision.config(Precision.FLOAT32, graph).getSerializedSize()).isZero();
      try (Session session = new Session(graph, config);
          Result result = session.runner().fetch(sum).run()) {
        assertThat(((TFloat32) result.get(0)).getFloat()).isEqualTo(3f);
      }
    }
  }
}
