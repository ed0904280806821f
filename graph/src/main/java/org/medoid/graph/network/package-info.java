/**
 * Networks that turn images into embeddings, described once and built into any graph.
 *
 * <p>A {@link org.medoid.graph.network.Network} says which layers follow one another; a {@link
 * org.medoid.graph.network.Layers} says what that means in the graph at hand: with batch statistics
 * and updates of the moving averages for training, with the moving averages alone for inference.
 * Both builds create the same variables under the same names, so a checkpoint that {@code
 * Session.save} writes from the training graph restores into the inference graph, which holds
 * neither gradients nor optimizer slots and can be frozen and exported as it is.
 *
 * <p>There are three networks: {@link org.medoid.graph.network.ConvNet} for icons and characters,
 * {@link org.medoid.graph.network.InceptionV2} for photographs, whose pretrained values {@link
 * org.medoid.graph.network.Weights} reads from TF-Slim's checkpoint, and {@link
 * org.medoid.graph.network.SavedModelNetwork} for whatever a SavedModel holds.
 *
 * <p>Only plain graph nodes are used: {@code VariableV2} (resource variables cannot be reloaded
 * after an export from Java) and operations for which TensorFlow's C++ library has a gradient,
 * never a function body (gradients registered from Java are not found there).
 *
 * <p>Example: the same network in a graph that trains and in one that infers. A step runs the
 * optimizer's operations on the gradients and {@code training.updates()}.
 *
 * <pre>{@code
 * import java.util.List;
 * import org.medoid.graph.network.*;
 * import org.tensorflow.*;
 * import org.tensorflow.ndarray.Shape;
 * import org.tensorflow.op.Ops;
 * import org.tensorflow.types.TFloat32;
 *
 * public class TwoGraphs {
 *   static Operand<TFloat32> embed(Layers layers, Operand<TFloat32> images) {
 *     return new EmbeddingHead(64).embed(layers, new ConvNet().features(layers, images));
 *   }
 *
 *   public static void main(String[] arguments) {
 *     try (Graph one = new Graph(); Graph other = new Graph()) {
 *       Ops tf = Ops.create(one);
 *       Layers training = new Layers(tf, Layers.Mode.TRAINING, Layers.Options.defaults());
 *       Operand<TFloat32> embeddings = embed(training, images(tf, 4));
 *       List<Operand<TFloat32>> gradients =
 *           training.gradients(tf.reduceSum(embeddings, tf.constant(new int[] {0, 1})));
 *       System.out.println(gradients.size() == training.trainables().size()); // prints true
 *
 *       tf = Ops.create(other);
 *       Layers inference = new Layers(tf, Layers.Mode.INFERENCE, Layers.Options.defaults());
 *       embed(inference, images(tf, 1));
 *       System.out.println(names(training).equals(names(inference))); // prints true
 *       System.out.println(names(inference).get(0)); // prints ConvNet/Block1/weights
 *     }
 *   }
 *
 *   static Operand<TFloat32> images(Ops tf, int batch) {
 *     return tf.zeros(tf.constant(new int[] {batch, 40, 40, 3}), TFloat32.class);
 *   }
 *
 *   static List<String> names(Layers layers) {
 *     return layers.variables().stream().map(LayerVariable::name).toList();
 *   }
 * }
 * }</pre>
 */
package org.medoid.graph.network;
