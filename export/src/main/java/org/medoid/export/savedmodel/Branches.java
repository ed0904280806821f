package org.medoid.export.savedmodel;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;

/**
 * Branches while a graph is flattened. Where the condition is known, there is the side alone that
 * is taken. Else both sides are computed and one is chosen, number by number: nothing in a graph
 * that is flattened changes a state, so what is not chosen costs time and no more. The gradient
 * goes the way that is chosen.
 */
record Branches(
    Flattener flattener, ControlFlow calls, Constants constants, InferredScalars inferred) {
  /** Branches within branches, more than anybody writes. */
  private static final int DEEPEST = 32;

  private Double known(String predicate) {
    return Flattener.isTensor(predicate) ? constants.settled(predicate) : null;
  }

  /**
   * Flattens If or Case.
   *
   * @param inputs the first decides, the others go to the side
   * @param sides the functions
   * @param number which side a value of the first input takes
   */
  List<String> of(
      Body body,
      NodeDef node,
      List<String> inputs,
      List<AttrValue> sides,
      Function<Double, Integer> number) {
    String predicate = inputs.get(0);
    List<String> arguments = inputs.subList(1, inputs.size());
    Double value = known(predicate);
    if (value != null) {
      return calls.call(body, node, sides.get(number.apply(value)), arguments);
    }
    if (!Flattener.isTensor(predicate)) {
      return List.of(predicate);
    }
    boolean two = node.getOp().endsWith("If");
    List<String> chosen = calls.call(body, node, sides.get(sides.size() - 1), arguments);
    for (int side = sides.size() - 2; side >= 0; side--) {
      List<String> other = calls.call(body, node, sides.get(side), arguments);
      // The sides of If are: else, then.
      String condition =
          two ? asCondition(body, node, predicate) : isNumber(body, node, predicate, side);
      List<String> both = new ArrayList<>();
      for (int i = 0; i < chosen.size(); i++) {
        both.add(
            two
                ? choice(body, node, condition, chosen.get(i), other.get(i))
                : choice(body, node, condition, other.get(i), chosen.get(i)));
      }
      chosen = both;
    }
    return chosen;
  }

  private String asCondition(Body body, NodeDef node, String predicate) {
    DataType type = inferred.type(predicate);
    if (type == DataType.DT_BOOL) {
      return predicate;
    }
    return added(body, node, "/condition", Nodes.cast(predicate, type, DataType.DT_BOOL));
  }

  private String isNumber(Body body, NodeDef node, String predicate, int side) {
    String number = added(body, node, "/side", Nodes.constant(side));
    return added(
        body,
        node,
        "/condition",
        Nodes.typed("Equal", DataType.DT_INT32, predicate, number)
            .putAttr("incompatible_shape_error", Nodes.flag(true)));
  }

  private String added(Body body, NodeDef near, String part, NodeDef.Builder made) {
    return flattener.add(body.flatName(near) + part, made) + ":0";
  }

  /** One of two tensors, by a condition that runs with the graph. */
  private String choice(Body body, NodeDef node, String condition, String yes, String no) {
    if (yes.equals(no)) {
      return yes;
    }
    for (String side : List.of(yes, no)) {
      if (side.equals(Flattener.DEAD)) {
        return side;
      }
      if (!Flattener.isTensor(side)) {
        throw new IllegalArgumentException(
            body.where(node)
                + " is control flow that cannot be flattened, as its condition is not a constant: "
                + flattener.reason(side));
      }
    }
    Shape first = TensorLists.isList(yes) ? null : inferred.shape(yes);
    Shape second = TensorLists.isList(no) ? null : inferred.shape(no);
    if (first == null || second == null || !first.isCompatibleWith(second)) {
      throw new IllegalArgumentException(
          body.where(node)
              + " is control flow that cannot be flattened, as its condition is not a constant and"
              + " its sides give "
              + (first == null || second == null
                  ? "lists of tensors"
                  : "tensors of different shapes, " + first + " and " + second));
    }
    return added(body, node, "", Nodes.typed("SelectV2", inferred.type(yes), condition, yes, no));
  }

  /** The two sides of a Switch; a word for that which is not taken. */
  List<String> switched(NodeDef node, List<String> inputs) {
    Double value = known(inputs.get(1));
    if (value == null) {
      return List.of(inputs.get(0), inputs.get(0));
    }
    boolean taken = value != 0;
    return List.of(taken ? Flattener.DEAD : inputs.get(0), taken ? inputs.get(0) : Flattener.DEAD);
  }

  /** What arrives where branches of TensorFlow 1 meet. */
  List<String> merged(Body body, NodeDef node, List<String> inputs) {
    List<String> alive = inputs.stream().filter(input -> !input.equals(Flattener.DEAD)).toList();
    if (alive.isEmpty()) {
      return List.of(Flattener.DEAD);
    }
    if (alive.size() == 1) {
      NodeDef.Builder number = Nodes.constant(inputs.indexOf(alive.get(0)));
      return List.of(alive.get(0), added(body, node, "/value_index", number));
    }
    for (String input : alive) {
      if (!Flattener.isTensor(input)) {
        return List.of(input);
      }
    }
    NodeDef decision = inputs.size() == 2 ? decision(body, node) : null;
    if (decision == null) {
      throw new IllegalArgumentException(
          body.where(node) + " is control flow that cannot be flattened");
    }
    // tf.cond writes the side of false first.
    boolean trueFirst = comesFromTrue(body, Tensors.data(node).get(0), decision);
    String condition = flattener.tensor(body, Tensors.data(decision).get(1));
    String yes = inputs.get(trueFirst ? 0 : 1);
    String chosen = choice(body, node, condition, yes, inputs.get(trueFirst ? 1 : 0));
    NodeDef.Builder number = Nodes.cast(condition, DataType.DT_BOOL, DataType.DT_INT32);
    return List.of(chosen, added(body, node, "/value_index", number));
  }

  /** The Switch that belongs to a Merge: the nearest one before it that no other Merge closes. */
  private static NodeDef decision(Body body, NodeDef merge) {
    record Step(NodeDef node, int closed) {}
    Deque<Step> open = new ArrayDeque<>(List.of(new Step(merge, -1)));
    Set<String> seen = new HashSet<>();
    while (!open.isEmpty()) {
      Step step = open.poll();
      int closed = step.closed;
      if (closed > DEEPEST) {
        return null;
      }
      if (ControlFlow.isFrame(step.node) || Frames.isCarried(body, step.node)) {
        continue; // the border of the loop that the branch is in
      }
      if (ControlFlow.isSwitch(step.node)) {
        if (closed == 0) {
          return step.node;
        }
        closed--;
      } else if (ControlFlow.isMerge(step.node)) {
        closed++;
      }
      for (String input : step.node.getInputList()) {
        NodeDef before = body.node(Tensors.node(input.replaceFirst("^\\^", "")));
        if (before != null && seen.add(before.getName() + "/" + closed)) {
          open.add(new Step(before, closed));
        }
      }
    }
    return null;
  }

  /** Whether a tensor is computed on the side of true. */
  private static boolean comesFromTrue(Body body, String tensor, NodeDef decision) {
    Deque<String> open = new ArrayDeque<>(List.of(tensor));
    Set<String> seen = new HashSet<>();
    while (!open.isEmpty()) {
      String name = open.poll();
      NodeDef node = body.node(Tensors.node(name));
      if (node == null || !seen.add(name)) {
        continue;
      }
      if (ControlFlow.isSwitch(node)
          && Tensors.data(node).get(1).equals(Tensors.data(decision).get(1))) {
        return name.endsWith(":1");
      }
      node.getInputList().forEach(input -> open.add(input.replaceFirst("^\\^", "")));
    }
    return false;
  }
}
