package org.medoid.export.onnx.pass;

import java.util.Arrays;
import java.util.List;
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
        become(node, "Mul", List.of(x, x), Map.of());
      }
      case OnnxGraph.RSQRT -> {
        String root = emit(node, "Sqrt", node.inputs, Map.of());
        become(node, "Reciprocal", List.of(root), Map.of());
      }
      case OnnxGraph.ERFC -> {
        String erf = emit(node, "Erf", node.inputs, Map.of());
        String one = share(Constant.of(DataType.DT_FLOAT, new long[0], new double[] {1}));
        become(node, "Sub", List.of(one, erf), Map.of());
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
    String x = emit(node, "Pad", List.of(node.inputs.get(0), integers(pads)), Map.of());
    String sizes = emit(node, "Shape", List.of(x), Map.of());
    String counts = emit(node, "Slice", List.of(sizes, integers(2), integers(axes + 2)), Map.of());
    String inner = emit(node, "Div", List.of(counts, integers(blocks)), Map.of());
    // Counts and blocks in turn: [n1, k1, n2, k2].
    String pairs =
        emit(
            node,
            "Concat",
            List.of(column(node, inner, axes), column(node, integers(blocks), axes)),
            Map.of("axis", 1));
    String front = emit(node, "Slice", List.of(sizes, integers(0), integers(2)), Map.of());
    String flat = emit(node, "Reshape", List.of(pairs, integers(-1)), Map.of());
    String split = emit(node, "Concat", List.of(front, flat), Map.of("axis", 0));
    x = emit(node, "Reshape", List.of(x, split), Map.of());
    long[] perm = new long[2 * axes + 2];
    for (int i = 0; i < axes; i++) {
      perm[i] = 2L * i + 3;
      perm[axes + 2 + i] = 2L * i + 2;
    }
    perm[axes + 1] = 1;
    x = emit(node, "Transpose", List.of(x), Map.of("perm", perm));
    String channels = emit(node, "Slice", List.of(sizes, integers(1), integers(2)), Map.of());
    String shape = emit(node, "Concat", List.of(integers(-1), channels, inner), Map.of("axis", 0));
    become(node, "Reshape", List.of(x, shape), Map.of());
  }

  /** [k b, c, n] to [b, c, n k], for each spatial axis, and the edges cut off. */
  private void toSpace(OnnxNode node) {
    long[] blocks = (long[]) node.attributes.get("blocks");
    long[] edges = (long[]) node.attributes.get("edges");
    int axes = blocks.length;
    String x = node.inputs.get(0);
    String sizes = emit(node, "Shape", List.of(x), Map.of());
    String rest = emit(node, "Slice", List.of(sizes, integers(1), integers(axes + 2)), Map.of());
    String split =
        emit(node, "Concat", List.of(integers(blocks), integers(-1), rest), Map.of("axis", 0));
    x = emit(node, "Reshape", List.of(x, split), Map.of());
    long[] perm = new long[2 * axes + 2];
    perm[0] = axes;
    perm[1] = axes + 1L;
    for (int i = 0; i < axes; i++) {
      perm[2 + 2 * i] = axes + 2L + i;
      perm[3 + 2 * i] = i;
    }
    x = emit(node, "Transpose", List.of(x), Map.of("perm", perm));
    String counts = emit(node, "Slice", List.of(sizes, integers(2), integers(axes + 2)), Map.of());
    String whole = emit(node, "Mul", List.of(counts, integers(blocks)), Map.of());
    String channels = emit(node, "Slice", List.of(sizes, integers(1), integers(2)), Map.of());
    String shape = emit(node, "Concat", List.of(integers(-1), channels, whole), Map.of("axis", 0));
    x = emit(node, "Reshape", List.of(x, shape), Map.of());
    long[] starts = Arrays.copyOf(edges, axes);
    long[] over = IntStream.range(2, axes + 2).asLongStream().toArray();
    long[] cut = Arrays.copyOfRange(edges, axes, 2 * axes);
    String ends = emit(node, "Sub", List.of(whole, integers(cut)), Map.of());
    become(node, "Slice", List.of(x, integers(starts), ends, integers(over)), Map.of());
  }

  private String integers(long... values) {
    return share(Constant.integers(values));
  }

  private String column(OnnxNode at, String vector, int size) {
    return emit(at, "Reshape", List.of(vector, integers(size, 1)), Map.of());
  }
}
