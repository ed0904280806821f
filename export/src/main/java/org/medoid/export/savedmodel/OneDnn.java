package org.medoid.export.savedmodel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.tensorflow.proto.DataType;

/**
 * What TensorFlow's oneDNN does on a processor, as far as it must be known before it is asked.
 *
 * <p>Whether oneDNN gets the products and convolutions of half precision, TensorFlow 2.18 decides
 * by the processor. Where {@code ONEDNN_MAX_CPU_ISA} keeps oneDNN from the instructions, as
 * Medoid's launcher does, it has no such kernel, and ends the process: a matrix product in bfloat16
 * is an illegal instruction (SIGILL) on a processor with AVX512_VNNI.
 */
public final class OneDnn {
  /** The instructions by which TensorFlow leaves a type to oneDNN. */
  private static final Map<DataType, Set<String>> KERNELS =
      Map.of(
          DataType.DT_BFLOAT16, Set.of("avx512f"),
          DataType.DT_HALF, Set.of("avx512_fp16", "amx_fp16"));

  /** The instructions by which TensorFlow uses oneDNN if nobody says whether. */
  private static final Set<String> DEFAULT =
      Set.of("avx512_vnni", "avx512_bf16", "avx_vnni", "amx_tile", "amx_int8", "amx_bf16");

  /** The limits below AVX-512; oneDNN takes what it does not know for none. */
  private static final Set<String> LIMITS =
      Set.of("SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX2_VNNI_2");

  private OneDnn() {}

  /**
   * Returns the instructions of this processor.
   *
   * @return as Linux names them, {@code avx2}; empty elsewhere
   */
  public static Set<String> instructions() {
    try {
      return instructions(Files.readString(Path.of("/proc/cpuinfo")));
    } catch (IOException e) {
      return Set.of();
    }
  }

  /** Those of a processor by the content of {@code /proc/cpuinfo}. */
  static Set<String> instructions(String processor) {
    return processor
        .lines()
        .filter(line -> line.startsWith("flags"))
        .limit(1)
        .flatMap(line -> Arrays.stream(line.split(" ", -1)))
        .collect(Collectors.toSet());
  }

  /**
   * Why a network of these types would end the process.
   *
   * @return a note for the user; empty if it would not
   */
  static Optional<String> fatal(
      Set<DataType> types, Set<String> instructions, Map<String, String> environment) {
    String limit =
        environment.getOrDefault(
            "ONEDNN_MAX_CPU_ISA", environment.getOrDefault("DNNL_MAX_CPU_ISA", ""));
    boolean left =
        types.stream()
            .flatMap(type -> KERNELS.getOrDefault(type, Set.of()).stream())
            .anyMatch(instructions::contains);
    if (!left
        || !LIMITS.contains(limit.toUpperCase(Locale.ROOT))
        || !isUsed(instructions, environment)) {
      return Optional.empty();
    }
    return Optional.of(
        ("comparison: the model as it is cannot be compared with, as this TensorFlow would crash"
                + " over its %s: oneDNN has no kernels for it with ONEDNN_MAX_CPU_ISA=%s (with"
                + " TF_ENABLE_ONEDNN_OPTS=0 in the environment it can)")
            .formatted(Precision.names(types), limit));
  }

  private static boolean isUsed(Set<String> instructions, Map<String, String> environment) {
    return switch (environment.getOrDefault("TF_ENABLE_ONEDNN_OPTS", "").toLowerCase(Locale.ROOT)) {
      case "0", "false" -> false;
      case "1", "true" -> true;
      default -> instructions.stream().anyMatch(DEFAULT::contains);
    };
  }
}
