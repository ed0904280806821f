/**
 * Losses on a batch of embeddings, in the style of TensorFlow's framework, and what a training
 * graph needs to know of them.
 *
 * <p>{@link org.medoid.graph.loss.FacilityLocation} is the loss of this project, the others are its
 * rivals. Those on pairs and triplets compare the embeddings of a batch with each other, those with
 * proxies with a trainable vector per class, {@link org.medoid.graph.loss.DeepClustering} and
 * {@link org.medoid.graph.loss.SpectralClustering} the whole batch with its labels. {@link
 * org.medoid.graph.loss.Losses} makes any of them by name for a {@link
 * org.medoid.graph.TrainingGraph}.
 *
 * <p>Example: a loss wherever the framework takes one; here eagerly.
 *
 * <pre>{@code
 * import org.medoid.graph.loss.*;
 * import org.tensorflow.*;
 * import org.tensorflow.framework.losses.Loss;
 * import org.tensorflow.op.Ops;
 * import org.tensorflow.types.*;
 *
 * public class LossesOfABatch {
 *   public static void main(String[] arguments) {
 *     try (EagerSession session = EagerSession.create()) {
 *       Ops tf = Ops.create(session);
 *       Operand<TFloat32> embeddings = tf.constant(new float[][] {{1, 0}, {0, 1}, {-1, 0}, {0, -1}});
 *       Operand<TInt64> labels = tf.constant(new long[] {0, 0, 1, 1});
 *       Loss contrastive = new Contrastive(0, 1, true, false);
 *       Operand<TFloat32> value = contrastive.call(tf, labels, embeddings, null);
 *       System.out.println(value.asTensor().getFloat()); // prints 1.0
 *       Loss clustering = new FacilityLocation(tf.constant(1f));
 *       value = clustering.call(tf, labels, embeddings, null);
 *       System.out.println(value.asTensor().getFloat() >= 0); // prints true
 *       System.out.println(Losses.names().contains("proxy_anchor")); // prints true
 *     }
 *   }
 * }
 * }</pre>
 */
package org.medoid.graph.loss;
