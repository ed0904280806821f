package org.medoid.export.onnx;

/**
 * Turns a TensorFlow node of one kind into ONNX nodes. Registered under the operation's name by
 * {@link OnnxConverter.Options#withConverter}:
 *
 * <pre>{@code
 * options = options.withConverter("Expm1", node -> {
 *   String e = node.emit("Exp", List.of(node.input(0)));
 *   node.output(0, node.emit("Sub", List.of(e, node.scalar(node.type(0), 1))));
 * });
 * }</pre>
 */
@FunctionalInterface
public interface OpConverter {

  /**
   * Emits the ONNX nodes of a node and sets all of its outputs.
   *
   * @param node the node: its attributes, its inputs, and where the outputs go
   * @throws IllegalArgumentException {@link TfNode#unsupported}, if this node is of a form that
   *     cannot be converted; it is then listed together with all others. Any other exception ends
   *     the conversion: it becomes the cause of one that names the node
   */
  void convert(TfNode node);
}
