package org.medoid.export.savedmodel;

import java.util.ArrayList;
import java.util.List;
import org.tensorflow.proto.NodeDef;

/**
 * A loop that ends when a run says so, but after a known number of rounds at the latest: {@code i <
 * 20 & error > 0.1}. All of these rounds are computed; once the loop would have ended, what it
 * carries stays as it is, and so do the gradients.
 */
record BoundedLoop(Flattener flattener, Constants constants, InferredScalars inferred) {
  /** No loop is unrolled so often on suspicion. */
  private static final int MOST = 1_000;

  /**
   * Flattens what is left of a loop.
   *
   * @param start what it carries
   * @return what it ends with; null if no bound is known, or it carries lists
   */
  List<String> ends(Loops.Loop loop, List<String> start) {
    // Two ways to write the same: counters as if the loop went on, from which the bound is seen,
    // and what it really carries. As long as it goes on they are equal.
    List<String> counted = start;
    List<String> carried = start;
    String going = null;
    for (int round = 0; round < MOST; round++) {
      String condition = loop.more(mixed(counted, carried));
      Double bound = Flattener.isTensor(condition) ? bound(condition) : null;
      if (bound == null) {
        return null;
      }
      if (bound == 0) {
        return carried;
      }
      going = going == null ? condition : both(going, condition);
      List<String> next = loop.next(mixed(counted, carried));
      List<String> chosen = new ArrayList<>();
      List<String> counters = new ArrayList<>();
      for (int i = 0; i < next.size(); i++) {
        String was = carried.get(i);
        String is = next.get(i);
        if (!Flattener.isTensor(is) || TensorLists.isList(is) || TensorLists.isList(was)) {
          if (!is.equals(was)) {
            return null;
          }
          chosen.add(was);
          counters.add(was);
          continue;
        }
        counters.add(constants.computed(is));
        chosen.add(is.equals(was) ? was : select(going, is, was));
      }
      counted = counters;
      carried = chosen;
    }
    return null;
  }

  /** Counters where they are known, else what is carried. */
  private List<String> mixed(List<String> counted, List<String> carried) {
    List<String> mixed = new ArrayList<>();
    for (int i = 0; i < counted.size(); i++) {
      boolean known =
          Flattener.isTensor(counted.get(i)) && constants.scalar(counted.get(i)) != null;
      mixed.add(known ? counted.get(i) : carried.get(i));
    }
    return mixed;
  }

  /** 0 where a part of a condition says that it does not hold, 1 if a part holds for certain. */
  private Double bound(String condition) {
    var node = flattener.node(Tensors.node(condition));
    Double settled = constants.settled(condition);
    if (settled != null || node == null || !node.getOp().equals("LogicalAnd")) {
      return settled;
    }
    Double a = bound(node.getInput(0));
    Double b = bound(node.getInput(1));
    if (a == null || b == null) {
      return a == null ? b : a;
    }
    return Math.min(a, b);
  }

  private String both(String a, String b) {
    return flattener.add("going_on", Nodes.node("", "LogicalAnd", a, b)) + ":0";
  }

  private String select(String going, String next, String last) {
    NodeDef.Builder chosen = Nodes.typed("SelectV2", inferred.type(next), going, next, last);
    return flattener.add("carried_on", chosen) + ":0";
  }
}
