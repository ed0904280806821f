package org.medoid.export.onnx;

import static org.tensorflow.proto.DataType.DT_BOOL;
import static org.tensorflow.proto.DataType.DT_FLOAT;
import static org.tensorflow.proto.DataType.DT_INT32;
import static org.tensorflow.proto.DataType.DT_INT64;

import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;
import org.medoid.export.onnx.pass.Shapes;
import org.medoid.export.onnx.pass.Types;

/** Sums, means and the like over axes. */
final class ReductionOps {
  private ReductionOps() {}

  static void register(Map<String, OpConverter> table) {
    table.put("Mean", node -> reduce(node, "ReduceMean"));
    table.put("Sum", node -> reduce(node, "ReduceSum"));
    table.put("Max", node -> reduce(node, "ReduceMax"));
    table.put("Min", node -> reduce(node, "ReduceMin"));
    table.put("Prod", node -> reduce(node, "ReduceProd"));
    table.put("EuclideanNorm", node -> reduce(node, "ReduceL2"));
    table.put("All", node -> reduce(node, "ReduceMin"));
    table.put("Any", node -> reduce(node, "ReduceMax"));
    table.put("ArgMax", node -> arg(node, "ArgMax"));
    table.put("ArgMin", node -> arg(node, "ArgMin"));
    table.put("L2Loss", ReductionOps::l2Loss);
  }

  /**
   * Whether what is left of a tensor without some axes is the same in both layouts: without height
   * and width, or without channels.
   */
  static boolean sameWithout(int[] axes, int rank) {
    int[] left =
        Arrays.stream(Shapes.toChannelsFirst(rank))
            .filter(axis -> Arrays.stream(axes).noneMatch(gone -> gone == axis))
            .toArray();
    return IntStream.range(1, left.length).allMatch(i -> left[i - 1] < left[i]);
  }

  /** Axes of channels first for axes of channels last, ascending. */
  static long[] channelsFirstAxes(int[] axes, int rank) {
    return Arrays.stream(axes)
        .map(axis -> Shapes.channelsFirstAxis(axis, rank))
        .sorted()
        .asLongStream()
        .toArray();
  }

  private static void reduce(TfNode node, String op) {
    int rank = node.rank(0);
    int[] axes =
        Arrays.stream(node.integers(1))
            .mapToInt(axis -> node.axis(axis, rank))
            .sorted()
            .distinct()
            .toArray();
    boolean keep = node.flag("keep_dims");
    if (op.equals("ReduceL2") && !Types.isFloating(node.type(0))) {
      throw node.unsupported("lengths of vectors of integers, which TensorFlow cuts off");
    }
    if (axes.length == 0) {
      if (op.equals("ReduceL2")) {
        node.alignedOutput(0, node.emit("Abs", node.aligned(0)));
        return;
      }
      node.same(0, 0);
      return;
    }
    boolean first = node.isChannelsFirst(0) && (keep || sameWithout(axes, rank));
    String x = node.input(0, first);
    long[] over = first ? channelsFirstAxes(axes, rank) : TfNode.longs(axes);
    boolean logical = node.type(0) == DT_BOOL;
    if (logical) {
      x = node.cast(x, DT_BOOL, DT_INT32);
    }
    String reduced;
    if (first
        && op.equals("ReduceMean")
        && node.type(0) == DT_FLOAT // runtimes have no other kernel
        && Arrays.equals(axes, IntStream.range(1, rank - 1).toArray())) {
      // Runtimes that compute convolutions in blocks of channels pool in that layout too.
      reduced = node.emit("GlobalAveragePool", x);
      if (!keep) {
        reduced = node.emit("Squeeze", reduced, node.constant(over));
      }
    } else if (op.equals("ReduceSum")) {
      reduced = node.emit(op, Map.of("keepdims", keep), x, node.constant(over));
    } else {
      reduced = node.emit(op, Map.of("axes", over, "keepdims", keep), x);
    }
    if (logical) {
      reduced = node.cast(reduced, DT_INT32, DT_BOOL);
    }
    node.output(0, first && keep, reduced);
  }

  private static void arg(TfNode node, String op) {
    int rank = node.rank(0);
    int axis = node.axis(node.integers(1)[0], rank);
    boolean first = node.isChannelsFirst(0) && sameWithout(new int[] {axis}, rank);
    String x = node.input(0, first);
    int over = first ? Shapes.channelsFirstAxis(axis, rank) : axis;
    String found = node.emit(op, Map.of("axis", over, "keepdims", false), x);
    node.output(0, node.cast(found, DT_INT64, node.outputType(0)));
  }

  private static void l2Loss(TfNode node) {
    String sum = node.emit("ReduceSumSquare", node.aligned(), Map.of("keepdims", false));
    node.output(0, node.emit("Mul", sum, node.scalar(node.type(0), 0.5)));
  }
}
