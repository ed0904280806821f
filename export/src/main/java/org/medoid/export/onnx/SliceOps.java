package org.medoid.export.onnx;

import static org.tensorflow.proto.DataType.DT_INT64;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.medoid.export.onnx.pass.Constant;
import org.medoid.export.onnx.pass.Shapes;
import org.tensorflow.proto.DataType;

/** Operations that cut tensors and put the pieces in another order. */
final class SliceOps {
  private SliceOps() {}

  static void register(Map<String, OpConverter> table) {
    table.put("StridedSlice", SliceOps::stridedSlice);
    table.put("Slice", SliceOps::slice);
    table.put("Split", SliceOps::split);
    table.put("SplitV", SliceOps::split);
    table.put("Roll", SliceOps::roll);
    table.put("ReverseV2", node -> reverse(node, node.integers(1)));
    table.put("Reverse", node -> reverse(node, trueOf(node.integers(1))));
    table.put("ReverseSequence", SliceOps::reverseSequences);
  }

  private static void stridedSlice(TfNode node) {
    if (!node.isConstant(1) || !node.isConstant(2)) {
      computedSlice(node);
      return;
    }
    int rank = node.rank(0);
    Bounds bounds = new Bounds(node);
    int[] gone = bounds.dropped.stream().mapToInt(i -> i).toArray();
    boolean first =
        node.isChannelsFirst(0)
            && bounds.added.isEmpty()
            && (gone.length == 0 || ReductionOps.sameWithout(gone, rank));
    String x = node.input(0, first);
    if (!bounds.axes.isEmpty()) {
      long[] over = array(bounds.axes);
      if (first) {
        Arrays.setAll(over, i -> Shapes.channelsFirstAxis(Math.toIntExact(over[i]), rank));
      }
      x = sliced(node, x, array(bounds.starts), array(bounds.ends), over, array(bounds.steps));
    }
    if (gone.length > 0) {
      long[] over = first ? ReductionOps.channelsFirstAxes(gone, rank) : TfNode.longs(gone);
      x = node.emit("Squeeze", x, node.constant(over));
    }
    if (!bounds.added.isEmpty()) {
      x = node.unsqueezed(x, array(bounds.added));
    }
    node.output(0, first && gone.length == 0, x);
  }

  /** What the numbers and masks of a StridedSlice say, axis by axis. */
  private static final class Bounds {
    final List<Long> starts = new ArrayList<>();
    final List<Long> ends = new ArrayList<>();
    final List<Long> axes = new ArrayList<>();
    final List<Long> steps = new ArrayList<>();
    final List<Integer> dropped = new ArrayList<>();
    final List<Long> added = new ArrayList<>();

    private final TfNode node;
    private final long[] begin;
    private final long[] end;
    private final long[] step;

    Bounds(TfNode node) {
      this.node = node;
      begin = node.integers(1);
      end = node.integers(2);
      step = node.integers(3);
      int axis = 0;
      int out = 0;
      for (int i = 0; i < begin.length; i++) {
        if (is("ellipsis_mask", i)) {
          // As many axes as the entries behind it leave; new axes take none.
          long behind = (1L << begin.length) - (2L << i);
          int after = Long.bitCount(node.integer("new_axis_mask") & behind);
          int to = node.rank(0) - (begin.length - i - 1 - after);
          out += Math.max(to - axis, 0);
          axis = Math.max(to, axis);
        } else if (is("new_axis_mask", i)) {
          added.add((long) out++);
        } else {
          cut(i, axis);
          out += is("shrink_axis_mask", i) ? 0 : 1;
          axis++;
        }
      }
    }

    private boolean is(String mask, int entry) {
      return (node.integer(mask) >> entry & 1) != 0;
    }

    private void cut(int i, int axis) {
      boolean drop = is("shrink_axis_mask", i);
      boolean back = step[i] < 0;
      long from = is("begin_mask", i) && !drop ? back ? Integer.MAX_VALUE : 0 : begin[i];
      long to =
          drop
              ? begin[i] == -1 ? Integer.MAX_VALUE : begin[i] + 1
              : is("end_mask", i) ? back ? Integer.MIN_VALUE : Integer.MAX_VALUE : end[i];
      if (back && !drop && from < -1) {
        // Before the first there is nothing to go back to; ONNX starts at the first then.
        if (node.shape(0)[axis] < 0) {
          throw node.unsupported(
              "it goes back from element " + from + " of an axis of unknown size; fix the size");
        }
        if (from < -node.shape(0)[axis]) {
          from = 0;
          to = 0;
        }
      }
      if (drop || from != 0 || to != Integer.MAX_VALUE || step[i] != 1) {
        starts.add(from);
        ends.add(to);
        axes.add((long) axis);
        steps.add(drop ? 1 : step[i]);
      }
      if (drop) {
        dropped.add(axis);
      }
    }
  }

  /** Begin or end are computed: the masks choose, entry by entry, between these and the edges. */
  private static void computedSlice(TfNode node) {
    int rank = node.rank(0);
    if (node.integer("ellipsis_mask") != 0 || node.integer("new_axis_mask") != 0) {
      throw node.unsupported("computed bounds together with an ellipsis or a new axis");
    }
    if (node.shape(1) == null || node.shape(1)[0] < 0) {
      throw node.unsupported("how many axes it cuts is unknown");
    }
    int count = Math.toIntExact(node.shape(1)[0]);
    long[] step = node.integers(3);
    long shrink = node.integer("shrink_axis_mask");
    if (Arrays.stream(step).anyMatch(i -> i < 0)) {
      throw node.unsupported("computed bounds with a step below zero");
    }
    String begin = node.sizes(1);
    String most = node.scalar(DT_INT64, Integer.MAX_VALUE);
    String zero = node.scalar(DT_INT64, 0);
    String starts =
        node.emit("Where", bits(node, node.integer("begin_mask") & ~shrink, count), zero, begin);
    String ends =
        node.emit("Where", bits(node, node.integer("end_mask"), count), most, node.sizes(2));
    if (shrink != 0) {
      String next = node.emit("Add", begin, node.scalar(DT_INT64, 1));
      String isLast = node.emit("Equal", next, zero);
      String one = node.emit("Where", isLast, most, next);
      ends = node.emit("Where", bits(node, shrink, count), one, ends);
    }
    long[] axes = IntStream.range(0, count).asLongStream().toArray();
    int[] gone = IntStream.range(0, count).filter(i -> (shrink >> i & 1) != 0).toArray();
    boolean first =
        node.isChannelsFirst(0) && (gone.length == 0 || ReductionOps.sameWithout(gone, rank));
    long[] over = axes.clone();
    if (first) {
      Arrays.setAll(over, i -> Shapes.channelsFirstAxis((int) axes[i], rank));
    }
    long[] steps = new long[count];
    Arrays.setAll(steps, i -> (shrink >> i & 1) != 0 ? 1 : step[i]);
    String x =
        node.emit(
            "Slice", node.input(0, first), starts, ends, node.constant(over), node.constant(steps));
    if (gone.length > 0) {
      long[] out = first ? ReductionOps.channelsFirstAxes(gone, rank) : TfNode.longs(gone);
      x = node.emit("Squeeze", x, node.constant(out));
    }
    node.output(0, first && gone.length == 0, x);
  }

  private static String bits(TfNode node, long mask, int count) {
    long[] bits = IntStream.range(0, count).mapToLong(i -> mask >> i & 1).toArray();
    return node.literal(Constant.of(DataType.DT_BOOL, new long[] {count}, bits));
  }

  private static long[] array(List<Long> values) {
    return values.stream().mapToLong(i -> i).toArray();
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
    if (sized) {
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
    long[] shifts = node.integers(1);
    long[] axes = node.integers(2);
    String x = node.input(0, first);
    for (int i = 0; i < axes.length; i++) {
      int axis = node.axis(axes[i], rank);
      long at = first ? Shapes.channelsFirstAxis(axis, rank) : axis;
      long size = node.shape(0)[axis];
      String from;
      if (size >= 0) {
        long start = size == 0 ? 0 : Math.floorMod(-shifts[i], size);
        if (start == 0) {
          continue;
        }
        from = node.constant(start);
      } else {
        String sizes = node.emit("Shape", x);
        String length = node.emit("Gather", sizes, node.constant(at));
        from = node.emit("Mod", node.constant(-shifts[i]), length);
      }
      String over = node.constant(at);
      String most = node.constant(Integer.MAX_VALUE);
      String back = node.emit("Slice", x, from, most, over);
      String front = node.emit("Slice", x, node.constant(0), from, over);
      x = node.emit("Concat", Map.of("axis", at), back, front);
    }
    node.output(0, first, x);
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
