package org.medoid.export.onnx;

import static org.tensorflow.proto.DataType.DT_INT64;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.medoid.export.onnx.pass.Constant;
import org.medoid.export.onnx.pass.Shapes;
import org.tensorflow.proto.DataType;

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
    table.put("ConcatV2", node -> concat(node, node.inputCount() - 1));
    table.put("Concat", node -> concat(node, 0));
    table.put("Pack", ShapeOps::pack);
    table.put("Unpack", ShapeOps::unpack);
    table.put("Pad", ShapeOps::pad);
    table.put("PadV2", ShapeOps::pad);
    table.put("MirrorPad", ShapeOps::mirrorPad);
    table.put("Tile", ShapeOps::tile);
    table.put("BroadcastTo", node -> expand(node, 0, 1));
    table.put("BroadcastArgs", ShapeOps::broadcastSizes);
    table.put("Fill", node -> expand(node, 1, 0));
    table.put("Range", ShapeOps::range);
    table.put("LinSpace", ShapeOps::steps);
  }

  /** Numbers, one for each axis of channels last, in the order of the layout. */
  static long[] inOrder(boolean first, long[] values) {
    return first ? Shapes.permuted(values, Shapes.toChannelsFirst(values.length)) : values;
  }

  private static void reshape(TfNode node) {
    long[] to = node.outputShape(0);
    if (to != null
        && Arrays.stream(to).filter(size -> size < 0).count() <= 1
        && Arrays.stream(to).noneMatch(size -> size == 0)) {
      // TensorFlow has worked the shape out, however it was computed.
      node.output(0, node.emit("Reshape", node.input(0), node.constant(to)));
    } else {
      node.output(0, node.emit("Reshape", Map.of("allowzero", 1), node.input(0), node.sizes(1)));
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
        node.output(0, node.emit("Squeeze", node.input(0)));
        return;
      }
      axes = IntStream.range(0, rank).filter(i -> shape[i] == 1).toArray();
      if (axes.length == 0) {
        node.same(0, 0);
        return;
      }
    }
    boolean inside = rank - axes.length >= 3 && axes[0] > 0 && axes[axes.length - 1] < rank - 1;
    if (inside && node.isChannelsFirst(0)) {
      long[] gone = ReductionOps.channelsFirstAxes(axes, rank);
      List<String> in = List.of(node.channelsFirst(0), node.constant(gone));
      node.channelsFirstOutput(0, node.emit("Squeeze", in));
      return;
    }
    boolean first = node.isChannelsFirst(0) && ReductionOps.sameWithout(axes, rank);
    long[] gone = first ? ReductionOps.channelsFirstAxes(axes, rank) : TfNode.longs(axes);
    node.output(0, node.emit("Squeeze", node.input(0, first), node.constant(gone)));
  }

  private static void expandDims(TfNode node) {
    int rank = node.rank(0);
    int axis = node.axis(node.integers(1)[0], rank + 1);
    if (node.isChannelsFirst(0) && axis > 0 && axis < rank) {
      List<String> in = List.of(node.channelsFirst(0), node.constant(axis + 1));
      node.channelsFirstOutput(0, node.emit("Unsqueeze", in));
      return;
    }
    node.output(0, node.unsqueezed(node.input(0), axis));
  }

  private static void transpose(TfNode node) {
    int rank = node.rank(0);
    int[] perm = Arrays.stream(node.integers(1)).mapToInt(a -> node.axis(a, rank)).toArray();
    boolean first = node.isChannelsFirst(0);
    if (first) {
      perm = Arrays.stream(perm).map(a -> Shapes.channelsFirstAxis(a, rank)).toArray();
    }
    String x = node.input(0, first);
    if (!Arrays.equals(perm, IntStream.range(0, rank).toArray())) {
      x = node.emit("Transpose", Map.of("perm", TfNode.longs(perm)), x);
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
              node.emit("Shape", node.channelsFirst(0)),
              node.constant(TfNode.longs(Shapes.toChannelsLast(rank))));
    } else {
      found = node.emit("Shape", node.input(0));
    }
    node.output(0, node.cast(found, DT_INT64, node.outputType(0)));
  }

  private static void size(TfNode node) {
    String size = node.emit("Size", node.aligned());
    node.output(0, node.cast(size, DT_INT64, node.outputType(0)));
  }

  /** The axis is behind all tensors, in the first version before them. */
  private static void concat(TfNode node, int place) {
    int[] others = IntStream.range(0, node.inputCount()).filter(i -> i != place).toArray();
    int rank = Math.max(1, node.rank(others[0]));
    int axis = node.axis(node.integers(place)[0], rank);
    List<String> tensors = node.aligned(others);
    int at = node.isAlignedChannelsFirst() ? Shapes.channelsFirstAxis(axis, rank) : axis;
    node.alignedOutput(0, node.emit("Concat", tensors, Map.of("axis", at)));
  }

  private static void pack(TfNode node) {
    int axis = node.axis(node.integer("axis"), node.rank(0) + 1);
    List<String> tensors = new ArrayList<>();
    for (int i = 0; i < node.inputCount(); i++) {
      tensors.add(node.unsqueezed(node.input(i), axis));
    }
    node.output(0, node.emit("Concat", tensors, Map.of("axis", axis)));
  }

  private static void unpack(TfNode node) {
    int axis = node.axis(node.integer("axis"), node.rank(0));
    List<String> parts =
        node.emit(
            "Split",
            List.of(node.input(0), node.constant(TfNode.ones(node.outputCount()))),
            Map.of("axis", axis),
            node.outputCount());
    for (int i = 0; i < parts.size(); i++) {
      node.output(i, node.emit("Squeeze", parts.get(i), node.constant(axis)));
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
    boolean first = node.isChannelsFirst(0) && node.isConstant(1);
    String pads = node.isConstant(1) ? node.constant(pads(node, first)) : computedPads(node);
    List<String> tensors = new ArrayList<>(List.of(node.input(0, first), pads));
    tensors.add(node.op().equals("PadV2") ? node.input(2) : node.scalar(node.type(0), 0));
    node.output(0, first, node.emit("Pad", tensors, Map.of("mode", "constant")));
  }

  private static String computedPads(TfNode node) {
    String turned = node.emit("Transpose", Map.of("perm", new long[] {1, 0}), node.sizes(1));
    return node.emit("Reshape", turned, node.constant(-1));
  }

  private static void mirrorPad(TfNode node) {
    if (!node.isConstant(1) && node.text("mode").equals("REFLECT")) {
      node.output(
          0, node.emit("Pad", Map.of("mode", "reflect"), node.input(0), computedPads(node)));
      return;
    }
    boolean first = node.isChannelsFirst(0);
    long[] pads = pads(node, first);
    String x = node.input(0, first);
    if (node.text("mode").equals("REFLECT")) {
      node.output(0, first, node.emit("Pad", Map.of("mode", "reflect"), x, node.constant(pads)));
      return;
    }
    // SYMMETRIC repeats the border, which ONNX cannot until opset 19: join the mirrored edges.
    int rank = pads.length / 2;
    for (int axis = 0; axis < rank; axis++) {
      long before = pads[axis];
      long after = pads[axis + rank];
      List<String> parts = new ArrayList<>();
      if (before > 0) {
        parts.add(SliceOps.reversed(node, x, axis, before - 1, Integer.MIN_VALUE));
      }
      parts.add(x);
      if (after > 0) {
        parts.add(SliceOps.reversed(node, x, axis, -1, -1 - after));
      }
      x = parts.size() == 1 ? x : node.emit("Concat", parts, Map.of("axis", axis));
    }
    node.output(0, first, x);
  }

  private static void tile(TfNode node) {
    boolean first = node.isChannelsFirst(0) && node.isConstant(1);
    String repeats = first ? node.constant(inOrder(true, node.integers(1))) : node.sizes(1);
    node.output(0, first, node.emit("Tile", node.input(0, first), repeats));
  }

  private static void expand(TfNode node, int value, int shape) {
    node.output(0, node.emit("Expand", node.input(value), node.sizes(shape)));
  }

  /** The sizes to which two tensors are broadcast; the shorter ones get ones in front. */
  private static void broadcastSizes(TfNode node) {
    long[] first = node.shape(0);
    long[] second = node.shape(1);
    if (first == null || second == null || first[0] < 0 || second[0] < 0) {
      throw node.unsupported("shapes of unknown rank");
    }
    String a = lengthened(node, 0, second[0] - first[0]);
    String b = lengthened(node, 1, first[0] - second[0]);
    String one = node.emit("Equal", a, node.scalar(DT_INT64, 1));
    node.output(0, node.cast(node.emit("Where", one, b, a), DT_INT64, node.outputType(0)));
  }

  private static String lengthened(TfNode node, int input, long by) {
    String sizes = node.sizes(input);
    return by <= 0
        ? sizes
        : node.emit(
            "Concat", Map.of("axis", 0), node.constant(TfNode.ones(Math.toIntExact(by))), sizes);
  }

  private static void range(TfNode node) {
    node.output(0, node.emit("Range", node.input(0), node.input(1), node.input(2)));
  }

  /** So many numbers from one to another, as far from each other. */
  private static void steps(TfNode node) {
    DataType type = node.type(0);
    String count = node.emit("Reshape", node.sizes(2), node.constant(new long[0]));
    String gaps = node.emit("Sub", count, node.scalar(DT_INT64, 1));
    gaps = node.emit("Max", gaps, node.scalar(DT_INT64, 1)); // of one number there is none
    String places = node.cast(IndexOps.numbers(node, count), DT_INT64, type);
    String shares = node.emit("Div", places, node.cast(gaps, DT_INT64, type));
    String whole = node.emit("Sub", node.input(1), node.input(0));
    node.output(0, node.emit("Add", node.input(0), node.emit("Mul", whole, shares)));
  }
}
