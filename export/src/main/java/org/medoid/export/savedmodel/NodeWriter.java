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
   * Writes a node of a new name.
   *
   * @param wanted the name, or one that is as near to it as is free
   * @return its name, which is its first output
   */
  String add(String wanted, NodeDef.Builder node) {
    String name = wanted;
    while (!names.add(name)) {
      name += "_";
    }
    nodes.add(node.setName(name).build());
    return name;
  }

  /** Writes a part of what another node becomes. */
  String add(NodeDef near, String part, NodeDef.Builder node) {
    return add(near.getName() + "/" + part, node);
  }

  /** What has been written. */
  List<NodeDef> nodes() {
    return nodes;
  }
}
