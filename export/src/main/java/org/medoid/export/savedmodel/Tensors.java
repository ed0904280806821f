package org.medoid.export.savedmodel;

import java.util.List;
import org.tensorflow.proto.NodeDef;

/** How a graph writes tensors: {@code node} or {@code node:index}. */
final class Tensors {
  private Tensors() {}

  /** With the index, {@code node:0}. */
  static String canonical(String tensor) {
    return tensor.contains(":") ? tensor : tensor + ":0";
  }

  /** Without {@code :0}, as TensorFlow writes a first output. */
  static String shortened(String tensor) {
    return tensor.endsWith(":0") ? tensor.substring(0, tensor.length() - 2) : tensor;
  }

  /** The node alone. */
  static String node(String tensor) {
    int colon = tensor.indexOf(':');
    return colon < 0 ? tensor : tensor.substring(0, colon);
  }

  /** A node's inputs without control dependencies. */
  static List<String> data(NodeDef node) {
    return node.getInputList().stream().filter(input -> !input.startsWith("^")).toList();
  }
}
