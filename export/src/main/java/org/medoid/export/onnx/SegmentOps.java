package org.medoid.export.onnx;

import static org.tensorflow.proto.DataType.DT_BOOL;
import static org.tensorflow.proto.DataType.DT_DOUBLE;
import static org.tensorflow.proto.DataType.DT_INT64;

import java.util.List;
import java.util.Map;
import org.medoid.export.onnx.pass.Constant;
import org.medoid.export.onnx.pass.Types;
import org.tensorflow.proto.DataType;

/**
 * Operations that bring together the rows of a tensor that belong to one segment; rows of negative
 * segments belong to none.
 */
final class SegmentOps {
  private SegmentOps() {}

  static void register(Map<String, OpConverter> table) {
    for (String kind : List.of("Sum", "Prod", "Max", "Min")) {
      table.put("UnsortedSegment" + kind, node -> convert(node, kind));
      table.put("Segment" + kind, node -> convert(node, kind));
    }
    table.put("SegmentMean", node -> convert(node, "Mean"));
  }

  private static void convert(TfNode node, String kind) {
    int depth = node.rank(1);
    if (depth == 0) {
      throw node.unsupported("a segment for all rows, not for each");
    }
    boolean sorted = !node.op().startsWith("Unsorted");
    String segments = node.emit("Reshape", IndexOps.whole(node, 1), node.constant(-1));
    String many =
        sorted
            ? node.emit(
                "Add",
                node.emit("ReduceMax", Map.of("keepdims", false), segments),
                node.scalar(DT_INT64, 1))
            : node.emit("Reshape", node.sizes(2), node.constant(new long[0]));
    String numbers = node.unsqueezed(IndexOps.numbers(node, many), 1);
    String belongs = node.emit("Equal", numbers, node.unsqueezed(segments, 0));
    String count = node.emit("Shape", segments);
    String table = node.emit("Concat", Map.of("axis", 0), count, node.constant(-1));
    String rows = node.emit("Reshape", Map.of("allowzero", 0), node.input(0), table);
    DataType type = node.type(0);
    String of =
        switch (kind) {
          case "Sum", "Mean" -> sums(node, belongs, rows, kind.equals("Mean"));
          case "Prod" -> most(node, belongs, rows, "ReduceProd", node.scalar(type, 1));
          default -> {
            String most =
                most(node, belongs, rows, "Reduce" + kind, extreme(node, kind.equals("Max")));
            yield sorted ? orZero(node, belongs, most) : most;
          }
        };
    String behind = ScatterOps.sizesFrom(node, node.input(0), depth);
    String front = node.emit("Reshape", many, node.constant(1));
    String shape = node.emit("Concat", Map.of("axis", 0), front, behind);
    node.output(0, node.emit("Reshape", of, shape));
  }

  /** A product with the matrix that says which row belongs to which segment. */
  private static String sums(TfNode node, String belongs, String rows, boolean mean) {
    DataType type = node.type(0);
    DataType sum = Types.isFloating(type) ? type : DT_DOUBLE;
    String ones = node.cast(belongs, DT_BOOL, sum);
    String sums = node.emit("MatMul", ones, node.cast(rows, type, sum));
    if (mean) {
      String counts = node.emit("ReduceSum", ones, node.constant(1));
      sums = node.emit("Div", sums, node.emit("Max", counts, node.scalar(sum, 1)));
    }
    return node.cast(sums, sum, type);
  }

  /**
   * What is largest, or the like, of each segment.
   *
   * @param belongs [segments, rows]
   * @param rows [rows, width]
   * @param none what counts for nothing, and is the result of a segment without rows
   * @return [segments, width]
   */
  static String most(TfNode node, String belongs, String rows, String op, String none) {
    String own = node.unsqueezed(belongs, 2);
    String all = node.emit("Where", own, node.unsqueezed(rows, 0), none);
    return node.emit(op, Map.of("axes", new long[] {1}, "keepdims", false), all);
  }

  /** The lowest number of the data's type, or the highest. */
  static String extreme(TfNode node, boolean lowest) {
    DataType type = node.type(0);
    return switch (type) {
      case DT_FLOAT -> node.scalar(type, lowest ? -Float.MAX_VALUE : Float.MAX_VALUE);
      case DT_DOUBLE -> node.scalar(type, lowest ? -Double.MAX_VALUE : Double.MAX_VALUE);
      case DT_INT32 -> node.scalar(type, lowest ? Integer.MIN_VALUE : Integer.MAX_VALUE);
      case DT_INT64 -> {
        long[] value = {lowest ? Long.MIN_VALUE : Long.MAX_VALUE};
        yield node.literal(Constant.of(type, new long[0], value));
      }
      default -> throw node.unsupported("the largest of numbers of " + type);
    };
  }

  /** TensorFlow has zero in segments that are left out. */
  private static String orZero(TfNode node, String belongs, String most) {
    Map<String, ?> over = Map.of("axes", new long[] {1}, "keepdims", true);
    String counts = node.emit("ReduceMax", over, node.cast(belongs, DT_BOOL, DataType.DT_INT32));
    String some = node.cast(counts, DataType.DT_INT32, DT_BOOL);
    return node.emit("Where", some, most, node.scalar(node.type(0), 0));
  }
}
