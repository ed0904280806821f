package org.medoid.export.onnx;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.medoid.export.onnx.Source.Node;
import org.medoid.export.onnx.Source.TensorName;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/** The order in which nodes are computed. */
final class NodeOrder {
  private final Map<String, NodeDef> all = new HashMap<>();
  private final Map<String, Node> ordered = new LinkedHashMap<>();
  private final Set<String> missing = new TreeSet<>();

  /** A node is found, but not yet ordered, while its inputs are visited. */
  private final Map<String, Node> found = new HashMap<>();

  /** The nodes being visited, and of each the input that comes next. */
  private final Deque<String> path = new ArrayDeque<>();

  private final Map<String, Integer> next = new HashMap<>();

  private NodeOrder(GraphDef graph) {
    for (NodeDef node : graph.getNodeList()) {
      if (all.put(node.getName(), node) != null) {
        throw new IllegalArgumentException("two nodes of the graph are called " + node.getName());
      }
    }
  }

  /**
   * Finds the nodes that tensors depend on.
   *
   * @param roots the tensors wanted
   * @param also further ones, which come first
   * @return the nodes by name, each behind those that it reads
   * @throws IllegalArgumentException if the graph has a cycle, lacks a node or has one twice
   */
  static Map<String, Node> of(
      GraphDef graph, Collection<TensorName> roots, Collection<TensorName> also) {
    NodeOrder order = new NodeOrder(graph);
    List<TensorName> wanted = new ArrayList<>(also);
    wanted.addAll(roots);
    wanted.forEach(root -> order.add(root.node()));
    if (!order.missing.isEmpty()) {
      throw new IllegalArgumentException(
          "nodes are missing in the graph: " + String.join("; ", order.missing));
    }
    return order.ordered;
  }

  /** Not recursive: a deep network would overflow the stack. */
  private void add(String root) {
    visit(root, "a wanted tensor");
    while (!path.isEmpty()) {
      Node node = found.get(path.peek());
      int input = next.merge(node.name(), 1, Integer::sum) - 1;
      if (input == node.inputs().size()) {
        ordered.put(node.name(), node);
        path.pop();
      } else {
        String reached = node.inputs().get(input).node();
        if (found.containsKey(reached) && !ordered.containsKey(reached)) {
          throw cycle(reached);
        }
        visit(reached, node.toString());
      }
    }
  }

  private void visit(String name, String reader) {
    NodeDef definition = all.get(name);
    if (definition == null) {
      missing.add(name + ", read by " + reader);
    } else if (!ordered.containsKey(name)) {
      List<TensorName> inputs =
          definition.getInputList().stream()
              .filter(input -> !input.startsWith("^"))
              .map(TensorName::parse)
              .toList();
      found.put(name, new Node(definition, inputs));
      next.put(name, 0);
      path.push(name);
    }
  }

  private IllegalArgumentException cycle(String reached) {
    List<String> cycle = new ArrayList<>();
    for (String node : path) {
      cycle.add(node);
      if (node.equals(reached)) {
        break;
      }
    }
    cycle.add(0, reached);
    return new IllegalArgumentException(
        "the graph has a cycle, and ONNX has none: " + String.join(" <- ", cycle));
  }
}
