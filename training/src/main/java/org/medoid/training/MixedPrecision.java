package org.medoid.training;

import java.util.Collections;
import java.util.Iterator;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.medoid.export.savedmodel.OneDnn;
import org.medoid.graph.distributed.Worker;
import org.medoid.ops.host.MatrixProducts;
import org.medoid.training.settings.OptimizerSettings.Precision;
import org.medoid.training.settings.SettingException;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Session;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.GraphOptions;
import org.tensorflow.proto.RewriterConfig;

/**
 * Steps in bfloat16: TensorFlow's graph rewriter casts what gains by it, convolutions and matrix
 * products, and leaves the rest, variables and losses among it, in float32. Only oneDNN has the
 * kernels, and only with the processor's instructions for them are they fast.
 */
final class MixedPrecision {
  private static final String SETTING = "precision";

  private static final Set<String> INSTRUCTIONS = Set.of("avx512_bf16", "amx_bf16");

  /** What oneDNN's limit may be, so that it uses these. */
  private static final Set<String> LIMITS =
      Set.of(
          "",
          "ALL",
          "DEFAULT",
          "AVX512_CORE_BF16",
          "AVX512_CORE_FP16",
          "AVX512_CORE_AMX",
          "AVX512_CORE_AMX_FP16",
          "AVX10_1_512",
          "AVX10_1_512_AMX",
          "AVX10_1_512_AMX_FP16");

  /** Of these some are wrong on AVX-512, see {@link MatrixProducts}. */
  private static final Set<String> PRODUCTS =
      Set.of("BatchMatMul", "BatchMatMulV2", "BatchMatMulV3", "Einsum");

  private MixedPrecision() {}

  /**
   * Refuses bfloat16 where it cannot be or gains nothing.
   *
   * @throws SettingException saying why
   */
  static void check(Precision precision) {
    if (precision == Precision.BF16) {
      refusal(OneDnn.instructions(), System.getenv())
          .ifPresent(
              reason -> {
                throw new SettingException(SETTING, reason);
              });
    }
  }

  /** Why not, with these instructions of a processor and these environment variables. */
  static Optional<String> refusal(Set<String> instructions, Map<String, String> environment) {
    if (Collections.disjoint(instructions, INSTRUCTIONS)) {
      return Optional.of(
          "bf16: needs a processor with AVX512_BF16 or AMX, which this one is not known to have;"
              + " train in float32");
    }
    String limit = environment.getOrDefault("ONEDNN_MAX_CPU_ISA", "");
    if (!LIMITS.contains(limit.toUpperCase(Locale.ROOT))) {
      return Optional.of(
          "bf16: the environment variable ONEDNN_MAX_CPU_ISA="
              + limit
              + " keeps oneDNN from the instructions it needs; set it to DEFAULT");
    }
    if ("0".equals(environment.get("TF_ENABLE_ONEDNN_OPTS"))) {
      return Optional.of(
          "bf16: the environment variable TF_ENABLE_ONEDNN_OPTS=0 turns oneDNN off, which has the"
              + " kernels; unset it");
    }
    return Optional.empty();
  }

  /**
   * Opens a session that trains so.
   *
   * @throws SettingException if several machines train, whose sessions are not told, or as {@link
   *     #config}
   */
  static Session session(Precision precision, Graph graph, Worker worker) {
    if (precision == Precision.FLOAT32) {
      return worker.session(graph);
    }
    if (worker.workers() > 1) {
      throw new SettingException(
          SETTING, "bf16: is for one machine; several train in float32 together");
    }
    return new Session(graph, config(precision, graph));
  }

  /**
   * What a session is told to train so.
   *
   * @throws SettingException if the graph has products that come out wrong with the instructions
   */
  static ConfigProto config(Precision precision, Graph graph) {
    if (precision == Precision.FLOAT32) {
      return ConfigProto.getDefaultInstance();
    }
    for (Iterator<GraphOperation> each = graph.operations(); each.hasNext(); ) {
      GraphOperation operation = each.next();
      if (PRODUCTS.contains(operation.type())) {
        MatrixProducts.fault()
            .ifPresent(
                fault -> {
                  throw new SettingException(
                      SETTING,
                      "bf16: the network's operation '"
                          + operation.name()
                          + "': "
                          + fault
                          + ", which leaves float32 alone");
                });
        break; // all of them are right
      }
    }
    return ConfigProto.newBuilder()
        .setGraphOptions(
            GraphOptions.newBuilder()
                .setRewriteOptions(
                    RewriterConfig.newBuilder()
                        .setAutoMixedPrecisionOnednnBfloat16(RewriterConfig.Toggle.ON)))
        .build();
  }
}
