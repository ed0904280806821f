/**
 * ONNX from TensorFlow graphs.
 *
 * <p>{@link org.medoid.export.onnx.OnnxConverter} turns a frozen graph into a model, operation by
 * operation: an {@link org.medoid.export.onnx.OpConverter} for each kind, found by name in a table
 * that the caller can extend. It sees a {@link org.medoid.export.onnx.TfNode}, which knows the
 * node's attributes, its inputs in either layout, and where to put the result.
 */
package org.medoid.export.onnx;
