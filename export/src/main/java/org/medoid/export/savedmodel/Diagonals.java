package org.medoid.export.savedmodel;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.tensorflow.proto.DataType;

/**
 * Diagonals of matrices by operations that TensorFlow's C++ has gradients of: products with ones
 * and zeros, sums, parts and what is around them. One diagonal of known place, in matrices of known
 * sizes; with numbers elsewhere that are zero.
 */
record Diagonals(Anew node, int shift) {
  static void register(Map<String, Differentiable.Rule> table) {
    for (String version : List.of("", "V2", "V3")) {
      table.put("MatrixDiagPart" + version, Diagonals::of);
      table.put("MatrixSetDiag" + version, Diagonals::of);
    }
    table.put("MatrixDiagV2", Diagonals::of);
    table.put("MatrixDiagV3", Diagonals::of);
  }

  /** Null if it is of another kind. */
  private static String of(Anew node) {
    String op = node.node().getOp();
    int place = op.startsWith("MatrixSetDiag") ? 2 : 1;
    int shift = 0;
    if (node.inputs() > place) {
      int[] given = node.integers(place);
      if (given == null || Arrays.stream(given).distinct().count() != 1) {
        return null;
      }
      shift = given[0];
    }
    Diagonals diagonals = new Diagonals(node, shift);
    if (op.startsWith("MatrixDiagPart")) {
      return diagonals.taken();
    }
    return op.startsWith("MatrixDiag") ? diagonals.made() : diagonals.set();
  }

  /** A diagonal is all there is. */
  private String made() {
    long side = node.fromLast(0, 0);
    int[] rows = node.integers(2);
    int[] columns = node.integers(3);
    long whole = side + Math.abs(shift);
    if (side < 0
        || rows == null
        || columns == null
        || !is(rows[0], whole)
        || !is(columns[0], whole)) {
      return null;
    }
    return around(node.add("MatrixDiag", node.input(0)), node.rank(0) + 1, whole, whole, side);
  }

  private static boolean is(int size, long side) {
    return size < 0 || size == side;
  }

  /** A square with the diagonal as its own, within a matrix of zeros. */
  private String around(String square, int rank, long rows, long columns, long length) {
    int[] pairs = new int[2 * rank];
    int above = Math.max(0, -shift);
    int left = Math.max(0, shift);
    pairs[2 * rank - 4] = above;
    pairs[2 * rank - 3] = Math.toIntExact(rows - length) - above;
    pairs[2 * rank - 2] = left;
    pairs[2 * rank - 1] = Math.toIntExact(columns - length) - left;
    return Arrays.stream(pairs).allMatch(p -> p == 0) ? square : node.padded(square, pairs);
  }

  /** How long the diagonal of the first input is; -1 if that is not known. */
  private long length() {
    long rows = node.fromLast(0, 1);
    long columns = node.fromLast(0, 0);
    return rows < 0 || columns < 0
        ? -1
        : Math.min(rows + Math.min(0, shift), columns - Math.max(0, shift));
  }

  private String taken() {
    long length = length();
    if (length <= 0) {
      return null;
    }
    String square = node.input(0);
    if (node.fromLast(0, 0) != length || node.fromLast(0, 1) != length) {
      int rank = node.rank(0);
      int[] from = new int[rank];
      int[] sizes = new int[rank];
      Arrays.fill(sizes, -1);
      from[rank - 2] = Math.max(0, -shift);
      from[rank - 1] = Math.max(0, shift);
      sizes[rank - 2] = Math.toIntExact(length);
      sizes[rank - 1] = Math.toIntExact(length);
      square = node.slice(DataType.DT_FLOAT, square, from, sizes);
    }
    return node.sum(node.add("Mul", square, node.eye(length, length, 0)), -1);
  }

  /** Another diagonal than the matrix has. */
  private String set() {
    long length = length();
    if (length <= 0 || node.rank(1) != node.rank(0) - 1) {
      return null;
    }
    long rows = node.fromLast(0, 1);
    long columns = node.fromLast(0, 0);
    String ones = node.eye(rows, columns, shift);
    String rest = node.add("Mul", node.input(0), node.add("Sub", node.scalar(1f), ones));
    String diagonal = node.add("MatrixDiag", node.input(1));
    return node.add("AddV2", rest, around(diagonal, node.rank(0), rows, columns, length));
  }
}
