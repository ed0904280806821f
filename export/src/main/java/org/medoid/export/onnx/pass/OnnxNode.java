package org.medoid.export.onnx.pass;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A node of an {@link OnnxGraph}; its inputs may change while the graph is rewritten. */
public final class OnnxNode {
  /** The operation. */
  public final String op;

  /** The name, which no other node has. */
  public final String name;

  /** The tensors read; "" for one left out. */
  public final List<String> inputs;

  /** The tensors made. */
  public final List<String> outputs;

  /** By name: Boolean, Integer, Long, Float, Double, String, long[] or float[]. */
  public final Map<String, Object> attributes;

  OnnxNode(
      String op,
      String name,
      List<String> inputs,
      List<String> outputs,
      Map<String, Object> attributes) {
    this.op = op;
    this.name = name;
    this.inputs = new ArrayList<>(inputs);
    this.outputs = new ArrayList<>(outputs);
    this.attributes = new TreeMap<>(attributes);
  }

  /**
   * Whether the node is one of some operations.
   *
   * @param ops their names
   * @return true if its operation is among them
   */
  public boolean is(String... ops) {
    return Arrays.asList(ops).contains(op);
  }

  /**
   * Returns the first tensor made.
   *
   * @return its name
   */
  public String output() {
    return outputs.get(0);
  }
}
