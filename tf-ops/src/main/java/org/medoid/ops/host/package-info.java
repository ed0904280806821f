/**
 * TensorFlow ops whose kernels are Java methods that run on the host.
 *
 * <p>TensorFlow exports a C API through which a program adds ops and kernels at run time ({@code
 * tensorflow/c/ops.h} and {@code tensorflow/c/kernels.h}). TensorFlow Java does not map it; this
 * package does, with JNA, and nothing outside this package touches JNA. An op takes a page:
 *
 * <pre>{@code
 * import java.nio.FloatBuffer;
 * import java.util.List;
 * import org.medoid.ops.host.HostOp;
 * import org.medoid.ops.host.HostTensor;
 * import org.tensorflow.*;
 * import org.tensorflow.op.Ops;
 * import org.tensorflow.types.TFloat32;
 *
 * public class CubeOp {
 *   public static void main(String[] arguments) {
 *     HostOp.define("ExampleCube")
 *         .input("x: float")
 *         .output("y: float")
 *         .shapes(context -> context.output(0, context.input(0)))
 *         .kernel(attributes -> context -> {
 *           HostTensor x = context.input(0);
 *           FloatBuffer from = x.data().asFloatBuffer();
 *           FloatBuffer to = context.output(0, x.type(), x.shape()).asFloatBuffer();
 *           for (int i = 0; i < from.limit(); i++) {
 *             to.put(i, from.get(i) * from.get(i) * from.get(i));
 *           }
 *         })
 *         .gradient((tf, op, gradients) -> {
 *           Operand<TFloat32> square = tf.math.square(op.input(0).expect(TFloat32.class));
 *           Operand<TFloat32> outer = gradients.get(0).expect(TFloat32.class);
 *           return List.of(tf.math.mul(outer, tf.math.mul(square, tf.constant(3f))));
 *         })
 *         .register();
 *     try (Graph graph = new Graph(); Session session = new Session(graph)) {
 *       Ops tf = Ops.create(graph);
 *       Operand<TFloat32> x = tf.constant(5f);
 *       Output<TFloat32> y =
 *           graph.opBuilder("ExampleCube", "cube", tf.scope())
 *               .addInput(x.asOutput()).build().output(0);
 *       Output<?>[] gradient = graph.addGradients(y, new Output<?>[] {x.asOutput()});
 *       try (Result result = session.runner().fetch(y).fetch(gradient[0]).run()) {
 *         System.out.println(((TFloat32) result.get(0)).getFloat()); // prints 125.0
 *         System.out.println(((TFloat32) result.get(1)).getFloat()); // prints 75.0
 *       }
 *     }
 *   }
 * }
 * }</pre>
 *
 * <p>The op then works wherever an op of TensorFlow's own does: {@code graph.opBuilder}, eager
 * mode, functions, a GraphDef that names it. On a GPU build the placer puts it on the CPU and
 * copies its tensors.
 *
 * <p>Registration is process-wide and cannot be taken back. Supported on Linux and macOS.
 */
package org.medoid.ops.host;
