package org.medoid.export.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnx.proto.OnnxMl;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.medoid.export.Reference;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.types.TFloat32;

/** The yardstick of the other tests is right on any processor, and lets no error through. */
class ReferenceTest {

  /** TensorFlow 2.18's oneDNN has this one wrong with AVX-512, by the size of the values. */
  @Test
  void batchesOfMatrixProductsAreTheirDefinition() {
    long[] shape = {2, 3, 4, 1, 3};
    float[] x = Runs.random(1, shape);
    float[] weights = Runs.random(2, 3, 2);
    GraphDef graph =
        Runs.graph(
            shape,
            tf ->
                in ->
                    Runs.node(tf, "BatchMatMulV2", Map.of(), in, Runs.constant(tf, weights, 3, 2))
                        .output());
    double[] y = new Reference(graph, x, shape).exact().values();
    for (int i = 0; i < y.length; i++) {
      double sum = 0;
      for (int k = 0; k < 3; k++) {
        sum += (double) x[i / 2 * 3 + k] * weights[2 * k + i % 2];
      }
      assertThat(y[i]).isCloseTo(sum, within(1e-14));
    }
    Runs.same(graph, x, shape);
  }

  @Test
  void theNoiseIsWhatRoundingTheInputDoes() {
    double step = Math.scalb(1.0, -23);
    GraphDef twice = Runs.graph(new long[] {2}, tf -> x -> tf.math.mul(x, tf.constant(2f)));
    assertThat(new Reference(twice, new float[] {1, 0}, 2).noise())
        .satisfies(
            noise -> {
              assertThat(noise[0]).isPositive().isLessThanOrEqualTo(4.01 * step);
              assertThat(noise[1]).isZero();
            });
    GraphDef pole =
        Runs.graph(
            new long[] {1}, tf -> x -> tf.math.reciprocal(tf.math.sub(x, tf.constant(0.999f))));
    // d/dx 1 / (x - c) = 1e6 here.
    assertThat(new Reference(pole, new float[] {1}, 1).noise()[0]).isGreaterThan(1e5 * step);
  }

  @Test
  void aWrongModelIsFound() {
    GraphDef right = bias(0.25f);
    OnnxMl.ModelProto wrong = Runs.convert(bias(0.2502f));
    float[] x = Runs.random(3, 2, 5, 5, 3);
    assertThatThrownBy(() -> Runs.same(right, wrong, 1e-5, x, 2, 5, 5, 3))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("value 0 of");
  }

  private static GraphDef bias(float bias) {
    return Runs.graph(new long[] {-1, 5, 5, 3}, tf -> x -> behindAConvolution(tf, x, bias));
  }

  private static Operand<TFloat32> behindAConvolution(Ops tf, Operand<TFloat32> x, float bias) {
    Map<String, Object> attributes = Map.of("strides", new long[] {1, 1, 1, 1}, "padding", "SAME");
    Operand<TFloat32> y =
        Runs.node(tf, "Conv2D", attributes, x, Runs.constant(tf, 4, 3, 3, 3, 2)).output();
    return tf.math.add(y, tf.constant(bias));
  }
}
