package org.medoid.export.onnx;

import static org.tensorflow.proto.DataType.DT_INT64;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.medoid.export.onnx.pass.Constant;
import org.medoid.export.onnx.pass.Shapes;
import org.tensorflow.proto.DataType;

/** A StridedSlice: what Python writes in brackets behind a tensor. */
final class StridedSlices {
  private final TfNode node;
  private final int rank;

  /** The entries that cut an axis, and that axis. */
  private final List<Integer> entries = new ArrayList<>();

  private final List<Integer> axes = new ArrayList<>();

  /** Axes of the input that vanish, and of the output that come in. */
  private final List<Integer> dropped = new ArrayList<>();

  private final List<Long> added = new ArrayList<>();

  private StridedSlices(TfNode node) {
    this.node = node;
    rank = node.rank(0);
  }

  static void convert(TfNode node) {
    StridedSlices slices = new StridedSlices(node);
    if (node.isConstant(1) && node.isConstant(2)) {
      slices.read(node.integers(1).length);
      slices.known();
    } else if (node.shape(1) == null || node.shape(1)[0] < 0) {
      throw node.unsupported("how many axes it cuts is unknown");
    } else {
      slices.read(Math.toIntExact(node.shape(1)[0]));
      slices.computed(Math.toIntExact(node.shape(1)[0]));
    }
  }

  /** What the masks say, entry by entry. */
  private void read(int count) {
    int axis = 0;
    int out = 0;
    for (int i = 0; i < count; i++) {
      if (is("ellipsis_mask", i)) {
        // As many axes as the entries behind it leave; new axes take none.
        long behind = (1L << count) - (2L << i);
        int after = Long.bitCount(node.integer("new_axis_mask") & behind);
        int to = rank - (count - i - 1 - after);
        out += Math.max(to - axis, 0);
        axis = Math.max(to, axis);
      } else if (is("new_axis_mask", i)) {
        added.add((long) out++);
      } else {
        entries.add(i);
        axes.add(axis);
        if (is("shrink_axis_mask", i)) {
          dropped.add(axis);
        } else {
          out++;
        }
        axis++;
      }
    }
  }

  private boolean is(String mask, int entry) {
    return (node.integer(mask) >> entry & 1) != 0;
  }

  /** Numbers and masks together; an entry that cuts nothing is left out. */
  private void known() {
    List<Long> starts = new ArrayList<>();
    List<Long> ends = new ArrayList<>();
    List<Long> steps = new ArrayList<>();
    List<Integer> over = new ArrayList<>();
    long[] begin = node.integers(1);
    long[] end = node.integers(2);
    long[] step = node.integers(3);
    for (int k = 0; k < entries.size(); k++) {
      int i = entries.get(k);
      int axis = axes.get(k);
      boolean drop = dropped.contains(axis);
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
        over.add(axis);
        steps.add(drop ? 1 : step[i]);
      }
    }
    cut(node.constant(array(starts)), node.constant(array(ends)), over, array(steps));
  }

  /** Begin or end are computed: the masks choose, entry by entry, between these and the edges. */
  private void computed(int count) {
    long[] step = node.integers(3);
    if (entries.stream().anyMatch(i -> step[i] < 0)) {
      throw node.unsupported("computed bounds with a step below zero");
    }
    long shrink = node.integer("shrink_axis_mask");
    String begin = node.sizes(1);
    String most = node.scalar(DT_INT64, Integer.MAX_VALUE);
    String zero = node.scalar(DT_INT64, 0);
    String starts =
        node.emit("Where", bits(node.integer("begin_mask") & ~shrink, count), zero, begin);
    String ends = node.emit("Where", bits(node.integer("end_mask"), count), most, node.sizes(2));
    if (shrink != 0) {
      String next = node.emit("Add", begin, node.scalar(DT_INT64, 1));
      String isLast = node.emit("Equal", next, zero);
      String one = node.emit("Where", isLast, most, next);
      ends = node.emit("Where", bits(shrink, count), one, ends);
    }
    if (entries.size() < count) {
      String cutting = node.constant(entries.stream().mapToLong(i -> i).toArray());
      starts = node.emit("Gather", starts, cutting);
      ends = node.emit("Gather", ends, cutting);
    }
    long[] steps =
        entries.stream().mapToLong(i -> is("shrink_axis_mask", i) ? 1 : step[i]).toArray();
    cut(starts, ends, axes, steps);
  }

  private String bits(long mask, int count) {
    long[] bits = IntStream.range(0, count).mapToLong(i -> mask >> i & 1).toArray();
    return node.literal(Constant.of(DataType.DT_BOOL, new long[] {count}, bits));
  }

  private void cut(String starts, String ends, List<Integer> axes, long[] steps) {
    int[] gone = dropped.stream().mapToInt(i -> i).toArray();
    boolean first =
        node.isChannelsFirst(0)
            && added.isEmpty()
            && (gone.length == 0 || ReductionOps.sameWithout(gone, rank));
    String x = node.input(0, first);
    if (!axes.isEmpty()) {
      long[] over =
          axes.stream()
              .mapToLong(axis -> first ? Shapes.channelsFirstAxis(axis, rank) : axis)
              .toArray();
      x = node.emit("Slice", x, starts, ends, node.constant(over), node.constant(steps));
    }
    if (gone.length > 0) {
      long[] over = first ? ReductionOps.channelsFirstAxes(gone, rank) : TfNode.longs(gone);
      x = node.emit("Squeeze", x, node.constant(over));
    }
    if (!added.isEmpty()) {
      x = node.unsqueezed(x, array(added));
    }
    node.output(0, first && gone.length == 0, x);
  }

  private static long[] array(List<Long> values) {
    return values.stream().mapToLong(i -> i).toArray();
  }
}
