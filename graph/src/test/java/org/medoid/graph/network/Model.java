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

  /** What every variable holds. */
  Map<String, float[]> values() {
    Session.Runner runner = session().runner();
    layers.variables().forEach(v -> runner.fetch(v.variable()));
    Map<String, float[]> values = new LinkedHashMap<>();
    try (Result result = runner.run()) {
      for (int i = 0; i < result.size(); i++) {
        values.put(layers.variables().get(i).name(), floats(result.get(i)));
      }
    }
    return values;
  }

  /** Assigns values to the variable of this full name. */
  void set(String name, float... values) {
    setAll(Map.of(name, values));
  }

  /** Assigns values to variables by their full names, in one run. */
  void setAll(Map<String, float[]> values) {
    List<Placeholder<TFloat32>> inputs = new ArrayList<>();
    List<TFloat32> tensors = new ArrayList<>();
    List<Op> assigns = new ArrayList<>();
    for (LayerVariable v : layers.variables()) {
      if (values.containsKey(v.name())) {
        inputs.add(tf.placeholder(TFloat32.class));
        tensors.add(TFloat32.tensorOf(v.shape(), DataBuffers.of(values.get(v.name()))));
        assigns.add(tf.assign(v.variable(), inputs.get(inputs.size() - 1)));
      }
    }
    if (assigns.size() != values.size()) {
      throw new IllegalArgumentException("no such variables among " + values.keySet());
    }
    Session.Runner runner = session().runner();
    for (int i = 0; i < assigns.size(); i++) {
      runner.feed(inputs.get(i), tensors.get(i)).addTarget(assigns.get(i));
    }
    runner.run().close();
    tensors.forEach(TFloat32::close);
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
