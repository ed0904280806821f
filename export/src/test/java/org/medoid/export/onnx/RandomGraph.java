package org.medoid.export.onnx;

import static org.medoid.export.onnx.OpsTest.ints;
import static org.medoid.export.onnx.OpsTest.longs;
import static org.medoid.export.onnx.OpsTest.times;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.types.TFloat32;

/** A graph of 3 to 30 random operations on pictures of an open batch, each behind others. */
final class RandomGraph {
  private static final List<String> BOUNDED =
      List.of("Tanh", "Sigmoid", "Sin", "Cos", "Softsign", "Erf", "Relu6", "Atan", "Erfc");
  private static final List<String> GROWING =
      List.of("Relu", "Elu", "Selu", "Softplus", "Abs", "Neg", "Square", "Identity", "LeakyRelu");
  private static final List<String> REDUCTIONS = List.of("Mean", "Max", "Min", "Sum");

  private final Draw draw;
  private final Ops tf;
  private final List<Operand<TFloat32>> pool = new ArrayList<>();

  private RandomGraph(Draw draw, Ops tf) {
    this.draw = draw;
    this.tf = tf;
  }

  /** Of the input. */
  static long[] sizes(long seed) {
    Draw draw = new Draw(seed);
    return longs(draw.in(1, 3), draw.in(3, 9), draw.in(3, 9), draw.in(1, 4));
  }

  /** The graph of a seed. */
  static GraphDef grown(long seed) {
    Draw draw = new Draw(seed);
    long[] known = longs(-1, 0, 0, 0);
    long[] sizes = sizes(seed);
    System.arraycopy(sizes, 1, known, 1, 3);
    Draw growth = new Draw(draw.seed());
    return Runs.graph(known, tf -> x -> new RandomGraph(growth, tf).grow(x));
  }

  private Operand<TFloat32> grow(Operand<TFloat32> x) {
    pool.add(x);
    int nodes = draw.in(3, 30);
    for (int i = 0; i < nodes; i++) {
      // The newest most of all, so that graphs are deep.
      Operand<TFloat32> from = pool.get(pool.size() - 1 - (draw.chance(0.7) ? 0 : any()));
      Operand<TFloat32> made = next(from, shape(from));
      if (made != null) {
        pool.add(made);
      }
    }
    Operand<TFloat32> last = pool.get(pool.size() - 1);
    Operand<TFloat32> other = pool.get(pool.size() - 1 - any());
    return draw.flip() ? last : one(tf, "ConcatV2", flat(last), flat(other));
  }

  private Operand<TFloat32> one(Ops ops, String op, Operand<?>... in) {
    if (op.equals("ConcatV2")) {
      return Runs.node(ops, op, Map.of(), List.of(ops.constant(1)), List.of(in)).output();
    }
    return OpsTest.one(ops, op, in);
  }

  private int any() {
    return draw.in(0, pool.size() - 1);
  }

  private static long[] shape(Operand<?> x) {
    return x.asOutput().shape().asArray();
  }

  private Operand<TFloat32> flat(Operand<TFloat32> x) {
    long each = Arrays.stream(shape(x)).skip(1).reduce(1, (a, b) -> a * b);
    return one(tf, "Reshape", x, tf.constant(ints(-1, (int) each)));
  }

  private Operand<TFloat32> next(Operand<TFloat32> x, long[] shape) {
    int rank = shape.length;
    return switch (draw.in(0, 17)) {
      case 0, 1 -> one(tf, draw.of(BOUNDED.toArray(String[]::new)), x);
      case 2 -> times(tf, one(tf, draw.of(GROWING.toArray(String[]::new)), x), 0.5f);
      case 3 -> one(tf, draw.of("AddV2", "Sub", "Mul", "Maximum", "Minimum"), x, mate(shape));
      case 4, 5, 6 -> rank == 4 ? image(x, shape) : null;
      case 7 -> reduced(x, rank);
      case 8 -> one(tf, draw.of("Softmax", "LogSoftmax"), x);
      case 9 -> rank > 1 && shape[rank - 1] < 40 ? product(x, shape) : null;
      case 10 -> moved(x, rank);
      case 11 -> padded(x, shape);
      case 12 -> sliced(x, shape);
      case 13 -> joined(x, shape);
      case 14 -> one(tf, "GatherV2", x, tf.constant(ints(0, 0)), tf.constant(rank - 1));
      case 15 ->
          Runs.node(tf, "Cumsum", Map.of("reverse", draw.flip()), x, tf.constant(rank - 1))
              .output();
      case 16 -> reshaped(x, shape);
      default -> one(tf, "AddV2", x, draw.constant(tf, shape[rank - 1]));
    };
  }

  private Operand<TFloat32> mate(long[] shape) {
    List<Operand<TFloat32>> same =
        pool.stream().filter(p -> Arrays.equals(shape(p), shape)).toList();
    return draw.chance(0.6)
        ? same.get(draw.in(0, same.size() - 1))
        : draw.constant(tf, shape[shape.length - 1]);
  }

  private Operand<TFloat32> image(Operand<TFloat32> x, long[] shape) {
    if (shape[1] * shape[2] > 400 || shape[3] > 24 || shape[0] > 0) {
      return null;
    }
    long step = draw.in(1, 2);
    String padding = shape[1] < 3 || shape[2] < 3 || draw.flip() ? "SAME" : "VALID";
    long[] strides = {1, step, step, 1};
    return switch (draw.in(0, 6)) {
      case 0, 1 ->
          times(
              tf,
              Runs.node(
                      tf,
                      "Conv2D",
                      Map.of("strides", strides, "padding", padding),
                      x,
                      draw.constant(tf, draw.of(1, 3), draw.of(1, 2, 3), shape[3], draw.in(1, 6)))
                  .output(),
              0.3f);
      case 2 ->
          times(
              tf,
              Runs.node(
                      tf,
                      "DepthwiseConv2dNative",
                      Map.of("strides", strides, "padding", padding),
                      x,
                      draw.constant(tf, 3, 3, shape[3], draw.in(1, 2)))
                  .output(),
              0.3f);
      case 3 ->
          Runs.node(
                  tf,
                  draw.of("MaxPool", "AvgPool"),
                  Map.of("ksize", longs(1, 2, 3, 1), "strides", strides, "padding", padding),
                  x)
              .output();
      case 4 ->
          Runs.node(
                  tf,
                  draw.of("ResizeNearestNeighbor", "ResizeBilinear"),
                  Map.of("half_pixel_centers", true),
                  x,
                  tf.constant(ints((int) shape[1] * 2, (int) shape[2] * 2)))
              .output();
      case 5 ->
          Runs.node(
                  tf,
                  "FusedBatchNormV3",
                  Map.of("is_training", false),
                  x,
                  draw.constant(tf, shape[3]),
                  draw.constant(tf, shape[3]),
                  draw.constant(tf, shape[3]),
                  Runs.positive(tf, draw.seed(), shape[3]))
              .output();
      default ->
          shape[1] % 2 == 0 && shape[2] % 2 == 0
              ? Runs.node(tf, "SpaceToDepth", Map.of("block_size", 2), x).output()
              : null;
    };
  }

  private Operand<TFloat32> reduced(Operand<TFloat32> x, int rank) {
    if (rank < 2) {
      return null;
    }
    int axis = draw.in(1, rank - 1);
    boolean keep = rank == 2 || draw.flip();
    return Runs.node(
            tf,
            draw.of(REDUCTIONS.toArray(String[]::new)),
            Map.of("keep_dims", keep),
            x,
            tf.constant(draw.flip() ? axis : axis - rank))
        .output();
  }

  private Operand<TFloat32> product(Operand<TFloat32> x, long[] shape) {
    long width = shape[shape.length - 1];
    String op = shape.length == 2 ? "MatMul" : "BatchMatMulV2";
    return times(tf, one(tf, op, x, draw.constant(tf, width, draw.in(1, 6))), 0.4f);
  }

  /** All axes but that of the batch. */
  private Operand<TFloat32> moved(Operand<TFloat32> x, int rank) {
    int[] order = new int[rank];
    int[] behind = draw.permutation(rank - 1);
    for (int i = 1; i < rank; i++) {
      order[i] = behind[i - 1] + 1;
    }
    return one(tf, "Transpose", x, tf.constant(order));
  }

  private Operand<TFloat32> padded(Operand<TFloat32> x, long[] shape) {
    int[][] pads = new int[shape.length][2];
    for (int i = 1; i < shape.length; i++) {
      pads[i] = shape[i] > 12 ? ints(0, 0) : ints(draw.in(0, 1), draw.in(0, 1));
    }
    return draw.flip() || Arrays.stream(shape).skip(1).anyMatch(size -> size < 2)
        ? one(tf, "PadV2", x, tf.constant(pads), tf.constant(draw.of(0f, 0.5f)))
        : Runs.node(tf, "MirrorPad", Map.of("mode", "REFLECT"), x, tf.constant(pads)).output();
  }

  private Operand<TFloat32> sliced(Operand<TFloat32> x, long[] shape) {
    int rank = shape.length;
    int[] begin = new int[rank];
    int[] end = new int[rank];
    int[] by = new int[rank];
    Arrays.fill(by, 1);
    int mask = 1;
    for (int i = 1; i < rank; i++) {
      begin[i] = shape[i] > 2 ? draw.in(0, 1) : 0;
      end[i] = (int) shape[i];
      by[i] = shape[i] > 3 ? draw.in(1, 2) : 1;
    }
    return Runs.node(
            tf,
            "StridedSlice",
            Map.of("begin_mask", mask, "end_mask", mask),
            x,
            tf.constant(begin),
            tf.constant(end),
            tf.constant(by))
        .output();
  }

  private Operand<TFloat32> joined(Operand<TFloat32> x, long[] shape) {
    if (shape.length < 2 || shape[shape.length - 1] > 24) {
      return null;
    }
    int axis = shape.length - 1;
    return Runs.node(
            tf,
            "ConcatV2",
            Map.of(),
            List.of(tf.constant(draw.flip() ? axis : -1)),
            List.of(x, tf.math.tanh(x)))
        .output();
  }

  private Operand<TFloat32> reshaped(Operand<TFloat32> x, long[] shape) {
    int rank = shape.length;
    if (rank < 3) {
      return one(tf, "ExpandDims", x, tf.constant(draw.in(1, rank)));
    }
    int[] to = new int[rank - 1];
    to[0] = -1;
    for (int i = 1; i < rank - 1; i++) {
      to[i] = (int) (i == rank - 2 ? shape[i] * shape[i + 1] : shape[i]);
    }
    return one(tf, "Reshape", x, tf.constant(to));
  }
}
