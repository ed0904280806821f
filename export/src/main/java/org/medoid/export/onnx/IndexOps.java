package org.medoid.export.onnx;

import static org.tensorflow.proto.DataType.DT_BOOL;
import static org.tensorflow.proto.DataType.DT_DOUBLE;
import static org.tensorflow.proto.DataType.DT_FLOAT;
import static org.tensorflow.proto.DataType.DT_INT32;
import static org.tensorflow.proto.DataType.DT_INT64;
import static org.tensorflow.proto.DataType.DT_UINT8;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.medoid.export.onnx.pass.Constant;
import org.medoid.export.onnx.pass.Types;
import org.tensorflow.proto.DataType;

/** Operations that choose, place and count elements by their number. */
final class IndexOps {
  /** The types of which onnxruntime looks for numbers that are not zero. */
  private static final Set<DataType> OF_PLACES =
      EnumSet.of(DT_BOOL, DT_FLOAT, DT_INT32, DT_INT64, DT_UINT8);

  private IndexOps() {}

  static void register(Map<String, OpConverter> table) {
    table.put("GatherV2", IndexOps::gather);
    table.put("Gather", IndexOps::gather);
    table.put("GatherNd", IndexOps::gatherNd);
    table.put("OneHot", IndexOps::oneHot);
    table.put("TopKV2", IndexOps::largest);
    table.put("NthElement", IndexOps::nth);
    table.put("HistogramFixedWidth", IndexOps::histogram);
    table.put("Where", IndexOps::places);
    table.put("InvertPermutation", IndexOps::inverse);
    table.put("Cumsum", IndexOps::runningSum);
    table.put("Cumprod", IndexOps::runningProduct);
    table.put("Bucketize", IndexOps::bucket);
    table.put("LowerBound", node -> search(node, "Less"));
    table.put("UpperBound", node -> search(node, "LessOrEqual"));
    table.put("Bincount", node -> count(node, false));
    table.put("DenseBincount", node -> count(node, node.flag("binary_output")));
    table.put("MatrixBandPart", IndexOps::band);
  }

  static String whole(TfNode node, int input) {
    return node.cast(node.input(input), node.type(input), DT_INT64);
  }

  private static void gather(TfNode node) {
    boolean second = node.op().equals("GatherV2");
    int axis = second ? node.axis(node.integers(2)[0], node.rank(0)) : 0;
    long batch = second ? node.integer("batch_dims") : 0;
    if (batch != 0) {
      batch += batch < 0 ? node.rank(1) : 0;
      gatherOfEach(node, axis, (int) batch);
      return;
    }
    String at =
        node.type(1) == DT_INT32 ? node.input(1) : whole(node, 1); // there is no other kernel
    node.output(0, node.emit("Gather", Map.of("axis", axis), node.input(0), at));
  }

  /** For each of a batch: the axis moves to where the batch ends, what was there moves back. */
  private static void gatherOfEach(TfNode node, int axis, int batch) {
    String last = node.unsqueezed(whole(node, 1), -1);
    String x = node.input(0);
    if (axis != batch) {
      x = moved(node, x, node.rank(0), axis, 1, batch);
    }
    String found = node.emit("GatherND", Map.of("batch_dims", batch), x, last);
    if (axis != batch) {
      int places = node.rank(1) - batch;
      int rank = node.rank(0) - 1 + places;
      found = moved(node, found, rank, batch + places, axis - batch, batch);
    }
    node.output(0, found);
  }

  /** A tensor with some axes, from one on, moved to the front as far as a place. */
  private static String moved(TfNode node, String x, int rank, int from, int count, int to) {
    List<Integer> order = new ArrayList<>(IntStream.range(0, rank).boxed().toList());
    List<Integer> some = new ArrayList<>(order.subList(from, from + count));
    order.removeAll(some);
    order.addAll(to, some);
    long[] perm = order.stream().mapToLong(i -> i).toArray();
    return node.emit("Transpose", Map.of("perm", perm), x);
  }

  private static void gatherNd(TfNode node) {
    node.output(0, node.emit("GatherND", node.input(0), whole(node, 1)));
  }

  /** 0 to count - 1. */
  static String numbers(TfNode node, String count) {
    String zero = node.scalar(DT_INT64, 0);
    return node.emit("Range", zero, count, node.scalar(DT_INT64, 1));
  }

  /** By comparison: ONNX's own OneHot counts negative numbers from the end, TensorFlow's is off. */
  private static void oneHot(TfNode node) {
    int rank = node.rank(0) + 1;
    int axis = node.integer("axis") == -1 ? rank - 1 : node.axis(node.integer("axis"), rank);
    String indices = node.unsqueezed(whole(node, 0), axis);
    String classes =
        node.isConstant(1)
            ? node.constant(IntStream.range(0, (int) node.integers(1)[0]).asLongStream().toArray())
            : numbers(node, whole(node, 1));
    if (rank - axis > 1) {
      classes = node.alongFirst(classes, rank - axis);
    }
    String hit = node.emit("Equal", indices, classes);
    node.output(0, node.emit("Where", hit, node.input(2), node.input(3)));
  }

  /** The largest of the last axis, in descending order, of equal ones the first. */
  private static void largest(TfNode node) {
    String k = node.emit("Reshape", whole(node, 1), node.constant(1));
    List<String> found =
        node.emit(
            "TopK",
            List.of(node.input(0), k),
            Map.of("axis", -1, "largest", true, "sorted", true),
            2);
    node.output(0, found.get(0));
    node.output(1, node.cast(found.get(1), DT_INT64, node.outputType(1)));
  }

  /** The number of the last axis that so many are smaller than, or larger. */
  private static void nth(TfNode node) {
    String place = node.emit("Reshape", whole(node, 1), node.constant(new long[0]));
    String k = node.emit("Add", node.unsqueezed(place, 0), node.constant(1));
    List<String> sorted =
        node.emit(
            "TopK",
            List.of(node.input(0), k),
            Map.of("axis", -1, "largest", node.flag("reverse"), "sorted", true),
            2);
    node.output(0, node.emit("Gather", Map.of("axis", -1), sorted.get(0), place));
  }

  /** How many numbers are in each of as many equal steps between two bounds, beyond them too. */
  private static void histogram(TfNode node) {
    DataType type = node.type(0);
    String x = node.emit("Reshape", node.input(0), node.constant(-1));
    String low = node.emit("Gather", node.input(1), node.scalar(DT_INT64, 0));
    String high = node.emit("Gather", node.input(1), node.scalar(DT_INT64, 1));
    String count = node.emit("Reshape", whole(node, 2), node.constant(1));
    String steps = node.cast(count, DT_INT64, DT_DOUBLE);
    String span = node.cast(node.emit("Sub", high, low), type, DT_DOUBLE);
    String above = node.cast(node.emit("Sub", node.emit("Max", x, low), low), type, DT_DOUBLE);
    String step = node.emit("Div", above, node.emit("Div", span, steps));
    String last = node.emit("Sub", steps, node.scalar(DT_DOUBLE, 1));
    String at = node.cast(node.emit("Min", step, last), DT_DOUBLE, DT_INT64);
    String one = node.scalar(node.outputType(0), 1);
    String none = node.emit("Expand", node.scalar(node.outputType(0), 0), count);
    node.needOpset(16);
    node.output(
        0,
        node.emit(
            "ScatterElements",
            Map.of("axis", 0, "reduction", "add"),
            none,
            at,
            node.emit("Expand", one, node.emit("Shape", at))));
  }

  /** Where something is true, or not zero: a row of numbers for each. */
  private static void places(TfNode node) {
    DataType type = node.type(0);
    boolean own = OF_PLACES.contains(type);
    String x = node.cast(node.input(0), type, own ? type : DT_BOOL);
    String columns = node.emit("NonZero", x);
    node.output(0, node.emit("Transpose", Map.of("perm", new long[] {1, 0}), columns));
  }

  /** Where each number is in an order of all of them. */
  private static void inverse(TfNode node) {
    String order = whole(node, 0);
    List<String> placed = List.of(order, order, numbers(node, node.emit("Size", order)));
    String places = node.emit("ScatterElements", placed, Map.of("axis", 0));
    node.output(0, node.cast(places, DT_INT64, node.type(0)));
  }

  private static void runningSum(TfNode node) {
    node.output(
        0,
        node.emit(
            "CumSum",
            Map.of("exclusive", node.flag("exclusive"), "reverse", node.flag("reverse")),
            node.input(0),
            node.input(1)));
  }

  /** By products of neighbours, then of neighbours' neighbours, twice as far each time. */
  private static void runningProduct(TfNode node) {
    int rank = node.rank(0);
    int axis = node.axis(node.integers(1)[0], rank);
    long size = node.shape(0)[axis];
    if (size < 0) {
      throw node.unsupported("an axis of unknown size");
    }
    int from = node.flag("reverse") ? axis + rank : axis;
    String product = node.input(0);
    if (node.flag("exclusive")) {
      // onnxruntime's Pad leaves what it had where nothing is left of an axis.
      String one = node.scalar(node.type(0), 1);
      product =
          size > 1
              ? shifted(node, product, rank, from, 1)
              : node.emit("Expand", one, node.emit("Shape", product));
    }
    for (long step = 1; step < size; step *= 2) {
      product = node.emit("Mul", product, shifted(node, product, rank, from, step));
    }
    node.output(0, product);
  }

  /** Some ones before an axis and as many elements off its end, or turned round. */
  private static String shifted(TfNode node, String x, int rank, int before, long by) {
    long[] pads = new long[2 * rank];
    pads[before] = by;
    pads[(before + rank) % pads.length] = -by;
    return node.emit("Pad", x, node.constant(pads), node.scalar(node.type(0), 1));
  }

  /** How many of the boundaries a value reaches. */
  private static void bucket(TfNode node) {
    List<Float> boundaries = node.definition().getAttrOrThrow("boundaries").getList().getFList();
    double[] values = boundaries.stream().mapToDouble(i -> i).toArray();
    DataType type = node.type(0) == DT_DOUBLE ? DT_DOUBLE : DT_FLOAT;
    String bounds = node.literal(Constant.of(type, new long[] {values.length}, values));
    String x = node.cast(node.input(0), node.type(0), type);
    counted(node, node.emit("GreaterOrEqual", node.unsqueezed(x, -1), bounds));
  }

  /** How many numbers of a sorted row go before each of some values. */
  private static void search(TfNode node, String op) {
    String sorted = node.unsqueezed(node.input(0), 1);
    String before = node.emit(op, sorted, node.unsqueezed(node.input(1), 2));
    counted(node, before);
  }

  /** Gives how much is true along the last axis. */
  private static void counted(TfNode node, String truths) {
    String ones = node.cast(truths, DT_BOOL, node.outputType(0));
    List<String> summed = List.of(ones, node.constant(-1));
    node.output(0, node.emit("ReduceSum", summed, Map.of("keepdims", false)));
  }

  /** How often each number below a size occurs, or what those weigh that are it. */
  private static void count(TfNode node, boolean binary) {
    DataType type = node.outputType(0);
    DataType sum = Types.isFloating(type) ? type : DT_DOUBLE;
    boolean rows = node.op().equals("DenseBincount") && node.rank(0) == 2;
    String numbers = whole(node, 0);
    String size = node.emit("Reshape", whole(node, 1), node.constant(new long[0]));
    if (!rows) {
      numbers = node.emit("Reshape", numbers, node.constant(-1));
    }
    String each = numbers(node, size);
    String hits = node.emit("Equal", node.unsqueezed(numbers, -1), each);
    String counts = node.cast(hits, DT_BOOL, sum);
    if (!binary && !none(node, 2)) {
      String weights = node.cast(node.input(2), type, sum);
      if (!rows) {
        weights = node.emit("Reshape", weights, node.constant(-1));
      }
      counts = node.emit("Mul", counts, node.unsqueezed(weights, -1));
    }
    List<String> summed = List.of(counts, node.constant(rows ? 1 : 0));
    String result = node.emit("ReduceSum", summed, Map.of("keepdims", false));
    if (binary) {
      result = node.emit("Min", result, node.scalar(sum, 1));
    }
    node.output(0, node.cast(result, sum, type));
  }

  /** Whether there are no weights: a constant without values. */
  private static boolean none(TfNode node, int input) {
    long[] shape = node.shape(input);
    if (shape == null || (shape.length == 1 && shape[0] < 0 && node.rank(0) != 1)) {
      throw node.unsupported("weights of unknown number");
    }
    return Arrays.stream(shape).anyMatch(size -> size == 0);
  }

  /** Of each matrix what is at most so far below and above the diagonal; negative: everything. */
  private static void band(TfNode node) {
    DataType type = node.type(0);
    boolean own = Types.isFloating(type) || type == DT_INT64;
    String x = node.cast(node.input(0), type, own ? type : DT_INT64);
    long lower = node.integers(1)[0];
    long upper = node.integers(2)[0];
    if (upper >= 0) {
      x = node.emit("Trilu", Map.of("upper", false), x, node.scalar(DT_INT64, (double) upper));
    }
    if (lower >= 0) {
      x = node.emit("Trilu", Map.of("upper", true), x, node.scalar(DT_INT64, (double) -lower));
    }
    node.output(0, node.cast(x, own ? type : DT_INT64, type));
  }
}
