package org.medoid.export.savedmodel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.nn.DepthwiseConv2dNative;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.types.TFloat32;

class SpelledPaddingTest {
  private static final Shape IMAGES = Shape.of(2, 5, 4, 2);

  private static float[] waves(long count) {
    float[] values = new float[Math.toIntExact(count)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) Math.sin(1.3 * i + 0.4);
    }
    return values;
  }

  private static Operand<TFloat32> constant(Ops tf, long... shape) {
    return tf.constant(Shape.of(shape), DataBuffers.of(waves(Shape.of(shape).size())));
  }

  private static GraphDef network() {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> x =
          tf.withName("x").placeholder(TFloat32.class, Placeholder.shape(IMAGES));
      Operand<TFloat32> convolved =
          tf.nn.depthwiseConv2dNative(
              x,
              constant(tf, 3, 3, 2, 2),
              List.of(1L, 2L, 2L, 1L),
              "EXPLICIT",
              DepthwiseConv2dNative.explicitPaddings(List.of(0L, 0L, 0L, 2L, 1L, 1L, 0L, 0L)));
      tf.withName("y").identity(tf.nn.relu(tf.nn.biasAdd(convolved, constant(tf, 4))));
      return graph.toGraphDef();
    }
  }

  private static float[] run(Session session, String in, String out) {
    try (TFloat32 x = TFloat32.tensorOf(IMAGES, DataBuffers.of(waves(IMAGES.size())));
        Result result = session.runner().feed(in, x).fetch(out).run()) {
      float[] values = new float[Math.toIntExact(result.get(0).size())];
      result.get(0).asRawTensor().data().asFloats().read(values);
      return values;
    }
  }

  /** As it is, TensorFlow's optimiser makes of it what ends the process where oneDNN is used. */
  @ParameterizedTest
  @EnumSource(Purpose.class)
  void aDepthwiseConvolutionWithABiasRunsOnTheKernelsOfEachProcessor(Purpose purpose) {
    GraphDef network = network();
    FlatGraph flat =
        FlatGraph.of(
            network,
            List.of(
                new FlatGraph.Port("in", "x", DataType.DT_FLOAT, Nodes.shape(IMAGES.asArray()))),
            List.of(new FlatGraph.Port("out", "y", DataType.DT_FLOAT, Nodes.shape())),
            purpose);
    assertThat(flat.nodes()).noneMatch(node -> node.toString().contains("EXPLICIT"));
    try (Graph before = new Graph();
        Session asWritten = new Session(before, AsWritten.CONFIG);
        Graph after = new Graph();
        Session optimised = new Session(after)) {
      before.importGraphDef(network);
      after.importGraphDef(flat.frozen(Map.of()));
      assertThat(run(optimised, "in", "out"))
          .containsExactly(run(asWritten, "x", "y"), within(1e-5f));
    }
  }
}
