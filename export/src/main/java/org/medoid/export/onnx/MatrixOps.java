package org.medoid.export.onnx;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.medoid.export.onnx.pass.Types;

/** Matrix products. */
final class MatrixOps {
  private MatrixOps() {}

  static void register(Map<String, OpConverter> table) {
    table.put("MatMul", MatrixOps::matMul);
    table.put("BatchMatMul", MatrixOps::batchMatMul);
    table.put("BatchMatMulV2", MatrixOps::batchMatMul);
    table.put("BatchMatMulV3", MatrixOps::batchMatMul);
    table.put("Einsum", MatrixOps::einsum);
  }

  private static void matMul(TfNode node) {
    boolean a = node.flag("transpose_a");
    boolean b = node.flag("transpose_b");
    if (Types.isFloating(node.type(0))) {
      // Gemm, because it takes a bias.
      boolean constant = b && node.isConstant(1);
      String right = constant ? node.constant(1, node.known(1).transposed(1, 0)) : node.input(1);
      node.output(
          0,
          node.emit(
              "Gemm",
              List.of(node.input(0), right),
              Map.of("transA", a, "transB", b && !constant)));
    } else {
      node.output(0, node.emit("MatMul", List.of(matrix(node, 0, a), matrix(node, 1, b))));
    }
  }

  private static void batchMatMul(TfNode node) {
    node.output(
        0,
        node.emit(
            "MatMul",
            List.of(matrix(node, 0, node.flag("adj_x")), matrix(node, 1, node.flag("adj_y")))));
  }

  private static String matrix(TfNode node, int input, boolean transposed) {
    if (!transposed) {
      return node.input(input);
    }
    int rank = node.rank(input);
    int[] perm =
        IntStream.range(0, rank)
            .map(i -> i == rank - 1 ? rank - 2 : i == rank - 2 ? rank - 1 : i)
            .toArray();
    return node.isConstant(input)
        ? node.constant(input, node.known(input).transposed(perm))
        : node.emit("Transpose", List.of(node.input(input)), Map.of("perm", TfNode.longs(perm)));
  }

  private static void einsum(TfNode node) {
    List<String> tensors = IntStream.range(0, node.inputCount()).mapToObj(node::input).toList();
    node.output(0, node.emit("Einsum", tensors, Map.of("equation", node.text("equation"))));
  }
}
