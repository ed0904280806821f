/**
 * Reads SavedModels of any writer: TensorFlow 1 and 2, Keras, TensorFlow Hub, TensorFlow Java.
 *
 * <p>A {@link org.medoid.export.savedmodel.SavedModel} finds the graph in the file and, in it, the
 * way from images to features: a {@link org.medoid.export.savedmodel.ModelSignature}, which says
 * what was found and gives it as one {@link org.medoid.export.savedmodel.FlatGraph}, without
 * functions, branches and variables, always from float32 images [batch, height, width, 3] in [0, 1]
 * to float32 features [batch, d]. That is what an export freezes and what a training graph imports.
 * {@link org.medoid.export.savedmodel.VariableValues} reads the values.
 *
 * <p>Example: a network that wants pixels up to 255, as many that were written by Keras, and what
 * is found out about it.
 *
 * <pre>{@code
 * import java.nio.file.Path;
 * import org.medoid.export.savedmodel.*;
 * import org.tensorflow.*;
 * import org.tensorflow.ndarray.Shape;
 * import org.tensorflow.op.Ops;
 * import org.tensorflow.op.core.*;
 * import org.tensorflow.types.TFloat32;
 *
 * public class ReadASavedModel {
 *   public static void main(String[] arguments) throws Exception {
 *     Path folder = Path.of(arguments[0]).resolve("foreign"); // in a folder of yours
 *     write(folder);
 *     ModelSignature signature = SavedModel.open(folder).signature(SignatureChoice.FITTING);
 *     System.out.println(signature.name()); // prints colours
 *     System.out.println(signature.input()); // prints pixels float32 [?, 8, 8, 3]
 *     System.out.println(signature.range()); // prints 0,255
 *     System.out.println(signature.size()); // prints 2
 *     FlatGraph flat = signature.flat(Purpose.INFERENCE);
 *     System.out.println(flat.inputs()); // prints {images=images:0}
 *     System.out.println(flat.variables().size()); // prints 1
 *     System.out.println(flat.frozen(signature.values(flat)).getNodeCount() > 5); // prints true
 *   }
 *
 *   static void write(Path folder) throws Exception {
 *     try (Graph graph = new Graph(); Session session = new Session(graph)) {
 *       Ops tf = Ops.create(graph);
 *       Operand<TFloat32> pixels =
 *           tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 8, 8, 3)));
 *       Variable<TFloat32> weights = tf.variable(tf.constant(new float[][] {{1, 0}, {0, 1}, {1, 1}}));
 *       Operand<TFloat32> scaled = tf.math.div(pixels, tf.constant(255f));
 *       Operand<TFloat32> mean = tf.math.mean(scaled, tf.constant(new int[] {1, 2}));
 *       Operand<TFloat32> colours = tf.linalg.matMul(mean, weights);
 *       session.initialize();
 *       SavedModelBundle.exporter(folder.toString())
 *           .withSession(session)
 *           .withSignature(
 *               Signature.builder("colours").input("pixels", pixels).output("mean", colours).build())
 *           .export();
 *     }
 *   }
 * }
 * }</pre>
 */
package org.medoid.export.savedmodel;
