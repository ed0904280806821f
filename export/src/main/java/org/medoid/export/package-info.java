/**
 * Embedding models for Python and for servers: SavedModel and ONNX, out of any TensorFlow Java
 * program.
 *
 * <p>A {@link org.medoid.export.FrozenGraph} is the part of a graph that computes some outputs from
 * some inputs, with the variables' values in it: cut out of a session, or out of a SavedModel of
 * any writer. A {@link org.medoid.export.ModelExporter} writes one as SavedModel, ONNX file and
 * {@code export.json}, for TensorFlow, TensorFlow Serving, onnxruntime and Triton, and compares
 * what it wrote with what it was given before it puts it in its place.
 *
 * <p>Example: a network that a session holds (here the mean colour times a matrix). With {@code
 * pictures} of yours it is compared on these.
 *
 * <pre>{@code
 * import java.nio.file.*;
 * import java.util.Map;
 * import org.medoid.export.*;
 * import org.tensorflow.*;
 * import org.tensorflow.ndarray.Shape;
 * import org.tensorflow.op.Ops;
 * import org.tensorflow.op.core.*;
 * import org.tensorflow.types.TFloat32;
 *
 * public class ExportASession {
 *   public static void main(String[] arguments) throws Exception {
 *     Path exported = Path.of(arguments[0]).resolve("model"); // in a folder of yours
 *     try (Graph graph = new Graph(); Session session = new Session(graph)) {
 *       Ops tf = Ops.create(graph);
 *       Operand<TFloat32> input =
 *           tf.withName("input")
 *               .placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 8, 8, 3)));
 *       Variable<TFloat32> weights = tf.variable(tf.constant(new float[][] {{1, 0}, {0, 1}, {1, 1}}));
 *       Operand<TFloat32> mean = tf.math.mean(input, tf.constant(new int[] {1, 2}));
 *       tf.withName("output").linalg.matMul(mean, weights);
 *       session.initialize();
 *       FrozenGraph frozen =
 *           FrozenGraph.of(session, graph, Map.of("images", "input"), Map.of("embedding", "output:0"));
 *       ExportReport report =
 *           ModelExporter.of(frozen).metadata(Map.of("distance", "euclidean")).export(exported);
 *       System.out.println(report.differences().get("onnx") < 1e-5); // prints true
 *       System.out.println(Files.exists(exported.resolve("saved_model.pb"))); // prints true
 *       System.out.println(Files.exists(exported.resolve("model.onnx"))); // prints true
 *     }
 *   }
 * }
 * }</pre>
 *
 * <p>In Python:
 *
 * <pre>{@code
 * model = tf.saved_model.load("model")
 * model.signatures["serving_default"](images=pixels)["embedding"]
 * model.signatures["image_bytes"](image_bytes=tf.constant([open("cat.jpg", "rb").read()]))
 * onnxruntime.InferenceSession("model/model.onnx").run(["embedding"], {"images": pixels})
 * }</pre>
 */
package org.medoid.export;
