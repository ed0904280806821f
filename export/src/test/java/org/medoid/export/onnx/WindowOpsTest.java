package org.medoid.export.onnx;

import static org.medoid.export.onnx.OpsTest.ints;
import static org.medoid.export.onnx.OpsTest.longs;
import static org.medoid.export.onnx.OpsTest.one;
import static org.medoid.export.onnx.OpsTest.positive;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.medoid.export.onnx.Draw.Domain;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.types.TFloat32;

/** As {@link OpsTest}, for what looks at images through windows, and what folds into it. */
class WindowOpsTest {

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

  @Property(seed = "1", tries = 12)
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

  @Property(seed = "1", tries = 12)
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

  @Property(seed = "1", tries = 10)
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
  @Property(seed = "1", tries = 25)
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

  @Property(seed = "1", tries = 40)
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

  @Property(seed = "1", tries = 20)
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

  @Property(seed = "1", tries = 20)
  void dilationsAndErosions(@ForAll long seed) {
    windowed(
        seed,
        (tf, draw, x, channels) -> {
          Map<String, Object> attributes =
              Map.of(
                  "strides",
                  longs(1, draw.in(1, 3), draw.in(1, 3), 1),
                  "rates",
                  longs(1, draw.in(1, 2), draw.in(1, 2), 1),
                  "padding",
                  draw.of("SAME", "VALID"));
          long[] side = {draw.in(1, 3), draw.in(1, 3)};
          Operand<TFloat32> filter =
              draw.flip()
                  ? Runs.constant(
                      tf,
                      new float[(int) (side[0] * side[1] * channels)],
                      side[0],
                      side[1],
                      channels)
                  : draw.constant(tf, side[0], side[1], channels);
          return Runs.node(tf, "Dilation2D", attributes, x, filter).output();
        });
  }

  /** A dilated kernel is a larger one with zeros between. */
  @Property(seed = "1", tries = 15)
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

  @Property(seed = "1", tries = 12)
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

  @Property(seed = "1", tries = 6)
  void poolingOverChannels(@ForAll long seed) {
    Draw.check(
        seed,
        Domain.IMAGES,
        (tf, draw, x, shape) -> {
          int count = draw.in(2, 3);
          Operand<TFloat32> many = tf.tile(x, tf.constant(ints(1, 1, 1, count)));
          many = tf.math.mul(many, draw.constant(tf, shape[3] * count));
          long[] deep = longs(1, 1, 1, count);
          return Runs.node(
                  tf,
                  "MaxPool",
                  Map.of("ksize", deep, "strides", deep, "padding", draw.of("SAME", "VALID")),
                  many)
              .output();
        });
  }

  @Property(seed = "1", tries = 10)
  void placesOfTheLargest(@ForAll long seed) {
    Draw draw = new Draw(seed);
    long[] sizes = longs(draw.in(1, 3), draw.in(3, 9), draw.in(3, 9), draw.in(1, 4));
    long[] known = longs(-1, sizes[1], sizes[2], sizes[3]);
    Map<String, Object> attributes = window(draw, draw.of("SAME", "VALID"), false);
    attributes.put("ksize", longs(1, draw.in(1, 3), draw.in(1, 3), 1));
    attributes.put("include_batch_in_index", draw.flip());
    int output = draw.in(0, 1);
    Runs.same(
        Runs.graph(
            known, tf -> x -> Runs.node(tf, "MaxPoolWithArgmax", attributes, x).output(output)),
        Runs.random(seed, sizes),
        sizes);
  }
}
