package org.medoid.export.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.ReduceSum;
import org.tensorflow.op.nn.FusedBatchNorm;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.types.TFloat32;

class OnnxConverterTest {

  private static Operand<TFloat32> block(Ops tf, Operand<TFloat32> x, int in, int out, int seed) {
    Operand<TFloat32> y =
        tf.nn.conv2d(x, Runs.constant(tf, seed, 3, 3, in, out), List.of(1L, 1L, 1L, 1L), "SAME");
    y =
        tf.nn
            .fusedBatchNorm(
                y,
                Runs.positive(tf, seed + 1, out),
                Runs.constant(tf, seed + 2, out),
                Runs.constant(tf, seed + 3, out),
                Runs.positive(tf, seed + 4, out),
                FusedBatchNorm.isTraining(false))
            .y();
    y = tf.nn.relu(y);
    return tf.nn.maxPool(
        y, tf.constant(new int[] {1, 2, 2, 1}), tf.constant(new int[] {1, 2, 2, 1}), "SAME");
  }

  private static GraphDef convNet() {
    return Runs.graph(
        new long[] {-1, 17, 16, 3},
        tf ->
            x -> {
              Operand<TFloat32> y = tf.math.sub(tf.math.mul(x, tf.constant(2f)), tf.constant(1f));
              y = block(tf, y, 3, 8, 1);
              y = block(tf, y, 8, 12, 11);
              y = tf.math.mean(y, tf.constant(new int[] {1, 2}));
              y =
                  tf.math.add(
                      tf.linalg.matMul(y, Runs.constant(tf, 21, 12, 5)), Runs.constant(tf, 22, 5));
              Operand<TFloat32> squared =
                  tf.reduceSum(tf.math.square(y), tf.constant(1), ReduceSum.keepDims(true));
              return tf.math.mul(y, tf.math.rsqrt(tf.math.maximum(squared, tf.constant(1e-12f))));
            });
  }

  @Test
  void aConvolutionalNetworkIsTheSameAndHasOneTransposeAndNoBatchNormalization() {
    OnnxMl.ModelProto model = Runs.same(convNet(), Runs.random(7, 3, 17, 16, 3), 3, 17, 16, 3);
    assertThat(Runs.ops(model))
        .containsExactly(
            "Transpose",
            "Mul",
            "Sub",
            "Conv",
            "Relu",
            "MaxPool",
            "Conv",
            "Relu",
            "MaxPool",
            "GlobalAveragePool",
            "Squeeze",
            "Gemm",
            "ReduceL2",
            "Max",
            "Div");
  }

  @Test
  void theSameGraphGivesTheSameBytes() {
    assertThat(Runs.convert(convNet()).toByteString())
        .isEqualTo(Runs.convert(convNet()).toByteString());
  }

  @Test
  void equalWeightsAreInTheFileOnce() {
    OnnxMl.ModelProto model =
        Runs.same(
            Runs.graph(
                new long[] {-1, 6},
                tf ->
                    x ->
                        tf.linalg.matMul(
                            tf.nn.relu(tf.linalg.matMul(x, Runs.constant(tf, 1, 6, 6))),
                            Runs.constant(tf, 1, 6, 6))),
            Runs.random(2, 3, 6),
            3,
            6);
    assertThat(model.getGraph().getInitializerCount()).isEqualTo(1);
  }

  private static GraphDef graph(NodeDef... nodes) {
    return GraphDef.newBuilder().addAllNode(List.of(nodes)).build();
  }

  private static NodeDef node(String name, String op, String... inputs) {
    return NodeDef.newBuilder().setName(name).setOp(op).addAllInput(List.of(inputs)).build();
  }

  @Test
  void aCycleAMissingNodeAndUnknownOperationsAreNamed() {
    assertThatThrownBy(() -> Runs.convert(graph(node("x", "Relu", "y"), node("y", "Relu", "x"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("cycle");
    assertThatThrownBy(
            () -> Runs.convert(graph(node("x", "Placeholder"), node("y", "Relu", "gone"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("gone, read by y (Relu)");
    assertThatThrownBy(
            () ->
                Runs.convert(
                    graph(
                        node("x", "Placeholder"),
                        node("z", "Nonsense", "x"),
                        node("y", "Bogus", "z"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("2 nodes")
        .hasMessageContaining("Nonsense (z)")
        .hasMessageContaining("Bogus (y)");
  }

  @Test
  void anAugmentationIsToBeLeftOut() {
    GraphDef graph =
        Runs.graph(
            new long[] {-1, 4},
            tf ->
                x ->
                    tf.math.add(
                        x,
                        tf.random.statelessRandomUniform(
                            tf.constant(new int[] {1, 4}), tf.shape(x))));
    assertThatThrownBy(() -> Runs.convert(graph))
        .hasMessageContaining("StatelessRandomUniform")
        .hasMessageContaining("leave the augmentation of images out of the model");
  }

  @Test
  void everyUnsupportedNodeIsListedAtOnce() {
    GraphDef graph =
        Runs.graph(
            new long[] {-1, 4},
            tf -> x -> tf.math.digamma(tf.math.add(tf.math.lgamma(x), tf.constant(1f))));
    assertThatThrownBy(() -> Runs.convert(graph))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("2 nodes")
        .hasMessageContaining("Lgamma (Lgamma): no converter")
        .hasMessageContaining("Digamma (Digamma): no converter");
  }

  @Test
  void anInputKeepsItsNameWhereANodeOnlyPassesItOn() {
    GraphDef graph =
        Runs.graph(
            new long[] {-1, 6, 6, 3},
            tf ->
                x -> {
                  Operand<TFloat32> same =
                      tf.linalg.transpose(x, tf.constant(new int[] {0, 1, 2, 3}));
                  Operand<TFloat32> filter = Runs.constant(tf, 2, 3, 3, 3, 4);
                  return tf.nn.conv2d(same, filter, List.of(1L, 1L, 1L, 1L), "SAME");
                });
    Runs.same(graph, Runs.random(1, 2, 6, 6, 3), 2, 6, 6, 3);
    Runs.same(
        Runs.graph(
            new long[] {-1, 4},
            tf ->
                x ->
                    tf.math.tanh(
                        tf.reshape(
                            tf.linalg.transpose(x, tf.constant(new int[] {0, 1})),
                            tf.constant(new int[] {-1, 2})))),
        Runs.random(1, 3, 4),
        3,
        4);
  }

  @Test
  void aUserAddsAConverter() {
    GraphDef graph =
        Runs.graph(new long[] {-1, 4}, tf -> x -> tf.math.xlogy(tf.math.exp(x), tf.math.exp(x)));
    OnnxMl.ModelProto model =
        OnnxConverter.convert(
            graph,
            Map.of("x", "x:0"),
            Map.of("y", "y:0"),
            OnnxConverter.Options.defaults()
                .withConverter(
                    "Xlogy",
                    n ->
                        n.output(
                            0,
                            n.emit(
                                "Mul", List.of(n.input(0), n.emit("Log", List.of(n.input(1))))))));
    Runs.same(graph, model, 1e-5, Runs.random(1, 2, 4), 2, 4);
  }

  private static void refused(OpConverter converter, String why) {
    GraphDef graph = Runs.graph(new long[] {-1, 4}, tf -> x -> tf.math.exp(tf.math.lgamma(x)));
    OnnxConverter.Options options =
        OnnxConverter.Options.defaults().withConverter("Lgamma", converter);
    assertThatThrownBy(
            () -> OnnxConverter.convert(graph, Map.of("x", "x:0"), Map.of("y", "y:0"), options))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(why)
        .satisfies(e -> assertThat(e.getCause() == null).isEqualTo(why.endsWith("no output")));
  }

  @Test
  void aConverterThatFailsIsNamedWithItsNode() {
    String at = "the converter of Lgamma fails at node Lgamma: ";
    refused(n -> n.input(7), at + "it asks for input 7 of 1, counted from 0");
    refused(n -> n.shape(1), at + "it asks for input 1 of 1, counted from 0");
    refused(n -> n.output(3, n.input(0)), at + "it asks for output 3 of 1, counted from 0");
    refused(n -> n.outputType(-1), at + "it asks for output -1 of 1, counted from 0");
    refused(
        n -> {
          throw new IllegalStateException("boo\nand more");
        },
        at + "boo");
    refused(
        n -> {
          throw new UnsupportedOperationException();
        },
        at + "UnsupportedOperationException");
    // Not the converter of Exp, which asks for it.
    refused(n -> {}, "the converter of Lgamma has set no output");
  }

  @Test
  void aMissingConverterIsNamed() {
    OnnxConverter.Options options = OnnxConverter.Options.defaults();
    assertThatThrownBy(() -> options.withConverter("X", null))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("converter");
    assertThatThrownBy(() -> options.withConverter(null, n -> {}))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("op");
  }

  @Test
  void aModelBeyondTwoGigabytesIsRefused() {
    assertThatThrownBy(() -> OnnxConverter.checkSize(1L << 31))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("2 GB");
  }
}
