package org.medoid.export.savedmodel;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.NameAttrList;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;

/**
 * Calls while a graph is flattened: a call is replaced by the function's body. {@link Loops},
 * {@link Frames} and {@link Branches} have the rest.
 */
final class ControlFlow {
  private static final Set<String> CONDITIONS = Set.of("If", "StatelessIf");
  private static final Set<String> CASES = Set.of("Case", "StatelessCase");
  private static final Set<String> WHILES = Set.of("While", "StatelessWhile");
  private static final Set<String> CALLS = Set.of("PartitionedCall", "StatefulPartitionedCall");

  /** Loops of TensorFlow 1, whose parts are nodes among the others. */
  private static final Set<String> FRAMES =
      Set.of(
          "For",
          "Enter",
          "Exit",
          "NextIteration",
          "LoopCond",
          "RefEnter",
          "RefExit",
          "RefNextIteration");

  private final Flattener flattener;
  private final Operations operations;
  private final Loops loops;
  private final Frames frames;
  private final Branches branches;

  ControlFlow(
      Flattener flattener,
      Operations operations,
      Constants constants,
      InferredScalars inferred,
      Loops loops) {
    this.flattener = flattener;
    this.operations = operations;
    this.loops = loops;
    this.frames = new Frames(flattener, loops);
    this.branches = new Branches(flattener, this, constants, inferred);
  }

  /** Branches, those of TensorFlow 1 among them. */
  Branches branches() {
    return branches;
  }

  static boolean isFrame(NodeDef node) {
    return FRAMES.contains(node.getOp());
  }

  static boolean isSwitch(NodeDef node) {
    return node.getOp().equals("Switch") || node.getOp().equals("RefSwitch");
  }

  static boolean isMerge(NodeDef node) {
    return node.getOp().equals("Merge") || node.getOp().equals("RefMerge");
  }

  /** Whether a node is one of these; it may leave some of its inputs unused, which need not be. */
  boolean isCall(NodeDef node) {
    String op = node.getOp();
    return CALLS.contains(op)
        || CONDITIONS.contains(op)
        || CASES.contains(op)
        || WHILES.contains(op)
        || operations.function(op) != null;
  }

  /** Flattens a node for which {@link #isFrame} holds. */
  List<String> frame(Body body, NodeDef node) {
    return frames.flatten(body, node);
  }

  /** Flattens a node for which {@link #isCall} holds. */
  List<String> flatten(Body body, NodeDef node, List<String> inputs) {
    String op = node.getOp();
    if (CALLS.contains(op)) {
      return call(body, node, Nodes.attribute(node, "f"), inputs);
    }
    if (WHILES.contains(op)) {
      return loops.flatten(body, node, new Functional(body, node), inputs);
    }
    if (CONDITIONS.contains(op)) {
      List<AttrValue> sides =
          List.of(Nodes.attribute(node, "else_branch"), Nodes.attribute(node, "then_branch"));
      return branches.of(body, node, inputs, sides, value -> value != 0 ? 1 : 0);
    }
    if (CASES.contains(op)) {
      List<AttrValue> sides = new ArrayList<>();
      for (NameAttrList each : Nodes.attribute(node, "branches").getList().getFuncList()) {
        sides.add(AttrValue.newBuilder().setFunc(each).build());
      }
      int last = sides.size() - 1;
      return branches.of(body, node, inputs, sides, v -> v >= 0 && v <= last ? v.intValue() : last);
    }
    return call(body, node, op, node.getAttrMap(), inputs);
  }

  /** A loop whose condition and body are functions. */
  private final class Functional implements Loops.Loop {
    private final Body body;
    private final NodeDef node;

    Functional(Body body, NodeDef node) {
      this.body = body;
      this.node = node;
    }

    @Override
    public String more(List<String> carried) {
      return call(body, node, Nodes.attribute(node, "cond"), carried).get(0);
    }

    @Override
    public List<String> next(List<String> carried) {
      return call(body, node, Nodes.attribute(node, "body"), carried);
    }

    @Override
    public boolean stays(int number) {
      FunctionDef round =
          operations.function(bound(body, Nodes.attribute(node, "body"), node).getName());
      // One that is not there is told when it is called.
      return round != null && Operations.handsOn(round, number);
    }
  }

  List<String> call(Body body, NodeDef node, AttrValue unbound, List<String> inputs) {
    NameAttrList f = bound(body, unbound, node);
    return call(body, node, f.getName(), f.getAttrMap(), inputs);
  }

  private static NameAttrList bound(Body body, AttrValue unbound, NodeDef node) {
    return body.bound(node, Map.of("f", unbound)).get("f").getFunc();
  }

  private List<String> call(
      Body body,
      NodeDef node,
      String name,
      Map<String, AttrValue> attributes,
      List<String> inputs) {
    FunctionDef function = operations.function(name);
    if (function == null) {
      throw new IllegalArgumentException(
          body.where(node) + " calls " + name + ", which is not in the graph's library");
    }
    OpDef signature = function.getSignature();
    if (signature.getInputArgCount() != inputs.size()) {
      throw new IllegalArgumentException(
          "%s calls %s with %d arguments, it has %d"
              .formatted(body.where(node), name, inputs.size(), signature.getInputArgCount()));
    }
    Body called = body.called(node, name, body.bound(node, attributes), function.getNodeDefList());
    for (int i = 0; i < inputs.size(); i++) {
      called.done(signature.getInputArg(i).getName(), List.of(inputs.get(i)));
    }
    List<String> returned = new ArrayList<>();
    for (int i = 0; i < signature.getOutputArgCount(); i++) {
      returned.add(Operations.returned(function, i));
    }
    return flattener.resolve(called, returned);
  }

  /**
   * The nodes that say by a control dependency in which branch a node is: a constant in {@code
   * tf.cond} of TensorFlow 1 has no other sign of it. All further control dependencies order side
   * effects, and what is left has none.
   */
  static List<String> pivots(Body body, NodeDef node) {
    List<String> pivots = new ArrayList<>();
    for (String input : node.getInputList()) {
      NodeDef from = input.startsWith("^") ? body.node(input.substring(1)) : null;
      if (from != null && from.getOp().equals("Identity")) {
        NodeDef before = body.node(Tensors.node(from.getInput(0)));
        if (before != null && isSwitch(before)) {
          pivots.add(from.getName());
        }
      }
    }
    return pivots;
  }
}
