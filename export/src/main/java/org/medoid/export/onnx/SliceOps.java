package org.medoid.export.onnx;

import static org.tensorflow.proto.DataType.DT_INT64;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.medoid.export.onnx.pass.Shapes;

/** Operations that cut tensors and put the pieces in another order. */
final class SliceOps {
  private SliceOps() {}

  static void register(Map<String, OpConverter> table) {
    table.put("StridedSlice", StridedSlices::convert);
    table.put("Slice", SliceOps::slice);
    table.put("Split", SliceOps::split);
    table.put("SplitV", SliceOps::split);
    table.put("Roll", SliceOps::roll);
    table.put("ReverseV2", node -> reverse(node, node.integers(1)));
    table.put("Reverse", node -> reverse(node, trueOf(node.integers(1))));
    table.put("ReverseSequence", SliceOps::reverseSequences);
  }

  static String sliced(
      TfNode node, String x, long[] starts, long[] ends, long[] axes, long[] steps) {
    return node.emit(
        "Slice",
        x,
        node.constant(starts),
        node.constant(ends),
        node.constant(axes),
        node.constant(steps));
  }

  private static void slice(TfNode node) {
    int rank = node.rank(0);
    if (node.isConstant(1) && node.isConstant(2)) {
      boolean first = node.isChannelsFirst(0);
      long[] starts = ShapeOps.inOrder(first, node.integers(1));
      long[] sizes = ShapeOps.inOrder(first, node.integers(2));
      long[] ends = new long[rank];
      long[] steps = TfNode.ones(rank);
      Arrays.setAll(ends, i -> sizes[i] < 0 ? Integer.MAX_VALUE : starts[i] + sizes[i]);
      long[] axes = IntStream.range(0, rank).asLongStream().toArray();
      node.output(0, first, sliced(node, node.input(0, first), starts, ends, axes, steps));
      return;
    }
    // A size of -1 means up to the end.
    String starts = node.sizes(1);
    String sizes = node.sizes(2);
    String ends =
        node.emit(
            "Where",
            node.emit("Less", sizes, node.scalar(DT_INT64, 0)),
            node.scalar(DT_INT64, Integer.MAX_VALUE),
            node.emit("Add", starts, sizes));
    node.output(0, node.emit("Slice", node.input(0), starts, ends));
  }

  /** Split has the axis before the tensor, SplitV the tensor, the sizes and the axis. */
  private static void split(TfNode node) {
    boolean sized = node.op().equals("SplitV");
    int input = sized ? 0 : 1;
    int rank = node.rank(input);
    int axis = node.axis(node.integers(sized ? 2 : 0)[0], rank);
    boolean first = node.isChannelsFirst(input);
    List<String> tensors = new ArrayList<>(List.of(node.input(input, first)));
    long[] sizes = new long[node.outputCount()];
    if (sized && !node.isConstant(1)) {
      tensors.add(computedSizes(node, tensors.get(0), first, axis));
    } else if (sized) {
      sizes = node.integers(1);
      long[] shape = node.shape(input);
      for (int i = 0; i < sizes.length; i++) {
        if (sizes[i] < 0) {
          if (shape[axis] < 0) {
            throw node.unsupported("a size of -1 along an axis of unknown size");
          }
          sizes[i] = shape[axis] - Arrays.stream(sizes).filter(size -> size > 0).sum();
        }
      }
      tensors.add(node.constant(sizes));
    } else if (sizes.length == 1) {
      node.same(0, input);
      return;
    }
    List<String> parts =
        node.emit(
            "Split",
            tensors,
            Map.of("axis", first ? Shapes.channelsFirstAxis(axis, rank) : axis),
            sizes.length);
    for (int i = 0; i < parts.size(); i++) {
      node.output(i, first, parts.get(i));
    }
  }

  /** Sizes that the model sees, of which one may be -1: the rest. */
  private static String computedSizes(TfNode node, String x, boolean first, int axis) {
    String sizes = node.sizes(1);
    String zero = node.scalar(DT_INT64, 0);
    List<String> own = List.of(node.emit("Max", sizes, zero), node.constant(0));
    String used = node.emit("ReduceSum", own, Map.of("keepdims", true));
    long at = first ? Shapes.channelsFirstAxis(axis, node.rank(0)) : axis;
    String length = node.emit("Gather", node.emit("Shape", x), node.constant(at));
    String rest = node.emit("Sub", length, used);
    return node.emit("Where", node.emit("Less", sizes, zero), rest, sizes);
  }

  /** Of each of a batch the first so many; ONNX has batch and time in the first two axes. */
  private static void reverseSequences(TfNode node) {
    int rank = node.rank(0);
    long batch = node.axis(node.integer("batch_dim"), rank);
    long time = node.axis(node.integer("seq_dim"), rank);
    String x = node.input(0);
    boolean first = batch < 2 && time < 2;
    long[] order =
        LongStream.concat(
                LongStream.of(batch, time),
                LongStream.range(0, rank).filter(axis -> axis != batch && axis != time))
            .toArray();
    if (!first) {
      x = node.emit("Transpose", Map.of("perm", order), x);
    }
    // onnxruntime leaves out what has the length 0.
    String lengths = node.cast(node.input(1), node.type(1), DT_INT64);
    lengths = node.emit("Max", lengths, node.scalar(DT_INT64, 1));
    x =
        node.emit(
            "ReverseSequence",
            Map.of("batch_axis", first ? batch : 0L, "time_axis", first ? time : 1L),
            x,
            lengths);
    if (!first) {
      long[] back = new long[rank];
      IntStream.range(0, rank).forEach(i -> back[(int) order[i]] = i);
      x = node.emit("Transpose", Map.of("perm", back), x);
    }
    node.output(0, x);
  }

  static String reversed(TfNode node, String x, int axis, long start, long end) {
    return sliced(
        node, x, new long[] {start}, new long[] {end}, new long[] {axis}, new long[] {-1});
  }

  /** What leaves an axis at one end comes in at the other. */
  private static void roll(TfNode node) {
    int rank = node.rank(0);
    boolean first = node.isChannelsFirst(0);
    long[] axes = node.integers(2);
    String x = node.input(0, first);
    for (int i = 0; i < axes.length; i++) {
      int axis = node.axis(axes[i], rank);
      long at = first ? Shapes.channelsFirstAxis(axis, rank) : axis;
      String from = rolledFrom(node, x, i, at, node.shape(0)[axis]);
      if (from == null) {
        continue;
      }
      String over = node.constant(at);
      String most = node.constant(Integer.MAX_VALUE);
      String back = node.emit("Slice", x, from, most, over);
      String front = node.emit("Slice", x, node.constant(0), from, over);
      x = node.emit("Concat", Map.of("axis", at), back, front);
    }
    node.output(0, first, x);
  }

  /** The place of an axis that comes first when the shift of that number is done; null: as is. */
  private static String rolledFrom(TfNode node, String x, int number, long axis, long size) {
    if (size >= 0 && node.isConstant(1)) {
      long start = size == 0 ? 0 : Math.floorMod(-node.integers(1)[number], size);
      return start == 0 ? null : node.constant(start);
    }
    String back =
        node.isConstant(1)
            ? node.constant(-node.integers(1)[number])
            : node.emit(
                "Neg",
                node.emit(
                    "Gather",
                    node.emit("Reshape", node.sizes(1), node.constant(-1)),
                    node.constant(number)));
    String length =
        size > 0
            ? node.constant(size)
            : node.emit("Gather", node.emit("Shape", x), node.constant(axis));
    // An empty axis has nothing to divide by.
    return node.emit("Mod", back, node.emit("Max", length, node.constant(1)));
  }

  /** The numbers of what is true. */
  private static long[] trueOf(long[] flags) {
    return IntStream.range(0, flags.length).filter(i -> flags[i] != 0).asLongStream().toArray();
  }

  private static void reverse(TfNode node, long[] over) {
    int rank = node.rank(0);
    boolean first = node.isChannelsFirst(0);
    long[] axes =
        Arrays.stream(over)
            .map(
                a ->
                    first ? Shapes.channelsFirstAxis(node.axis(a, rank), rank) : node.axis(a, rank))
            .toArray();
    if (axes.length == 0) {
      node.same(0, 0);
      return;
    }
    long[] last = new long[axes.length];
    long[] end = new long[axes.length];
    Arrays.fill(last, -1);
    Arrays.fill(end, Integer.MIN_VALUE);
    String x = node.input(0, first);
    node.output(0, first, sliced(node, x, last, end, axes, last));
  }
}
