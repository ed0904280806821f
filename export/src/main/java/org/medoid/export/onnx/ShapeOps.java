package org.medoid.export.onnx;

import static org.tensorflow.proto.DataType.DT_INT64;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.medoid.export.onnx.pass.Constant;
import org.medoid.export.onnx.pass.Shapes;

/** Operations that move, join, cut and repeat. */
final class ShapeOps {
  private ShapeOps() {}

  static void register(Map<String, OpConverter> table) {
    table.put("Reshape", ShapeOps::reshape);
    table.put("Squeeze", ShapeOps::squeeze);
    table.put("ExpandDims", ShapeOps::expandDims);
    table.put("Transpose", ShapeOps::transpose);
    table.put("Shape", ShapeOps::shape);
    table.put("Size", ShapeOps::size);
    table.put("Rank", node -> node.output(0, node.scalar(node.outputType(0), node.rank(0))));
    table.put("StridedSlice", ShapeOps::stridedSlice);
    table.put("Slice", ShapeOps::slice);
    table.put("ConcatV2", ShapeOps::concat);
    table.put("Pack", ShapeOps::pack);
    table.put("Unpack", ShapeOps::unpack);
    table.put("Split", ShapeOps::split);
    table.put("SplitV", ShapeOps::split);
    table.put("Pad", ShapeOps::pad);
    table.put("PadV2", ShapeOps::pad);
    table.put("MirrorPad", ShapeOps::mirrorPad);
    table.put("Tile", ShapeOps::tile);
    table.put("BroadcastTo", node -> expand(node, 0, 1));
    table.put("Fill", node -> expand(node, 1, 0));
    table.put("Range", ShapeOps::range);
    table.put("GatherV2", ShapeOps::gather);
    table.put("Gather", ShapeOps::gather);
    table.put("GatherNd", ShapeOps::gatherNd);
  }

  /** Like the inputs' layout: whether the first input of full rank is there channels first. */
  private static String inLayout(TfNode node, int input, boolean first) {
    return first ? node.channelsFirst(input) : node.input(input);
  }

  private static void set(TfNode node, int output, boolean first, String tensor) {
    if (first) {
      node.channelsFirstOutput(output, tensor);
    } else {
      node.output(output, tensor);
    }
  }

  /** Numbers, one for each axis of channels last, in the order of the layout. */
  private static long[] inOrder(boolean first, long[] values) {
    return first ? Shapes.permuted(values, Shapes.toChannelsFirst(values.length)) : values;
  }

  private static void reshape(TfNode node) {
    long[] to = node.outputShape(0);
    if (to != null
        && Arrays.stream(to).filter(size -> size < 0).count() <= 1
        && Arrays.stream(to).noneMatch(size -> size == 0)) {
      // TensorFlow has worked the shape out, however it was computed.
      node.output(0, node.emit("Reshape", List.of(node.input(0), node.constant(to))));
    } else {
      node.output(
          0, node.emit("Reshape", List.of(node.input(0), node.sizes(1)), Map.of("allowzero", 1)));
    }
  }

  private static void squeeze(TfNode node) {
    int rank = node.rank(0);
    long[] shape = node.shape(0);
    int[] axes =
        Arrays.stream(node.integers("squeeze_dims"))
            .mapToInt(axis -> node.axis(axis, rank))
            .sorted()
            .toArray();
    if (axes.length == 0) {
      if (!Shapes.isKnown(shape)) {
        node.output(0, node.emit("Squeeze", List.of(node.input(0))));
        return;
      }
      axes = IntStream.range(0, rank).filter(i -> shape[i] == 1).toArray();
      if (axes.length == 0) {
        node.same(0, 0);
        return;
      }
    }
    boolean first = node.isChannelsFirst(0) && ReductionOps.sameWithout(axes, rank);
    long[] gone = first ? ReductionOps.channelsFirstAxes(axes, rank) : TfNode.longs(axes);
    node.output(0, node.emit("Squeeze", List.of(inLayout(node, 0, first), node.constant(gone))));
  }

  private static void expandDims(TfNode node) {
    int axis = node.axis(node.integers(1)[0], node.rank(0) + 1);
    node.output(0, node.emit("Unsqueeze", List.of(node.input(0), node.constant(axis))));
  }

  private static void transpose(TfNode node) {
    int rank = node.rank(0);
    int[] perm = Arrays.stream(node.integers(1)).mapToInt(a -> node.axis(a, rank)).toArray();
    boolean first = node.isChannelsFirst(0);
    if (first) {
      perm = Arrays.stream(perm).map(a -> Shapes.channelsFirstAxis(a, rank)).toArray();
    }
    String x = inLayout(node, 0, first);
    if (!Arrays.equals(perm, IntStream.range(0, rank).toArray())) {
      x = node.emit("Transpose", List.of(x), Map.of("perm", TfNode.longs(perm)));
    }
    node.output(0, x);
  }

  private static void shape(TfNode node) {
    long[] shape = node.shape(0);
    if (Shapes.isKnown(shape)) {
      node.output(
          0, node.literal(Constant.of(node.outputType(0), new long[] {shape.length}, shape)));
      return;
    }
    String found;
    if (node.isChannelsFirst(0)) {
      int rank = node.rank(0);
      found =
          node.emit(
              "Gather",
              List.of(
                  node.emit("Shape", List.of(node.channelsFirst(0))),
                  node.constant(TfNode.longs(Shapes.toChannelsLast(rank)))));
    } else {
      found = node.emit("Shape", List.of(node.input(0)));
    }
    node.output(0, node.cast(found, DT_INT64, node.outputType(0)));
  }

  private static void size(TfNode node) {
    String size = node.emit("Size", node.aligned());
    node.output(0, node.cast(size, DT_INT64, node.outputType(0)));
  }

  private static void stridedSlice(TfNode node) {
    int rank = node.rank(0);
    long[] begin = node.integers(1);
    long[] end = node.integers(2);
    long[] step = node.integers(3);
    List<Long> starts = new ArrayList<>();
    List<Long> ends = new ArrayList<>();
    List<Long> axes = new ArrayList<>();
    List<Long> steps = new ArrayList<>();
    List<Integer> dropped = new ArrayList<>();
    List<Long> added = new ArrayList<>();
    int axis = 0;
    int out = 0;
    for (int i = 0; i < begin.length; i++) {
      long bit = 1L << i;
      if ((node.integer("ellipsis_mask") & bit) != 0) {
        // As many axes as the entries behind it leave; new axes take none.
        long behind = (1L << begin.length) - (bit << 1);
        int after = Long.bitCount(node.integer("new_axis_mask") & behind);
        int to = rank - (begin.length - i - 1 - after);
        out += Math.max(to - axis, 0);
        axis = Math.max(to, axis);
      } else if ((node.integer("new_axis_mask") & bit) != 0) {
        added.add((long) out++);
      } else {
        boolean drop = (node.integer("shrink_axis_mask") & bit) != 0;
        boolean back = step[i] < 0;
        long from =
            (node.integer("begin_mask") & bit) != 0 && !drop
                ? back ? Integer.MAX_VALUE : 0
                : begin[i];
        long to =
            drop
                ? begin[i] == -1 ? Integer.MAX_VALUE : begin[i] + 1
                : (node.integer("end_mask") & bit) != 0
                    ? back ? Integer.MIN_VALUE : Integer.MAX_VALUE
                    : end[i];
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
        } else {
          out++;
        }
        axis++;
      }
    }
    int[] gone = dropped.stream().mapToInt(i -> i).toArray();
    boolean first =
        node.isChannelsFirst(0)
            && added.isEmpty()
            && (gone.length == 0 || ReductionOps.sameWithout(gone, rank));
    String x = inLayout(node, 0, first);
    if (!axes.isEmpty()) {
      long[] over = array(axes);
      if (first) {
        Arrays.setAll(over, i -> Shapes.channelsFirstAxis(Math.toIntExact(over[i]), rank));
      }
      x = sliced(node, x, array(starts), array(ends), over, array(steps));
    }
    if (gone.length > 0) {
      long[] over = first ? ReductionOps.channelsFirstAxes(gone, rank) : TfNode.longs(gone);
      x = node.emit("Squeeze", List.of(x, node.constant(over)));
    }
    if (!added.isEmpty()) {
      x = node.emit("Unsqueeze", List.of(x, node.constant(array(added))));
    }
    set(node, 0, first && gone.length == 0, x);
  }

  private static long[] array(List<Long> values) {
    return values.stream().mapToLong(i -> i).toArray();
  }

  private static String sliced(
      TfNode node, String x, long[] starts, long[] ends, long[] axes, long[] steps) {
    return node.emit(
        "Slice",
        List.of(
            x,
            node.constant(starts),
            node.constant(ends),
            node.constant(axes),
            node.constant(steps)));
  }

  private static void slice(TfNode node) {
    int rank = node.rank(0);
    if (node.isConstant(1) && node.isConstant(2)) {
      boolean first = node.isChannelsFirst(0);
      long[] starts = inOrder(first, node.integers(1));
      long[] sizes = inOrder(first, node.integers(2));
      long[] ends = new long[rank];
      long[] steps = new long[rank];
      Arrays.fill(steps, 1);
      Arrays.setAll(ends, i -> sizes[i] < 0 ? Integer.MAX_VALUE : starts[i] + sizes[i]);
      long[] axes = IntStream.range(0, rank).asLongStream().toArray();
      set(node, 0, first, sliced(node, inLayout(node, 0, first), starts, ends, axes, steps));
      return;
    }
    // A size of -1 means up to the end.
    String starts = node.sizes(1);
    String sizes = node.sizes(2);
    String ends =
        node.emit(
            "Where",
            List.of(
                node.emit("Less", List.of(sizes, node.scalar(DT_INT64, 0))),
                node.scalar(DT_INT64, Integer.MAX_VALUE),
                node.emit("Add", List.of(starts, sizes))));
    node.output(0, node.emit("Slice", List.of(node.input(0), starts, ends)));
  }

  private static void concat(TfNode node) {
    int last = node.inputCount() - 1;
    int rank = Math.max(1, node.rank(0));
    int axis = node.axis(node.integers(last)[0], rank);
    List<String> tensors = node.aligned(IntStream.range(0, last).toArray());
    int at = node.isAlignedChannelsFirst() ? Shapes.channelsFirstAxis(axis, rank) : axis;
    node.alignedOutput(0, node.emit("Concat", tensors, Map.of("axis", at)));
  }

  private static void pack(TfNode node) {
    int axis = node.axis(node.integer("axis"), node.rank(0) + 1);
    List<String> tensors = new ArrayList<>();
    for (int i = 0; i < node.inputCount(); i++) {
      tensors.add(node.emit("Unsqueeze", List.of(node.input(i), node.constant(axis))));
    }
    node.output(0, node.emit("Concat", tensors, Map.of("axis", axis)));
  }

  private static void unpack(TfNode node) {
    int axis = node.axis(node.integer("axis"), node.rank(0));
    List<String> parts =
        node.emit(
            "Split",
            List.of(node.input(0), node.constant(ones(node.outputCount()))),
            Map.of("axis", axis),
            node.outputCount());
    for (int i = 0; i < parts.size(); i++) {
      node.output(i, node.emit("Squeeze", List.of(parts.get(i), node.constant(axis))));
    }
  }

  private static long[] ones(int count) {
    return Collections.nCopies(count, 1L).stream().mapToLong(i -> i).toArray();
  }

  /** Split has the axis before the tensor, SplitV the tensor, the sizes and the axis. */
  private static void split(TfNode node) {
    boolean sized = node.op().equals("SplitV");
    int input = sized ? 0 : 1;
    int rank = node.rank(input);
    int axis = node.axis(node.integers(sized ? 2 : 0)[0], rank);
    boolean first = node.isChannelsFirst(input);
    List<String> tensors = new ArrayList<>(List.of(inLayout(node, input, first)));
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
      set(node, i, first, parts.get(i));
    }
  }

  /** Paddings [rank, 2] as ONNX's starts, then ends. */
  private static long[] pads(TfNode node, boolean first) {
    long[] pairs = node.integers(1);
    int rank = pairs.length / 2;
    long[] before = new long[rank];
    long[] after = new long[rank];
    Arrays.setAll(before, i -> pairs[2 * i]);
    Arrays.setAll(after, i -> pairs[2 * i + 1]);
    long[] pads = Arrays.copyOf(inOrder(first, before), 2 * rank);
    System.arraycopy(inOrder(first, after), 0, pads, rank, rank);
    return pads;
  }

  private static void pad(TfNode node) {
    boolean first = node.isChannelsFirst(0);
    List<String> tensors =
        new ArrayList<>(List.of(inLayout(node, 0, first), node.constant(pads(node, first))));
    tensors.add(node.op().equals("PadV2") ? node.input(2) : node.scalar(node.type(0), 0));
    set(node, 0, first, node.emit("Pad", tensors, Map.of("mode", "constant")));
  }

  private static void mirrorPad(TfNode node) {
    boolean first = node.isChannelsFirst(0);
    long[] pads = pads(node, first);
    String x = inLayout(node, 0, first);
    if (node.text("mode").equals("REFLECT")) {
      set(
          node,
          0,
          first,
          node.emit("Pad", List.of(x, node.constant(pads)), Map.of("mode", "reflect")));
      return;
    }
    // SYMMETRIC repeats the border, which ONNX cannot until opset 19: join the mirrored edges.
    int rank = pads.length / 2;
    for (int axis = 0; axis < rank; axis++) {
      long before = pads[axis];
      long after = pads[axis + rank];
      List<String> parts = new ArrayList<>();
      if (before > 0) {
        parts.add(reversed(node, x, axis, before - 1, Integer.MIN_VALUE));
      }
      parts.add(x);
      if (after > 0) {
        parts.add(reversed(node, x, axis, -1, -1 - after));
      }
      x = parts.size() == 1 ? x : node.emit("Concat", parts, Map.of("axis", axis));
    }
    set(node, 0, first, x);
  }

  private static String reversed(TfNode node, String x, int axis, long start, long end) {
    return sliced(
        node, x, new long[] {start}, new long[] {end}, new long[] {axis}, new long[] {-1});
  }

  private static void tile(TfNode node) {
    boolean first = node.isChannelsFirst(0) && node.isConstant(1);
    String repeats = first ? node.constant(inOrder(true, node.integers(1))) : node.sizes(1);
    set(node, 0, first, node.emit("Tile", List.of(inLayout(node, 0, first), repeats)));
  }

  private static void expand(TfNode node, int value, int shape) {
    node.output(0, node.emit("Expand", List.of(node.input(value), node.sizes(shape))));
  }

  private static void range(TfNode node) {
    node.output(0, node.emit("Range", List.of(node.input(0), node.input(1), node.input(2))));
  }

  private static void gather(TfNode node) {
    boolean second = node.op().equals("GatherV2");
    int axis = second ? node.axis(node.integers(2)[0], node.rank(0)) : 0;
    long batch = second ? node.integer("batch_dims") : 0;
    if (batch != 0) {
      batch += batch < 0 ? node.rank(1) : 0;
      if (axis != batch) {
        throw node.unsupported("batch_dims " + batch + " of axis " + axis + ", only the same is");
      }
      String each = node.cast(node.input(1), node.type(1), DT_INT64);
      String last = node.emit("Unsqueeze", List.of(each, node.constant(-1)));
      node.output(
          0, node.emit("GatherND", List.of(node.input(0), last), Map.of("batch_dims", batch)));
      return;
    }
    node.output(
        0, node.emit("Gather", List.of(node.input(0), node.input(1)), Map.of("axis", axis)));
  }

  private static void gatherNd(TfNode node) {
    String indices = node.cast(node.input(1), node.type(1), DT_INT64);
    node.output(0, node.emit("GatherND", List.of(node.input(0), indices), new HashMap<>()));
  }
}
