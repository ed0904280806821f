package org.medoid.ops.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tensorflow.EagerSession;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.exceptions.TFInvalidArgumentException;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.family.TNumber;

/** A second op is a page of code, and behaves as an op of TensorFlow's own. */
@Timeout(120)
class HostOpTest {
  private static HostOp cube() {
    return HostOp.define("MedoidTestCube")
        .attribute("T: {float, double}")
        .attribute("factor: float = 1.0")
        .attribute("sign: {'plus', 'minus'} = 'plus'")
        .attribute("fail: {'no', 'argument', 'state', 'memory'} = 'no'")
        .attribute("repeat: int >= 1 = 1")
        .attribute("enabled: bool = true")
        .input("x: T")
        .output("y: T")
        .shapes(context -> context.output(0, context.input(0)))
        .kernel(
            attributes -> {
              float factor = attributes.real("factor") * (attributes.bool("enabled") ? 1 : 0);
              double scale = attributes.string("sign").equals("minus") ? -factor : factor;
              String fail = attributes.string("fail");
              long repeat = attributes.integer("repeat");
              DataType type = attributes.type("T");
              return context -> {
                switch (fail) {
                  case "argument" -> throw new IllegalArgumentException("row 3 is bad");
                  case "state" -> throw new IllegalStateException("broken");
                  case "memory" -> throw new OutOfMemoryError("heap");
                  default -> {}
                }
                HostTensor x = context.input(0);
                if (type == DataType.DT_FLOAT) {
                  FloatBuffer from = x.data().asFloatBuffer();
                  FloatBuffer to = context.output(0, type, x.shape()).asFloatBuffer();
                  for (int i = 0; i < from.limit(); i++) {
                    float v = from.get(i);
                    to.put(i, (float) (scale * repeat * v * v * v));
                  }
                } else {
                  DoubleBuffer from = x.data().asDoubleBuffer();
                  DoubleBuffer to = context.output(0, type, x.shape()).asDoubleBuffer();
                  for (int i = 0; i < from.limit(); i++) {
                    double v = from.get(i);
                    to.put(i, scale * repeat * v * v * v);
                  }
                }
              };
            });
  }

  @SuppressWarnings("unchecked")
  private static Operand<TNumber> number(Output<?> output) {
    return (Operand<TNumber>) output;
  }

  @BeforeAll
  static void register() {
    HostOp.define("MedoidTestSquare")
        .input("x: float")
        .output("y: float")
        .shapes(context -> context.output(0, context.input(0, "x", 1)))
        .kernel(
            attributes ->
                context -> {
                  HostTensor x = context.input(0);
                  FloatBuffer from = x.data().asFloatBuffer();
                  FloatBuffer to = context.output(0, x.type(), x.shape()).asFloatBuffer();
                  for (int i = 0; i < from.limit(); i++) {
                    to.put(i, from.get(i) * from.get(i));
                  }
                })
        .gradient(
            (tf, op, gradients) -> {
              Operand<TNumber> twice = tf.math.add(number(op.input(0)), number(op.input(0)));
              return List.of(tf.math.mul(number(gradients.get(0)), twice));
            })
        .register();
    cube().register();
  }

  @Test
  void runsInASession() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Output<TFloat32> y =
          graph
              .opBuilder("MedoidTestCube", "cube", tf.scope())
              .addInput(tf.constant(new float[] {1, 2, 3}).asOutput())
              .setAttr("sign", "minus")
              .setAttr("factor", 0.5f)
              .setAttr("repeat", 2)
              .build()
              .output(0);
      assertThat(y.shape().asArray()).containsExactly(3);
      try (TFloat32 value = (TFloat32) session.runner().fetch(y).run().get(0)) {
        assertThat(value.getFloat(2)).isEqualTo(-27f);
      }
    }
  }

  @Test
  void runsEagerly() {
    try (EagerSession session = EagerSession.create()) {
      Ops tf = Ops.create(session);
      Output<TFloat64> y =
          session
              .opBuilder("MedoidTestCube", "cube", tf.scope())
              .addInput(tf.constant(new double[] {3}).asOutput())
              .build()
              .output(0);
      assertThat(y.asTensor().getDouble(0)).isEqualTo(27);
    }
  }

  @Test
  void takesAnEmptyTensor() {
    try (EagerSession session = EagerSession.create()) {
      Ops tf = Ops.create(session);
      Output<TFloat32> y =
          session
              .opBuilder("MedoidTestSquare", "square", tf.scope())
              .addInput(tf.constant(new float[0]).asOutput())
              .build()
              .output(0);
      assertThat(y.asTensor().size()).isZero();
    }
  }

  @Test
  void carriesUnknownDimensionsThroughTheShapeFunction() {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> x = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 5)));
      assertThat(op(graph, tf, "MedoidTestCube", x).shape().asArray()).containsExactly(-1, 5);
      Placeholder<TFloat32> unknown =
          tf.placeholder(TFloat32.class, Placeholder.shape(Shape.unknown()));
      assertThat(op(graph, tf, "MedoidTestCube", unknown).shape().isUnknown()).isTrue();
      assertThatThrownBy(() -> op(graph, tf, "MedoidTestSquare", x))
          .isInstanceOf(TFInvalidArgumentException.class)
          .hasMessageContaining("x must have rank 1 but its shape is [-1, 5]");
    }
  }

  private static Output<TFloat32> op(Graph graph, Ops tf, String type, Operand<TFloat32> x) {
    return graph
        .opBuilder(type, tf.scope().makeOpName(type), tf.scope())
        .addInput(x.asOutput())
        .build()
        .output(0);
  }

  @Test
  void isDifferentiatedByTheGraph() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Operand<TFloat32> x = tf.constant(new float[] {1, 2, 3});
      Output<TFloat32> y = op(graph, tf, "MedoidTestSquare", tf.math.square(x));
      Output<?>[] gradient = graph.addGradients(y, new Output<?>[] {x.asOutput()});
      try (Tensor value = session.runner().fetch(gradient[0]).run().get(0)) {
        assertThat(((TFloat32) value).getFloat(1)).isEqualTo(4f * 8);
      }
    }
  }

  @Test
  void reportsAnIllegalArgumentAsTensorFlowDoes() {
    assertThatThrownBy(() -> runFailing("argument"))
        .isInstanceOf(TFInvalidArgumentException.class)
        .hasMessageContaining("MedoidTestCube: row 3 is bad");
  }

  @Test
  void reportsAnyOtherExceptionWithItsPlace() {
    assertThatThrownBy(() -> runFailing("state"))
        .hasMessageContaining("IllegalStateException: broken at org.medoid.ops.host.HostOpTest");
    assertThatThrownBy(() -> runFailing("memory"))
        .hasMessageContaining("out of memory in the Java kernel (heap)");
  }

  private static void runFailing(String how) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Output<?> y =
          graph
              .opBuilder("MedoidTestCube", "cube", tf.scope())
              .addInput(tf.constant(new float[] {1}).asOutput())
              .setAttr("fail", how)
              .build()
              .output(0);
      session.runner().fetch(y).run().close();
    }
  }

  @Test
  void registeringTheSameOpAgainChangesNothing() {
    cube().register();
    assertThatThrownBy(() -> cube().attribute("more: int = 1").register())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("already registered, otherwise defined");
  }

  @Test
  void refusesWhatWouldEndTheProcess() {
    assertThatThrownBy(
            () ->
                HostOp.define("MatMul")
                    .shapes(context -> {})
                    .kernel(attributes -> context -> {})
                    .register())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("MatMul is already registered");
    assertThatThrownBy(() -> HostOp.define("lower")).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> HostOp.define("MedoidTestBad").input("no colon"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no colon");
    assertThatThrownBy(() -> HostOp.define("MedoidTestBad").register())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("needs a shape function and a kernel");
  }
}
