/**
 * ONNX from TensorFlow graphs.
 *
 * <p>{@link org.medoid.export.onnx.OnnxConverter} turns a frozen graph into a model, operation by
 * operation: an {@link org.medoid.export.onnx.OpConverter} for each kind, found by name in a table
 * that the caller can extend. It sees a {@link org.medoid.export.onnx.TfNode}, which knows the
 * node's attributes, its inputs in either layout, and where to put the result.
 *
 * <p>Example: a graph as a model, without a file.
 *
 * <pre>{@code
 * import ai.onnx.proto.OnnxMl;
 * import java.util.List;
 * import java.util.Map;
 * import org.medoid.export.FrozenGraph;
 * import org.medoid.export.onnx.OnnxConverter;
 * import org.tensorflow.*;
 * import org.tensorflow.ndarray.Shape;
 * import org.tensorflow.op.Ops;
 * import org.tensorflow.op.core.*;
 * import org.tensorflow.types.TFloat32;
 *
 * public class ConvertAGraph {
 *   public static void main(String[] arguments) {
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
 *       OnnxMl.ModelProto model =
 *           OnnxConverter.convert(
 *               frozen.graph(), frozen.inputs(), frozen.outputs(),
 *               OnnxConverter.Options.defaults().withMetadata(Map.of("author", "me")));
 *       List<String> operators =
 *           model.getGraph().getNodeList().stream().map(OnnxMl.NodeProto::getOpType).toList();
 *       System.out.println(operators.contains("Gemm")); // prints true
 *       System.out.println(model.getGraph().getInput(0).getName()); // prints images
 *     }
 *   }
 * }
 * }</pre>
 */
package org.medoid.export.onnx;
