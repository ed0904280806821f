/**
 * An ONNX graph under construction, and the passes that make it smaller.
 *
 * <p>{@link org.medoid.export.onnx.pass.OnnxGraph} holds nodes and constants by name; {@link
 * org.medoid.export.onnx.pass.Passes} lists the passes in their order with the reason for it. Both
 * serve {@link org.medoid.export.onnx.OnnxConverter}, which is what programs call.
 */
package org.medoid.export.onnx.pass;
