package org.medoid.export.savedmodel;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.tensorflow.proto.NodeDef;

/** Writes the nodes of a graph that is rewritten, in order of computation. */
final class NodeWriter {
  private final Set<String> names = new HashSet<>();
  private final List<NodeDef> nodes = new ArrayList<>();

  /**
   * Begins.
   *
   * @param flat the graph, whose names are taken
   */
  NodeWriter(FlatGraph flat) {
    flat.nodes().forEach(node -> names.add(node.getName()));
    flat.variables().forEach(variable -> names.add(variable.name()));
  }

  /** Writes a node that keeps its name. */
  void keep(NodeDef node) {
    nodes.add(node);
  }

  /**
   * Writes a part of what another node becomes.
   *
   * @param near the other node
   * @param part what it is, for its name
   * @return its name, which is its first output
   */
  String add(NodeDef near, String part, NodeDef.Builder node) {
    String wanted = near.getName() + "/" + part;
    String name = wanted;
    for (int i = 1; !names.add(name); i++) {
      name = wanted + "_" + i;
    }
    nodes.add(node.setName(name).build());
    return name;
  }

  String add(NodeDef near, String part, NodeDef node) {
    return add(near, part, node.toBuilder());
  }

  /** What has been written. */
  List<NodeDef> nodes() {
    return nodes;
  }
}
