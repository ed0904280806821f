package org.medoid.export.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.medoid.export.onnx.OpsTest.ints;
import static org.medoid.export.onnx.OpsTest.longs;
import static org.medoid.export.onnx.OpsTest.one;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.medoid.export.onnx.Draw.Domain;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.types.TFloat32;

/** As {@link OpsTest}, for what moves pixels: blocks, patches, transposed convolutions, sizes. */
class SpatialOpsTest {

  /** Operands of SpaceToBatchND for a convolution of a given reach, as TensorFlow computes them. */
  private record Blocks(int[] block, int[][] pads, int[][] crops) {
    static Blocks of(Draw draw, long[] sizes, int[] kernel, boolean same) {
      int n = kernel.length;
      Blocks blocks = new Blocks(new int[n], new int[n][2], new int[n][2]);
      for (int i = 0; i < n; i++) {
        int k = draw.in(1, 3);
        int total = same ? (kernel[i] - 1) * k : 0;
        int filled = (int) sizes[i] + total;
        int more = (k - filled % k) % k;
        blocks.block[i] = k;
        blocks.pads[i] = ints(total / 2, total - total / 2 + more);
        blocks.crops[i] = ints(0, more);
      }
      return blocks;
    }
  }

  @Property(seed = "1", tries = 13)
  void dilatedConvolutionsInBlocksAreOneNode(@ForAll long seed) {
    Draw draw = new Draw(seed);
    boolean depthwise = draw.flip();
    long[] sizes = {draw.in(1, 2), draw.in(7, 12), draw.in(7, 12), draw.in(1, 3)};
    int[] kernel = {draw.in(1, 3), draw.in(1, 3)};
    boolean same = draw.flip();
    Blocks blocks = Blocks.of(draw, longs(sizes[1], sizes[2]), kernel, same);
    List<String> ops =
        Runs.ops(
            Runs.same(
                Runs.graph(
                    longs(-1, sizes[1], sizes[2], sizes[3]),
                    tf ->
                        x -> {
                          Operand<TFloat32> y =
                              one(
                                  tf,
                                  "SpaceToBatchND",
                                  x,
                                  tf.constant(blocks.block),
                                  tf.constant(blocks.pads));
                          y =
                              Runs.node(
                                      tf,
                                      depthwise ? "DepthwiseConv2dNative" : "Conv2D",
                                      Map.of("strides", longs(1, 1, 1, 1), "padding", "VALID"),
                                      y,
                                      draw.constant(tf, kernel[0], kernel[1], sizes[3], 2))
                                  .output();
                          y =
                              one(
                                  tf,
                                  "BatchToSpaceND",
                                  y,
                                  tf.constant(blocks.block),
                                  tf.constant(blocks.crops));
                          long channels = depthwise ? 2 * sizes[3] : 2;
                          return one(tf, "BiasAdd", y, draw.constant(tf, channels));
                        }),
                Runs.random(seed, sizes),
                sizes));
    assertThat(ops.stream().filter(op -> !op.equals("Transpose") && !op.equals("Reshape")))
        .containsExactly("Conv");
  }

  @Property(seed = "1", tries = 6)
  void dilatedConvolutionsInOneDimensionAreOneNode(@ForAll long seed) {
    Draw draw = new Draw(seed);
    long[] sizes = {draw.in(1, 2), draw.in(7, 12), draw.in(1, 3)};
    int[] kernel = {draw.in(2, 3)};
    Blocks blocks = Blocks.of(draw, longs(sizes[1]), kernel, draw.flip());
    List<String> ops =
        Runs.ops(
            Runs.same(
                Runs.graph(
                    longs(-1, sizes[1], sizes[2]),
                    tf ->
                        x -> {
                          Operand<TFloat32> y =
                              one(
                                  tf,
                                  "SpaceToBatchND",
                                  x,
                                  tf.constant(blocks.block),
                                  tf.constant(blocks.pads));
                          y = one(tf, "ExpandDims", y, tf.constant(-3));
                          y =
                              Runs.node(
                                      tf,
                                      "Conv2D",
                                      Map.of("strides", longs(1, 1, 1, 1), "padding", "VALID"),
                                      y,
                                      draw.constant(tf, 1, kernel[0], sizes[2], 2))
                                  .output();
                          y =
                              Runs.node(tf, "Squeeze", Map.of("squeeze_dims", longs(-3)), y)
                                  .output();
                          return one(
                              tf,
                              "BatchToSpaceND",
                              y,
                              tf.constant(blocks.block),
                              tf.constant(blocks.crops));
                        }),
                Runs.random(seed, sizes),
                sizes));
    assertThat(ops).containsOnlyOnce("Conv").doesNotContain("Slice", "Pad");
  }

  @Property(seed = "1", tries = 13)
  void blocksInTheBatch(@ForAll long seed) {
    Draw.check(
        seed,
        new Domain(3, 5, false),
        (tf, draw, x, shape) -> {
          int n = draw.in(1, shape.length - 2);
          long[] sizes = Arrays.copyOfRange(shape, 1, n + 1);
          int[] ones = new int[n];
          Arrays.fill(ones, 1);
          Blocks blocks = Blocks.of(draw, sizes, ones, false);
          Operand<TFloat32> y =
              one(tf, "SpaceToBatchND", x, tf.constant(blocks.block), tf.constant(blocks.pads));
          if (draw.flip()) {
            return y;
          }
          y = draw.flip() ? tf.math.tanh(y) : y;
          return one(tf, "BatchToSpaceND", y, tf.constant(blocks.block), tf.constant(blocks.crops));
        });
  }

  @Property(seed = "1", tries = 16)
  void transposedDepthwiseConvolutions(@ForAll long seed) {
    WindowOpsTest.windowed(
        seed,
        (tf, draw, x, channels) -> {
          int stride = draw.in(1, 3);
          int multiplier = channels % 2 == 0 ? draw.in(1, 2) : 1;
          int filters = (int) channels / multiplier;
          boolean same = draw.flip();
          int[] kernel = {draw.in(1, 4), draw.in(1, 4)};
          int[] add = new int[2];
          Arrays.setAll(add, i -> (same ? 1 : kernel[i]) + draw.in(0, stride - 1));
          Operand<?> shape = tf.shape(x);
          Operand<?> hw = one(tf, "Slice", shape, tf.constant(ints(1)), tf.constant(ints(2)));
          Operand<?> least = one(tf, "Sub", hw, tf.constant(1));
          hw = one(tf, "AddV2", one(tf, "Mul", least, tf.constant(stride)), tf.constant(add));
          Operand<?> batch = one(tf, "Slice", shape, tf.constant(ints(0)), tf.constant(ints(1)));
          List<Operand<?>> parts = List.of(batch, hw, tf.constant(ints(filters)));
          Operand<?> sizes =
              Runs.node(tf, "ConcatV2", Map.of(), List.of(tf.constant(0)), parts).output();
          Map<String, Object> attributes =
              Map.of("strides", longs(1, stride, stride, 1), "padding", same ? "SAME" : "VALID");
          Operand<?> numbers = draw.constant(tf, kernel[0], kernel[1], filters, multiplier);
          return Runs.node(tf, "DepthwiseConv2dNativeBackpropInput", attributes, sizes, numbers, x)
              .output();
        });
  }

  @Property(seed = "1", tries = 24)
  void imagesTransformed(@ForAll long seed) {
    Draw.check(
        seed,
        new Domain(4, 4, true),
        (tf, draw, x, shape) -> {
          float[][] transforms = new float[draw.flip() ? 1 : (int) shape[0]][];
          Arrays.setAll(
              transforms,
              i ->
                  new float[] {
                    draw.of(0.9f, -1.1f), draw.of(0.13f, 0f), draw.of(0.5f, -6.3f), // row
                    draw.of(0.21f, 0f), draw.of(1.2f, -0.8f), draw.of(9.7f, -0.2f), // column
                    draw.of(0f, 0.01f), draw.of(0f, 0.03f)
                  });
          boolean third = draw.flip();
          Map<String, Object> attributes =
              Map.of(
                  "interpolation",
                  draw.of("NEAREST", "BILINEAR"),
                  "fill_mode",
                  draw.of("CONSTANT", "NEAREST", "REFLECT", "WRAP"));
          List<Operand<?>> in = new ArrayList<>();
          in.add(x);
          in.add(tf.constant(transforms));
          in.add(
              draw.flip()
                  ? tf.constant(ints(draw.in(1, 6), draw.in(1, 6)))
                  : one(tf, "Slice", tf.shape(x), tf.constant(ints(1)), tf.constant(ints(2))));
          if (third) {
            in.add(tf.constant(0.7f));
          }
          String op = "ImageProjectiveTransformV" + (third ? 3 : 2);
          return Runs.node(tf, op, attributes, in.toArray(Operand[]::new)).output();
        });
  }

  @Property(seed = "1", tries = 20)
  void transposedConvolutions(@ForAll long seed) {
    WindowOpsTest.windowed(
        seed,
        (tf, draw, x, channels) -> {
          // TensorFlow's CPU kernel has no dilation.
          int stride = draw.in(1, 3);
          int[] kernel = {draw.in(1, 4), draw.in(1, 4)};
          boolean same = draw.flip();
          int filters = draw.in(1, 3);
          // Of the sizes whose convolution has the size of x.
          int[] more = {draw.in(0, stride - 1), draw.in(0, stride - 1)};
          Operand<?> shape = tf.shape(x);
          Operand<?> hw = one(tf, "Slice", shape, tf.constant(ints(1)), tf.constant(ints(2)));
          Operand<?> least = one(tf, "Sub", hw, tf.constant(1));
          least = one(tf, "Mul", least, tf.constant(stride));
          int[] add = new int[2];
          Arrays.setAll(add, i -> (same ? 1 : kernel[i]) + more[i]);
          hw = one(tf, "AddV2", least, tf.constant(add));
          Operand<?> batch = one(tf, "Slice", shape, tf.constant(ints(0)), tf.constant(ints(1)));
          Operand<?> sizes =
              Runs.node(
                      tf,
                      "ConcatV2",
                      Map.of(),
                      List.of(tf.constant(0)),
                      List.of(batch, hw, tf.constant(ints(filters))))
                  .operation()
                  .output(0);
          Operand<TFloat32> y =
              Runs.node(
                      tf,
                      "Conv2DBackpropInput",
                      Map.of(
                          "strides",
                          longs(1, stride, stride, 1),
                          "padding",
                          same ? "SAME" : "VALID"),
                      sizes,
                      draw.constant(tf, kernel[0], kernel[1], filters, channels),
                      x)
                  .output();
          return draw.flip() ? y : tf.math.mul(y, draw.constant(tf, filters));
        });
  }

  @Property(seed = "1", tries = 16)
  void patches(@ForAll long seed) {
    WindowOpsTest.windowed(
        seed,
        (tf, draw, x, channels) -> {
          long k = draw.in(1, 3);
          boolean beside = draw.flip();
          long[] size = beside ? longs(1, k, k, 1) : longs(1, draw.in(1, 3), draw.in(1, 3), 1);
          long[] strides = beside ? size : longs(1, draw.in(1, 4), draw.in(1, 4), 1);
          long[] rates = beside ? longs(1, 1, 1, 1) : longs(1, draw.in(1, 2), draw.in(1, 2), 1);
          return Runs.node(
                  tf,
                  "ExtractImagePatches",
                  Map.of(
                      "ksizes",
                      size,
                      "strides",
                      strides,
                      "rates",
                      rates,
                      "padding",
                      draw.of("SAME", "VALID")),
                  x)
              .output();
        });
  }

  private static long[] spatial(Draw draw, int least, int most) {
    return longs(1, draw.in(least, most), draw.in(least, most), draw.in(least, most), 1);
  }

  @Property(seed = "1", tries = 10)
  void convolutionsAndPoolingInThreeDimensions(@ForAll long seed) {
    Draw draw = new Draw(seed);
    long[] sizes = longs(2, draw.in(5, 8), draw.in(5, 8), draw.in(5, 8), draw.in(1, 3));
    long[] known = sizes.clone();
    for (int i = 0; i < 4; i++) {
      known[i] = draw.chance(0.3) ? -1 : sizes[i];
    }
    String padding = draw.of("SAME", "VALID");
    long[] step = spatial(draw, 1, 2);
    Runs.same(
        Runs.graph(
            known,
            tf ->
                x -> {
                  String op = draw.of("Conv3D", "MaxPool3D", "AvgPool3D");
                  Map<String, Object> attributes = new HashMap<>();
                  attributes.put("strides", step);
                  attributes.put("padding", padding);
                  if (op.equals("Conv3D")) {
                    return Runs.node(
                            tf,
                            op,
                            attributes,
                            x,
                            draw.constant(
                                tf, draw.in(1, 3), draw.in(1, 3), draw.in(1, 3), sizes[4], 2))
                        .output();
                  }
                  attributes.put("ksize", spatial(draw, 1, 3));
                  return Runs.node(tf, op, attributes, x).output();
                }),
        Runs.random(seed, sizes),
        sizes);
  }

  @Property(seed = "1", tries = 10)
  void resizingByRowsAndColumns(@ForAll long seed) {
    Draw draw = new Draw(seed);
    long[] sizes = longs(2, draw.in(1, 9), draw.in(1, 9), draw.in(1, 3));
    int[] to = {draw.in(1, 14), draw.in(1, 14)};
    for (String op : List.of("ResizeBicubic", "ResizeArea", "ScaleAndTranslate")) {
      Runs.same(
          Runs.graph(
              longs(-1, sizes[1], sizes[2], sizes[3]),
              tf ->
                  x -> {
                    if (op.equals("ScaleAndTranslate")) {
                      float[] scale = {to[0] / (float) sizes[1], to[1] / (float) sizes[2]};
                      return Runs.node(
                              tf,
                              op,
                              Map.of(
                                  "kernel_type",
                                  draw.of("lanczos3", "lanczos5", "triangle", "keyscubic"),
                                  "antialias",
                                  draw.flip()),
                              x,
                              tf.constant(to),
                              tf.constant(scale),
                              tf.constant(new float[] {0, draw.of(0f, 0.5f)}))
                          .output();
                    }
                    int mode = draw.in(0, 2);
                    Map<String, Object> attributes = new HashMap<>();
                    attributes.put("align_corners", mode == 1);
                    if (op.equals("ResizeBicubic")) {
                      attributes.put("half_pixel_centers", mode == 2);
                    }
                    return Runs.node(tf, op, attributes, x, tf.constant(to)).output();
                  }),
          Runs.random(seed, sizes),
          sizes);
    }
  }

  @Property(seed = "1", tries = 13)
  void rollingAndReversing(@ForAll long seed) {
    Draw.check(
        seed,
        Domain.AXES,
        (tf, draw, x, shape) -> {
          int[] axes = draw.axes(shape.length, 1);
          int[] shifts = Arrays.stream(axes).map(a -> draw.in(-7, 7)).toArray();
          if (draw.chance(0.3)) {
            return one(tf, "Roll", x, IndexOpsTest.atRunTime(tf, x, shifts), tf.constant(axes));
          }
          return axes.length == 1 && draw.flip()
              ? one(tf, "Roll", x, tf.constant(shifts[0]), tf.constant(axes[0]))
              : one(tf, "Roll", x, tf.constant(shifts), tf.constant(axes));
        });
    Draw.check(
        seed + 1,
        Domain.AXES,
        (tf, draw, x, shape) -> {
          if (draw.flip()) {
            return one(tf, "ReverseV2", x, tf.constant(draw.axes(shape.length, 0)));
          }
          boolean[] axes = new boolean[shape.length];
          for (int i = 0; i < axes.length; i++) {
            axes[i] = draw.flip();
          }
          return one(tf, "Reverse", x, tf.constant(axes));
        });
  }

  @Property(seed = "1", tries = 6)
  void normalizationByItself(@ForAll long seed) {
    Draw draw = new Draw(seed);
    long[] sizes = longs(draw.in(1, 3), draw.in(2, 4), draw.in(3, 9), draw.in(2, 3));
    long channels = sizes[3];
    for (String op : List.of("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")) {
      for (int output = 0; output < 3; output++) {
        int which = output;
        Runs.same(
            Runs.graph(
                sizes,
                tf ->
                    x ->
                        Runs.node(
                                tf,
                                op,
                                Map.of("is_training", true, "epsilon", 0.01f),
                                x,
                                draw.constant(tf, channels),
                                draw.constant(tf, channels),
                                empty(tf),
                                empty(tf))
                            .output(which)),
            Runs.random(seed, sizes),
            sizes);
      }
    }
  }

  private static Operand<TFloat32> empty(Ops tf) {
    return tf.constant(new float[0]);
  }

  @Property(seed = "1", tries = 6)
  void coloursAsHueSaturationValue(@ForAll long seed) {
    Draw.check(
        seed,
        new Domain(4, 4, true),
        (tf, draw, x, shape) -> {
          Operand<TFloat32> colours =
              tf.math.abs(one(tf, "Tile", x, tf.constant(ints(1, 1, 1, 3))));
          int[] three = IntStream.of(-1, -1, -1, 3).toArray();
          Operand<TFloat32> y =
              one(tf, "Slice", colours, tf.constant(new int[4]), tf.constant(three));
          // Different channels, some the same, some black.
          y =
              tf.math.mul(
                  y, tf.constant(draw.of(new float[] {1, .5f, .7f}, new float[] {1, 1, 0})));
          return one(tf, "RGBToHSV", tf.math.minimum(y, tf.constant(1f)));
        });
  }

  @Test
  void aTransposedConvolutionTakesInWhatIsForEachChannel() {
    long[] sizes = {1, 4, 4, 3};
    assertThat(
            Runs.ops(
                Runs.same(
                    Runs.graph(
                        sizes,
                        tf ->
                            x -> {
                              Operand<TFloat32> y =
                                  Runs.node(
                                          tf,
                                          "Conv2DBackpropInput",
                                          Map.of("strides", longs(1, 2, 2, 1), "padding", "SAME"),
                                          tf.constant(ints(1, 8, 8, 2)),
                                          Runs.constant(tf, 1, 3, 3, 2, 3),
                                          x)
                                      .output();
                              y = tf.math.mul(y, Runs.constant(tf, 2, 2));
                              return tf.math.add(y, Runs.constant(tf, 3, 2));
                            }),
                    Runs.random(5, sizes),
                    sizes)))
        .containsExactly("Transpose", "ConvTranspose", "Transpose");
  }

  /** The weights of one in groups have the channels of a group. */
  @Test
  void aTransposedConvolutionInGroupsHasTheChannelsOfAll() {
    long[] sizes = {1, 4, 4, 6};
    for (int multiplier = 1; multiplier <= 2; multiplier++) {
      int channels = 6 / multiplier;
      long[] kernel = {3, 3, channels, multiplier};
      Map<String, Object> attributes = Map.of("strides", longs(1, 2, 2, 1), "padding", "SAME");
      for (boolean each : new boolean[] {false, true}) {
        GraphDef graph =
            Runs.graph(
                sizes,
                tf ->
                    x -> {
                      Operand<TFloat32> y =
                          Runs.node(
                                  tf,
                                  "DepthwiseConv2dNativeBackpropInput",
                                  attributes,
                                  tf.constant(ints(1, 8, 8, channels)),
                                  Runs.constant(tf, 1, kernel),
                                  x)
                              .output();
                      y = tf.math.mul(y, Runs.constant(tf, 2, each ? channels : 1));
                      return tf.math.add(y, Runs.constant(tf, 3, each ? channels : 1));
                    });
        assertThat(Runs.ops(Runs.same(graph, Runs.random(5, sizes), sizes)))
            .containsExactly("Transpose", "ConvTranspose", "Transpose");
      }
    }
  }

  /** onnxruntime moves the transposition behind the scaling if it can, and then refuses it. */
  @Test
  void whatWasTransposedInAnyWayIsScaled() {
    for (int[] order :
        new int[][] {{0, 1, 3, 2}, {0, 2, 1, 3}, {0, 2, 3, 1}, {0, 3, 1, 2}, {0, 3, 2, 1}}) {
      GraphDef graph =
          Runs.graph(
              new long[] {-1, 4, 5, 6},
              tf ->
                  x -> {
                    Operand<TFloat32> turned =
                        tf.nn.relu(tf.linalg.transpose(x, tf.constant(order)));
                    return tf.math.add(
                        Runs.node(
                                tf,
                                "ResizeBilinear",
                                Map.of("half_pixel_centers", true),
                                turned,
                                tf.constant(new int[] {9, 7}))
                            .output(),
                        tf.constant(1f));
                  });
      Runs.same(graph, Runs.random(5, 2, 4, 5, 6), 2, 4, 5, 6);
    }
  }
}
