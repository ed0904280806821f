package org.medoid.tests;

import java.util.Random;
import org.medoid.ops.FacilityLocationLoss;
import org.tensorflow.*;
import org.tensorflow.ndarray.StdArrays;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;

/** Finds the two of twenty coordinates that tell eight classes apart. */
public class Example {
  public static void main(String[] arguments) {
    Random random = new Random(1);
    float[][] points = new float[64][20];
    long[] labels = new long[64];
    float[][] initial = new float[20][4];
    for (int i = 0; i < 64; i++) {
      labels[i] = i % 8;
      for (int j = 0; j < 20; j++) points[i][j] = (float) random.nextGaussian() / 2;
      points[i][7] += 2 * Math.cos(labels[i] * Math.PI / 4);
      points[i][13] += 2 * Math.sin(labels[i] * Math.PI / 4);
    }
    for (float[] row : initial) for (int j = 0; j < 4; j++) row[j] = (float) random.nextGaussian();

    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Variable<TFloat32> weights = tf.variable(tf.constant(initial));
      Operand<TFloat32> z = tf.linalg.matMul(tf.constant(points), weights);
      Operand<TFloat32> length = tf.math.sqrt(tf.sum(tf.math.square(z), tf.constant(1)));
      Operand<TFloat32> embeddings = tf.math.div(z, tf.expandDims(length, tf.constant(1)));
      FacilityLocationLoss<TFloat32> clustering =
          FacilityLocationLoss.create(
              tf.scope(), embeddings, tf.constant(labels), tf.constant(1f), FacilityLocationLoss.margin("nmi"));
      Output<?>[] gradient = graph.addGradients(clustering.loss(), new Output<?>[] {weights.asOutput()});
      Op step = tf.train.applyGradientDescent(weights, tf.constant(0.02f), gradient[0].expect(TFloat32.class));
      session.initialize();
      for (int i = 0; i <= 100; i++) {
        try (Result result = session.runner().fetch(clustering.loss()).fetch(clustering.agreement()).addTarget(step).run()) {
          float loss = ((TFloat32) result.get(0)).getFloat();
          float nmi = ((TFloat32) result.get(1)).getFloat();
          if (i % 20 == 0) System.out.printf("step %3d  loss %6.2f  NMI %.3f%n", i, loss, nmi);
        }
      }
    }
  }
}
