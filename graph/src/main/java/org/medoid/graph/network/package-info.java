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
 * <p>Example: a training graph and an inference graph of the same network.
 *
 * <pre>{@code
 * Network network = new ConvNet();
 * EmbeddingHead head = new EmbeddingHead(64);
 *
 * Ops tf = Ops.create(trainingGraph);
 * Layers layers = new Layers(tf, Layers.Mode.TRAINING, Layers.Options.defaults());
 * Operand<TFloat32> embeddings = head.embed(layers, network.features(layers, images));
 * Operand<TFloat32> loss = ...;
 * List<Operand<TFloat32>> gradients = layers.gradients(loss); // of layers.trainables(), in order
 * // A step runs the optimizer's operations on these and layers.updates().
 *
 * // In the other graph, with Mode.INFERENCE, the same two calls and nothing else;
 * // then inferenceSession.restore(prefix) of what trainingSession.save(prefix) wrote.
 * }</pre>
 */
package org.medoid.graph.network;
