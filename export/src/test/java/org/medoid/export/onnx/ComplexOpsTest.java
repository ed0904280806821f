package org.medoid.export.onnx;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.medoid.export.onnx.OpsTest.ints;
import static org.medoid.export.onnx.OpsTest.one;
import static org.medoid.export.onnx.OpsTest.times;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.medoid.export.onnx.Draw.Domain;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TFloat32;

/** Complex numbers, as pairs of real ones, compute what TensorFlow computes. */
class ComplexOpsTest {
  private static final DataType COMPLEX = DataType.DT_COMPLEX64;

  private static Operand<?> complex(Ops tf, Operand<?> real, Operand<?> imaginary) {
    return Runs.node(tf, "Complex", Map.of("Tout", COMPLEX), real, imaginary).output();
  }

  private static Operand<?> cast(Ops tf, Operand<?> x) {
    return Runs.node(tf, "Cast", Map.of("DstT", COMPLEX), x).output();
  }

  /** Not near zero, whose angle and inverse jump. */
  private static Operand<?> drawn(Ops tf, Draw draw, Operand<TFloat32> x) {
    Operand<TFloat32> away = tf.math.add(tf.math.abs(x), tf.constant(0.5f));
    return draw.chance(0.2) ? cast(tf, away) : complex(tf, away, times(tf, tf.math.tanh(x), 2));
  }

  private static Operand<TFloat32> part(Ops tf, Draw draw, Operand<?> z) {
    return switch (draw.in(0, 4)) {
      case 0 -> Runs.node(tf, "Real", Map.of("Tout", DataType.DT_FLOAT), z).output();
      case 1 -> Runs.node(tf, "Imag", Map.of("Tout", DataType.DT_FLOAT), z).output();
      case 2 -> Runs.node(tf, "Cast", Map.of("DstT", DataType.DT_FLOAT), z).output();
      case 3 -> Runs.node(tf, "Angle", Map.of("Tout", DataType.DT_FLOAT), z).output();
      default -> Runs.node(tf, "ComplexAbs", Map.of("Tout", DataType.DT_FLOAT), z).output();
    };
  }

  private static Operand<TFloat32> size(Ops tf, Operand<?> z) {
    return Runs.node(tf, "ComplexAbs", Map.of("Tout", DataType.DT_FLOAT), z).output();
  }

  @Property(seed = "1", tries = 6)
  void parts(@ForAll long seed) {
    Draw.check(seed, Domain.ANY, (tf, draw, x, shape) -> part(tf, draw, drawn(tf, draw, x)));
    Draw.check(
        seed + 1,
        Domain.ANY,
        (tf, draw, x, shape) -> size(tf, complex(tf, x, draw.mate(tf, x, shape))));
  }

  @Property(seed = "1", tries = 3)
  void functions(@ForAll long seed) {
    for (String op :
        List.of("Conj", "Neg", "Square", "Reciprocal", "Inv", "Exp", "Log", "Identity")) {
      Draw.check(
          seed ^ op.hashCode(),
          Domain.ANY,
          (tf, draw, x, shape) -> part(tf, draw, one(tf, op, drawn(tf, draw, x))));
    }
    for (String op : List.of("ZerosLike", "OnesLike")) {
      Draw.check(
          seed ^ op.hashCode(),
          Domain.ANY,
          (tf, draw, x, shape) -> size(tf, one(tf, op, drawn(tf, draw, x))));
    }
  }

  @Property(seed = "1", tries = 4)
  void arithmetic(@ForAll long seed) {
    for (String op : List.of("Add", "AddV2", "Sub", "Mul", "Div", "RealDiv")) {
      Draw.check(
          seed ^ op.hashCode(),
          Domain.ANY,
          (tf, draw, x, shape) ->
              size(tf, one(tf, op, drawn(tf, draw, x), drawn(tf, draw, draw.mate(tf, x, shape)))));
    }
  }

  @Property(seed = "1", tries = 4)
  void products(@ForAll long seed) {
    for (String op : List.of("MatMul", "BatchMatMulV2", "Einsum")) {
      Draw.check(
          seed ^ op.hashCode(),
          new Domain(2, 2, false),
          (tf, draw, x, shape) -> {
            boolean flip = draw.flip();
            Map<String, Object> attributes = new LinkedHashMap<>();
            switch (op) {
              case "MatMul" -> attributes.put(flip ? "transpose_a" : "transpose_b", true);
              case "BatchMatMulV2" -> attributes.put(flip ? "adj_x" : "adj_y", true);
              default -> attributes.put("equation", flip ? "ab,ac->bc" : "ab,cb->ac");
            }
            Operand<?> a = drawn(tf, draw, x);
            Operand<?> b = complex(tf, tf.math.sin(x), x);
            return op.equals("Einsum")
                ? size(tf, Runs.node(tf, op, attributes, List.of(), List.of(a, b)).output())
                : size(tf, Runs.node(tf, op, attributes, a, b).output());
          });
    }
  }

  @Property(seed = "1", tries = 6)
  void whatMovesAndAddsNumbers(@ForAll long seed) {
    Draw.check(
        seed,
        new Domain(2, 4, false),
        (tf, draw, x, shape) -> {
          Operand<?> z = drawn(tf, draw, x);
          Operand<?> axis = tf.constant(draw.axis(shape.length));
          Operand<?> constant =
              complex(tf, tf.constant(draw.of(0f, 2f)), tf.constant(draw.of(0f, -1.5f)));
          Operand<?> y =
              switch (draw.in(0, 8)) {
                case 0 -> Runs.node(tf, "Mean", Map.of("keep_dims", draw.flip()), z, axis).output();
                case 1 -> one(tf, "Sum", z, axis);
                case 2 -> one(tf, "Transpose", z, tf.constant(draw.permutation(shape.length)));
                case 3 ->
                    Runs.node(tf, "ConcatV2", Map.of(), List.of(axis), List.of(z, z)).output();
                case 4 -> one(tf, "Reshape", z, tf.constant(ints(-1)));
                case 5 -> one(tf, "Roll", z, tf.constant(1), axis);
                case 6 -> one(tf, "Mul", z, constant);
                case 7 -> one(tf, "SelectV2", one(tf, "Greater", x, tf.constant(0f)), z, constant);
                default ->
                    Runs.node(tf, "Pack", Map.of(), List.of(), List.of(z, one(tf, "Neg", z)))
                        .output();
              };
          return size(tf, y);
        });
  }

  @Property(seed = "1", tries = 4)
  void fourierTransforms(@ForAll long seed) {
    for (String op :
        List.of("FFT", "IFFT", "FFT2D", "IFFT2D", "RFFT", "RFFT2D", "IRFFT", "IRFFT2D")) {
      Draw draw = new Draw(seed ^ op.hashCode());
      long[] sizes = {draw.in(1, 3), draw.in(3, 9), draw.in(3, 9)};
      long[] known = {-1, sizes[1], sizes[2]};
      boolean inverse = op.startsWith("I");
      int last = (int) sizes[2] - (draw.flip() ? 1 : 0); // left out: the last
      int period = inverse ? 2 * last - 2 + draw.in(0, 1) : last;
      int[] lengths = op.endsWith("2D") ? ints((int) sizes[1], period) : ints(period);
      Runs.same(
          Runs.graph(
              known,
              tf ->
                  x -> {
                    Operand<?> z = complex(tf, x, tf.math.sin(times(tf, x, 3)));
                    if (!op.contains("R")) {
                      return size(tf, one(tf, op, z));
                    }
                    Operand<?> made = one(tf, op, inverse ? z : x, tf.constant(lengths));
                    return inverse ? made : size(tf, made);
                  }),
          Runs.random(seed, sizes),
          sizes);
    }
  }

  /** As Python writes fftshift: half the size of each axis, some counted from the end. */
  @Property(seed = "1", tries = 8)
  void spectraWithTheirMiddleInTheMiddle(@ForAll long seed) {
    Draw.check(
        seed,
        Domain.AXES,
        (tf, draw, x, shape) -> {
          Operand<?> z = draw.flip() ? x : drawn(tf, draw, x);
          Operand<?> some = tf.constant(draw.axes(shape.length, 1));
          Operand<?> below = one(tf, "Less", some, tf.constant(0));
          Operand<?> counted = one(tf, "AddV2", some, one(tf, "Rank", z));
          Operand<?> axes = one(tf, "SelectV2", below, counted, some);
          Operand<?> sizes = one(tf, "GatherV2", one(tf, "Shape", z), axes, tf.constant(0));
          Operand<?> half = one(tf, "FloorDiv", sizes, tf.constant(2));
          Operand<?> y = one(tf, "Roll", z, draw.flip() ? half : one(tf, "Neg", half), axes);
          return z == x ? y : size(tf, y);
        });
  }

  /** π or -π: by the sign of the zero that a real number has for its imaginary part. */
  @Test
  void anglesOfRealNumbersKeepTheSignOfZero() {
    for (String op : List.of("Identity", "Neg", "Conj")) {
      Runs.same(
          Runs.graph(
              new long[] {4},
              tf ->
                  x ->
                      Runs.node(
                              tf,
                              "Angle",
                              Map.of("Tout", DataType.DT_FLOAT),
                              one(tf, op, cast(tf, x)))
                          .output()),
          new float[] {-2, -0f, 0, 3},
          new long[] {4});
    }
  }

  @Test
  void whatHasNoRealFormIsNamed() {
    assertThatThrownBy(
            () ->
                Runs.convert(
                    Runs.graph(
                        new long[] {-1, -1},
                        tf -> x -> size(tf, one(tf, "Tanh", one(tf, "FFT", cast(tf, x)))))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("2 nodes cannot be converted to ONNX")
        .hasMessageContaining("a Fourier transform of unknown length")
        .hasMessageContaining("Tanh");
    assertThatThrownBy(() -> Runs.convert(Runs.graph(new long[] {-1, 2}, tf -> x -> cast(tf, x))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("an output of complex numbers");
  }
}
