package org.medoid.export.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnx.proto.OnnxMl;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;
import org.medoid.export.Reference;
import org.medoid.export.onnx.pass.Constant;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.OperationBuilder;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TType;

/** Runs a graph in TensorFlow and its conversion in onnxruntime on the same input. */
final class Runs {
  /**
   * How many roundings of the inputs an error may be worth, beyond a share of the largest value: a
   * sum over a few hundred products is in the worst case that far off.
   */
  private static final double NOISES = 16;

  private Runs() {}

  /** A graph of one input {@code x} and one output {@code y}, both float unless it says else. */
  static GraphDef graph(
      long[] placeholder, Function<Ops, Function<Operand<TFloat32>, Operand<?>>> body) {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> x =
          tf.withName("x")
              .placeholder(
                  TFloat32.class,
                  Placeholder.shape(placeholder == null ? Shape.unknown() : Shape.of(placeholder)));
      tf.withName("y").identity(body.apply(tf).apply(x));
      return graph.toGraphDef();
    }
  }

  /**
   * A node of any operation.
   *
   * @param attributes by name: String, Boolean, Float, Integer, long[] or DataType
   */
  static Made node(Ops tf, String op, Map<String, ?> attributes, Operand<?>... in) {
    return node(tf, op, attributes, List.of(in), List.of());
  }

  /**
   * A node of an operation that takes a list of tensors.
   *
   * @param list goes before the single inputs
   */
  static Made node(
      Ops tf,
      String op,
      Map<String, ?> attributes,
      List<? extends Operand<?>> in,
      List<? extends Operand<?>> list) {
    OperationBuilder builder =
        tf.scope().env().opBuilder(op, tf.scope().makeOpName(op), tf.scope());
    if (!list.isEmpty()) {
      builder.addInputList(list.stream().map(Operand::asOutput).toArray(Output<?>[]::new));
    }
    in.forEach(one -> builder.addInput(one.asOutput()));
    attributes.forEach(
        (name, value) -> {
          if (value instanceof String text) {
            builder.setAttr(name, text);
          } else if (value instanceof Boolean flag) {
            builder.setAttr(name, flag);
          } else if (value instanceof Float number) {
            builder.setAttr(name, number);
          } else if (value instanceof long[] numbers) {
            builder.setAttr(name, numbers);
          } else if (value instanceof DataType type) {
            builder.setAttr(name, type);
          } else {
            builder.setAttr(name, ((Integer) value).longValue());
          }
        });
    return new Made(builder.build());
  }

  /** A node that was made. */
  record Made(Operation operation) {
    <T extends TType> Operand<T> output() {
      return output(0);
    }

    <T extends TType> Operand<T> output(int index) {
      return operation.output(index);
    }
  }

  /** A pooling of one pixel: changes nothing, and wants channels first. */
  static Operand<TFloat32> asImage(Ops tf, Operand<?> x) {
    long[] one = {1, 1, 1, 1};
    return node(tf, "MaxPool", Map.of("ksize", one, "strides", one, "padding", "VALID"), x)
        .output();
  }

  /** The nodes of a graph in short: operations, attributes and small constants. */
  static String text(GraphDef graph) {
    StringBuilder text = new StringBuilder();
    for (NodeDef node : graph.getNodeList()) {
      text.append("\n  ").append(node.getName()).append(' ').append(node.getOp());
      text.append(node.getInputList());
      new TreeMap<>(node.getAttrMap())
          .forEach(
              (name, value) -> {
                String shown = value.toString().replaceAll("\\s+", " ");
                text.append(' ').append(name).append('=');
                text.append(shown, 0, Math.min(160, shown.length()));
              });
    }
    return text.toString();
  }

  static OnnxMl.ModelProto convert(GraphDef graph) {
    return OnnxConverter.convert(
        graph, Map.of("x", "x:0"), Map.of("y", "y:0"), OnnxConverter.Options.defaults());
  }

  static List<String> ops(OnnxMl.ModelProto model) {
    return model.getGraph().getNodeList().stream().map(OnnxMl.NodeProto::getOpType).toList();
  }

  static float[] random(long seed, long... shape) {
    Random random = new Random(seed);
    float[] values = new float[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** Random values as a constant. */
  static Operand<TFloat32> constant(Ops tf, long seed, long... shape) {
    return constant(tf, random(seed, shape), shape);
  }

  static Operand<TFloat32> constant(Ops tf, float[] values, long... shape) {
    return tf.constant(Shape.of(shape), DataBuffers.of(values));
  }

  /** Positive random values as a constant. */
  static Operand<TFloat32> positive(Ops tf, long seed, long... shape) {
    float[] values = random(seed, shape);
    for (int i = 0; i < values.length; i++) {
      values[i] = Math.abs(values[i]) + 0.5f;
    }
    return tf.constant(Shape.of(shape), DataBuffers.of(values));
  }

  /**
   * Converts a graph, feeds x to the model and compares y with the {@link Reference}.
   *
   * @return the model
   */
  static OnnxMl.ModelProto same(GraphDef graph, float[] x, long... shape) {
    return same(graph, convert(graph), 1e-5, x, shape);
  }

  static OnnxMl.ModelProto same(
      GraphDef graph, OnnxMl.ModelProto model, double tolerance, float[] x, long... shape) {
    Reference reference = new Reference(graph, x, shape);
    Reference.Values expected = reference.exact();
    Reference.Values actual = onnxRuntime(model, x, shape);
    assertThat(actual.shape()).isEqualTo(expected.shape());
    assertThat(actual.type()).isEqualTo(expected.type());
    double scale =
        Math.max(
            1e-3,
            Arrays.stream(expected.values())
                .filter(Double::isFinite)
                .map(Math::abs)
                .max()
                .orElse(1));
    double[] noise = null;
    for (int i = 0; i < expected.values().length; i++) {
      double e = expected.values()[i];
      double a = actual.values()[i];
      if (e == a
          || (float) e == (float) a // beyond the range of float
          || (Double.isNaN(e) && Double.isNaN(a))
          || Math.abs(e - a) <= tolerance * scale) {
        continue;
      }
      noise = noise == null ? reference.noise() : noise;
      if (!(Math.abs(e - a) <= tolerance * scale + NOISES * noise[i])) {
        throw new AssertionError(
            "value %d of %d: TensorFlow %s, ONNX %s, scale %s, noise %s; nodes %s"
                .formatted(i, expected.values().length, e, a, scale, noise[i], ops(model)));
      }
    }
    return model;
  }

  static Reference.Values onnxRuntime(OnnxMl.ModelProto model, float[] x, long... shape) {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    ByteBuffer fed =
        ByteBuffer.allocateDirect(Math.max(4, 4 * x.length)).order(ByteOrder.nativeOrder());
    fed.asFloatBuffer().put(x);
    fed.limit(4 * x.length);
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      try (OrtSession session = environment.createSession(model.toByteArray(), options);
          OnnxTensor tensor = OnnxTensor.createTensor(environment, fed, shape, OnnxJavaType.FLOAT);
          OrtSession.Result result = session.run(Map.of("x", tensor))) {
        OnnxTensor y = (OnnxTensor) result.get(0);
        DataType type =
            switch (y.getInfo().type) {
              case FLOAT -> DataType.DT_FLOAT;
              case DOUBLE -> DataType.DT_DOUBLE;
              case INT32 -> DataType.DT_INT32;
              case INT64 -> DataType.DT_INT64;
              case UINT8 -> DataType.DT_UINT8;
              case BOOL -> DataType.DT_BOOL;
              default -> throw new AssertionError(y.getInfo().type);
            };
        ByteBuffer data = y.getByteBuffer();
        byte[] bytes = new byte[data == null ? 0 : data.remaining()];
        if (data != null) {
          data.get(bytes);
        }
        Constant constant = new Constant(type, y.getInfo().getShape(), bytes);
        return new Reference.Values(type, y.getInfo().getShape(), constant.doubles());
      }
    } catch (OrtException e) {
      throw new AssertionError(e.getMessage() + "; nodes " + ops(model), e);
    }
  }
}
