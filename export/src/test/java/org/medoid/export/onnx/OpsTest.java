package org.medoid.export.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.medoid.export.onnx.Draw.Domain;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * Each operation alone computes in onnxruntime what TensorFlow computes, for random ranks, sizes
 * (known and unknown), attributes and layouts; see {@link Draw#check}.
 */
class OpsTest {
  static int[] ints(int... values) {
    return values;
  }

  static long[] longs(long... values) {
    return values;
  }

  static Operand<TFloat32> one(Ops tf, String op, Operand<?>... in) {
    return Runs.node(tf, op, Map.of(), in).output();
  }

  static Operand<?> cast(Ops tf, Operand<?> x, DataType to) {
    return to == x.asOutput().dataType()
        ? x
        : Runs.node(tf, "Cast", Map.of("DstT", to), x).output();
  }

  static Operand<TFloat32> times(Ops tf, Operand<TFloat32> x, float by) {
    return tf.math.mul(x, tf.constant(by));
  }

  /** From 0.5 up. */
  static Operand<TFloat32> positive(Ops tf, Operand<TFloat32> x) {
    return tf.math.add(tf.math.abs(x), tf.constant(0.5f));
  }

  /** Between -0.9 and 0.9. */
  private static Operand<TFloat32> small(Ops tf, Operand<TFloat32> x) {
    return times(tf, tf.math.tanh(x), 0.9f);
  }

  private static final Map<String, BiFunction<Ops, Operand<TFloat32>, Operand<TFloat32>>> UNARY =
      new LinkedHashMap<>();

  static {
    for (String op :
        List.of(
            "Abs",
            "Atan",
            "Cos",
            "Elu",
            "Erf",
            "Erfc",
            "Identity",
            "Neg",
            "OnesLike",
            "Relu",
            "Relu6",
            "Selu",
            "Sigmoid",
            "Sin",
            "Asinh",
            "Softplus",
            "Softsign",
            "Square",
            "StopGradient",
            "Tanh",
            "ZerosLike")) {
      UNARY.put(op, (tf, x) -> x);
    }
    for (String op : List.of("Log", "Log1p", "Reciprocal", "Inv", "Rsqrt", "Sqrt")) {
      UNARY.put(op, OpsTest::positive);
    }
    for (String op : List.of("Acos", "Asin", "Atanh", "Tan")) {
      UNARY.put(op, OpsTest::small);
    }
    for (String op : List.of("Cosh", "Exp", "Expm1", "Sinh")) {
      UNARY.put(op, (tf, x) -> times(tf, x, 0.3f));
    }
    UNARY.put("Acosh", (tf, x) -> tf.math.add(tf.math.abs(x), tf.constant(1.1f)));
  }

  @Property(tries = 2)
  void functionsOfOneTensor(@ForAll long seed) {
    UNARY.forEach(
        (op, argument) ->
            Draw.check(
                seed ^ op.hashCode(),
                Domain.ANY,
                (tf, draw, x, shape) -> one(tf, op, argument.apply(tf, x))));
  }

  @Property(tries = 3)
  void functionsThatJump(@ForAll long seed) {
    for (String op : List.of("Ceil", "Floor", "Rint", "Round", "Sign")) {
      Draw.check(
          seed ^ op.hashCode(),
          Domain.EXACT,
          (tf, draw, x, shape) -> one(tf, op, times(tf, x, draw.of(1f, 2f, 0.5f))));
    }
  }

  @Property(tries = 12)
  void activationsWithAttributes(@ForAll long seed) {
    Draw.check(
        seed,
        Domain.ANY,
        (tf, draw, x, shape) ->
            Runs.node(tf, "LeakyRelu", Map.of("alpha", draw.of(0f, 0.1f, 0.3f, 1.5f)), x).output());
    Draw.check(
        seed + 1,
        Domain.AXES,
        (tf, draw, x, shape) -> one(tf, draw.of("Softmax", "LogSoftmax"), x));
    Draw.check(
        seed + 2,
        Domain.ANY,
        (tf, draw, x, shape) ->
            one(tf, "ClipByValue", x, tf.constant(-0.5f), tf.constant(draw.of(0.2f, 0.7f))));
  }

  @Property(tries = 4)
  void arithmeticOfTwoTensors(@ForAll long seed) {
    for (String op :
        List.of(
            "Add",
            "AddV2",
            "Sub",
            "Mul",
            "RealDiv",
            "Div",
            "Maximum",
            "Minimum",
            "SquaredDifference",
            "Pow",
            "FloorMod",
            "FloorDiv")) {
      boolean jumps = op.startsWith("Floor");
      Draw.check(
          seed ^ op.hashCode(),
          jumps ? Domain.EXACT : Domain.ANY,
          (tf, draw, x, shape) -> {
            Operand<TFloat32> a = x;
            Operand<TFloat32> b = draw.mate(tf, x, shape);
            if (op.equals("Pow")) {
              a = positive(tf, a);
              b = small(tf, b);
            }
            if (op.contains("Div") || op.endsWith("Mod")) {
              b = positive(tf, b);
              if (draw.flip()) {
                b = tf.math.neg(b);
              }
            }
            if (op.equals("Pow") || op.contains("Div") || op.endsWith("Mod") || draw.flip()) {
              return one(tf, op, a, b);
            }
            return one(tf, op, b, a);
          });
    }
  }

  @Property(tries = 4)
  void arithmeticOfOtherTypes(@ForAll long seed) {
    for (String op :
        List.of("AddV2", "Sub", "Mul", "Maximum", "Minimum", "FloorMod", "FloorDiv", "Div")) {
      Draw.check(
          seed ^ op.hashCode(),
          Domain.EXACT,
          (tf, draw, x, shape) -> {
            DataType type = draw.of(DataType.DT_INT32, DataType.DT_INT64, DataType.DT_DOUBLE);
            Operand<TFloat32> b = times(tf, draw.mate(tf, x, shape), 5);
            if (op.startsWith("Floor") || op.equals("Div")) {
              b = tf.math.add(positive(tf, b), tf.constant(1f));
              b = draw.flip() ? b : tf.math.neg(b);
            }
            return one(tf, op, cast(tf, times(tf, x, 7), type), cast(tf, b, type));
          });
    }
  }

  @Property(tries = 3)
  void comparisons(@ForAll long seed) {
    for (String op : List.of("Greater", "GreaterEqual", "Less", "LessEqual", "Equal", "NotEqual")) {
      Draw.check(
          seed ^ op.hashCode(),
          Domain.EXACT,
          (tf, draw, x, shape) -> {
            Operand<TFloat32> a = tf.math.floor(times(tf, x, 2));
            Operand<TFloat32> b = tf.math.floor(times(tf, draw.mate(tf, x, shape), 2));
            return draw.flip() ? one(tf, op, a, b) : one(tf, op, b, a);
          });
    }
  }

  @Property(tries = 12)
  void choosingByConditions(@ForAll long seed) {
    Draw.check(
        seed,
        Domain.EXACT,
        (tf, draw, x, shape) -> {
          boolean mate = draw.flip();
          Operand<?> condition =
              one(
                  tf,
                  draw.of("Greater", "LessEqual"),
                  mate ? draw.mate(tf, x, shape) : x,
                  tf.constant(0.3f));
          condition =
              switch (draw.in(0, 3)) {
                case 0 -> one(tf, "LogicalNot", condition);
                case 1 -> one(tf, "LogicalAnd", condition, one(tf, "Less", x, tf.constant(1f)));
                case 2 -> one(tf, "LogicalOr", condition, one(tf, "Less", x, tf.constant(-1f)));
                default -> condition;
              };
          return one(
              tf, "SelectV2", condition, x, mate ? tf.math.tanh(x) : draw.mate(tf, x, shape));
        });
    Draw.check(
        seed + 1,
        new Domain(1, 5, true),
        (tf, draw, x, shape) -> {
          Operand<?> condition = one(tf, "Greater", x, tf.constant(0.1f));
          if (shape.length > 1 && draw.flip()) {
            int[] behind = IntStream.range(1, shape.length).toArray();
            condition = one(tf, "Any", condition, tf.constant(behind)); // chooses rows
          }
          return one(tf, "Select", condition, x, tf.math.exp(x));
        });
  }

  @Property(tries = 15)
  void sumsOfManyTensors(@ForAll long seed) {
    Draw.check(
        seed,
        Domain.EXACT,
        (tf, draw, x, shape) -> {
          DataType type = draw.of(DataType.DT_FLOAT, DataType.DT_INT32);
          List<Operand<?>> terms = new ArrayList<>();
          for (int i = draw.in(1, 3); i > 0; i--) {
            terms.add(cast(tf, draw.flip() ? x : times(tf, tf.math.abs(x), i), type));
          }
          return Runs.node(tf, "AddN", Map.of(), List.of(), terms).output();
        });
  }

  @Property(tries = 20)
  void biases(@ForAll long seed) {
    Draw.check(
        seed,
        new Domain(2, 5, false),
        (tf, draw, x, shape) -> {
          Operand<TFloat32> bias = draw.constant(tf, shape[shape.length - 1]);
          if (draw.chance(0.3)) {
            bias = tf.math.mul(bias, tf.reduceMax(x, all(tf, shape)));
          }
          return one(tf, "BiasAdd", x, bias);
        });
    Draw.check(
        seed + 1,
        new Domain(3, 5, false),
        (tf, draw, x, shape) ->
            Runs.node(tf, "BiasAdd", Map.of("data_format", "NCHW"), x, draw.constant(tf, shape[1]))
                .output());
  }

  private static Operand<TInt32> all(Ops tf, long[] shape) {
    return tf.constant(IntStream.range(0, shape.length).toArray());
  }

  @Property(tries = 4)
  void reductions(@ForAll long seed) {
    for (String op : List.of("Mean", "Sum", "Max", "Min", "Prod")) {
      for (int i = 0; i < 2; i++) {
        Draw.check(
            (seed ^ op.hashCode()) + i,
            i == 0 && !op.equals("Prod") ? Domain.ANY : new Domain(1, 5, true),
            (tf, draw, x, shape) -> {
              int[] axes =
                  draw.chance(0.2) && shape.length == 4 ? ints(1, 2) : draw.axes(shape.length, 0);
              boolean whole = draw.flip() && !op.equals("Prod");
              Operand<?> from =
                  whole && x.asOutput().shape().numDimensions() > 0
                      ? cast(tf, x, draw.of(DataType.DT_FLOAT, DataType.DT_INT32))
                      : x;
              return Runs.node(
                      tf,
                      op,
                      Map.of("keep_dims", draw.flip()),
                      from,
                      axes.length == 1 && draw.flip() ? tf.constant(axes[0]) : tf.constant(axes))
                  .output();
            });
      }
    }
    for (String op : List.of("All", "Any")) {
      Draw.check(
          seed ^ op.hashCode(),
          Domain.EXACT,
          (tf, draw, x, shape) ->
              Runs.node(
                      tf,
                      op,
                      Map.of("keep_dims", draw.flip()),
                      one(tf, "Greater", x, tf.constant(0f)),
                      tf.constant(draw.axes(shape.length, 0)))
                  .output());
    }
  }

  @Property(tries = 8)
  void placesOfTheLargest(@ForAll long seed) {
    for (String op : List.of("ArgMax", "ArgMin")) {
      Draw.check(
          seed ^ op.hashCode(),
          new Domain(1, 5, true),
          (tf, draw, x, shape) ->
              Runs.node(
                      tf,
                      op,
                      Map.of("output_type", draw.of(DataType.DT_INT32, DataType.DT_INT64)),
                      x, // no ties: TensorFlow promises nothing for them
                      tf.constant(draw.axis(shape.length)))
                  .output());
    }
  }

  @Property(tries = 15)
  void squaredLength(@ForAll long seed) {
    Draw.check(seed, Domain.ANY, (tf, draw, x, shape) -> one(tf, "L2Loss", x));
    Draw.check(
        seed + 1,
        Domain.AXES,
        (tf, draw, x, shape) -> {
          Operand<TFloat32> sum =
              Runs.node(
                      tf,
                      "Sum",
                      Map.of("keep_dims", true),
                      tf.math.square(x),
                      tf.constant(draw.axes(shape.length, 1)))
                  .output();
          Operand<TFloat32> e = tf.constant(draw.of(1e-12f, 0.5f));
          return draw.flip()
              ? tf.math.mul(x, tf.math.rsqrt(tf.math.maximum(sum, e)))
              : tf.math.div(x, tf.math.maximum(tf.math.sqrt(sum), e));
        });
  }

  @Property(tries = 20)
  void matrixProducts(@ForAll long seed) {
    Draw.check(
        seed,
        new Domain(2, 2, false),
        (tf, draw, in, full) -> {
          Operand<TFloat32> x = in;
          long[] shape = full;
          if (full.length == 4) {
            // What a network ends with.
            x = tf.math.mean(in, tf.constant(ints(1, 2)));
            shape = longs(full[0], full[3]);
          }
          boolean a = draw.chance(0.3);
          boolean b = draw.flip();
          long inner = shape[a ? 0 : 1];
          long outer = draw.in(1, 4);
          Operand<TFloat32> right =
              b ? draw.constant(tf, outer, inner) : draw.constant(tf, inner, outer);
          if (draw.chance(0.3)) {
            right = tf.math.mul(right, tf.math.mean(x, tf.constant(ints(0, 1))));
          }
          boolean whole = draw.chance(0.2);
          DataType type = whole ? DataType.DT_INT32 : DataType.DT_FLOAT;
          if (whole) {
            x = times(tf, tf.math.round(x), 1);
          }
          Operand<TFloat32> y =
              Runs.node(
                      tf,
                      "MatMul",
                      Map.of("transpose_a", a, "transpose_b", b),
                      cast(tf, whole ? tf.math.floor(x) : x, type),
                      cast(tf, times(tf, right, whole ? 4 : 1), type))
                  .output();
          for (int i = whole ? 0 : draw.in(0, 3); i > 0; i--) {
            // Folded into the product where it is for each column.
            Operand<TFloat32> c =
                draw.flip()
                    ? draw.constant(tf, outer)
                    : draw.chance(0.3) ? draw.constant(tf, 1, 1) : draw.constant(tf, 1, outer);
            String op = draw.of("AddV2", "Sub", "Mul", "RealDiv", "BiasAdd");
            if (op.equals("BiasAdd")) {
              y = one(tf, op, y, draw.constant(tf, outer));
            } else if (op.equals("RealDiv")) {
              y = one(tf, op, y, positive(tf, c));
            } else {
              y = draw.flip() ? one(tf, op, y, c) : one(tf, op, c, y);
            }
          }
          return y;
        });
  }

  @Property(tries = 20)
  void batchesOfMatrixProducts(@ForAll long seed) {
    Draw.check(
        seed,
        new Domain(2, 5, false),
        (tf, draw, x, shape) -> {
          int rank = shape.length;
          boolean a = draw.flip();
          boolean b = draw.flip();
          long inner = shape[a ? rank - 2 : rank - 1];
          long outer = draw.in(1, 4);
          int other = draw.in(2, Math.min(5, rank + 1));
          long[] to = new long[other];
          for (int i = 0; i < other - 2; i++) {
            int at = i - other + rank;
            long size = at < 0 ? 1 : shape[at];
            to[i] = size == 1 ? draw.in(1, 3) : draw.chance(0.3) ? 1 : size;
          }
          to[other - 2] = b ? outer : inner;
          to[other - 1] = b ? inner : outer;
          Operand<TFloat32> right = draw.constant(tf, to);
          if (draw.chance(0.3)) {
            right = tf.math.mul(right, tf.math.exp(tf.reduceMax(x, all(tf, shape))));
          }
          return Runs.node(
                  tf,
                  draw.of("BatchMatMul", "BatchMatMulV2").equals("BatchMatMul")
                          && Arrays.equals(
                              Arrays.copyOf(to, other - 2), Arrays.copyOf(shape, rank - 2))
                      ? "BatchMatMul"
                      : "BatchMatMulV2",
                  Map.of("adj_x", a, "adj_y", b),
                  x,
                  right)
              .output();
        });
  }

  @Property(tries = 10)
  void sumsOfProducts(@ForAll long seed) {
    Draw.check(
        seed,
        Domain.IMAGES,
        (tf, draw, x, shape) ->
            draw.flip()
                ? Runs.node(
                        tf,
                        "Einsum",
                        Map.of("equation", draw.of("bhwc,cd->bhwd", "bhwc,cd->bd")),
                        List.of(),
                        List.of(x, draw.constant(tf, shape[3], 3)))
                    .output()
                : Runs.node(
                        tf,
                        "Einsum",
                        Map.of("equation", "bhwc,bhwc->bc"),
                        List.of(),
                        List.of(x, tf.math.exp(x)))
                    .output());
  }

  @Property(tries = 15)
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
          return tf.concat(parts, tf.constant(axis));
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

  @Property(tries = 12)
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

  @Property(tries = 12)
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

  @Property(tries = 20)
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

  @Property(tries = 20)
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

  @Property(tries = 10)
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

  @Property(tries = 60)
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

  @Property(tries = 20)
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

  @Property(tries = 10)
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
  }

  @Property(tries = 20)
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

  @Property(tries = 15)
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
  }

  @Property(tries = 25)
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

  @Property(tries = 12)
  void resizing(@ForAll long seed) {
    for (String op : List.of("ResizeBilinear", "ResizeNearestNeighbor")) {
      Draw.check(
          seed ^ op.hashCode(),
          new Domain(4, 4, op.contains("Nearest")),
          (tf, draw, x, shape) -> {
            int mode = draw.in(0, 2);
            Operand<?> size =
                draw.chance(0.3)
                    ? one(
                        tf,
                        "Mul",
                        tf.slice(tf.shape(x), tf.constant(ints(1)), tf.constant(ints(2))),
                        tf.constant(draw.in(1, 3)))
                    : tf.constant(ints(draw.in(1, 12), draw.in(1, 12)));
            return Runs.node(
                    tf,
                    op,
                    Map.of("half_pixel_centers", mode == 1, "align_corners", mode == 2),
                    x,
                    size)
                .output();
          });
    }
  }

  @Property(tries = 12)
  void blocks(@ForAll long seed) {
    Draw.check(
        seed,
        Domain.IMAGES,
        (tf, draw, x, shape) ->
            Runs.node(
                    tf,
                    "SpaceToDepth",
                    Map.of("block_size", 2),
                    one(tf, "Tile", x, tf.constant(ints(1, 2, 2, 1))))
                .output());
    Draw.check(
        seed + 1,
        Domain.IMAGES,
        (tf, draw, x, shape) ->
            Runs.node(
                    tf,
                    "DepthToSpace",
                    Map.of("block_size", 2),
                    one(tf, "Tile", x, tf.constant(ints(1, 1, 1, 4))))
                .output());
    Draw.check(
        seed + 2,
        Domain.IMAGES,
        (tf, draw, x, shape) ->
            Runs.node(
                    tf, "LRN", Map.of("depth_radius", draw.in(1, 3), "alpha", draw.of(0.3f, 1f)), x)
                .output());
  }

  @Property(tries = 10)
  void batchNormalization(@ForAll long seed) {
    for (String op : List.of("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")) {
      Draw.check(
          seed ^ op.hashCode(),
          Domain.IMAGES,
          (tf, draw, x, shape) ->
              Runs.node(
                      tf,
                      op,
                      Map.of("is_training", false, "epsilon", draw.of(1e-4f, 1e-3f, 0.1f)),
                      x,
                      draw.constant(tf, shape[3]),
                      draw.constant(tf, shape[3]),
                      draw.constant(tf, shape[3]),
                      Runs.positive(tf, draw.seed(), shape[3]))
                  .output());
    }
  }

  /** Products and sums behind a convolution, some of which fold into it. */
  @Property(tries = 25)
  void productsAndSumsBehindAConvolution(@ForAll long seed) {
    Draw.check(
        seed,
        Domain.IMAGES,
        (tf, draw, x, shape) -> {
          Operand<TFloat32> y = x;
          for (int i = draw.in(1, 4); i > 0; i--) {
            long[] to = new long[draw.in(0, 4)];
            for (int j = 0; j < to.length; j++) {
              int at = j - to.length + 4;
              to[j] = draw.chance(at == 3 ? 0.8 : 0.1) ? shape[at] : 1;
            }
            Operand<TFloat32> c = draw.constant(tf, to);
            String op = draw.of("AddV2", "Sub", "Mul", "RealDiv", "BiasAdd", "Relu");
            y =
                switch (op) {
                  case "Relu" -> tf.nn.relu(y);
                  case "BiasAdd" -> one(tf, op, y, draw.constant(tf, shape[3]));
                  case "RealDiv" -> one(tf, op, y, positive(tf, c));
                  default -> draw.flip() ? one(tf, op, y, c) : one(tf, op, c, y);
                };
          }
          return draw.chance(0.3) ? tf.math.add(y, x) : y;
        });
  }

  static Map<String, Object> window(Draw draw, String padding, boolean square) {
    Map<String, Object> attributes = new LinkedHashMap<>();
    int stride = draw.in(1, 4);
    attributes.put("strides", longs(1, stride, square ? stride : draw.in(1, 4), 1));
    attributes.put("padding", padding);
    return attributes;
  }

  /** Paddings of height and width. */
  static long[] pads(Draw draw, int most) {
    long[] some = draw.sizes(4, 0, most);
    return longs(0, 0, some[0], some[1], some[2], some[3], 0, 0);
  }

  interface Window {
    Operand<?> of(Ops tf, Draw draw, Operand<TFloat32> x, long channels);
  }

  /** Checks a window over images large enough for it, of known or unknown size. */
  static void windowed(long seed, Window window) {
    Draw draw = new Draw(seed);
    long[] sizes = longs(draw.in(1, 2), draw.in(7, 12), draw.in(7, 12), draw.of(1, 2, 4, 6));
    long[] known = {-1, draw.flip() ? sizes[1] : -1, draw.flip() ? sizes[2] : -1, sizes[3]};
    GraphDef graph = Runs.graph(known, tf -> x -> window.of(tf, draw, x, sizes[3]));
    try {
      Runs.same(graph, Runs.random(seed, sizes), sizes);
    } catch (AssertionError e) {
      throw new AssertionError(
          "seed %d, input %s known as %s: %s\n%s"
              .formatted(
                  seed,
                  Arrays.toString(sizes),
                  Arrays.toString(known),
                  Runs.text(graph),
                  e.getMessage()),
          e);
    }
  }

  @Property(tries = 40)
  void convolutions(@ForAll long seed) {
    windowed(
        seed,
        (tf, draw, x, channels) -> {
          Map<String, Object> attributes =
              window(draw, draw.of("SAME", "SAME", "VALID", "EXPLICIT"), false);
          if (attributes.get("padding").equals("EXPLICIT")) {
            attributes.put("explicit_paddings", pads(draw, 3));
          }
          attributes.put("dilations", longs(1, draw.of(1, 1, 2, 3), draw.of(1, 1, 2), 1));
          long groups = channels % 2 == 0 && draw.chance(0.2) ? 2 : 1;
          Operand<TFloat32> kernel =
              draw.constant(
                  tf, draw.in(1, 3), draw.in(1, 3), channels / groups, groups * draw.in(1, 3));
          if (draw.chance(0.2)) {
            kernel = tf.math.mul(kernel, tf.math.mean(x, tf.constant(ints(0, 1, 2, 3))));
          }
          return Runs.node(tf, "Conv2D", attributes, x, kernel).output();
        });
  }

  @Property(tries = 20)
  void depthwiseConvolutions(@ForAll long seed) {
    windowed(
        seed,
        (tf, draw, x, channels) -> {
          // TensorFlow's CPU kernel has the same stride in both directions, and no dilation.
          Map<String, Object> attributes =
              window(draw, draw.of("SAME", "SAME", "VALID", "EXPLICIT"), true);
          if (attributes.get("padding").equals("EXPLICIT")) {
            attributes.put("explicit_paddings", pads(draw, 2));
          }
          Operand<TFloat32> kernel =
              draw.constant(tf, draw.in(1, 5), draw.in(1, 5), channels, draw.in(1, 3));
          if (draw.chance(0.2)) {
            kernel = tf.math.mul(kernel, tf.math.mean(x, tf.constant(ints(0, 1, 2, 3))));
          }
          return Runs.node(tf, "DepthwiseConv2dNative", attributes, x, kernel).output();
        });
  }

  /** A dilated kernel is a larger one with zeros between. */
  @Property(tries = 15)
  void dilatedDepthwiseConvolutions(@ForAll long seed) {
    Draw draw = new Draw(seed);
    long[] sizes = longs(2, draw.in(7, 12), draw.in(7, 12), draw.in(1, 3));
    long[] known = {-1, draw.flip() ? sizes[1] : -1, draw.flip() ? sizes[2] : -1, sizes[3]};
    int dilation = draw.in(2, 3);
    String padding = draw.of("SAME", "VALID");
    float[] small = Runs.random(seed, 3, 3, sizes[3], 2);
    int edge = 2 * dilation + 1;
    int each = (int) sizes[3] * 2;
    float[] large = new float[edge * edge * each];
    for (int i = 0; i < 9; i++) {
      int at = dilation * (i / 3 * edge + i % 3);
      System.arraycopy(small, i * each, large, at * each, each);
    }
    GraphDef reference = depthwise(known, padding, 1, large, edge, sizes[3]);
    GraphDef dilated = depthwise(known, padding, dilation, small, 3, sizes[3]);
    Runs.same(reference, Runs.convert(dilated), 1e-5, Runs.random(seed + 1, sizes), sizes);
  }

  private static GraphDef depthwise(
      long[] known, String padding, int dilation, float[] kernel, long edge, long channels) {
    return Runs.graph(
        known,
        tf ->
            x ->
                Runs.node(
                        tf,
                        "DepthwiseConv2dNative",
                        Map.of(
                            "strides", longs(1, 1, 1, 1),
                            "dilations", longs(1, dilation, dilation, 1),
                            "padding", padding),
                        x,
                        Runs.constant(tf, kernel, edge, edge, channels, 2))
                    .output());
  }

  @Property(tries = 12)
  void pooling(@ForAll long seed) {
    for (String op : List.of("MaxPool", "MaxPoolV2", "AvgPool")) {
      windowed(
          seed ^ op.hashCode(),
          (tf, draw, x, channels) -> {
            boolean explicit = op.equals("MaxPool") && draw.chance(0.3);
            Operand<TFloat32> from = x;
            if (draw.chance(0.4)) {
              // Zeros around it, which runtimes must not take for the pooling's own padding.
              int[][] around = {{0, 0}, {draw.in(0, 3), 1}, {1, draw.in(0, 3)}, {0, 0}};
              from = draw.flip() ? tf.nn.relu(x) : draw.flip() ? Runs.asImage(tf, x) : x;
              from = one(tf, "Pad", from, tf.constant(around));
            }
            Map<String, Object> attributes =
                window(draw, explicit ? "EXPLICIT" : draw.of("SAME", "SAME", "VALID"), false);
            int[] kernel = {1, draw.in(1, 4), draw.in(1, 4), 1};
            if (explicit) {
              attributes.put("explicit_paddings", pads(draw, Math.min(kernel[1], kernel[2]) - 1));
            }
            if (op.equals("MaxPoolV2")) {
              long[] strides = (long[]) attributes.remove("strides");
              return Runs.node(
                      tf,
                      op,
                      attributes,
                      from,
                      tf.constant(kernel),
                      tf.constant(Arrays.stream(strides).mapToInt(i -> (int) i).toArray()))
                  .output();
            }
            attributes.put("ksize", Arrays.stream(kernel).asLongStream().toArray());
            return Runs.node(tf, op, attributes, from).output();
          });
    }
  }

  @Property(tries = 20)
  void elementsOfTensorsOfUnknownRank(@ForAll long seed) {
    Draw draw = new Draw(seed);
    long[] sizes = draw.sizes(draw.in(1, 4), 1, 4);
    GraphDef graph =
        Runs.graph(
            null,
            tf -> x -> one(tf, draw.of("AddV2", "Mul", "Maximum"), tf.nn.relu(x), tf.constant(2f)));
    assertThat(Runs.ops(Runs.same(graph, Runs.random(seed, sizes), sizes))).hasSize(2);
  }
}
