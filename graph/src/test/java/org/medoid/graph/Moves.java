package org.medoid.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.medoid.graph.network.LayerVariable;
import org.medoid.graph.network.Layers;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/** How far optimizers move a backbone bias b = 0 and a head weight w [1, 1, 1, 1]. */
final class Moves {
  static final float RATE = 0.1f;

  private Moves() {}

  /** One step with gradients 3 and 4: how far each was moved, and w before. */
  static Map<String, Float> of(Optimizer optimizer) {
    List<float[]> path = of(optimizer, 1, 1, new float[] {3, 4});
    return Map.of(
        "b", path.get(0)[0] - path.get(1)[0],
        "w", path.get(0)[1] - path.get(1)[1],
        "before", path.get(0)[1]);
  }

  /**
   * Some steps.
   *
   * @param backbone the factor on its rate
   * @param head the factor on its rate
   * @param gradients of b and w in each step
   * @return b and w before the first step and after each
   */
  static List<float[]> of(Optimizer optimizer, float backbone, float head, float[]... gradients) {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Layers layers = new Layers(tf, Layers.Mode.TRAINING, Layers.Options.defaults());
      Operand<TFloat32> x = tf.constant(new float[][] {{0}});
      layers.scope("B", () -> layers.bias(x));
      layers.head(
          () ->
              layers.scope("W", () -> layers.conv2d(tf.constant(new float[1][1][1][1]), 1, 1, 1)));
      List<LayerVariable> variables = layers.trainables();
      Operand<TFloat32> ofB = tf.withName("ofB").placeholder(TFloat32.class);
      Operand<TFloat32> ofW = tf.withName("ofW").placeholder(TFloat32.class);
      Variable<TInt64> steps = tf.variable(tf.constant(0L));
      Optimizer.Rates rates =
          new Optimizer.Rates(
              tf.constant(RATE * backbone), tf.constant(RATE * head), tf.constant(Float.NaN));
      List<Op> updates =
          new ArrayList<>(
              optimizer.apply(
                  tf,
                  variables,
                  List.of(
                      tf.reshape(ofB, tf.constant(new int[] {1})),
                      tf.reshape(ofW, tf.constant(new int[] {1, 1, 1, 1}))),
                  rates,
                  tf.identity(steps)));
      updates.add(tf.withControlDependencies(updates).assignAdd(steps, tf.constant(1L)));
      try (Session session = new Session(graph)) {
        session.initialize();
        List<float[]> path = new ArrayList<>();
        path.add(values(session, variables));
        for (float[] each : gradients) {
          try (TFloat32 b = TFloat32.scalarOf(each[0]);
              TFloat32 w = TFloat32.scalarOf(each[1])) {
            Session.Runner runner = session.runner().feed(ofB, b).feed(ofW, w);
            updates.forEach(runner::addTarget);
            runner.run().close();
          }
          path.add(values(session, variables));
        }
        return path;
      }
    }
  }

  private static float[] values(Session session, List<LayerVariable> variables) {
    float[] values = new float[variables.size()];
    for (int i = 0; i < values.length; i++) {
      try (TFloat32 value =
          (TFloat32) session.runner().fetch(variables.get(i).variable()).run().get(0)) {
        values[i] = value.asRawTensor().data().asFloats().getFloat(0);
      }
    }
    return values;
  }
}
