package org.medoid.export.onnx.pass;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Nodes of one operation that read the same tensors with the same attributes are one. */
final class ShareEqualNodes extends Pass {
  private record Key(String op, List<String> inputs, Map<String, String> attributes, int outputs) {}

  private final Map<Key, OnnxNode> first = new HashMap<>();

  @Override
  void visit(OnnxNode node) {
    Map<String, String> attributes = new HashMap<>();
    node.attributes.forEach((name, value) -> attributes.put(name, text(value)));
    Key key = new Key(node.op, List.copyOf(node.inputs), attributes, node.outputs.size());
    OnnxNode same = first.putIfAbsent(key, node);
    if (same != null) {
      for (int i = 0; i < node.outputs.size(); i++) {
        replace(node.outputs.get(i), same.outputs.get(i));
      }
    }
  }

  private static String text(Object value) {
    return value instanceof long[] integers
        ? Arrays.toString(integers)
        : value instanceof float[] floats ? Arrays.toString(floats) : value.toString();
  }
}
