package org.medoid.export.savedmodel;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.tensorflow.proto.NodeDef;

/** The features among several outputs that may be meant: what the others are computed from. */
final class LastOutput {
  private LastOutput() {}

  /**
   * Chooses the output.
   *
   * @param core the network, to all outputs that may be meant
   * @param fit the signature
   * @throws IllegalArgumentException if several may be the features
   */
  static ModelTensor of(FlatGraph core, SignatureChooser.Fit fit) {
    List<ModelTensor> first = new ArrayList<>();
    for (ModelTensor each : fit.outputs()) {
      String tensor = core.outputs().get(each.name());
      if (tensor != null) {
        Set<String> needed = ancestors(core, Tensors.node(tensor));
        if (core.outputs().values().stream()
            .allMatch(o -> o.equals(tensor) || !needed.contains(Tensors.node(o)))) {
          first.add(each);
        }
      }
    }
    long different = first.stream().map(o -> core.outputs().get(o.name())).distinct().count();
    if (different > 1) {
      throw new IllegalArgumentException(
          "signature %s has several outputs that may be the features, say which one: %s"
              .formatted(fit.name(), ModelTensor.list(first)));
    }
    return first.get(0);
  }

  private static Set<String> ancestors(FlatGraph flat, String node) {
    Set<String> needed = new HashSet<>(Set.of(node));
    for (int i = flat.nodes().size() - 1; i >= 0; i--) {
      NodeDef each = flat.nodes().get(i);
      if (needed.contains(each.getName())) {
        each.getInputList().forEach(input -> needed.add(Tensors.node(input)));
      }
    }
    needed.remove(node);
    return needed;
  }
}
