package org.medoid.export.savedmodel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.nn.AvgPool;
import org.tensorflow.op.nn.BiasAdd;
import org.tensorflow.op.nn.Conv2d;
import org.tensorflow.op.nn.DepthwiseConv2dNative;
import org.tensorflow.op.nn.FusedBatchNorm;
import org.tensorflow.op.nn.MaxPool;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.types.TFloat32;

/** The same network with its channels first, rewritten, and last, as it is. */
class ChannelsLastTest {
  private static final int[] LAST = {0, 2, 3, 1};

  /** One way to write the layers; numbers for axes are given as for channels last. */
  private record Written(Ops tf, boolean first) {
    String format() {
      return first ? "NCHW" : "NHWC";
    }

    List<Long> axes(long batch, long height, long width, long channels) {
      return first
          ? List.of(batch, channels, height, width)
          : List.of(batch, height, width, channels);
    }

    int channels() {
      return first ? 1 : 3;
    }

    Operand<TFloat32> constant(long seed, long... shape) {
      float[] values = new float[(int) Shape.of(shape).size()];
      Random random = new Random(seed);
      for (int i = 0; i < values.length; i++) {
        values[i] = 0.1f + random.nextFloat();
      }
      return tf.constant(Shape.of(shape), DataBuffers.of(values));
    }

    /** A number for each of four channels, of the rank of a map. */
    Operand<TFloat32> each(long seed) {
      return first ? constant(seed, 1, 4, 1, 1) : constant(seed, 1, 1, 1, 4);
    }

    Operand<TFloat32> network(Operand<TFloat32> x) {
      Operand<TFloat32> y =
          tf.nn.conv2d(
              x,
              constant(1, 3, 2, 3, 4),
              axes(1, 2, 1, 1),
              "SAME",
              Conv2d.dataFormat(format()),
              Conv2d.dilations(axes(1, 1, 1, 1)));
      y = tf.nn.relu(tf.math.sub(y, each(2)));
      Operand<TFloat32> z =
          tf.nn
              .fusedBatchNorm(
                  y,
                  constant(3, 4),
                  constant(4, 4),
                  constant(5, 4),
                  constant(6, 4),
                  FusedBatchNorm.isTraining(false),
                  FusedBatchNorm.dataFormat(format()))
              .y();
      z =
          tf.nn.depthwiseConv2dNative(
              z,
              constant(7, 3, 3, 4, 1),
              axes(1, 1, 1, 1),
              "EXPLICIT",
              DepthwiseConv2dNative.dataFormat(format()),
              DepthwiseConv2dNative.explicitPaddings(
                  first
                      ? List.of(0L, 0L, 0L, 0L, 1L, 0L, 2L, 0L)
                      : List.of(0L, 0L, 1L, 0L, 2L, 0L, 0L, 0L)));
      z = tf.nn.biasAdd(z, constant(8, 4), BiasAdd.dataFormat(format()));
      int[][] edges =
          first
              ? new int[][] {{0, 0}, {0, 0}, {1, 0}, {0, 0}}
              : new int[][] {{0, 0}, {1, 0}, {0, 0}, {0, 0}};
      z = tf.pad(z, tf.constant(edges), tf.constant(0f));
      Operand<TFloat32> all = tf.concat(List.of(y, z), tf.constant(channels()));
      all =
          tf.nn.maxPool(
              all,
              tf.constant(array(axes(1, 2, 3, 1))),
              tf.constant(array(axes(1, 1, 2, 1))),
              "VALID",
              MaxPool.dataFormat(format()));
      all =
          tf.nn.avgPool(
              all, axes(1, 2, 1, 1), axes(1, 1, 1, 1), "SAME", AvgPool.dataFormat(format()));
      // What is read from a map as it was: its first column.
      Operand<TFloat32> column =
          tf.slice(
              all,
              tf.constant(new int[] {0, 0, 0, 0}),
              tf.constant(first ? new int[] {-1, -1, -1, 1} : new int[] {-1, -1, 1, -1}));
      int[] places = first ? new int[] {2, 3} : new int[] {1, 2};
      return tf.math.add(
          tf.math.mean(all, tf.constant(places)), tf.math.mean(column, tf.constant(places)));
    }

    private static int[] array(List<Long> numbers) {
      return numbers.stream().mapToInt(Long::intValue).toArray();
    }
  }

  private static GraphDef graph(boolean first) {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Shape shape = Shape.of(-1, 3, 9, 8);
      Operand<TFloat32> x = tf.withName("x").placeholder(TFloat32.class, Placeholder.shape(shape));
      Operand<TFloat32> in = first ? x : tf.linalg.transpose(x, tf.constant(LAST));
      tf.withName("y").identity(new Written(tf, first).network(in));
      return graph.toGraphDef();
    }
  }

  private static FlatGraph flat(GraphDef graph) {
    return FlatGraph.of(
        graph,
        List.of(new FlatGraph.Port("in", "x", DataType.DT_FLOAT, Nodes.shape(-1, 3, 9, 8))),
        List.of(new FlatGraph.Port("out", "y", DataType.DT_FLOAT, Nodes.shape(-1, 8))),
        Purpose.INFERENCE);
  }

  private static float[] run(FlatGraph flat) {
    float[] pixels = new float[2 * 3 * 9 * 8];
    Random random = new Random(9);
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = random.nextFloat();
    }
    try (Graph built = new Graph();
        Session session = new Session(built)) {
      built.importGraphDef(flat.frozen(Map.of()));
      try (TFloat32 x = TFloat32.tensorOf(Shape.of(2, 3, 9, 8), DataBuffers.of(pixels));
          Result result = session.runner().feed("in", x).fetch("out").run()) {
        float[] values = new float[16];
        result.get(0).asRawTensor().data().asFloats().read(values);
        return values;
      }
    }
  }

  @Test
  void layersWithChannelsFirstGiveWhatThoseWithChannelsLastGive() {
    FlatGraph first = flat(graph(true));
    assertThat(ChannelsLast.isNeeded(first)).isTrue();
    FlatGraph rewritten = ChannelsLast.of(first);
    assertThat(ChannelsLast.isNeeded(rewritten)).isFalse();
    FlatGraph last = flat(graph(false));
    assertThat(ChannelsLast.of(last)).isSameAs(last);
    assertThat(run(rewritten)).containsExactly(run(last), within(1e-4f));
  }

  @Test
  void onlyTheEndsOfSuchLayersAreTransposed() {
    FlatGraph rewritten = ChannelsLast.of(flat(graph(true)));
    // In front; the constant for each channel; behind, for the means and the slice.
    assertThat(rewritten.nodes()).filteredOn(node -> node.getOp().equals("Transpose")).hasSize(3);
  }
}
