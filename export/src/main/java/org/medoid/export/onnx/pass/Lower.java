package org.medoid.export.onnx.pass;

import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;
import org.tensorflow.proto.DataType;

/** What no pattern took of the operations that ONNX has not. */
final class Lower extends Pass {
  @Override
  void visit(OnnxNode node) {
    switch (node.op) {
      case OnnxGraph.SQUARE -> {
        String x = node.inputs.get(0);
        become(node, "Mul", x, x);
      }
      case OnnxGraph.RSQRT -> {
        String root = emit(node, "Sqrt", node.inputs, Map.of());
        become(node, "Reciprocal", root);
      }
      case OnnxGraph.ERFC -> {
        String erf = emit(node, "Erf", node.inputs, Map.of());
        String one = share(Constant.of(DataType.DT_FLOAT, new long[0], new double[] {1}));
        become(node, "Sub", one, erf);
      }
      case OnnxGraph.SPACE_TO_BATCH -> toBatch(node);
      case OnnxGraph.BATCH_TO_SPACE -> toSpace(node);
      default -> {}
    }
  }

  /** [b, c, n k] to [k b, c, n], for each spatial axis. */
  private void toBatch(OnnxNode node) {
    long[] blocks = (long[]) node.attributes.get("blocks");
    long[] edges = (long[]) node.attributes.get("edges");
    int axes = blocks.length;
    long[] pads = new long[2 * (axes + 2)];
    System.arraycopy(edges, 0, pads, 2, axes);
    System.arraycopy(edges, axes, pads, axes + 4, axes);
    String x = emit(node, "Pad", node.inputs.get(0), integers(pads));
    String sizes = emit(node, "Shape", x);
    String counts = emit(node, "Slice", sizes, integers(2), integers(axes + 2));
    String inner = emit(node, "Div", counts, integers(blocks));
    // Counts and blocks in turn: [n1, k1, n2, k2].
    String pairs =
        emit(
            node,
            "Concat",
            Map.of("axis", 1),
            column(node, inner, axes),
            column(node, integers(blocks), axes));
    String front = emit(node, "Slice", sizes, integers(0), integers(2));
    String flat = emit(node, "Reshape", pairs, integers(-1));
    String split = emit(node, "Concat", Map.of("axis", 0), front, flat);
    x = emit(node, "Reshape", x, split);
    long[] perm = new long[2 * axes + 2];
    for (int i = 0; i < axes; i++) {
      perm[i] = 2L * i + 3;
      perm[axes + 2 + i] = 2L * i + 2;
    }
    perm[axes + 1] = 1;
    x = emit(node, "Transpose", Map.of("perm", perm), x);
    String channels = emit(node, "Slice", sizes, integers(1), integers(2));
    String shape = emit(node, "Concat", Map.of("axis", 0), integers(-1), channels, inner);
    become(node, "Reshape", x, shape);
  }

  /** [k b, c, n] to [b, c, n k], for each spatial axis, and the edges cut off. */
  private void toSpace(OnnxNode node) {
    long[] blocks = (long[]) node.attributes.get("blocks");
    long[] edges = (long[]) node.attributes.get("edges");
    int axes = blocks.length;
    String x = node.inputs.get(0);
    String sizes = emit(node, "Shape", x);
    String rest = emit(node, "Slice", sizes, integers(1), integers(axes + 2));
    String split = emit(node, "Concat", Map.of("axis", 0), integers(blocks), integers(-1), rest);
    x = emit(node, "Reshape", x, split);
    long[] perm = new long[2 * axes + 2];
    perm[0] = axes;
    perm[1] = axes + 1L;
    for (int i = 0; i < axes; i++) {
      perm[2 + 2 * i] = axes + 2L + i;
      perm[3 + 2 * i] = i;
    }
    x = emit(node, "Transpose", Map.of("perm", perm), x);
    String counts = emit(node, "Slice", sizes, integers(2), integers(axes + 2));
    String whole = emit(node, "Mul", counts, integers(blocks));
    String channels = emit(node, "Slice", sizes, integers(1), integers(2));
    String shape = emit(node, "Concat", Map.of("axis", 0), integers(-1), channels, whole);
    x = emit(node, "Reshape", x, shape);
    long[] starts = Arrays.copyOf(edges, axes);
    long[] over = IntStream.range(2, axes + 2).asLongStream().toArray();
    long[] cut = Arrays.copyOfRange(edges, axes, 2 * axes);
    String ends = emit(node, "Sub", whole, integers(cut));
    become(node, "Slice", x, integers(starts), ends, integers(over));
  }

  private String integers(long... values) {
    return share(Constant.integers(values));
  }

  private String column(OnnxNode at, String vector, int size) {
    return emit(at, "Reshape", vector, integers(size, 1));
  }
}
