package org.medoid.export.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.assertj.core.api.ListAssert;
import org.junit.jupiter.api.Test;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Stack;
import org.tensorflow.op.core.Unstack;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TFloat32;

/** Each rewrite is made where it holds, not where it almost holds, and changes no number. */
class RewritesTest {
  private static final long[] IMAGES = {3, 6, 7, 4};

  /** The operations of y(x) for images x, after a comparison of the numbers. */
  private static ListAssert<String> ops(BiFunction<Ops, Operand<TFloat32>, Operand<?>> y) {
    long[] known = IMAGES.clone();
    known[0] = -1;
    float[] x = Runs.random(11, IMAGES);
    return assertThat(
        Runs.ops(Runs.same(Runs.graph(known, tf -> in -> y.apply(tf, in)), x, IMAGES)));
  }

  private static Operand<TFloat32> node(
      Ops tf, String op, Map<String, ?> attributes, Operand<?>... in) {
    return Runs.node(tf, op, attributes, in).output();
  }

  private static Operand<TFloat32> relu6(Ops tf, Operand<TFloat32> x, float more) {
    return tf.nn.relu6(tf.math.add(tf.constant(more), x));
  }

  private static Operand<TFloat32> times(Ops tf, Operand<TFloat32> x, float by) {
    return tf.math.mul(tf.constant(by), x);
  }

  @Test
  void hardSwishInAnyOrderIsOneNode() {
    float sixth = 1 / 6f;
    List<BiFunction<Ops, Operand<TFloat32>, Operand<?>>> forms =
        List.of(
            (tf, x) -> times(tf, tf.math.mul(x, relu6(tf, x, 3)), sixth),
            (tf, x) -> tf.math.mul(x, times(tf, relu6(tf, x, 3), sixth)),
            (tf, x) -> tf.math.mul(times(tf, relu6(tf, x, 3), sixth), x),
            (tf, x) -> tf.math.div(tf.math.mul(relu6(tf, x, 3), x), tf.constant(6f)),
            (tf, x) -> tf.math.mul(x, tf.math.div(relu6(tf, x, 3), tf.constant(6f))));
    for (BiFunction<Ops, Operand<TFloat32>, Operand<?>> form : forms) {
      ops(form).containsExactly("HardSwish");
    }
  }

  @Test
  void whatIsAlmostHardSwishStays() {
    float sixth = 1 / 6f;
    List<BiFunction<Ops, Operand<TFloat32>, Operand<?>>> forms =
        List.of(
            (tf, x) -> times(tf, tf.math.mul(x, relu6(tf, x, 2.9f)), sixth),
            (tf, x) -> times(tf, tf.math.mul(x, relu6(tf, x, 3)), 0.17f),
            (tf, x) -> times(tf, tf.math.mul(x, relu6(tf, tf.math.neg(x), 3)), sixth),
            (tf, x) -> times(tf, tf.math.mul(relu6(tf, x, 3), relu6(tf, x, 3)), sixth),
            (tf, x) ->
                times(tf, tf.math.mul(x, tf.nn.relu(tf.math.add(x, tf.constant(3f)))), sixth),
            (tf, x) ->
                times(tf, tf.math.mul(x, tf.nn.relu6(tf.math.sub(x, tf.constant(3f)))), sixth),
            (tf, x) ->
                tf.math.div(
                    tf.constant(6f), tf.math.add(tf.math.mul(x, relu6(tf, x, 3)), tf.constant(9f))),
            (tf, x) -> tf.math.div(times(tf, tf.math.mul(x, relu6(tf, x, 3)), 1), tf.constant(5f)));
    for (BiFunction<Ops, Operand<TFloat32>, Operand<?>> form : forms) {
      ops(form).doesNotContain("HardSwish");
    }
  }

  @Test
  void geluByErfcIsGeluByErf() {
    float root = (float) Math.sqrt(0.5);
    List<BiFunction<Ops, Operand<TFloat32>, Operand<TFloat32>>> forms =
        List.of(
            (tf, x) -> times(tf, x, -root),
            (tf, x) -> tf.math.div(tf.math.neg(x), tf.constant(1 / root)),
            (tf, x) -> tf.math.div(x, tf.constant(-1 / root)),
            (tf, x) -> times(tf, tf.math.neg(x), root),
            (tf, x) -> tf.math.neg(times(tf, x, root)));
    for (BiFunction<Ops, Operand<TFloat32>, Operand<TFloat32>> form : forms) {
      ops((tf, x) -> tf.math.mul(times(tf, x, 0.5f), tf.math.erfc(form.apply(tf, x))))
          .contains("Erf", "Add")
          .doesNotContain("Sub", "Neg");
    }
    // Without a sign to take out there is one minus erf.
    ops((tf, x) -> tf.math.erfc(times(tf, x, root))).containsExactly("Mul", "Erf", "Sub");
    ops((tf, x) ->
            tf.math.erfc(
                tf.math.div(tf.constant(-1f), tf.math.add(tf.math.abs(x), tf.constant(1f)))))
        .contains("Erf");
    // The negative that something else reads stays for it.
    ops((tf, x) -> {
          Operand<TFloat32> minus = tf.math.neg(x);
          return tf.math.add(tf.math.erfc(minus), minus);
        })
        .contains("Neg", "Erf");
  }

  @Test
  void channelsThatAreTakenApartAndStackedInAnotherOrderKeepTheirAxis() {
    for (long axis : new long[] {3, -1}) {
      ops((tf, x) -> restacked(tf, x, axis)).doesNotContain("Squeeze", "Unsqueeze");
    }
    ops((tf, x) -> restacked(tf, x, 1)).contains("Squeeze", "Unsqueeze");
  }

  private static Operand<TFloat32> restacked(Ops tf, Operand<TFloat32> x, long axis) {
    List<Operand<TFloat32>> channels =
        new ArrayList<>(tf.unstack(x, IMAGES[3], Unstack.axis(axis == 1 ? 3L : axis)).output());
    Collections.reverse(channels);
    return tf.stack(channels, Stack.axis(axis));
  }

  private static Operand<TFloat32> sum(Ops tf, Operand<TFloat32> x, boolean keep, int... axes) {
    return node(tf, "Sum", Map.of("keep_dims", keep), x, tf.constant(axes));
  }

  private static Operand<TFloat32> scaled(
      Ops tf, Operand<TFloat32> x, Operand<TFloat32> squared, float least) {
    return tf.math.mul(x, tf.math.rsqrt(tf.math.maximum(squared, tf.constant(least))));
  }

  @Test
  void dividingByTheLengthIsOneReduction() {
    ops((tf, x) -> scaled(tf, x, sum(tf, tf.math.square(x), true, 3), 1e-12f))
        .containsExactly("ReduceL2", "Max", "Div");
    ops((tf, x) -> scaled(tf, x, sum(tf, tf.math.mul(x, x), true, -1, 1), 4f))
        .containsExactly("ReduceL2", "Max", "Div");
    ops((tf, x) -> tf.math.sqrt(sum(tf, tf.math.square(x), false, 1, 2)))
        .containsExactly("ReduceL2");
    ops((tf, x) ->
            tf.math.div(
                x,
                tf.math.maximum(
                    tf.math.sqrt(sum(tf, tf.math.square(x), true, 3)), tf.constant(0.1f))))
        .containsExactly("ReduceL2", "Max", "Div");
  }

  @Test
  void whatIsNoLengthIsNoReductionToIt() {
    ops((tf, x) -> scaled(tf, x, sum(tf, tf.math.mul(x, tf.math.exp(x)), true, 3), 1e-2f))
        .doesNotContain("ReduceL2");
    ops((tf, x) -> scaled(tf, tf.math.exp(x), sum(tf, tf.math.square(x), true, 3), 1e-12f))
        .doesNotContain("ReduceL2");
    ops((tf, x) -> scaled(tf, x, sum(tf, tf.math.abs(x), true, 3), 1e-12f))
        .doesNotContain("ReduceL2");
    ops((tf, x) ->
            scaled(
                tf,
                x,
                tf.math.mean(tf.math.square(x), tf.constant(new int[] {0, 1, 2, 3})),
                1e-12f))
        .doesNotContain("ReduceL2");
    // Without axes kept, the lengths are spread over others than their own.
    ops((tf, x) ->
            scaled(
                tf,
                node(
                    tf,
                    "Slice",
                    Map.of(),
                    x,
                    tf.constant(new int[4]),
                    tf.constant(new int[] {-1, 4, 4, 4})),
                sum(
                    tf,
                    tf.math.square(
                        node(
                            tf,
                            "Slice",
                            Map.of(),
                            x,
                            tf.constant(new int[4]),
                            tf.constant(new int[] {1, 4, 4, 4}))),
                    false,
                    1),
                1e-12f))
        .doesNotContain("Div");
  }

  private static Operand<TFloat32> conv(Ops tf, Operand<TFloat32> x, String padding) {
    long[] one = {1, 1, 1, 1};
    long in = x.shape().get(3);
    return node(
        tf,
        "Conv2D",
        Map.of("strides", one, "padding", padding),
        x,
        Runs.constant(tf, 5, 3, 3, in, 5));
  }

  private static Operand<TFloat32> pad(Ops tf, Operand<TFloat32> x, float value, int... pairs) {
    int[][] paddings = new int[4][2];
    for (int i = 0; i < 8; i++) {
      paddings[i / 2][i % 2] = pairs[i];
    }
    return value == 0
        ? node(tf, "Pad", Map.of(), x, tf.constant(paddings))
        : node(tf, "PadV2", Map.of(), x, tf.constant(paddings), tf.constant(value));
  }

  @Test
  void zerosAroundAnImageAreTheConvolutionsOwnPadding() {
    ops((tf, x) -> conv(tf, pad(tf, x, 0, 0, 0, 1, 2, 0, 3, 0, 0), "VALID"))
        .containsExactly("Transpose", "Conv", "Transpose");
    ops((tf, x) -> conv(tf, pad(tf, x, 0, 0, 0, 1, 2, 0, 3, 0, 0), "SAME"))
        .containsExactly("Transpose", "Conv", "Transpose");
    ops((tf, x) -> {
          Operand<TFloat32> once = pad(tf, x, 0, 0, 0, 0, 1, 0, 1, 0, 0);
          return conv(tf, pad(tf, once, 0, 0, 0, 1, 0, 0, 2, 0, 0), "VALID");
        })
        .containsExactly("Transpose", "Conv", "Transpose");
    ops((tf, x) -> {
          Operand<TFloat32> padded = pad(tf, tf.nn.relu(x), 0, 0, 0, 1, 1, 1, 1, 0, 0);
          return tf.math.add(conv(tf, padded, "VALID"), sum(tf, padded, false, 0, 1, 2, 3));
        })
        .contains("Pad"); // the sum reads it
  }

  @Test
  void otherPaddingIsNot() {
    ops((tf, x) -> conv(tf, pad(tf, x, 1, 0, 0, 1, 2, 0, 3, 0, 0), "VALID")).contains("Pad");
    ops((tf, x) -> conv(tf, pad(tf, x, 0, 0, 0, 1, 1, 0, 0, 1, 0), "VALID")).contains("Pad");
    ops((tf, x) -> conv(tf, pad(tf, x, 0, 1, 0, 1, 1, 0, 0, 0, 0), "VALID")).contains("Pad");
    ops((tf, x) ->
            conv(
                tf,
                node(
                    tf,
                    "MirrorPad",
                    Map.of("mode", "REFLECT"),
                    x,
                    tf.constant(new int[][] {{0, 0}, {1, 1}, {1, 1}, {0, 0}})),
                "VALID"))
        .contains("Pad");
  }

  private static Operand<TFloat32> join(
      Ops tf, int axis, Operand<TFloat32> a, Operand<TFloat32> b) {
    return tf.concat(List.of(a, b), tf.constant(axis));
  }

  @Test
  void whatIsJoinedTwiceIsJoinedOnce() {
    ops((tf, x) -> join(tf, 3, tf.math.tanh(x), join(tf, 3, tf.nn.relu(x), tf.math.sigmoid(x))))
        .containsOnlyOnce("Concat");
    ops((tf, x) -> join(tf, 3, tf.math.tanh(join(tf, 2, x, x)), join(tf, 2, tf.nn.relu(x), x)))
        .filteredOn("Concat"::equals)
        .hasSize(3); // along other axes
    ops((tf, x) -> {
          Operand<TFloat32> both = join(tf, 3, tf.nn.relu(x), tf.math.sigmoid(x));
          return join(tf, 3, tf.math.tanh(both), both);
        })
        .filteredOn("Concat"::equals)
        .hasSize(2); // something else reads it
  }

  private static Operand<TFloat32> pool(Ops tf, Operand<TFloat32> x, String op, String padding) {
    long[] window = {1, 3, 3, 1};
    return node(
        tf, op, Map.of("ksize", window, "strides", new long[] {1, 2, 2, 1}, "padding", padding), x);
  }

  @Test
  void zerosAroundNothingNegativeAreAPoolingsOwnPadding() {
    for (String op : List.of("Relu", "Relu6", "Sigmoid")) {
      ops((tf, x) ->
              pool(
                  tf,
                  pad(tf, node(tf, op, Map.of(), x), 0, 0, 0, 1, 1, 2, 0, 0, 0),
                  "MaxPool",
                  "VALID"))
          .doesNotContain("Pad");
    }
  }

  @Test
  void otherPaddingIsNoPoolings() {
    ops((tf, x) -> pool(tf, pad(tf, x, 0, 0, 0, 1, 1, 1, 1, 0, 0), "MaxPool", "VALID"))
        .contains("Pad");
    ops((tf, x) ->
            pool(tf, pad(tf, tf.math.tanh(x), 0, 0, 0, 1, 1, 1, 1, 0, 0), "MaxPool", "VALID"))
        .contains("Pad");
    ops((tf, x) -> pool(tf, pad(tf, tf.nn.relu(x), 1, 0, 0, 1, 1, 1, 1, 0, 0), "MaxPool", "VALID"))
        .contains("Pad");
    ops((tf, x) -> pool(tf, pad(tf, tf.nn.relu(x), 0, 0, 0, 3, 0, 0, 0, 0, 0), "MaxPool", "VALID"))
        .contains("Pad"); // a window of padding alone
    ops((tf, x) -> pool(tf, pad(tf, tf.nn.relu(x), 0, 0, 0, 1, 0, 0, 0, 0, 0), "MaxPool", "SAME"))
        .contains("Pad"); // its own padding is no zero
    ops((tf, x) -> pool(tf, pad(tf, tf.nn.relu(x), 0, 0, 0, 1, 1, 1, 1, 0, 0), "AvgPool", "VALID"))
        .contains("Pad"); // zeros count in a mean
  }

  @Test
  void productsAndSumsForEachChannelGoIntoTheConvolution() {
    ops((tf, x) -> {
          Operand<TFloat32> y = tf.math.mul(Runs.constant(tf, 1, 5), conv(tf, x, "SAME"));
          y = tf.math.sub(Runs.constant(tf, 2, 1, 1, 5), y);
          y = tf.math.div(y, Runs.positive(tf, 3, 5));
          y = tf.math.add(y, tf.constant(0.3f));
          return node(
              tf,
              "FusedBatchNormV3",
              Map.of("is_training", false, "epsilon", 0.01f),
              y,
              Runs.constant(tf, 6, 5),
              Runs.constant(tf, 7, 5),
              Runs.constant(tf, 8, 5),
              Runs.positive(tf, 9, 5));
        })
        .containsExactly("Transpose", "Conv", "Transpose");
    ops((tf, x) ->
            tf.math.mul(
                node(
                    tf,
                    "DepthwiseConv2dNative",
                    Map.of("strides", new long[] {1, 1, 1, 1}, "padding", "SAME"),
                    x,
                    Runs.constant(tf, 5, 3, 3, 4, 2)),
                Runs.constant(tf, 6, 8)))
        .containsExactly("Transpose", "Conv", "Transpose");
  }

  @Test
  void whatIsNotForEachChannelOrReadTwiceStaysBehindIt() {
    ops((tf, x) -> tf.math.mul(conv(tf, x, "SAME"), Runs.constant(tf, 1, 6, 1, 1))).contains("Mul");
    ops((tf, x) -> tf.math.mul(conv(tf, x, "SAME"), Runs.constant(tf, 1, 7, 1))).contains("Mul");
    ops((tf, x) -> tf.math.add(conv(tf, x, "SAME"), Runs.constant(tf, 1, 3, 1, 1, 1)))
        .contains("Add");
    ops((tf, x) -> tf.math.add(conv(tf, x, "SAME"), Runs.constant(tf, 1, 2, 1, 1, 1, 5)))
        .contains("Add");
    ops((tf, x) -> {
          // Between 1 and 10: nowhere near a division by zero.
          Operand<TFloat32> bounded = tf.math.sigmoid(x);
          Operand<TFloat32> weights = Runs.positive(tf, 5, 1, 1, 4, 5);
          Map<String, Object> attributes =
              Map.of("strides", new long[] {1, 1, 1, 1}, "padding", "SAME");
          return tf.math.div(
              Runs.constant(tf, 1, 5),
              node(tf, "Conv2D", attributes, tf.math.add(bounded, tf.constant(0.5f)), weights));
        })
        .contains("Div");
    ops((tf, x) -> tf.math.div(conv(tf, x, "SAME"), tf.constant(new float[] {1, 0, 2, -0f, 3})))
        .contains("Div");
    ops((tf, x) -> {
          Operand<TFloat32> y = conv(tf, x, "SAME");
          return tf.math.add(tf.math.mul(y, Runs.constant(tf, 1, 5)), y);
        })
        .contains("Mul", "Add");
    ops((tf, x) -> {
          // One channel, spread to five by the constant.
          Operand<TFloat32> y =
              node(
                  tf,
                  "Conv2D",
                  Map.of("strides", new long[] {1, 1, 1, 1}, "padding", "SAME"),
                  x,
                  Runs.constant(tf, 5, 1, 1, 4, 1));
          return tf.math.add(y, Runs.constant(tf, 1, 5));
        })
        .contains("Add");
  }

  /** What each channel is added behind a convolution of lines, and of volumes. */
  @Test
  void channelsAreCountedAsTheRankOfTheImagesHasThem() {
    for (long[] images : new long[][] {{4, 4, 4}, {2, 3, 4, 4, 4}}) {
      int spatial = images.length - 2;
      for (long[] summand : new long[][] {{4}, {1, 4}, {4, 1}, {4, 1, 1}}) {
        List<String> ops =
            Runs.ops(
                Runs.same(
                    Runs.graph(
                        images,
                        tf -> x -> tf.math.add(lines(tf, x), Runs.constant(tf, 2, summand))),
                    Runs.random(3, images),
                    images));
        assertThat(ops.contains("Add"))
            .as("%d axes, %s", spatial, Arrays.toString(summand))
            .isEqualTo(summand[summand.length - 1] == 1);
      }
    }
  }

  /** A convolution of one pixel that keeps four channels in place, in one or three dimensions. */
  private static Operand<TFloat32> lines(Ops tf, Operand<TFloat32> x) {
    if (x.shape().numDimensions() == 5) {
      return node(
          tf,
          "Conv3D",
          Map.of("strides", new long[] {1, 1, 1, 1, 1}, "padding", "SAME"),
          x,
          Runs.constant(tf, 5, 1, 1, 1, 4, 4));
    }
    long[] one = {1, 1, 1, 1};
    Operand<TFloat32> y = tf.expandDims(x, tf.constant(2));
    y = node(tf, "MaxPool", Map.of("ksize", one, "strides", one, "padding", "VALID"), y);
    y = node(tf, "Squeeze", Map.of("squeeze_dims", new long[] {2}), y);
    return node(tf, "BatchMatMulV2", Map.of(), y, Runs.constant(tf, 5, 4, 4));
  }

  /** As a scalar each of these would fit the pattern, but it makes the tensor one of rank 5. */
  @Test
  void aConstantThatRaisesTheRankIsNoScalar() {
    ops((tf, x) -> {
          Operand<TFloat32> three = Runs.constant(tf, new float[] {3}, 1, 1, 1, 1, 1);
          return times(tf, tf.math.mul(x, tf.nn.relu6(tf.math.add(x, three))), 1 / 6f);
        })
        .doesNotContain("HardSwish");
    ops((tf, x) -> {
          Operand<TFloat32> sixth = Runs.constant(tf, new float[] {1 / 6f}, 1, 1, 1, 1, 1);
          return tf.math.mul(tf.math.mul(x, relu6(tf, x, 3)), sixth);
        })
        .doesNotContain("HardSwish");
    ops((tf, x) -> tf.math.erfc(tf.math.mul(x, Runs.constant(tf, new float[] {-1}, 1, 1, 1, 1, 1))))
        .contains("Sub");
    ops((tf, x) -> {
          Operand<TFloat32> least = Runs.constant(tf, new float[] {4}, 1, 1, 1, 1, 1);
          Operand<TFloat32> squared = sum(tf, tf.math.square(x), true, 3);
          return tf.math.mul(x, tf.math.rsqrt(tf.math.maximum(squared, least)));
        })
        .doesNotContain("ReduceL2");
  }

  @Test
  void aProductAndASumWithoutAConvolutionAreOnePassOverTheMap() {
    ops((tf, x) ->
            tf.math.add(
                tf.math.mul(tf.nn.relu(conv(tf, x, "SAME")), Runs.constant(tf, 1, 5)),
                Runs.constant(tf, 2, 5)))
        .contains("BatchNormalization")
        .doesNotContain("Mul", "Add");
  }

  @Test
  void productsAndSumsOfAnotherFormAreNone() {
    long[][] factors = {{7, 1}, {6, 1, 1}, {6, 7, 5}, {3, 1, 1, 1}};
    for (long[] factor : factors) {
      ops((tf, x) ->
              tf.math.add(
                  tf.math.mul(tf.nn.relu(conv(tf, x, "SAME")), Runs.constant(tf, 1, factor)),
                  Runs.constant(tf, 2, 5)))
          .as(Arrays.toString(factor))
          .doesNotContain("BatchNormalization");
      ops((tf, x) ->
              tf.math.add(
                  tf.math.mul(tf.nn.relu(conv(tf, x, "SAME")), Runs.constant(tf, 2, 5)),
                  Runs.constant(tf, 1, factor)))
          .as(Arrays.toString(factor))
          .doesNotContain("BatchNormalization");
    }
    ops((tf, x) -> {
          Operand<TFloat32> y =
              tf.math.mul(tf.nn.relu(conv(tf, x, "SAME")), Runs.constant(tf, 1, 5));
          return tf.math.mul(tf.math.add(y, Runs.constant(tf, 2, 5)), y);
        })
        .doesNotContain("BatchNormalization");
    ops((tf, x) -> {
          // The lengths have one channel, whatever the map has.
          Operand<TFloat32> length =
              tf.math.sqrt(sum(tf, tf.math.square(tf.nn.relu(conv(tf, x, "SAME"))), true, 3));
          return tf.math.add(tf.math.mul(length, Runs.constant(tf, 1, 5)), Runs.constant(tf, 2, 5));
        })
        .doesNotContain("BatchNormalization");
  }

  @Test
  void aSizeThatIsKnownIsJoinedAsItIs() {
    ops((tf, x) -> {
          Operand<?> batch = tf.gather(tf.shape(x), tf.constant(0), tf.constant(0));
          return tf.fill(
              Runs.node(tf, "Pack", Map.of(), List.of(), List.of(batch, tf.constant(5))).output(),
              tf.constant(2f));
        })
        .containsOnlyOnce("Unsqueeze");
  }

  @Test
  void axesThatArePutInOneBehindTheOtherArePutInOnce() {
    for (int first = 0; first < 5; first++) {
      for (int second = 0; second < 6; second++) {
        int[] at = {first, second};
        ops((tf, x) -> tf.expandDims(tf.expandDims(x, tf.constant(at[0])), tf.constant(at[1])))
            .containsExactly("Unsqueeze");
      }
    }
  }

  @Test
  void theOnlyOneOfAStackIsThatOne() {
    ops((tf, x) -> last(tf, List.of(tf.math.tanh(x)))).containsExactly("Tanh");
    ops((tf, x) -> last(tf, List.of(x, tf.math.tanh(x)))).contains("Concat", "Slice");
  }

  private static Operand<TFloat32> last(Ops tf, List<Operand<TFloat32>> all) {
    return node(
        tf,
        "StridedSlice",
        Map.of("shrink_axis_mask", 1),
        tf.stack(all),
        tf.constant(new int[] {-1}),
        tf.constant(new int[] {0}),
        tf.constant(new int[] {1}));
  }

  @Test
  void aTransposeOfOneChannelIsNoneBeforeAReshape() {
    for (long channels : new long[] {1, 5}) {
      ops((tf, x) ->
              tf.reshape(
                  node(
                      tf,
                      "Conv2D",
                      Map.of("strides", new long[] {1, 1, 1, 1}, "padding", "SAME"),
                      x,
                      Runs.constant(tf, 5, 1, 1, 4, channels)),
                  tf.constant(new int[] {-1, Math.toIntExact(42 * channels)})))
          .filteredOn("Transpose"::equals)
          .hasSize(channels == 1 ? 1 : 2);
    }
  }

  @Test
  void productsOfProductsWithConstantsAreOne() {
    ops((tf, x) -> times(tf, times(tf, x, 255), 1 / 127.5f)).containsExactly("Mul");
    ops((tf, x) -> tf.math.div(times(tf, x, 3), tf.constant(7f))).containsExactly("Mul");
    ops((tf, x) -> tf.nn.relu(tf.math.div(times(tf, x, 255), tf.constant(255f))))
        .containsExactly("Relu");
    ops((tf, x) -> tf.math.mul(Runs.constant(tf, 1, 7, 1), times(tf, x, 3))).containsExactly("Mul");
    ops((tf, x) -> times(tf, tf.math.div(x, Runs.positive(tf, 1, 4)), 3)).containsExactly("Mul");
  }

  @Test
  void otherProductsAreNot() {
    ops((tf, x) -> tf.math.add(times(tf, x, 2), times(tf, times(tf, x, 2), 3)))
        .filteredOn("Mul"::equals)
        .hasSize(2); // something else reads it
    ops((tf, x) -> tf.math.mul(Runs.constant(tf, 1, 4), tf.math.mul(x, Runs.constant(tf, 2, 7, 1))))
        .containsExactly("Mul", "Mul"); // as large as the picture
    ops((tf, x) -> times(tf, times(tf, x, 1e-30f), 1e-20f)).containsExactly("Mul", "Mul");
    ops((tf, x) -> tf.math.div(tf.constant(2f), times(tf, tf.math.exp(x), 3)))
        .containsExactly("Exp", "Mul", "Div");
  }

  @Test
  void boundsBehindBoundsAreOne() {
    ops((tf, x) -> tf.nn.relu6(tf.nn.relu(x))).containsExactly("Clip");
    ops((tf, x) -> tf.nn.relu6(tf.nn.relu6(times(tf, x, 9)))).containsExactly("Mul", "Clip");
    ops((tf, x) -> tf.math.add(tf.nn.relu(x), tf.nn.relu6(tf.nn.relu(x))))
        .contains("Relu", "Clip"); // something else reads it
  }

  /** In steps of 1 / 255 of the way between two bounds. */
  private static Operand<TFloat32> stepped(Ops tf, Operand<TFloat32> x, float low, float high) {
    return node(tf, "FakeQuantWithMinMaxArgs", Map.of("min", low, "max", high), x);
  }

  @Test
  void aProductBehindBoundsGoesIntoTheConvolutionBeforeThem() {
    ops((tf, x) -> times(tf, relu6(tf, conv(tf, x, "SAME"), 3), 1 / 6f))
        .containsExactly("Transpose", "Conv", "Clip", "Transpose");
    ops((tf, x) -> times(tf, tf.nn.relu(conv(tf, x, "SAME")), 2))
        .containsExactly("Transpose", "Conv", "Relu", "Transpose");
    ops((tf, x) -> tf.math.sub(tf.nn.relu6(conv(tf, x, "SAME")), tf.constant(1f)))
        .containsExactly("Transpose", "Conv", "Clip", "Transpose");
    ops((tf, x) -> stepped(tf, tf.nn.relu6(conv(tf, x, "SAME")), 0, 6))
        .containsExactly("Transpose", "Conv", "Clip", "Floor", "Mul", "Transpose");
  }

  @Test
  void whatWouldTurnBoundsRoundOrTellThemApartStaysBehindThem() {
    ops((tf, x) -> times(tf, tf.nn.relu6(conv(tf, x, "SAME")), -2)).contains("Mul");
    ops((tf, x) -> tf.math.sub(tf.constant(1f), tf.nn.relu6(conv(tf, x, "SAME")))).contains("Sub");
    ops((tf, x) -> tf.math.mul(tf.nn.relu6(conv(tf, x, "SAME")), Runs.positive(tf, 1, 5)))
        .contains("Mul");
    ops((tf, x) -> tf.math.add(tf.nn.relu(conv(tf, x, "SAME")), tf.constant(1f))).contains("Add");
    ops((tf, x) -> {
          Operand<TFloat32> y = tf.nn.relu6(conv(tf, x, "SAME"));
          return tf.math.add(times(tf, y, 2), tf.math.exp(y));
        })
        .contains("Mul");
  }

  @Test
  void wholeFloatsThatBecomeBytesAndFloatsAgainStay() {
    // The weights alone are cast: a runtime does so once.
    ops((tf, x) -> bytes(tf, x, 127)).containsOnlyOnce("Cast");
    ops((tf, x) -> bytes(tf, x, 126.5f)).filteredOn("Cast"::equals).hasSizeGreaterThan(1);
    ops((tf, x) -> bytes(tf, tf.math.floor(x), 1000))
        .filteredOn("Cast"::equals)
        .hasSizeGreaterThan(1);
  }

  /** As Keras writes a layer of int8. */
  private static Operand<TFloat32> bytes(Ops tf, Operand<TFloat32> x, float bound) {
    Operand<TFloat32> whole = node(tf, "Round", Map.of(), times(tf, x, 10));
    whole = tf.math.maximum(tf.math.minimum(whole, tf.constant(bound)), tf.constant(-bound));
    Map<String, DataType> toBytes = Map.of("DstT", DataType.DT_INT8);
    Operand<?> product =
        Runs.node(
                tf,
                "BatchMatMulV3",
                Map.of("Tout", DataType.DT_INT32),
                Runs.node(tf, "Cast", toBytes, whole).output(),
                Runs.node(tf, "Cast", toBytes, times(tf, Runs.constant(tf, 3, 4, 3), 30)).output())
            .output();
    return tf.dtypes.cast(product, TFloat32.class);
  }

  @Test
  void aMeanThatIsTakenFromItsPictureStaysWithChannelsFirst() {
    ops((tf, x) -> node(tf, "AdjustContrastv2", Map.of(), Runs.asImage(tf, x), tf.constant(1.3f)))
        .contains("GlobalAveragePool")
        .doesNotContain("ReduceMean");
  }

  @Test
  void imagesOfKnownSizeAreResizedWithoutALookAtThem() {
    ops((tf, x) -> resized(tf, x, 12, 7)).containsExactly("Transpose", "Resize", "Transpose");
  }

  @Test
  void pixelsThatAreRepeatedAreOneResize() {
    for (boolean half : new boolean[] {true, false}) {
      ops((tf, x) -> repeated(tf, x, half, 18, 14))
          .containsExactly("Transpose", "Resize", "Transpose");
      ops((tf, x) -> repeated(tf, x, half, 18, 15)).contains("Gather").doesNotContain("Resize");
      ops((tf, x) -> repeated(tf, x, half, 3, 7)).contains("Gather").doesNotContain("Resize");
    }
  }

  private static Operand<TFloat32> repeated(
      Ops tf, Operand<TFloat32> x, boolean half, int rows, int columns) {
    return node(
        tf,
        "ResizeNearestNeighbor",
        Map.of("half_pixel_centers", half),
        x,
        tf.constant(new int[] {rows, columns}));
  }

  /** A runtime rounds sizes down: where a scale is a little too small, the sizes must be told. */
  @Test
  void noPixelIsLostByAScaleThatIsRounded() {
    boolean told = false;
    for (int rows = 1; rows < 60; rows++) {
      int to = rows;
      told |=
          Runs.ops(
                  Runs.same(
                      Runs.graph(IMAGES, tf -> x -> resized(tf, x, to, to)),
                      Runs.random(rows, IMAGES),
                      IMAGES))
              .contains("Shape");
    }
    assertThat(told).isTrue();
  }

  private static Operand<TFloat32> resized(Ops tf, Operand<TFloat32> x, int rows, int columns) {
    return node(
        tf,
        "ResizeBilinear",
        Map.of("half_pixel_centers", true),
        x,
        tf.constant(new int[] {rows, columns}));
  }
}
