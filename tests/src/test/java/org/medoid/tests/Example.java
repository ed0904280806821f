package org.medoid.tests;

import java.util.Random;
import org.medoid.ops.FacilityLocationLoss;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.ReduceSum;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/** Finds the 2 of 20 coordinates that tell 8 classes apart. */
public class Example {
  public static void main(String[] arguments) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> x = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(64, 20)));
      Placeholder<TInt64> y = tf.placeholder(TInt64.class, Placeholder.shape(Shape.of(64)));
      Operand<TFloat32> eye = tf.linalg.eye(tf.constant(20), tf.constant(4), tf.constant(new int[0]), TFloat32.class);
      Variable<TFloat32> weights = tf.variable(eye);
      Operand<TFloat32> z = tf.linalg.matMul(x, weights);
      Operand<TFloat32> squares = tf.reduceSum(tf.math.square(z), tf.constant(1), ReduceSum.keepDims(true));
      Operand<TFloat32> embeddings = tf.math.mul(z, tf.math.rsqrt(squares));
      FacilityLocationLoss<TFloat32> clustering =
          FacilityLocationLoss.create(tf.scope(), embeddings, y, tf.constant(1f), FacilityLocationLoss.margin("nmi"));
      Output<?>[] gradients = graph.addGradients(clustering.loss(), new Output<?>[] {weights.asOutput()});
      @SuppressWarnings("unchecked")
      Op step = tf.train.applyGradientDescent(weights, tf.constant(0.02f), (Output<TFloat32>) gradients[0]);
      Random random = new Random(1);
      for (int i = 0; i <= 200; i++) {
        try (TFloat32 points = TFloat32.tensorOf(Shape.of(64, 20));
            TInt64 labels = TInt64.tensorOf(Shape.of(64))) {
          for (int row = 0; row < 64; row++) {
            int label = random.nextInt(8);
            labels.setLong(label, row);
            for (int column = 0; column < 20; column++) {
              double signal = column == 7 ? Math.cos(label * Math.PI / 4) : column == 13 ? Math.sin(label * Math.PI / 4) : 0;
              points.setFloat((float) (2 * signal + 0.5 * random.nextGaussian()), row, column);
            }
          }
          try (Result result =
              session.runner().feed(x, points).feed(y, labels).fetch(clustering.loss()).fetch(clustering.agreement()).addTarget(step).run()) {
            if (i % 50 == 0) {
              System.out.printf("step %3d  loss %6.2f  NMI %.3f%n", i, ((TFloat32) result.get(0)).getFloat(), ((TFloat32) result.get(1)).getFloat());
            }
          }
        }
      }
    }
  }
}
