package org.medoid.export.savedmodel;

import java.util.HashMap;
import java.util.Map;
import org.tensorflow.proto.DataType;

/**
 * Operations that stay as they are, without gradient, beside what is zero and has theirs: f(x) is
 * written as f(s) + f'(s) (x - s), where s is x and no gradient goes through it. The values are the
 * operation's own to the last bit.
 */
final class Tangents {
  private Tangents() {}

  /** Each is written as f'(s) (x - s). */
  static void register(Map<String, Differentiable.Rule> table) {
    Map<String, Differentiable.Rule> changes = new HashMap<>();
    changes.put("ComplexAbs", Tangents::length);
    changes.put("EuclideanNorm", Tangents::norm);
    changes.put("FloorMod", Tangents::remainder);
    changes.put("LogSoftmax", Tangents::likelihood);
    changes.put("Xlogy", n -> logarithm(n, "Xlogy", n.input(1)));
    changes.put("Xlog1py", n -> logarithm(n, "Xlog1py", after(n, n.input(1))));
    changes.put("Xdivy", Tangents::quotient);
    changes.put("Cumprod", Tangents::cumulative);
    changes.put("QuantizeAndDequantizeV2", n -> n.change(n.input(0)));
    changes.put("QuantizeAndDequantizeV4", Tangents::within);
    changes.put("NthElement", Tangents::nth);
    changes.put("SegmentMax", Tangents::segment);
    changes.put("SegmentMin", Tangents::segment);
    changes.put("Cholesky", n -> n.fromLast(0, 0) < 0 ? null : root(n));
    changes.put("MatrixInverse", Tangents::inverse);
    changes.put("MatrixSolve", Tangents::solution);
    changes.put("MatrixTriangularSolve", Tangents::solution);
    changes.put("MatrixDeterminant", n -> n.fromLast(0, 0) < 0 ? null : determinant(n));
    changes.forEach(
        (op, change) ->
            table.put(
                op,
                n -> {
                  String changed = change.of(n);
                  return changed == null ? null : n.itselfBut(changed);
                }));
  }

  /** Of a complex number: Re(conj(z / |z|) dz), nothing at zero. */
  private static String length(Anew n) {
    DataType complex = DataType.DT_COMPLEX64;
    String still = n.typed(complex, "StopGradient", n.input(0));
    String sign = n.typed(complex, "Conj", n.typed(complex, "Sign", still));
    String change = n.typed(complex, "Sub", n.input(0), still);
    return n.part(
        "real",
        Nodes.typed("Real", complex, n.typed(complex, "Mul", sign, change))
            .putAttr("Tout", Nodes.type(DataType.DT_FLOAT)));
  }

  private static String norm(Anew n) {
    DataType axes = Nodes.type(n.node(), "Tidx");
    String still = n.still(n.input(0));
    String whole = n.reduced("EuclideanNorm", still, n.input(1), axes, true);
    String direction = n.still(n.add("DivNoNan", still, whole));
    String along = n.add("Mul", direction, n.change(n.input(0)));
    return n.reduced("Sum", along, n.input(1), axes, n.flag("keep_dims"));
  }

  /** C++ sums over the second axis, which is the last of two alone. */
  private static String likelihood(Anew n) {
    String change = n.change(n.input(0));
    String shares = n.add("Mul", n.still(n.add("Softmax", n.input(0))), change);
    return n.add("Sub", change, n.reduced("Sum", shares, n.row(-1), DataType.DT_INT32, true));
  }

  /** x - floor(x / y) y. */
  private static String remainder(Anew n) {
    String times = n.still(n.add("FloorDiv", n.input(0), n.input(1)));
    String other = n.add("Mul", times, n.change(n.input(1)));
    return n.add("Sub", n.change(n.input(0)), other);
  }

  private static String after(Anew n, String x) {
    return n.add("AddV2", x, n.scalar(1f));
  }

  /** 1 where x is not zero: what is zero there is so whatever comes. */
  private static String present(Anew n) {
    return n.add("Abs", n.add("Sign", n.still(n.input(0))));
  }

  private static String logarithm(Anew n, String op, String of) {
    String first = n.still(n.add(op, present(n), n.input(1)));
    String second = n.still(n.add("Xdivy", n.input(0), of));
    return both(n, first, second);
  }

  private static String quotient(Anew n) {
    String first = n.still(n.add("Xdivy", present(n), n.input(1)));
    String square = n.add("Square", n.input(1));
    return both(n, first, n.still(n.add("Xdivy", n.add("Neg", n.input(0)), square)));
  }

  private static String both(Anew n, String first, String second) {
    return n.add(
        "AddV2",
        n.add("Mul", first, n.change(n.input(0))),
        n.add("Mul", second, n.change(n.input(1))));
  }

  /** Each product changes by the sum of what its factors change by, relative; none that is zero. */
  private static String cumulative(Anew n) {
    String relative = n.add("DivNoNan", n.change(n.input(0)), n.still(n.input(0)));
    String sum = n.part("sums", n.node().toBuilder().setOp("Cumsum").setInput(0, relative));
    return n.add("Mul", n.still(n.itself()), sum);
  }

  /** Between the bounds, where these are given, as they are. */
  private static String within(Anew n) {
    String change = n.change(n.input(0));
    if (!n.flag("range_given")) {
      return change;
    }
    String cut = n.add("Minimum", n.add("Maximum", n.input(0), n.input(1)), n.input(2));
    return n.add("Mul", n.still(n.equal(cut, n.input(0))), change);
  }

  /** All that are equal to it share the change. */
  private static String nth(Anew n) {
    String still = n.still(n.input(0));
    String value = n.part("value", n.node().toBuilder().setInput(0, still));
    String equal = n.equal(still, n.expanded(value, -1));
    String count = n.reduced("Sum", equal, n.row(-1), DataType.DT_INT32, true);
    String share = n.still(n.add("RealDiv", equal, count));
    return n.sum(n.add("Mul", share, n.change(n.input(0))), -1);
  }

  private static String segment(Anew n) {
    DataType places = Nodes.type(n.node(), "Tindices");
    String still = n.still(n.input(0));
    String value = n.part("value", n.node().toBuilder().setInput(0, still));
    String axis = n.scalar(0);
    String equal = n.equal(still, gathered(n, value, places, axis));
    String count = n.part("count", n.node().toBuilder().setOp("SegmentSum").setInput(0, equal));
    String share = n.still(n.add("RealDiv", equal, gathered(n, count, places, axis)));
    String change = n.add("Mul", share, n.change(n.input(0)));
    return n.part("sum", n.node().toBuilder().setOp("SegmentSum").setInput(0, change));
  }

  private static String gathered(Anew n, String rows, DataType places, String axis) {
    return n.part(
        "gathered",
        Nodes.gather(rows, n.input(1), axis, DataType.DT_FLOAT)
            .putAttr("Tindices", Nodes.type(places)));
  }

  /** Of a matrix: dL = L Φ(L⁻¹ dA L⁻ᵀ), where Φ takes the lower half (Murray, arXiv 1602.07527). */
  private static String root(Anew n) {
    String left = n.still(n.itself());
    String over = n.still(inverted(n, left));
    String change = n.change(n.input(0));
    String within = n.product(over, n.product(DataType.DT_FLOAT, change, over, false, true));
    String turned = n.product(DataType.DT_FLOAT, over, change, false, true);
    String mirrored = n.product(DataType.DT_FLOAT, turned, over, false, true);
    String even = n.add("Mul", n.add("AddV2", within, mirrored), n.scalar(0.5f));
    return n.product(left, lower(n, even));
  }

  /** The lower half of a square matrix, and half of its diagonal. */
  private static String lower(Anew n, String square) {
    int side = Math.toIntExact(n.fromLast(0, 0));
    float[] half = new float[side * side];
    for (int i = 0; i < side; i++) {
      for (int j = 0; j <= i; j++) {
        half[i * side + j] = i == j ? 0.5f : 1;
      }
    }
    return n.add("Mul", square, n.table(half, side, side));
  }

  private static String inverted(Anew n, String matrix) {
    return n.part(
        "inverse",
        Nodes.typed("MatrixInverse", DataType.DT_FLOAT, matrix)
            .putAttr("adjoint", Nodes.flag(false)));
  }

  /** d(A⁻¹) = -A⁻¹ dA A⁻¹. */
  private static String inverse(Anew n) {
    boolean turned = n.flag("adjoint");
    String still = n.still(n.itself());
    String change = n.change(n.input(0));
    String right = n.product(DataType.DT_FLOAT, change, still, turned, false);
    return n.add("Neg", n.product(still, right));
  }

  /** dX = A⁻¹ (dB - dA X). */
  private static String solution(Anew n) {
    boolean turned = n.flag("adjoint");
    String still = n.still(n.itself());
    String change = half(n, n.change(n.input(0)));
    String moved = n.product(DataType.DT_FLOAT, change, still, turned, false);
    String rest = n.add("Sub", n.change(n.input(1)), moved);
    String over = n.still(inverted(n, half(n, n.input(0))));
    return n.product(DataType.DT_FLOAT, over, rest, turned, false);
  }

  /** What a solution by a triangle reads of a matrix, which is all for any other. */
  private static String half(Anew n, String matrix) {
    if (!n.node().getOp().equals("MatrixTriangularSolve")) {
      return matrix;
    }
    int below = n.flag("lower") ? -1 : 0;
    return n.part(
        "half",
        Nodes.typed(
                "MatrixBandPart", DataType.DT_FLOAT, matrix, n.scalar(below), n.scalar(-1 - below))
            .putAttr("Tindex", Nodes.INT));
  }

  /** d|A| = |A| tr(A⁻¹ dA). */
  private static String determinant(Anew n) {
    return n.add("Mul", n.still(n.itself()), trace(n));
  }

  /** tr(A⁻¹ dA). */
  static String trace(Anew n) {
    String over = n.still(inverted(n, n.input(0)));
    String turned = n.product(over, n.change(n.input(0)));
    long side = n.fromLast(0, 0);
    return n.sum(n.add("Mul", turned, n.eye(side, side, 0)), -2, -1);
  }
}
