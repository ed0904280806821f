package org.medoid.export.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import ai.onnx.proto.OnnxMl;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.tensorflow.ConcreteFunction;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Signature;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.family.TType;

/** Loops that only a run ends become ONNX's, with the same numbers. */
class LoopTest {
  private static final Shape IMAGES = Shape.of(-1, 5, 5, 2);

  /** A function of x, images, and a kernel. */
  private static ConcreteFunction function(
      String name, BiFunction<Ops, List<Operand<TFloat32>>, Map<String, Operand<?>>> results) {
    return ConcreteFunction.create(
        tf -> {
          Placeholder<TFloat32> x = tf.placeholder(TFloat32.class, Placeholder.shape(IMAGES));
          Placeholder<TFloat32> kernel =
              tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(3, 3, 2, 2)));
          Placeholder<TInt32> rounds =
              tf.placeholder(TInt32.class, Placeholder.shape(Shape.scalar()));
          Signature.Builder signature =
              Signature.builder(name).input("a", x).input("b", kernel).input("c", rounds);
          results.apply(tf, List.of(x, kernel)).forEach(signature::output);
          if (!name.endsWith("cond")) {
            signature.output("p", tf.identity(kernel));
            signature.output("q", tf.math.add(rounds, tf.constant(1)));
          }
          return signature.build();
        });
  }

  /** x, until its largest number is below 1: half of what {@code round} makes of it. */
  private static GraphDef looped(
      String name, BiFunction<Ops, List<Operand<TFloat32>>, Operand<TFloat32>> round) {
    ConcreteFunction cond =
        function(
            name + "_cond",
            (tf, in) -> {
              Operand<TFloat32> most =
                  tf.reduceMax(tf.math.abs(in.get(0)), tf.constant(new int[] {0, 1, 2, 3}));
              Operand<TBool> more = tf.math.greater(most, tf.constant(1f));
              return Map.of("o", more);
            });
    ConcreteFunction body =
        function(
            name + "_body",
            (tf, in) -> Map.of("o", tf.math.mul(tf.constant(0.5f), round.apply(tf, in))));
    try (cond;
        body;
        Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Operand<TFloat32> x = tf.withName("x").placeholder(TFloat32.class, Placeholder.shape(IMAGES));
      Iterator<Operand<TType>> ends =
          tf.statelessWhile(List.of(x, kernel(tf), tf.constant(0)), cond, body).iterator();
      tf.withName("y").identity(ends.next());
      return graph.toGraphDef();
    }
  }

  /** So small that a convolution does not make its input grow. */
  private static Operand<TFloat32> kernel(Ops tf) {
    float[] values = Runs.random(3, 3, 3, 2, 2);
    for (int i = 0; i < values.length; i++) {
      values[i] *= 0.2f;
    }
    return Runs.constant(tf, values, 3, 3, 2, 2);
  }

  private static void same(GraphDef graph, OnnxMl.ModelProto model, float scale) {
    float[] x = Runs.random(11, 3, 5, 5, 2);
    for (int i = 0; i < x.length; i++) {
      x[i] *= scale;
    }
    double[] actual = Runs.onnxRuntime(model, x, 3, 5, 5, 2).values();
    try (Graph imported = new Graph();
        Session session = open(imported, graph);
        TFloat32 in = TFloat32.tensorOf(Shape.of(3, 5, 5, 2), DataBuffers.of(x));
        Result result = session.runner().feed("x", in).fetch("y").run()) {
      float[] expected = new float[x.length];
      result.get(0).asRawTensor().data().asFloats().read(expected);
      for (int i = 0; i < x.length; i++) {
        assertThat(actual[i]).isCloseTo(expected[i], within(1e-5));
      }
    }
  }

  private static Session open(Graph graph, GraphDef definition) {
    graph.importGraphDef(definition);
    return new Session(graph);
  }

  private static Operand<TFloat32> convolved(Ops tf, List<Operand<TFloat32>> in) {
    return tf.nn.conv2d(in.get(0), in.get(1), List.of(1L, 1L, 1L, 1L), "SAME");
  }

  @Test
  void aLoopRunsUntilARunEndsItOrNotAtAll() {
    GraphDef graph = looped("plain", (tf, in) -> tf.math.tan(tf.math.tanh(in.get(0))));
    OnnxMl.ModelProto model = Runs.convert(graph);
    same(graph, model, 40);
    same(graph, model, 1);
    same(graph, model, 0.01f);
  }

  @Test
  void whatARoundHandsOnIsTakenFromAroundTheLoop() {
    GraphDef graph = looped("convolved", LoopTest::convolved);
    OnnxMl.ModelProto model = Runs.convert(graph);
    same(graph, model, 3);
    OnnxMl.NodeProto loop =
        model.getGraph().getNodeList().stream()
            .filter(node -> node.getOpType().equals("Loop"))
            .findFirst()
            .orElseThrow();
    OnnxMl.GraphProto body = loop.getAttribute(0).getG();
    // The kernel is a constant in the body; x and the counter are carried on.
    assertThat(body.getNodeList()).extracting(OnnxMl.NodeProto::getOpType).contains("Conv");
    assertThat(body.getInitializerList()).anyMatch(constant -> constant.getDimsCount() == 4);
    assertThat(loop.getInputCount()).isEqualTo(2 + 2);
  }

  @Test
  void whatCannotBeConvertedInALoopIsNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Runs.convert(looped("gamma", (tf, in) -> tf.math.digamma(in.get(0)))))
        .withMessageContaining("1 node cannot be converted to ONNX")
        .withMessageContaining("Digamma");
  }
}
