package org.medoid.export.onnx;

import static org.tensorflow.proto.DataType.DT_INT64;

import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.medoid.export.onnx.pass.Shapes;

/** Diagonals of matrices. */
final class DiagonalOps {
  private DiagonalOps() {}

  static void register(Map<String, OpConverter> table) {
    for (String version : List.of("", "V2", "V3")) {
      table.put("MatrixDiag" + version, DiagonalOps::diagonalMatrix);
      table.put("MatrixDiagPart" + version, DiagonalOps::diagonal);
      table.put("MatrixSetDiag" + version, DiagonalOps::withDiagonal);
    }
    table.put("DiagPart", DiagonalOps::diagonalOfAll);
  }

  /** Refuses what is not the main diagonal. */
  private static void onlyMain(TfNode node, int input) {
    if (single(node, input) != 0) {
      throw node.unsupported("diagonals beside the main one");
    }
  }

  /** How far the one diagonal is above the main one. */
  private static long single(TfNode node, int input) {
    if (!node.op().endsWith("V2") && !node.op().endsWith("V3")) {
      return 0;
    }
    long[] from = node.integers(input);
    if (from[0] != from[from.length - 1]) {
      throw node.unsupported("several diagonals");
    }
    return from[0];
  }

  /** True where the column is so far to the right of the row, for the last two axes. */
  private static String isDiagonal(TfNode node, String rows, String columns, long right) {
    String down = node.unsqueezed(IndexOps.numbers(node, rows), 1);
    if (right != 0) {
      down = node.emit("Add", down, node.scalar(DT_INT64, (double) right));
    }
    return node.emit("Equal", down, node.unsqueezed(IndexOps.numbers(node, columns), 0));
  }

  /** The size of an axis as a scalar. */
  private static String size(TfNode node, int input, int axis) {
    long[] shape = node.shape(input);
    int at = axis + shape.length;
    return shape[at] >= 0
        ? node.scalar(DT_INT64, (double) shape[at])
        : node.emit("Gather", node.emit("Shape", node.input(input)), node.scalar(DT_INT64, at));
  }

  private static void diagonalMatrix(TfNode node) {
    onlyMain(node, 1);
    node.rank(0);
    String padding = node.scalar(node.type(0), 0);
    if (!node.op().equals("MatrixDiag")) {
      for (int i = 2; i < 4; i++) {
        long size = node.integers(i)[0];
        if (size != -1 && size != node.shape(0)[node.rank(0) - 1]) {
          throw node.unsupported("a diagonal of a matrix that is not square");
        }
      }
      padding = node.input(4);
    }
    String n = size(node, 0, -1);
    String columns = node.unsqueezed(node.input(0), -2);
    node.output(0, node.emit("Where", isDiagonal(node, n, n, 0), columns, padding));
  }

  private static void diagonal(TfNode node) {
    long right = single(node, 1);
    int rank = node.rank(0);
    String rows = size(node, 0, -2);
    String columns = size(node, 0, -1);
    String zero = node.scalar(node.type(0), 0);
    String only = node.emit("Where", isDiagonal(node, rows, columns, right), node.input(0), zero);
    String sums = node.emit("ReduceSum", Map.of("keepdims", false), only, node.constant(rank - 1));
    // Rows that the diagonal starts below or that are below its end have no part.
    String end = node.emit("Reshape", columns, node.constant(1));
    if (right != 0) {
      end = node.emit("Sub", end, node.constant(right));
    }
    String start = node.constant(Math.max(-right, 0));
    node.output(0, node.emit("Slice", sums, start, end, node.constant(rank - 2)));
  }

  /** The elements of [a, b, a, b] at [i, j, i, j]. */
  private static void diagonalOfAll(TfNode node) {
    long[] shape = node.outputShape(0);
    if (!Shapes.isKnown(shape)) {
      throw node.unsupported("a tensor of unknown size");
    }
    long size = Shapes.size(shape);
    long[] places = LongStream.range(0, size).map(i -> i * (size + 1)).toArray();
    String flat = node.emit("Reshape", node.input(0), node.constant(-1));
    String found = node.emit("Gather", flat, node.constant(places));
    node.output(0, node.emit("Reshape", found, node.constant(shape)));
  }

  private static void withDiagonal(TfNode node) {
    onlyMain(node, 2);
    int rank = node.rank(0);
    long[] shape = node.shape(0);
    if (shape[rank - 1] < 0 || shape[rank - 2] < 0) {
      throw node.unsupported("a matrix of unknown size");
    }
    // As long as the shorter side, the diagonal lies along that.
    String diagonal = node.unsqueezed(node.input(1), shape[rank - 2] > shape[rank - 1] ? -2 : -1);
    String on = isDiagonal(node, size(node, 0, -2), size(node, 0, -1), 0);
    node.output(0, node.emit("Where", on, diagonal, node.input(0)));
  }
}
