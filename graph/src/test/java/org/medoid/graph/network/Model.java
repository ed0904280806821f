package org.medoid.graph.network;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/** A graph of layers with one float input, and its session: what most tests here need. */
final class Model implements AutoCloseable {

  private final Graph graph = new Graph();
  final Ops tf = Ops.create(graph);
  final Layers layers;
  final Placeholder<TFloat32> input;
  final Operand<TFloat32> output;
  private Session session;

  Model(
      Layers.Mode mode,
      Layers.Options options,
      Shape inputShape,
      BiFunction<Layers, Operand<TFloat32>, Operand<TFloat32>> description) {
    layers = new Layers(tf, mode, options);
    input = tf.placeholder(TFloat32.class, Placeholder.shape(inputShape));
    output = description.apply(layers, input);
  }

  /** The session, initialised; open it when the graph is complete. */
  Session session() {
    if (session == null) {
      session = new Session(graph);
    }
    session.initialize();
    return session;
  }

  /** Evaluates a float operand on the input, together with other operations. */
  float[] run(Operand<TFloat32> what, Values in, List<? extends Op> targets) {
    try (TFloat32 tensor = in.tensor()) {
      Session.Runner runner = session().runner().feed(input, tensor).fetch(what);
      targets.forEach(runner::addTarget);
      try (Result result = runner.run()) {
        return floats(result.get(0));
      }
    }
  }

  float[] run(Operand<TFloat32> what, Values in) {
    return run(what, in, List.of());
  }

  float[] run(Values in) {
    return run(output, in);
  }

  Map<String, float[]> values() {
    Map<String, float[]> values = new LinkedHashMap<>();
    for (LayerVariable v : layers.variables()) {
      try (Result result = session().runner().fetch(v.variable()).run()) {
        values.put(v.name(), floats(result.get(0)));
      }
    }
    return values;
  }

  /** Assigns values to the variable whose name ends so. */
  void set(String nameEnd, float... values) {
    LayerVariable v =
        layers.variables().stream()
            .filter(x -> x.name().endsWith(nameEnd))
            .findFirst()
            .orElseThrow();
    Placeholder<TFloat32> in = tf.placeholder(TFloat32.class);
    Op assign = tf.assign(v.variable(), in);
    try (TFloat32 tensor = TFloat32.tensorOf(v.shape(), DataBuffers.of(values));
        Result unused = session().runner().feed(in, tensor).addTarget(assign).run()) {
      assert unused.size() == 0;
    }
  }

  /** Plain gradient descent: one operation per trainable, and the updates of the averages. */
  List<Op> descent(Operand<TFloat32> loss, float rate) {
    List<Op> step = new ArrayList<>(layers.updates());
    List<Operand<TFloat32>> gradients = layers.gradients(loss);
    for (int i = 0; i < gradients.size(); i++) {
      step.add(
          tf.assignSub(
              layers.trainables().get(i).variable(),
              tf.math.mul(gradients.get(i), tf.constant(rate))));
    }
    return step;
  }

  /** A loss with a gradient everywhere: squared distance of the output from 0.3, summed. */
  Operand<TFloat32> loss() {
    int rank = output.asOutput().shape().numDimensions();
    Operand<TInt32> axes = tf.constant(IntStream.range(0, rank).toArray());
    return tf.reduceSum(tf.math.square(tf.math.sub(output, tf.constant(0.3f))), axes);
  }

  @Override
  public void close() {
    if (session != null) {
      session.close();
    }
    graph.close();
  }

  static float[] floats(Tensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.size())];
    tensor.asRawTensor().data().asFloats().read(values);
    return values;
  }

  /** Values for the input. */
  static final class Values {

    private final Shape shape;
    private final float[] data;

    private Values(Shape shape, float[] data) {
      this.shape = shape;
      this.data = data;
    }

    static Values of(Shape shape, float... data) {
      return new Values(shape, data);
    }

    /** Uniform in [0, 1), seeded. */
    static Values random(Shape shape, long seed) {
      Random random = new Random(seed);
      float[] data = new float[Math.toIntExact(shape.size())];
      for (int i = 0; i < data.length; i++) {
        data[i] = random.nextFloat();
      }
      return new Values(shape, data);
    }

    TFloat32 tensor() {
      return TFloat32.tensorOf(shape, DataBuffers.of(data));
    }
  }
}
