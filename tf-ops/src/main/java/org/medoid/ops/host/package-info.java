/**
 * TensorFlow ops whose kernels are Java methods that run on the host.
 *
 * <p>TensorFlow exports a C API through which a program adds ops and kernels at run time ({@code
 * tensorflow/c/ops.h} and {@code tensorflow/c/kernels.h}). TensorFlow Java does not map it; this
 * package does, with JNA, and nothing outside this package touches JNA. An op takes a page:
 *
 * <pre>{@code
 * HostOp.define("Cube")
 *     .attribute("T: {float, double}")
 *     .input("x: T")
 *     .output("y: T")
 *     .shapes(context -> context.output(0, context.input(0)))
 *     .kernel(attributes -> context -> {
 *         HostTensor x = context.input(0);
 *         ByteBuffer y = context.output(0, x.type(), x.shape());
 *         ...
 *     })
 *     .register();
 * }</pre>
 *
 * <p>The op then works wherever an op of TensorFlow's own does: {@code graph.opBuilder("Cube",
 * ...)}, eager mode, functions, a GraphDef that names it. On a GPU build the placer puts it on the
 * CPU and copies its tensors.
 *
 * <p>Registration is process-wide and cannot be taken back. Supported on Linux and macOS.
 */
package org.medoid.ops.host;
