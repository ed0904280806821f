/**
 * One loss over several machines, on TensorFlow's own gRPC server and collective operations.
 *
 * <p>A loss that compares clusterings of a whole batch is no sum of losses of its parts. So each
 * {@link org.medoid.graph.distributed.Worker} embeds its share of the batch, all of them
 * {@linkplain org.medoid.graph.distributed.Exchange#gather gather} the embeddings and compute the
 * same loss, which is deterministic, and each goes back from {@linkplain
 * org.medoid.graph.distributed.Exchange#own its own rows} of the gradient; the gradients of the
 * weights are {@linkplain org.medoid.graph.distributed.Exchange#sum summed}. {@link
 * org.medoid.graph.TrainingGraph} does all that when it is given an exchange. What is written for
 * several workers runs in one process too: {@link org.medoid.graph.distributed.Worker#alone()}.
 *
 * <p>Whoever reaches a worker's port can run any graph in it, which may read and write files:
 * TensorFlow's server listens on all interfaces, without a password or encryption.
 *
 * <p>Example: the variance of four numbers and its gradient, over as many workers as {@code
 * TF_CONFIG} names, each of which has its share of the numbers.
 *
 * <pre>{@code
 * import java.util.Map;
 * import org.medoid.graph.distributed.*;
 * import org.tensorflow.*;
 * import org.tensorflow.ndarray.Shape;
 * import org.tensorflow.ndarray.buffer.DataBuffers;
 * import org.tensorflow.op.Ops;
 * import org.tensorflow.op.core.Placeholder;
 * import org.tensorflow.types.TFloat32;
 *
 * public class SharedVariance {
 *   public static void main(String[] arguments) {
 *     Worker worker =
 *         Cluster.ofEnvironment()
 *             .map(cluster -> Worker.join(cluster, Worker.PATIENCE, System.err::println))
 *             .orElseGet(Worker::alone);
 *     worker.agree(Map.of("program", "SharedVariance")); // what must be the same on all
 *     float[] numbers = {1, 2, 3, 6};
 *     int share = numbers.length / worker.workers();
 *     Exchange exchange = worker.exchange();
 *     try (Graph graph = new Graph()) {
 *       Ops tf = Ops.create(graph);
 *       Placeholder<TFloat32> own =
 *           tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(share, 1)));
 *       Operand<TFloat32> all = exchange.gather(tf, own);
 *       Operand<TFloat32> mean = tf.math.mean(all, tf.constant(0));
 *       Operand<TFloat32> variance =
 *           tf.math.mean(tf.math.square(tf.math.sub(all, mean)), tf.constant(new int[] {0, 1}));
 *       Output<?>[] gradient =
 *           graph.addGradients(variance.asOutput(), new Output<?>[] {all.asOutput()});
 *       Operand<TFloat32> ownGradient = exchange.own(tf, gradient[0].expect(TFloat32.class));
 *       try (Session session = worker.session(graph);
 *           TFloat32 shared =
 *               TFloat32.tensorOf(
 *                   Shape.of(share, 1),
 *                   DataBuffers.of(numbers, true, false).offset(worker.rank() * share).narrow(share));
 *           Result result =
 *               exchange
 *                   .timed(session.runner().feed(own, shared).fetch(variance).fetch(ownGradient))
 *                   .run()) {
 *         if (worker.leads()) {
 *           System.out.println(((TFloat32) result.get(0)).getFloat()); // prints 3.5
 *           System.out.println(((TFloat32) result.get(1)).getFloat(0, 0)); // prints -1.0
 *         }
 *       } catch (RuntimeException e) {
 *         throw worker.explain(e); // names the worker that is gone
 *       }
 *     }
 *     worker.leave();
 *   }
 * }
 * }</pre>
 */
package org.medoid.graph.distributed;
