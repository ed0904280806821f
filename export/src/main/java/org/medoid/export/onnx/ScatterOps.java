package org.medoid.export.onnx;

import static org.tensorflow.proto.DataType.DT_INT64;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tensorflow.proto.DataType;

/**
 * Operations that put numbers into places of a tensor. Where several updates have one place, they
 * are added row by row with ScatterElements: onnxruntime's ScatterND adds in parallel, and loses
 * some.
 */
final class ScatterOps {
  private ScatterOps() {}

  static void register(Map<String, OpConverter> table) {
    table.put("ScatterNd", ScatterOps::scatter);
    table.put("TensorScatterUpdate", ScatterOps::replace);
    table.put("TensorScatterAdd", node -> add(node, node.input(2)));
    table.put("TensorScatterSub", node -> add(node, node.emit("Neg", node.input(2))));
    table.put("TensorScatterMax", node -> choose(node, "Max"));
    table.put("TensorScatterMin", node -> choose(node, "Min"));
    table.put("XlaDynamicUpdateSlice", ScatterOps::write);
    table.put("DynamicPartition", ScatterOps::part);
    table.put("DynamicStitch", ScatterOps::stitch);
    table.put("ParallelDynamicStitch", ScatterOps::stitch);
  }

  /** A block in the place of as large a one, which starts where all of it is still within. */
  private static void write(TfNode node) {
    int rank = node.rank(0);
    String sizes = node.emit("Shape", node.input(1));
    String last = node.emit("Sub", node.emit("Shape", node.input(0)), sizes);
    String first = node.emit("Max", node.sizes(2), node.scalar(DT_INT64, 0));
    first = node.emit("Min", first, last);
    List<String> places = new ArrayList<>();
    for (int axis = 0; axis < rank; axis++) {
      String number = node.scalar(DT_INT64, axis);
      String along = IndexOps.numbers(node, node.emit("Gather", sizes, number));
      along = node.emit("Add", along, node.emit("Gather", first, number));
      along = node.emit("Expand", node.alongFirst(along, rank - axis), sizes);
      places.add(node.unsqueezed(along, -1));
    }
    String all = node.emit("Concat", places, Map.of("axis", -1));
    node.output(0, node.emit("ScatterND", node.input(0), all, node.input(1)));
  }

  /** The rows of each number, in the order they have. */
  private static void part(TfNode node) {
    String numbers = node.emit("Reshape", IndexOps.whole(node, 1), node.constant(-1));
    String rows = rows(node, 0, node.rank(1));
    for (int i = 0; i < node.outputCount(); i++) {
      String mine = node.emit("Equal", numbers, node.scalar(DT_INT64, i));
      node.output(i, node.emit("Compress", Map.of("axis", 0), rows, mine));
    }
  }

  /** A tensor as rows: some axes become one. */
  private static String rows(TfNode node, int input, int axes) {
    String x = node.input(input);
    String rows =
        node.emit("Concat", Map.of("axis", 0), node.constant(-1), sizesFrom(node, x, axes));
    return node.emit("Reshape", x, rows);
  }

  /** The sizes of a tensor from an axis on. */
  static String sizesFrom(TfNode node, String x, int axis) {
    return node.emit(
        "Slice", node.emit("Shape", x), node.constant(axis), node.constant(Integer.MAX_VALUE));
  }

  /** Rows to their places, of as many as the last place asks for; the first half are the places. */
  private static void stitch(TfNode node) {
    int parts = node.inputCount() / 2;
    List<String> places = new ArrayList<>();
    List<String> rows = new ArrayList<>();
    for (int i = 0; i < parts; i++) {
      places.add(node.emit("Reshape", IndexOps.whole(node, i), node.constant(-1)));
      rows.add(rows(node, parts + i, node.rank(i)));
    }
    String at = node.emit("Concat", places, Map.of("axis", 0));
    String all = node.emit("Concat", rows, Map.of("axis", 0));
    // There may be none.
    String most = node.emit("Concat", Map.of("axis", 0), at, node.constant(-1));
    String last = node.emit("ReduceMax", Map.of("axes", new long[] {0}, "keepdims", true), most);
    String count = node.emit("Add", last, node.constant(1));
    String size = node.emit("Concat", Map.of("axis", 0), count, sizesFrom(node, all, 1));
    String zeros = node.emit("Expand", node.scalar(node.outputType(0), 0), size);
    node.output(0, node.emit("ScatterND", zeros, node.unsqueezed(at, 1), all));
  }

  private static void replace(TfNode node) {
    String places = IndexOps.whole(node, 1);
    node.output(0, node.emit("ScatterND", node.input(0), places, node.input(2)));
  }

  private static void scatter(TfNode node) {
    DataType type = node.type(1);
    String zero = node.scalar(type, 0);
    if (areDistinct(node, 0)) {
      String zeros = node.emit("Expand", zero, node.sizes(2));
      node.output(0, node.emit("ScatterND", zeros, IndexOps.whole(node, 0), node.input(1)));
      return;
    }
    Rows rows = rows(node, node.sizes(2), 0, node.input(1));
    node.output(0, added(node, node.emit("Expand", zero, rows.table()), rows));
  }

  private static void add(TfNode node, String updates) {
    if (areDistinct(node, 1)) {
      node.needOpset(16);
      String places = IndexOps.whole(node, 1);
      Map<String, String> sum = Map.of("reduction", "add");
      node.output(0, node.emit("ScatterND", sum, node.input(0), places, updates));
      return;
    }
    Rows rows = rows(node, node.emit("Shape", node.input(0)), 1, updates);
    node.output(0, added(node, reshaped(node, node.input(0), rows.table()), rows));
  }

  /** The largest of what is there and all updates, or the smallest. */
  private static void choose(TfNode node, String op) {
    Rows rows = rows(node, node.emit("Shape", node.input(0)), 1, node.input(2));
    String count = node.emit("Gather", rows.table(), node.scalar(DT_INT64, 0));
    String each = node.unsqueezed(IndexOps.numbers(node, count), 1);
    String hit = node.emit("Equal", each, node.unsqueezed(rows.numbers(), 0));
    String none = SegmentOps.extreme(node, op.equals("Max"));
    String most = SegmentOps.most(node, hit, rows.updates(), "Reduce" + op, none);
    String table = reshaped(node, node.input(0), rows.table());
    node.output(0, reshaped(node, node.emit(op, table, most), rows.sizes()));
  }

  /** Whether places are known, and each is there once. */
  private static boolean areDistinct(TfNode node, int input) {
    int depth = depth(node, input);
    if (!node.isConstant(input)) {
      return false;
    }
    long[] places = node.integers(input);
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < places.length; i += depth) {
      if (!seen.add(Arrays.toString(Arrays.copyOfRange(places, i, i + depth)))) {
        return false;
      }
    }
    return true;
  }

  /** How many numbers a place is. */
  private static int depth(TfNode node, int input) {
    long[] shape = node.shape(input);
    if (shape == null || shape[shape.length - 1] < 1) {
      throw node.unsupported("how many numbers each of its places has is unknown");
    }
    return Math.toIntExact(shape[shape.length - 1]);
  }

  /**
   * A tensor as a table whose rows are what the places choose.
   *
   * @param sizes of the tensor
   * @param table its two sizes
   * @param numbers the row of each update, [updates]
   * @param places the same, [updates, width]
   * @param updates [updates, width]
   */
  private record Rows(String sizes, String table, String numbers, String places, String updates) {}

  private static Rows rows(TfNode node, String sizes, int input, String updates) {
    int depth = depth(node, input);
    String all = node.emit("Reshape", IndexOps.whole(node, input), node.constant(-1, depth));
    String row = null;
    for (int i = 0; i < depth; i++) {
      String at = node.scalar(DT_INT64, i);
      String number = node.emit("Gather", Map.of("axis", 1), all, at);
      row =
          row == null
              ? number
              : node.emit("Add", node.emit("Mul", row, node.emit("Gather", sizes, at)), number);
    }
    long[] shape = node.outputShape(0);
    String width =
        shape != null && shape.length == depth
            ? node.constant(1)
            : product(node, sizes, depth, Integer.MAX_VALUE);
    String table = node.emit("Concat", Map.of("axis", 0), product(node, sizes, 0, depth), width);
    String wide = node.emit("Concat", Map.of("axis", 0), node.constant(1), width);
    String places = node.emit("Expand", node.unsqueezed(row, 1), wide);
    String values = reshaped(node, updates, node.emit("Shape", places));
    return new Rows(sizes, table, row, places, values);
  }

  private static String product(TfNode node, String sizes, int from, int to) {
    String some = node.emit("Slice", sizes, node.constant(from), node.constant(to));
    return node.emit("ReduceProd", Map.of("axes", new long[] {0}, "keepdims", true), some);
  }

  private static String reshaped(TfNode node, String x, String sizes) {
    return node.emit("Reshape", Map.of("allowzero", 1), x, sizes);
  }

  private static String added(TfNode node, String table, Rows rows) {
    node.needOpset(16);
    Map<String, ?> sum = Map.of("axis", 0, "reduction", "add");
    String sums = node.emit("ScatterElements", sum, table, rows.places(), rows.updates());
    return reshaped(node, sums, rows.sizes());
  }
}
