package org.medoid.export.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import net.jqwik.api.Example;
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

  /** Within the range of int8: what a number beyond it becomes is nowhere defined. */
  static Operand<TFloat32> bytes(Ops tf, Operand<TFloat32> x) {
    return tf.clipByValue(x, tf.constant(-127f), tf.constant(127f));
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

  @Property(seed = "1", tries = 2)
  void functionsOfOneTensor(@ForAll long seed) {
    UNARY.forEach(
        (op, argument) ->
            Draw.check(
                seed ^ op.hashCode(),
                Domain.ANY,
                (tf, draw, x, shape) -> one(tf, op, argument.apply(tf, x))));
  }

  @Property(seed = "1", tries = 3)
  void functionsThatJump(@ForAll long seed) {
    for (String op : List.of("Ceil", "Floor", "Rint", "Round", "Sign")) {
      Draw.check(
          seed ^ op.hashCode(),
          Domain.EXACT,
          (tf, draw, x, shape) -> one(tf, op, times(tf, x, draw.of(1f, 2f, 0.5f))));
    }
  }

  @Property(seed = "1", tries = 12)
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

  @Property(seed = "1", tries = 6)
  void sparseMatrices(@ForAll long seed) {
    Draw.check(
        seed,
        new Domain(2, 2, false),
        (tf, draw, x, shape) -> {
          boolean adjoint = draw.flip();
          boolean turned = draw.flip();
          long inner = shape[turned ? 1 : 0];
          long[] sizes = adjoint ? longs(inner, 3) : longs(3, inner);
          long[][] places = {{0, 0}, {0, sizes[1] - 1}, {sizes[0] - 1, 0}};
          return Runs.node(
                  tf,
                  "SparseTensorDenseMatMul",
                  Map.of("adjoint_a", adjoint, "adjoint_b", turned),
                  tf.constant(places),
                  draw.constant(tf, 3),
                  tf.constant(sizes),
                  x)
              .output();
        });
  }

  @Property(seed = "1", tries = 6)
  void bitsOfWholeNumbers(@ForAll long seed) {
    for (String op : List.of("And", "Or", "Xor", "Invert", "LeftShift", "RightShift")) {
      Draw.check(
          seed ^ op.hashCode(),
          Domain.EXACT,
          (tf, draw, x, shape) -> {
            DataType type =
                draw.of(
                    DataType.DT_INT32,
                    DataType.DT_UINT8,
                    DataType.DT_INT8,
                    DataType.DT_INT16,
                    DataType.DT_UINT16);
            boolean unsigned = type.name().contains("UINT");
            Operand<TFloat32> some = bytes(tf, times(tf, unsigned ? tf.math.abs(x) : x, 30));
            Operand<?> a = cast(tf, some, type);
            Operand<?> b = cast(tf, times(tf, some, unsigned ? 0.7f : -0.7f), type);
            Operand<?> mask = cast(tf, tf.constant(draw.of(1, 5, 7, 85, 127)), type);
            Operand<?> by =
                draw.flip()
                    ? cast(tf, tf.constant(draw.in(0, 6)), type)
                    : cast(tf, tf.math.minimum(tf.math.abs(x), tf.constant(6f)), type);
            Operand<?> y =
                switch (op) {
                  case "Invert" -> one(tf, op, a);
                  case "LeftShift", "RightShift" -> one(tf, op, a, by);
                  default -> one(tf, "Bitwise" + op, a, draw.flip() ? b : mask);
                };
            return cast(tf, y, DataType.DT_INT32);
          });
    }
  }

  @Property(seed = "1", tries = 4)
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
            "Atan2",
            "FloorMod",
            "TruncateMod",
            "FloorDiv")) {
      boolean jumps = op.startsWith("Floor") || op.endsWith("Mod");
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

  /** Of all pairs: a zero from below lies on the other side of the axis. */
  @Example
  void anglesAtTheAxesKeepTheSignOfZero() {
    float[] each = {-2, -0f, 0, 3};
    float[] values = new float[32];
    for (int i = 0; i < 16; i++) {
      values[i] = each[i / 4];
      values[16 + i] = each[i % 4];
    }
    ofPairs("Atan2", values);
  }

  /** An operation on the first half of some numbers and the second. */
  private static void ofPairs(String op, float[] values) {
    long[] shape = {2, values.length / 2};
    Runs.same(
        Runs.graph(
            shape,
            tf ->
                x ->
                    one(
                        tf,
                        op,
                        tf.gather(x, tf.constant(0), tf.constant(0)),
                        tf.gather(x, tf.constant(1), tf.constant(0)))),
        values,
        shape);
  }

  @Property(seed = "1", tries = 4)
  void matricesOfThree(@ForAll long seed) {
    Draw.check(
        seed,
        new Domain(1, 3, false),
        (tf, draw, x, shape) -> {
          int size = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
          Operand<TFloat32> wide = draw.constant(tf, size, draw.of(3, 9));
          Operand<TFloat32> rows = tf.math.mul(tf.reshape(x, tf.constant(ints(-1, 1))), wide);
          if (wide.asOutput().shape().get(1) == 3) {
            return one(tf, "Cross", rows, tf.math.tanh(draw.flip() ? wide : rows));
          }
          Operand<TFloat32> matrices = tf.reshape(rows, tf.constant(ints(-1, 3, 3)));
          return one(tf, "MatrixDeterminant", tf.math.add(matrices, draw.constant(tf, 3, 3)));
        });
  }

  /** 1 and such a number add up to 1, or nearly. */
  @Example
  void logarithmsAndPowersNearNothing() {
    float[] values = new float[40];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) Math.scalb(1.3 * (i % 2 == 0 ? 1 : -1), -i);
    }
    values[1] = -0.9f;
    for (String op : List.of("Log1p", "Expm1")) {
      // In proportion: the small ones count as much.
      Runs.same(Runs.graph(new long[] {40}, tf -> x -> tf.math.div(one(tf, op, x), x)), values, 40);
    }
    float[] far = {Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.NaN, -1, 0, 80, -80};
    for (String op : List.of("Log1p", "Expm1")) {
      Runs.same(Runs.graph(new long[] {7}, tf -> x -> one(tf, op, x)), far, 7);
    }
  }

  /** The quotient of some rounds up to a whole number that it does not reach. */
  @Example
  void remaindersOfNearlyWholeQuotients() {
    float[] divisors = {0.1f, 0.3f, 0.7f, -0.1f, -1.1f, 2};
    float[] values = new float[2 * 240];
    for (int i = 0; i < 240; i++) {
      values[240 + i] = divisors[i % 6];
      values[i] = (i / 6 - 20) * Math.abs(values[240 + i]);
    }
    values[0] = 1e30f;
    ofPairs("FloorMod", values);
  }

  @Property(seed = "1", tries = 4)
  void arithmeticOfOtherTypes(@ForAll long seed) {
    for (String op :
        List.of(
            "AddV2",
            "Sub",
            "Mul",
            "Maximum",
            "Minimum",
            "FloorMod",
            "TruncateMod",
            "FloorDiv",
            "Div",
            "TruncateDiv")) {
      Draw.check(
          seed ^ op.hashCode(),
          Domain.EXACT,
          (tf, draw, x, shape) -> {
            DataType type = draw.of(DataType.DT_INT32, DataType.DT_INT64, DataType.DT_DOUBLE);
            if (op.equals("TruncateDiv") && type == DataType.DT_DOUBLE) {
              type = DataType.DT_INT32;
            }
            Operand<TFloat32> b = times(tf, draw.mate(tf, x, shape), 5);
            if (op.endsWith("Mod") || op.endsWith("Div")) {
              b = tf.math.add(positive(tf, b), tf.constant(1f));
              b = draw.flip() ? b : tf.math.neg(b);
            }
            return one(tf, op, cast(tf, times(tf, x, 7), type), cast(tf, b, type));
          });
    }
  }

  @Property(seed = "1", tries = 3)
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

  @Property(seed = "1", tries = 12)
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
    Draw.check(
        seed + 2,
        Domain.EXACT,
        (tf, draw, x, shape) -> {
          Operand<?> some = one(tf, "Greater", x, tf.constant(0.1f));
          Operand<?> others = one(tf, "Less", draw.mate(tf, x, shape), tf.constant(0.3f));
          Operand<?> condition = one(tf, "Less", x, tf.constant(0.5f));
          return cast(tf, one(tf, "SelectV2", condition, some, others), DataType.DT_FLOAT);
        });
  }

  @Property(seed = "1", tries = 15)
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

  @Property(seed = "1", tries = 20)
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

  static Operand<TInt32> all(Ops tf, long[] shape) {
    return tf.constant(IntStream.range(0, shape.length).toArray());
  }

  @Property(seed = "1", tries = 4)
  void reductions(@ForAll long seed) {
    for (String op : List.of("Mean", "Sum", "Max", "Min", "Prod", "EuclideanNorm")) {
      for (int i = 0; i < 2; i++) {
        Draw.check(
            (seed ^ op.hashCode()) + i,
            i == 0 && !op.equals("Prod") ? Domain.ANY : new Domain(1, 5, true),
            (tf, draw, x, shape) -> {
              int[] axes =
                  draw.chance(0.2) && shape.length == 4 ? ints(1, 2) : draw.axes(shape.length, 0);
              boolean whole = draw.flip() && !List.of("Prod", "EuclideanNorm").contains(op);
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

  @Property(seed = "1", tries = 8)
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

  @Property(seed = "1", tries = 15)
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

  @Property(seed = "1", tries = 20)
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

  @Property(seed = "1", tries = 20)
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

  /** As Keras writes layers of int8. */
  @Property(seed = "1", tries = 4)
  void productsOfBytes(@ForAll long seed) {
    Draw.check(
        seed,
        new Domain(2, 3, true),
        (tf, draw, x, shape) -> {
          Operand<TFloat32> weights = draw.constant(tf, shape[shape.length - 1], 3);
          return Runs.node(
                  tf,
                  "BatchMatMulV3",
                  Map.of("Tout", DataType.DT_INT32),
                  cast(tf, bytes(tf, times(tf, x, 30)), DataType.DT_INT8),
                  cast(tf, bytes(tf, times(tf, weights, 30)), DataType.DT_INT8))
              .output();
        });
  }

  /** 17,741,773 is odd, and floats beyond 2^24 are even. */
  @Example
  void productsOfManyBytesAreExact() {
    long[] shape = {1, 1100};
    float[] weights = new float[1100];
    Arrays.fill(weights, 127);
    weights[5] = 126;
    float[] x = new float[1100];
    Arrays.fill(x, 127);
    Runs.same(
        Runs.graph(
            shape,
            tf ->
                in ->
                    tf.math.floorMod(
                        Runs.node(
                                tf,
                                "BatchMatMulV3",
                                Map.of("Tout", DataType.DT_INT32),
                                cast(tf, in, DataType.DT_INT8),
                                cast(tf, Runs.constant(tf, weights, 1100, 1), DataType.DT_INT8))
                            .<TInt32>output(),
                        tf.constant(1000))),
        x,
        shape);
  }

  @Property(seed = "1", tries = 10)
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

  @Property(seed = "1", tries = 20)
  void elementsOfTensorsOfUnknownRank(@ForAll long seed) {
    Draw draw = new Draw(seed);
    long[] sizes = draw.sizes(draw.in(1, 4), 1, 4);
    GraphDef graph =
        Runs.graph(
            null,
            tf -> x -> one(tf, draw.of("AddV2", "Mul", "Maximum"), tf.nn.relu(x), tf.constant(2f)));
    assertThat(Runs.ops(Runs.same(graph, Runs.random(seed, sizes), sizes))).hasSize(2);
  }

  @Property(seed = "1", tries = 4)
  void remaindersByTheirOldName(@ForAll long seed) {
    Draw.check(
        seed, Domain.ANY, (tf, draw, x, shape) -> one(tf, "Mod", times(tf, x, 9), tf.constant(2f)));
  }

  @Property(seed = "1", tries = 4)
  void reductionsOfUnsignedNumbers(@ForAll long seed) {
    for (String op : List.of("Max", "Min", "Sum", "Mean", "Prod")) {
      Draw.check(
          seed,
          new Domain(2, 3, true),
          (tf, draw, x, shape) ->
              cast(
                  tf,
                  one(tf, op, cast(tf, tf.math.abs(x), DataType.DT_UINT32), tf.constant(1)),
                  DataType.DT_INT64));
    }
  }

  @Example
  void nothingHappensToWhatIsOnlyLookedAt() {
    for (String op : List.of("CheckNumericsV2", "DeepCopy", "GuaranteeConst")) {
      Map<String, Object> attributes =
          op.equals("CheckNumericsV2") ? Map.of("message", "finite") : Map.of();
      GraphDef graph =
          Runs.graph(
              longs(-1, 3), tf -> x -> Runs.node(tf, op, attributes, tf.math.tanh(x)).output());
      assertThat(Runs.ops(Runs.same(graph, Runs.random(1, 2, 3), 2, 3)))
          .as(op)
          .containsExactly("Tanh");
    }
  }
}
