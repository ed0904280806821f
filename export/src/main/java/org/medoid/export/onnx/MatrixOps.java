package org.medoid.export.onnx;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.medoid.export.onnx.pass.Constant;
import org.medoid.export.onnx.pass.Types;
import org.tensorflow.proto.DataType;

/** Matrix products. */
final class MatrixOps {
  /** Numbers of a sparse matrix that is written out; 64 MB. */
  private static final long LARGEST = 1 << 24;

  private MatrixOps() {}

  static void register(Map<String, OpConverter> table) {
    table.put("MatMul", MatrixOps::matMul);
    table.put("BatchMatMul", MatrixOps::batchMatMul);
    table.put("BatchMatMulV2", MatrixOps::batchMatMul);
    table.put("BatchMatMulV3", MatrixOps::batchMatMul);
    table.put("MatrixDeterminant", node -> node.output(0, node.emit("Det", node.input(0))));
    table.put("Cross", MatrixOps::cross);
    table.put("Einsum", MatrixOps::einsum);
    table.put("SparseTensorDenseMatMul", MatrixOps::sparse);
  }

  /** A sparse matrix that is constant, with its zeros. */
  private static void sparse(TfNode node) {
    long[] places = node.integers(0);
    double[] values = node.decimals(1);
    long[] shape = node.integers(2);
    if (shape[0] * shape[1] > LARGEST) {
      throw node.unsupported(
          "a sparse matrix of %d x %d, too large to be written out".formatted(shape[0], shape[1]));
    }
    double[] all = new double[Math.toIntExact(shape[0] * shape[1])];
    for (int i = 0; i < values.length; i++) {
      all[(int) (places[2 * i] * shape[1] + places[2 * i + 1])] += values[i];
    }
    Constant dense = Constant.of(node.type(1), shape, all);
    String a = node.literal(node.flag("adjoint_a") ? dense.transposed(1, 0) : dense);
    node.output(0, node.emit("MatMul", a, matrix(node, 3, node.flag("adjoint_b"))));
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
          node.emit("Gemm", Map.of("transA", a, "transB", b && !constant), node.input(0), right));
    } else {
      node.output(0, node.emit("MatMul", matrix(node, 0, a), matrix(node, 1, b)));
    }
  }

  /** A Dense of every pixel is a convolution of one, where images have channels first. */
  private static void pixelwise(TfNode node) {
    Constant weights = node.known(1);
    boolean transposed = node.flag("adj_y");
    long[] shape = TfNode.ones(node.rank(0));
    shape[0] = weights.shape()[transposed ? 0 : 1];
    shape[1] = weights.shape()[transposed ? 1 : 0];
    Constant kernel = (transposed ? weights : weights.transposed(1, 0)).reshaped(shape);
    long[] ones = TfNode.ones(shape.length - 2);
    node.channelsFirstOutput(
        0,
        node.emit(
            "Conv",
            Map.of("kernel_shape", ones, "strides", ones, "pads", new long[2 * ones.length]),
            node.channelsFirst(0),
            node.constant(1, kernel)));
  }

  private static void batchMatMul(TfNode node) {
    if (node.isConstant(1)
        && node.shape(1).length == 2
        && node.type(0) == DataType.DT_FLOAT
        && !node.flag("adj_x")
        && node.isChannelsFirst(0)) {
      pixelwise(node);
      return;
    }
    // BatchMatMulV3 multiplies bytes to larger integers.
    DataType type = isExactInFloats(node) ? DataType.DT_FLOAT : node.outputType(0);
    String x = node.cast(matrix(node, 0, node.flag("adj_x")), node.type(0), type);
    String y = node.cast(matrix(node, 1, node.flag("adj_y")), node.type(1), type);
    node.output(0, node.cast(node.emit("MatMul", x, y), type, node.outputType(0)));
  }

  /**
   * Whether a product is of bytes, and of so few that no sum is beyond 2^24: runtimes multiply
   * floats faster. (They have a product of bytes too, which onnxruntime gets wrong on processors
   * without VNNI: it adds them in pairs, in 16 bits.)
   */
  private static boolean isExactInFloats(TfNode node) {
    long[] shape = node.shape(0);
    double most = 1;
    for (int i = 0; i < 2; i++) {
      most *=
          switch (node.type(i)) {
            case DT_INT8 -> 128;
            case DT_UINT8 -> 255;
            default -> Double.POSITIVE_INFINITY;
          };
    }
    long terms = shape == null ? -1 : shape[shape.length - (node.flag("adj_x") ? 2 : 1)];
    return terms > 0 && terms * most <= 1 << 24;
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
        : node.emit("Transpose", Map.of("perm", TfNode.longs(perm)), node.input(input));
  }

  /** Coordinate i is that of a after it times that of b after both, less the same turned round. */
  private static void cross(TfNode node) {
    String[] sides = new String[2];
    for (int i = 0; i < 2; i++) {
      String left = rolled(node, node.input(i), 1, 2, 0);
      sides[i] = node.emit("Mul", left, rolled(node, node.input(1 - i), 2, 0, 1));
    }
    node.output(0, node.emit("Sub", sides[0], sides[1]));
  }

  private static String rolled(TfNode node, String x, long... order) {
    return node.emit("Gather", Map.of("axis", -1), x, node.constant(order));
  }

  private static void einsum(TfNode node) {
    List<String> tensors = IntStream.range(0, node.inputCount()).mapToObj(node::input).toList();
    node.output(0, node.emit("Einsum", tensors, Map.of("equation", node.text("equation"))));
  }
}
