package org.medoid.export.onnx;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.medoid.export.onnx.OpsTest.ints;
import static org.medoid.export.onnx.OpsTest.longs;
import static org.medoid.export.onnx.OpsTest.one;
import static org.medoid.export.onnx.OpsTest.times;

import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/** Colours and steps of values, and volumes enlarged, compute what TensorFlow computes. */
class ColourOpsTest {
  /** In [0, 1], none of two channels equal. */
  private static Operand<TFloat32> colours(Ops tf, Operand<TFloat32> x) {
    return tf.math.sigmoid(x);
  }

  @Property(seed = "1", tries = 4)
  void coloursOfPictures(@ForAll long seed) {
    long[] sizes = {2, 5, 4, 3};
    long[] open = {-1, 5, 4, 3};
    for (String op :
        List.of("RGBToHSV", "HSVToRGB", "AdjustHue", "AdjustSaturation", "AdjustContrastv2")) {
      for (boolean behindConvolution : new boolean[] {false, true}) {
        Draw draw = new Draw(seed ^ op.hashCode());
        float by = draw.of(-0.2f, 0.3f, 0.6f, 1.7f);
        float positive = Math.abs(by);
        Runs.same(
            Runs.graph(
                open,
                tf ->
                    x -> {
                      Operand<TFloat32> y = behindConvolution ? Runs.asImage(tf, x) : x;
                      y = colours(tf, y);
                      if (op.equals("AdjustHue") && behindConvolution) {
                        y = tf.math.sub(y, tf.constant(0.7f)); // most below zero
                      }
                      if (op.contains("HSV")) {
                        return one(tf, op, y);
                      }
                      float amount = op.equals("AdjustHue") ? by : positive;
                      return one(tf, op, y, tf.constant(amount));
                    }),
            Runs.random(seed, sizes),
            sizes);
      }
    }
  }

  /** Values off the middle between two steps, where float and double may round apart. */
  @Property(seed = "1", tries = 10)
  void valuesInSteps(@ForAll long seed) {
    long[] sizes = {3, 4};
    Draw draw = new Draw(seed);
    Map<String, Object> attributes = Map.of("num_bits", draw.of(4, 8), "narrow_range", draw.flip());
    Runs.same(
        Runs.graph(
            sizes,
            tf ->
                x -> {
                  Operand<TFloat32> y = times(tf, tf.math.floor(times(tf, x, 8)), 0.1373f);
                  return switch (draw.in(0, 4)) {
                    case 0 ->
                        Runs.node(
                                tf,
                                "FakeQuantWithMinMaxVars",
                                attributes,
                                y,
                                tf.constant(-1.3f),
                                tf.constant(2.2f))
                            .output();
                    case 3 ->
                        Runs.node(
                                tf,
                                "QuantizeAndDequantizeV2",
                                Map.of(
                                    "num_bits",
                                    attributes.get("num_bits"),
                                    "range_given",
                                    true,
                                    "signed_input",
                                    draw.flip(),
                                    "round_mode",
                                    draw.of("HALF_UP", "HALF_TO_EVEN")),
                                y,
                                tf.constant(draw.of(-1.3f, 0f)),
                                tf.constant(2.2f))
                            .output();
                    case 4 ->
                        Runs.node(
                                tf,
                                "QuantizeAndDequantizeV3",
                                Map.of("range_given", true, "signed_input", draw.flip()),
                                y,
                                tf.constant(draw.of(-1.3f, 0f)),
                                tf.constant(2.2f),
                                tf.constant((Integer) attributes.get("num_bits")))
                            .output();
                    case 1 ->
                        Runs.node(
                                tf,
                                "FakeQuantWithMinMaxVarsPerChannel",
                                attributes,
                                y,
                                tf.constant(new float[] {-1, -0.5f, 0, -2}),
                                tf.constant(new float[] {1, 1.5f, 3, 0.3f}))
                            .output();
                    default ->
                        Runs.node(tf, "FakeQuantWithMinMaxArgs", Map.of("min", -1f, "max", 1.7f), y)
                            .output();
                  };
                }),
        Runs.random(seed, sizes),
        sizes);
  }

  @Test
  void boundsThatAreComputedAreNamed() {
    assertThatThrownBy(
            () ->
                Runs.convert(
                    Runs.graph(
                        longs(2, 3),
                        tf ->
                            x ->
                                one(
                                    tf,
                                    "FakeQuantWithMinMaxVars",
                                    x,
                                    tf.constant(-1f),
                                    one(tf, "Max", x, tf.constant(ints(0, 1)))))))
        .hasMessageContaining("FakeQuantWithMinMaxVars")
        .hasMessageContaining("not constant");
  }

  @Property(seed = "1", tries = 8)
  void enlargedVolumes(@ForAll long seed) {
    Draw draw = new Draw(seed);
    long step = draw.in(1, 2);
    int side = draw.in(1, 3);
    String padding = draw.of("SAME", "VALID");
    long[] sizes = {2, 2, 3, 2, 3};
    int[] to = {2, 0, 0, 0, 4};
    for (int i = 1; i < 4; i++) {
      long in = sizes[i];
      to[i] = (int) (padding.equals("SAME") ? in * step : (in - 1) * step + side);
    }
    Runs.same(
        Runs.graph(
            sizes,
            tf ->
                x ->
                    Runs.node(
                            tf,
                            "Conv3DBackpropInputV2",
                            Map.of("strides", longs(1, step, step, step, 1), "padding", padding),
                            tf.constant(to),
                            draw.constant(tf, side, side, side, 4, 3),
                            x)
                        .output()),
        Runs.random(seed, sizes),
        sizes);
  }
}
