package org.medoid.export.onnx;

import static org.medoid.export.onnx.OpsTest.cast;
import static org.medoid.export.onnx.OpsTest.ints;
import static org.medoid.export.onnx.OpsTest.one;
import static org.medoid.export.onnx.OpsTest.times;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.medoid.export.onnx.Draw.Domain;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/** As {@link OpsTest}, for what joins, cuts, repeats and moves. */
class ShapeOpsTest {

  @Property(seed = "1", tries = 15)
  void joining(@ForAll long seed) {
    Draw.check(
        seed,
        Domain.AXES,
        (tf, draw, x, shape) -> {
          int axis = draw.axis(shape.length);
          List<Operand<TFloat32>> parts = new ArrayList<>(List.of(x));
          for (int i = draw.in(1, 3); i > 0; i--) {
            long[] other = shape.clone();
            other[axis < 0 ? axis + shape.length : axis] = draw.in(1, 3);
            parts.add(
                draw.in(0, parts.size()), draw.flip() ? draw.constant(tf, other) : tf.math.exp(x));
          }
          if (draw.flip()) {
            return tf.concat(parts, tf.constant(axis));
          }
          Output<?>[] list = parts.stream().map(Operand::asOutput).toArray(Output<?>[]::new);
          return new Runs.Made(
                  tf.scope()
                      .env()
                      .opBuilder("Concat", tf.scope().makeOpName("joined"), tf.scope())
                      .addInput(tf.constant(axis).asOutput())
                      .addInputList(list)
                      .build())
              .output();
        });
    Draw.check(
        seed + 1,
        Domain.ANY,
        (tf, draw, x, shape) -> {
          List<Operand<?>> parts = new ArrayList<>(List.of(x));
          for (int i = draw.in(0, 2); i > 0; i--) {
            parts.add(draw.flip() ? draw.constant(tf, shape) : tf.math.exp(x));
          }
          return Runs.node(
                  tf, "Pack", Map.of("axis", draw.axis(shape.length + 1)), List.of(), parts)
              .output();
        });
  }

  @Property(seed = "1", tries = 12)
  void parting(@ForAll long seed) {
    Draw.check(
        seed,
        Domain.AXES,
        (tf, draw, x, shape) -> {
          int axis = draw.axis(shape.length);
          int size = (int) shape[axis < 0 ? axis + shape.length : axis];
          int parts =
              draw.of(
                  IntStream.rangeClosed(1, size)
                      .filter(i -> size % i == 0)
                      .boxed()
                      .toArray(Integer[]::new));
          return Runs.node(tf, "Split", Map.of("num_split", parts), tf.constant(axis), x)
              .output(draw.in(0, parts - 1));
        });
    Draw.check(
        seed + 1,
        Domain.AXES,
        (tf, draw, x, shape) -> {
          int axis = draw.axis(shape.length);
          int at = axis < 0 ? axis + shape.length : axis;
          int cut = draw.in(1, (int) shape[at]);
          int rest = (int) shape[at] - cut;
          int[] sizes = rest == 0 ? ints(cut) : draw.flip() ? ints(cut, rest) : ints(rest, cut);
          if (rest > 0 && draw.chance(0.3) && x.asOutput().shape().get(at) > 0) {
            sizes[draw.in(0, sizes.length - 1)] = -1;
          }
          return Runs.node(
                  tf,
                  "SplitV",
                  Map.of("num_split", sizes.length),
                  x,
                  tf.constant(sizes),
                  tf.constant(axis))
              .output(draw.in(0, sizes.length - 1));
        });
    Draw.check(
        seed + 2,
        Domain.AXES,
        (tf, draw, x, shape) -> {
          int axis = draw.axis(shape.length);
          int count = (int) shape[axis < 0 ? axis + shape.length : axis];
          return Runs.node(tf, "Unpack", Map.of("num", count, "axis", axis), x)
              .output(draw.in(0, count - 1));
        });
  }

  @Property(seed = "1", tries = 12)
  void padding(@ForAll long seed) {
    for (String op : List.of("Pad", "PadV2", "REFLECT", "SYMMETRIC")) {
      boolean mirror = op.length() > 5;
      Draw.check(
          seed ^ op.hashCode(),
          Domain.AXES,
          (tf, draw, x, shape) -> {
            int[][] pads = new int[shape.length][2];
            for (int i = 0; i < pads.length; i++) {
              int most = !mirror ? 2 : (int) shape[i] - (op.equals("REFLECT") ? 1 : 0);
              pads[i] = draw.flip() ? ints(0, 0) : ints(draw.in(0, most), draw.in(0, most));
            }
            Operand<?> paddings = tf.constant(pads);
            if (mirror) {
              return Runs.node(tf, "MirrorPad", Map.of("mode", op), x, paddings).output();
            }
            return op.equals("Pad")
                ? one(tf, op, x, paddings)
                : one(tf, op, x, paddings, tf.constant(draw.of(0f, -1.5f, 2f)));
          });
    }
  }

  /** A tensor that only a run knows to be what it is. */
  private static Operand<?> computed(Ops tf, Operand<TFloat32> x, Operand<TInt32> values) {
    Operand<TFloat32> none =
        times(tf, one(tf, "Sum", tf.math.abs(x), tf.constant(ints(0, 1, 2))), 0);
    return tf.math.add(values, tf.dtypes.cast(none, TInt32.class));
  }

  @Property(seed = "1", tries = 6)
  void paddingAndPartingByComputedNumbers(@ForAll long seed) {
    for (String op : List.of("Pad", "PadV2", "MirrorPad", "SplitV", "LinSpace")) {
      Draw.check(
          seed ^ op.hashCode(),
          new Domain(3, 3, false),
          (tf, draw, x, shape) -> {
            int[][] pads = new int[3][2];
            for (int i = 0; i < 3; i++) {
              pads[i][draw.in(0, 1)] = draw.in(0, (int) Math.min(2, shape[i] - 1));
            }
            Operand<?> paddings = computed(tf, x, tf.constant(pads));
            Operand<TFloat32> first = tf.reshape(tf.math.tanh(x), tf.constant(ints(-1)));
            Operand<TFloat32> largest = one(tf, "Max", first, tf.constant(ints(0)));
            Operand<?> sizes =
                computed(tf, x, tf.constant(draw.flip() ? ints(-1, 0) : ints((int) shape[1], -1)));
            return switch (op) {
              case "Pad" -> one(tf, op, x, paddings);
              case "PadV2" -> one(tf, op, x, paddings, tf.constant(2f));
              case "MirrorPad" ->
                  Runs.node(tf, op, Map.of("mode", "REFLECT"), x, paddings).output();
              case "SplitV" ->
                  Runs.node(tf, op, Map.of("num_split", 2), x, sizes, tf.constant(1)).output(0);
              default ->
                  one(
                      tf,
                      op,
                      largest,
                      tf.constant(3f),
                      draw.flip() ? tf.constant(5) : computed(tf, x, tf.constant(1)));
            };
          });
    }
  }

  private static long[] factors(Draw draw, long size) {
    long[] to = new long[draw.in(1, 4)];
    Arrays.fill(to, 1);
    long left = size;
    for (long p = 2; left > 1; p++) {
      for (; left % p == 0; left /= p) {
        to[draw.in(0, to.length - 1)] *= p;
      }
    }
    return to;
  }

  @Property(seed = "1", tries = 20)
  void reshaping(@ForAll long seed) {
    Draw.check(
        seed,
        Domain.ANY,
        (tf, draw, x, shape) -> {
          long size = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
          long[] to = factors(draw, size);
          int open = draw.in(-1, to.length - 1);
          if (open >= 0) {
            to[open] = -1;
          }
          Operand<TFloat32> y = one(tf, "Reshape", x, tf.constant(to));
          if (draw.chance(0.3)) {
            y = one(tf, "Reshape", y, one(tf, "Shape", x)); // back, whatever it was
          }
          return y;
        });
    Draw.check(
        seed + 1,
        Domain.AXES,
        (tf, draw, x, shape) -> {
          // The batch by its own size, the rest in a row.
          Operand<?> batch = tf.gather(tf.shape(x), tf.constant(0), tf.constant(0));
          return one(
              tf,
              "Reshape",
              x,
              Runs.node(tf, "Pack", Map.of(), List.of(), List.of(batch, tf.constant(-1))).output());
        });
    Draw.check(
        seed + 2,
        Domain.ANY,
        (tf, draw, x, shape) ->
            one(tf, "ExpandDims", x, tf.constant(draw.in(-shape.length - 1, shape.length))));
    Draw.check(
        seed + 3,
        Domain.AXES,
        (tf, draw, x, shape) -> {
          int[] over = draw.axes(shape.length, 1);
          Operand<?> ones =
              Runs.node(tf, "Sum", Map.of("keep_dims", true), x, tf.constant(over)).output();
          long[] gone = Arrays.stream(over).limit(draw.in(1, over.length)).asLongStream().toArray();
          return Runs.node(
                  tf, "Squeeze", draw.flip() ? Map.of() : Map.of("squeeze_dims", gone), ones)
              .output();
        });
  }

  @Property(seed = "1", tries = 20)
  void transposing(@ForAll long seed) {
    Draw.check(
        seed,
        Domain.ANY,
        (tf, draw, x, shape) ->
            one(tf, "Transpose", x, tf.constant(draw.permutation(shape.length))));
    Draw.check(
        seed + 1,
        Domain.ANY,
        (tf, draw, x, shape) -> {
          Operand<?> y =
              draw.flip()
                  ? one(tf, "Transpose", x, tf.constant(draw.permutation(shape.length)))
                  : x;
          return one(tf, "Transpose", y, tf.constant(draw.permutation(shape.length)));
        });
  }

  @Property(seed = "1", tries = 10)
  void sizes(@ForAll long seed) {
    for (String op : List.of("Shape", "Size", "Rank")) {
      Draw.check(
          seed ^ op.hashCode(),
          Domain.ANY,
          (tf, draw, x, shape) ->
              Runs.node(
                      tf,
                      op,
                      op.equals("Rank")
                          ? Map.of()
                          : Map.of("out_type", draw.of(DataType.DT_INT32, DataType.DT_INT64)),
                      x)
                  .output());
    }
  }

  @Property(seed = "1", tries = 60)
  void stridedSlices(@ForAll long seed) {
    Draw.check(
        seed,
        Domain.AXES,
        (tf, draw, x, shape) -> {
          int rank = shape.length;
          int front = draw.in(0, rank);
          boolean ellipsis = draw.flip();
          int back = ellipsis ? draw.in(0, rank - front) : 0;
          List<int[]> entries = new ArrayList<>(); // axis (-1 ellipsis, -2 new)
          for (int i = 0; i < front; i++) {
            entries.add(ints(i));
          }
          if (ellipsis) {
            entries.add(ints(-1));
          }
          for (int i = rank - back; i < rank; i++) {
            entries.add(ints(i));
          }
          for (int i = draw.chance(0.4) ? draw.in(1, 2) : 0; i > 0; i--) {
            entries.add(draw.in(0, entries.size()), ints(-2));
          }
          int count = entries.size();
          int[] begin = new int[count];
          int[] end = new int[count];
          int[] step = new int[count];
          int beginMask = 0;
          int endMask = 0;
          int ellipsisMask = 0;
          int newMask = 0;
          int shrinkMask = 0;
          for (int i = 0; i < count; i++) {
            int bit = 1 << i;
            int axis = entries.get(i)[0];
            int size = axis < 0 ? 3 : (int) shape[axis];
            begin[i] = draw.in(-size - 1, size + 1);
            end[i] = draw.in(-size - 1, size + 1);
            step[i] = draw.of(1, 1, 2, 3, -1, -2);
            if (step[i] < 0 && axis >= 0 && x.asOutput().shape().get(axis) < 0) {
              begin[i] = Math.max(begin[i], -1); // else refused
            }
            beginMask |= draw.flip() ? bit : 0;
            endMask |= draw.flip() ? bit : 0;
            if (axis == -1) {
              ellipsisMask |= bit;
              newMask |= draw.chance(0.2) ? bit : 0;
              shrinkMask |= draw.chance(0.2) ? bit : 0;
            } else if (axis == -2) {
              newMask |= bit;
              shrinkMask |= draw.chance(0.2) ? bit : 0;
            } else if (draw.chance(0.3)) {
              shrinkMask |= bit;
              begin[i] = draw.in(-size, size - 1);
              step[i] = 1;
            }
          }
          return Runs.node(
                  tf,
                  "StridedSlice",
                  Map.of(
                      "begin_mask", beginMask,
                      "end_mask", endMask,
                      "ellipsis_mask", ellipsisMask,
                      "new_axis_mask", newMask,
                      "shrink_axis_mask", shrinkMask),
                  x,
                  tf.constant(begin),
                  tf.constant(end),
                  tf.constant(step))
              .output();
        });
  }

  @Property(seed = "1", tries = 20)
  void slices(@ForAll long seed) {
    Draw.check(
        seed,
        Domain.AXES,
        (tf, draw, x, shape) -> {
          int rank = shape.length;
          int[] begin = new int[rank];
          int[] size = new int[rank];
          for (int i = 0; i < rank; i++) {
            begin[i] = draw.in(0, (int) shape[i] - 1);
            size[i] = draw.flip() ? -1 : draw.in(1, (int) shape[i] - begin[i]);
          }
          Operand<?> from = tf.constant(begin);
          if (draw.chance(0.3)) {
            // Not known until it runs.
            Operand<?> zeros = one(tf, "Mul", one(tf, "Shape", x), tf.constant(new int[rank]));
            from = one(tf, "AddV2", from, zeros);
          }
          return one(tf, "Slice", x, from, tf.constant(size));
        });
  }

  @Property(seed = "1", tries = 10)
  void repeating(@ForAll long seed) {
    Draw.check(
        seed,
        Domain.AXES,
        (tf, draw, x, shape) -> {
          int[] repeats =
              Arrays.stream(draw.sizes(shape.length, 1, 3)).mapToInt(i -> (int) i).toArray();
          Operand<?> times = tf.constant(repeats);
          if (draw.chance(0.3)) {
            times =
                one(tf, "Maximum", times, one(tf, "Minimum", one(tf, "Shape", x), tf.constant(2)));
          }
          return one(tf, "Tile", x, times);
        });
    Draw.check(
        seed + 1,
        Domain.ANY,
        (tf, draw, x, shape) ->
            draw.flip()
                ? one(tf, "Fill", one(tf, "Shape", x), tf.constant(draw.of(2f, -1f)))
                : one(tf, "Fill", one(tf, "Shape", x), tf.constant(draw.of(3, 4))));
    Draw.check(
        seed + 2,
        Domain.ANY,
        (tf, draw, x, shape) -> one(tf, "BroadcastTo", draw.constant(tf), one(tf, "Shape", x)));
    Draw.check(
        seed + 3,
        Domain.EXACT,
        (tf, draw, x, shape) -> {
          Operand<?> own = one(tf, "Shape", x);
          Operand<?> other = one(tf, "Shape", draw.mate(tf, x, shape));
          return draw.flip()
              ? one(tf, "BroadcastArgs", own, other)
              : one(tf, "BroadcastArgs", other, own);
        });
  }

  @Property(seed = "1", tries = 20)
  void counting(@ForAll long seed) {
    Draw.check(
        seed,
        Domain.AXES,
        (tf, draw, x, shape) -> {
          Operand<?> limit = tf.gather(tf.shape(x), tf.constant(0), tf.constant(0));
          DataType type = draw.of(DataType.DT_INT32, DataType.DT_INT64, DataType.DT_FLOAT);
          Operand<?> low = cast(tf, tf.constant(draw.in(-3, 0)), type);
          Operand<?> high = cast(tf, limit, type);
          boolean down = draw.flip();
          Operand<?> step = cast(tf, tf.constant(draw.in(1, 3) * (down ? -1 : 1)), type);
          return down ? one(tf, "Range", high, low, step) : one(tf, "Range", low, high, step);
        });
  }

  @Property(seed = "1", tries = 15)
  void gathering(@ForAll long seed) {
    Draw.check(
        seed,
        Domain.AXES,
        (tf, draw, x, shape) -> {
          int axis = draw.axis(shape.length);
          int size = (int) shape[axis < 0 ? axis + shape.length : axis];
          long[] to = draw.sizes(draw.in(0, 2), 1, 3);
          int[] indices =
              IntStream.range(0, (int) Arrays.stream(to).reduce(1, (a, b) -> a * b))
                  .map(i -> draw.in(0, size - 1))
                  .toArray();
          Operand<?> at = one(tf, "Reshape", tf.constant(indices), tf.constant(to));
          return one(
              tf,
              "GatherV2",
              x,
              draw.flip() ? at : cast(tf, at, DataType.DT_INT64),
              tf.constant(axis));
        });
    Draw.check(
        seed + 1,
        new Domain(1, 5, true),
        (tf, draw, x, shape) -> {
          // Rows chosen for each element of a batch.
          int batch = draw.in(1, Math.max(1, shape.length - 1));
          if (shape.length == 1) {
            return x;
          }
          Operand<?> places =
              Runs.node(
                      tf,
                      "ArgMax",
                      Map.of("output_type", draw.of(DataType.DT_INT32, DataType.DT_INT64)),
                      x,
                      tf.constant(batch))
                  .output();
          for (int i = batch; i < shape.length - 1; i++) {
            places = one(tf, "Max", places, tf.constant(-1));
          }
          int rank = batch;
          if (draw.flip()) {
            places = one(tf, "ExpandDims", places, tf.constant(-1));
            rank++;
          }
          int from = draw.flip() ? batch : batch - rank;
          return Runs.node(
                  tf,
                  "GatherV2",
                  Map.of("batch_dims", from == 0 ? batch : from),
                  x,
                  places,
                  tf.constant(batch))
              .output();
        });
    Draw.check(
        seed + 2,
        Domain.AXES,
        (tf, draw, x, shape) -> {
          int depth = draw.in(1, shape.length);
          int[][] indices = new int[draw.in(1, 3)][depth];
          for (int[] one : indices) {
            Arrays.setAll(one, i -> draw.in(0, (int) shape[i] - 1));
          }
          return one(tf, "GatherNd", x, tf.constant(indices));
        });
    Draw.check(
        seed + 3,
        new Domain(2, 5, false),
        (tf, draw, x, shape) -> {
          // For each of a batch, along an axis that does not follow on it.
          int batch = draw.in(1, Math.min(2, shape.length - 1));
          int axis = draw.in(batch, shape.length - 1);
          int[] sizes = new int[batch + draw.in(0, 2)];
          Arrays.setAll(sizes, i -> i < batch ? (int) shape[i] : draw.in(1, 3));
          Operand<TFloat32> some = draw.constant(tf, Arrays.stream(sizes).asLongStream().toArray());
          Operand<?> whole = cast(tf, times(tf, tf.math.abs(some), 9), DataType.DT_INT32);
          Operand<?> places = one(tf, "FloorMod", whole, tf.constant((int) shape[axis]));
          return Runs.node(
                  tf, "GatherV2", Map.of("batch_dims", batch), x, places, tf.constant(axis))
              .output();
        });
  }

  @Property(seed = "1", tries = 25)
  void casts(@ForAll long seed) {
    Draw.check(
        seed,
        Domain.EXACT,
        (tf, draw, x, shape) -> {
          DataType type =
              draw.of(
                  DataType.DT_INT32,
                  DataType.DT_INT64,
                  DataType.DT_DOUBLE,
                  DataType.DT_BOOL,
                  DataType.DT_HALF,
                  DataType.DT_UINT8,
                  DataType.DT_INT8);
          Operand<TFloat32> from = times(tf, x, draw.of(1f, 9f));
          if (type == DataType.DT_UINT8) {
            from = tf.math.abs(from); // what a negative number becomes is nowhere defined
          }
          return cast(tf, cast(tf, from, type), draw.of(DataType.DT_FLOAT, DataType.DT_INT32));
        });
  }
}
