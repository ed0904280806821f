/**
 * The TensorFlow op {@link org.medoid.ops.FacilityLocationLoss}: the structured clustering loss of
 * Song, Jegelka, Rathod and Murphy, "Deep Metric Learning via Facility Location", CVPR 2017
 * (arXiv:1612.01213), with a kernel in Java.
 *
 * <p>{@link org.medoid.ops.clustering} holds the method without TensorFlow, {@link
 * org.medoid.ops.host} the binding for any op with a Java kernel.
 *
 * <p>Example: the loss of four points of two classes that a clustering would group the other way,
 * and where it pulls them.
 *
 * <pre>{@code
 * import java.util.Arrays;
 * import org.medoid.ops.FacilityLocationLoss;
 * import org.tensorflow.*;
 * import org.tensorflow.ndarray.StdArrays;
 * import org.tensorflow.op.Ops;
 * import org.tensorflow.types.*;
 *
 * public class LossOfABatch {
 *   public static void main(String[] arguments) {
 *     try (Graph graph = new Graph(); Session session = new Session(graph)) {
 *       Ops tf = Ops.create(graph);
 *       Operand<TFloat32> points = tf.constant(new float[][] {{0, 0}, {3, 0}, {0, 1}, {3, 1}});
 *       FacilityLocationLoss<TFloat32> clustering =
 *           FacilityLocationLoss.create(
 *               tf.scope(), points, tf.constant(new long[] {0, 0, 1, 1}), tf.constant(1f));
 *       Output<?>[] gradient =
 *           graph.addGradients(clustering.loss(), new Output<?>[] {points.asOutput()});
 *       try (Result result =
 *           session.runner()
 *               .fetch(clustering.loss()).fetch(clustering.assignments()).fetch(gradient[0]).run()) {
 *         System.out.println(((TFloat32) result.get(0)).getFloat()); // prints 5.0
 *         System.out.println(
 *             Arrays.toString(StdArrays.array1dCopyOf((TInt32) result.get(1)))); // prints [0, 1, 0, 1]
 *         System.out.println(((TFloat32) result.get(2)).getFloat(0, 0)); // prints -1.0
 *       }
 *     }
 *   }
 * }
 * }</pre>
 */
package org.medoid.ops;
