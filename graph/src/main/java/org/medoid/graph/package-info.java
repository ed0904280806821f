/**
 * Graphs that train and graphs that infer, built from one description of a network.
 *
 * <p>{@link org.medoid.graph.TrainingGraph} puts a network, a loss and an optimizer into a graph,
 * {@link org.medoid.graph.InferenceGraph} the same network with frozen batch normalisation into
 * another; their variables have the same names, so that a checkpoint of the first restores the
 * second. {@link org.medoid.graph.ChunkedStep} takes steps on batches larger than what fits through
 * the network at once; {@link org.medoid.graph.BackboneGraph} writes a network as a SavedModel that
 * can be trained further.
 *
 * <p>Example: ten steps on random pictures of two classes, a checkpoint, and the embedding by what
 * was learnt.
 *
 * <pre>{@code
 * import java.nio.file.Path;
 * import java.util.Random;
 * import org.medoid.graph.*;
 * import org.medoid.graph.loss.*;
 * import org.medoid.graph.network.*;
 * import org.tensorflow.*;
 * import org.tensorflow.ndarray.Shape;
 * import org.tensorflow.ndarray.buffer.DataBuffers;
 * import org.tensorflow.op.Ops;
 * import org.tensorflow.op.core.Placeholder;
 * import org.tensorflow.types.*;
 *
 * public class TenSteps {
 *   public static void main(String[] arguments) throws Exception {
 *     Random random = new Random(1);
 *     float[] pixels = new float[8 * 16 * 16 * 3];
 *     for (int i = 0; i < pixels.length; i++) {
 *       pixels[i] = (random.nextFloat() + i / (pixels.length / 2)) / 2; // the second class is brighter
 *     }
 *     Path checkpoint = Path.of(arguments[0]).resolve("step-10"); // in a folder of yours
 *     try (Graph graph = new Graph();
 *         TFloat32 batch = TFloat32.tensorOf(Shape.of(8, 16, 16, 3), DataBuffers.of(pixels));
 *         TInt64 classes = TInt64.vectorOf(0, 0, 0, 0, 1, 1, 1, 1);
 *         TFloat32 rate = TFloat32.scalarOf(0.001f);
 *         TFloat32 gamma = TFloat32.scalarOf(1)) {
 *       Ops tf = Ops.create(graph);
 *       Placeholder<TFloat32> images =
 *           tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(8, 16, 16, 3)));
 *       Placeholder<TInt64> labels = tf.placeholder(TInt64.class, Placeholder.shape(Shape.of(8)));
 *       TrainingGraph training =
 *           new TrainingGraph(
 *               tf, new ConvNet(), new EmbeddingHead(4), images, labels,
 *               Losses.of("facility_location", Losses.Settings.of(2)),
 *               RmsProp.defaults(), Layers.Options.defaults());
 *       try (Session session = new Session(graph)) {
 *         session.initialize();
 *         for (int i = 0; i < 10; i++) {
 *           session.runner()
 *               .feed(images, batch).feed(labels, classes)
 *               .feed(training.learningRate(), rate).feed(training.marginMultiplier(), gamma)
 *               .addTarget(training.step()).run().close();
 *         }
 *         session.save(checkpoint.toString());
 *       }
 *       try (InferenceGraph inference =
 *               InferenceGraph.restored(new ConvNet(), new EmbeddingHead(4), 16, checkpoint);
 *           Result result =
 *               inference.session().runner()
 *                   .feed(InferenceGraph.INPUT, batch).fetch(InferenceGraph.OUTPUT).run()) {
 *         System.out.println(result.get(0).shape()); // prints [8, 4]
 *       }
 *     }
 *   }
 * }
 * }</pre>
 */
package org.medoid.graph;
