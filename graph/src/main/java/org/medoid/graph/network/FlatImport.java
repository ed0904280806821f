package org.medoid.graph.network;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.medoid.export.savedmodel.FlatGraph;
import org.medoid.export.savedmodel.Operations;
import org.tensorflow.Graph;
import org.tensorflow.Operation;
import org.tensorflow.OperationBuilder;
import org.tensorflow.Output;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;
import org.tensorflow.types.TFloat32;

/**
 * Puts the nodes of a {@link FlatGraph} into a graph under construction, behind operands that are
 * there already; importing it as a GraphDef could not connect them.
 *
 * <p>{@code Erfc}, which has no gradient, becomes 1 - {@code Erf}, which has one: so Keras writes
 * its GELU. The difference has the absolute error of a number near 1, 6e-8.
 */
final class FlatImport {
  private final Ops tf;
  private final Map<String, List<Output<?>>> outputs = new HashMap<>();

  /**
   * Imports.
   *
   * @param tf where the nodes go
   * @param flat the nodes
   * @param given what stands for its placeholders and variables, by their names in it
   * @throws IllegalArgumentException if a node does not fit what it is given, naming it
   */
  FlatImport(Ops tf, FlatGraph flat, Map<String, Output<?>> given) {
    this.tf = tf;
    if (!flat.functions().isEmpty()) {
      GraphDef.Builder library = GraphDef.newBuilder();
      library.getLibraryBuilder().addAllFunction(flat.functions());
      ((Graph) tf.scope().env()).importGraphDef(library.build());
    }
    given.forEach((name, output) -> outputs.put(name, List.of(output)));
    for (NodeDef node : flat.nodes()) {
      if (!given.containsKey(node.getName())) {
        outputs.put(node.getName(), imported(node));
      }
    }
  }

  /**
   * Returns what a tensor of the flat graph became.
   *
   * @param tensor {@code node} or {@code node:index}
   * @return the output
   */
  Output<?> output(String tensor) {
    int colon = tensor.indexOf(':');
    return colon < 0
        ? outputs.get(tensor).get(0)
        : outputs
            .get(tensor.substring(0, colon))
            .get(Integer.parseInt(tensor.substring(colon + 1)));
  }

  private List<Output<?>> imported(NodeDef node) {
    List<Output<?>> inputs = new ArrayList<>();
    node.getInputList().forEach(input -> inputs.add(output(input)));
    try {
      if (node.getOp().equals("Erfc") && inputs.get(0).type() == TFloat32.class) {
        Output<TFloat32> x = inputs.get(0).expect(TFloat32.class);
        return List.of(tf.math.sub(tf.constant(1f), tf.math.erf(x)).asOutput());
      }
      OperationBuilder builder = tf.scope().opBuilder(node.getOp(), simpleName(node));
      int next = 0;
      for (OpDef.ArgDef argument : Operations.registered(node.getOp()).getInputArgList()) {
        if (!Operations.isList(argument)) {
          builder.addInput(inputs.get(next++));
        } else {
          int count = Operations.size(node, argument);
          builder.addInputList(inputs.subList(next, next + count).toArray(new Output<?>[0]));
          next += count;
        }
      }
      node.getAttrMap().forEach(builder::setAttr);
      Operation operation = builder.build();
      List<Output<?>> all = new ArrayList<>();
      for (int i = 0; i < operation.numOutputs(); i++) {
        all.add(operation.output(i));
      }
      return all;
    } catch (IllegalArgumentException | TensorFlowException e) {
      throw new IllegalArgumentException(
          "node %s (%s) does not fit: %s".formatted(node.getName(), node.getOp(), e.getMessage()),
          e);
    }
  }

  /**
   * The last part of a node's name, as a scope accepts it, without its number: the scope numbers
   * names itself, and would run into one that came with a number.
   */
  private static String simpleName(NodeDef node) {
    String last = node.getName().substring(node.getName().lastIndexOf('/') + 1);
    String safe = last.replaceAll("[^A-Za-z0-9_.\\-]", "_").replaceFirst("(_\\d+)+$", "");
    return safe.matches("[A-Za-z0-9.].*") ? safe : "node" + safe;
  }
}
