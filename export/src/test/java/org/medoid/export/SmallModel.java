package org.medoid.export;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.ReduceSum;
import org.tensorflow.op.core.Variable;
import org.tensorflow.op.nn.Conv2d;
import org.tensorflow.types.TFloat32;

/**
 * A small embedding network in a graph that also holds the descent that trains it: preprocessing, a
 * convolution, ReLU, the mean, a dense layer to five numbers, L2 normalisation.
 */
final class SmallModel implements AutoCloseable {
  private final List<Op> initializers = new ArrayList<>();
  final Graph graph = new Graph();
  final Ops tf = Ops.create(graph);
  final Session session;
  final Placeholder<TFloat32> images;
  final Operand<TFloat32> embedding;

  SmallModel(Shape shape) {
    images = tf.withName("in_pictures").placeholder(TFloat32.class, Placeholder.shape(shape));
    Operand<TFloat32> centred =
        tf.math.mul(tf.math.sub(images, tf.constant(0.5f)), tf.constant(2f));
    Variable<TFloat32> kernel = variable("net_kernel", Shape.of(3, 3, 3, 4), 1);
    Variable<TFloat32> dense = variable("net_dense", Shape.of(4, 5), 2);
    Operand<TFloat32> x =
        tf.nn.relu(
            tf.nn.conv2d(
                tf.identity(centred),
                kernel,
                List.of(1L, 2L, 2L, 1L),
                "SAME",
                new Conv2d.Options[0]));
    Operand<TFloat32> features =
        tf.linalg.matMul(tf.math.mean(x, tf.constant(new int[] {1, 2})), dense);
    Operand<TFloat32> length =
        tf.math.sqrt(
            tf.reduceSum(
                tf.math.square(features), tf.constant(new int[] {1}), ReduceSum.keepDims(true)));
    embedding =
        tf.withName("out_embedding")
            .identity(tf.math.div(features, tf.math.maximum(length, tf.constant(1e-12f))));
    Operand<TFloat32> loss = tf.math.mean(tf.math.square(features), tf.constant(new int[] {0, 1}));
    tf.withName("train")
        .train
        .applyGradientDescent(
            dense,
            tf.constant(0.1f),
            graph
                .addGradients(loss.asOutput(), new org.tensorflow.Output<?>[] {dense.asOutput()})[0]
                .expect(TFloat32.class));
    session = new Session(graph);
    Session.Runner runner = session.runner();
    initializers.forEach(runner::addTarget);
    runner.run().close();
  }

  private Variable<TFloat32> variable(String name, Shape shape, long seed) {
    float[] values = new float[(int) shape.size()];
    Random random = new Random(seed);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    Variable<TFloat32> variable = tf.withName(name).variable(shape, TFloat32.class);
    initializers.add(tf.assign(variable, tf.constant(shape, DataBuffers.of(values))));
    return variable;
  }

  FrozenGraph frozen() {
    return FrozenGraph.of(
        session, graph, Map.of("images", "in_pictures"), Map.of("embedding", "out_embedding:0"));
  }

  @Override
  public void close() {
    session.close();
    graph.close();
  }
}
