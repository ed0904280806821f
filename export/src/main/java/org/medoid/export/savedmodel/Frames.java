package org.medoid.export.savedmodel;

import java.util.ArrayList;
import java.util.List;
import org.tensorflow.proto.NodeDef;

/**
 * Loops of TensorFlow 1 while a graph is flattened. Their parts are nodes among the others: {@code
 * Enter} brings a tensor into the loop's frame; {@code Merge} is what a round starts with, from
 * {@code Enter} or from {@code NextIteration}; {@code Switch}, which {@code LoopCond} decides,
 * hands it to the round or to {@code Exit}.
 */
record Frames(Flattener flattener, Loops loops) {
  /** Whether a node hands on, from round to round, what a loop computes. */
  static boolean isCarried(Body body, NodeDef node) {
    if (ControlFlow.isSwitch(node)) {
      NodeDef decides = body.node(Tensors.node(node.getInput(1)));
      return decides != null && decides.getOp().equals("LoopCond");
    }
    return ControlFlow.isMerge(node) && next(body, node) != null;
  }

  /** The NextIteration that a Merge reads, or null. */
  private static NodeDef next(Body body, NodeDef merge) {
    return reads(body, merge, "NextIteration");
  }

  private static NodeDef reads(Body body, NodeDef node, String op) {
    for (String input : Tensors.data(node)) {
      NodeDef before = body.node(Tensors.node(input));
      if (before != null && before.getOp().replaceFirst("^Ref", "").equals(op)) {
        return before;
      }
    }
    return null;
  }

  /** A loop, as far as its nodes are found from one of its exits. */
  private final class Framed implements Loops.Loop {
    private final Body body;
    private final String condition;
    private final List<NodeDef> merges = new ArrayList<>();
    private final List<NodeDef> switches = new ArrayList<>();
    private final List<NodeDef> exits = new ArrayList<>();
    private final List<NodeDef> entered = new ArrayList<>();

    Framed(Body body, NodeDef exit) {
      this.body = body;
      NodeDef leaving = body.node(Tensors.node(exit.getInput(0)));
      NodeDef decides =
          leaving == null || !ControlFlow.isSwitch(leaving)
              ? null
              : body.node(Tensors.node(leaving.getInput(1)));
      NodeDef merge = decides == null ? null : body.node(Tensors.node(leaving.getInput(0)));
      NodeDef enter = merge == null ? null : reads(body, merge, "Enter");
      if (enter == null || !isCarried(body, leaving)) {
        throw new IllegalArgumentException(
            body.where(exit) + " leaves a loop of a form that cannot be flattened");
      }
      condition = decides.getInput(0);
      String frame = frame(enter);
      for (NodeDef node : body.nodes()) {
        String op = node.getOp().replaceFirst("^Ref", "");
        if (op.equals("Enter") && frame(node).equals(frame)) {
          entered.add(node);
        } else if (op.equals("Switch") && node.getInput(1).equals(leaving.getInput(1))) {
          switches.add(node);
          merges.add(body.node(Tensors.node(node.getInput(0))));
          exits.add(null);
        }
      }
      for (NodeDef node : body.nodes()) {
        int at = node.getOp().endsWith("Exit") ? at(Tensors.node(node.getInput(0))) : -1;
        if (at >= 0) {
          exits.set(at, node);
        }
      }
    }

    private int at(String leaving) {
      return switches.stream().map(NodeDef::getName).toList().indexOf(leaving);
    }

    private static String frame(NodeDef enter) {
      return Nodes.text(enter, "frame_name");
    }

    /** What the loop starts with; all that it reads from outside is done then. */
    List<String> starts() {
      for (NodeDef enter : entered) {
        body.done(enter.getName(), flattener.resolve(body, List.of(enter.getInput(0))));
      }
      List<String> starts = new ArrayList<>();
      merges.forEach(m -> starts.add(body.tensors().get(reads(body, m, "Enter").getName()).get(0)));
      return starts;
    }

    void end(List<String> carried) {
      for (int i = 0; i < exits.size(); i++) {
        if (exits.get(i) != null) {
          body.done(exits.get(i).getName(), List.of(carried.get(i)));
        }
      }
    }

    private Body round(List<String> carried) {
      Body round = body.round();
      for (int i = 0; i < merges.size(); i++) {
        String tensor = carried.get(i);
        round.done(merges.get(i).getName(), List.of(tensor));
        round.done(switches.get(i).getName(), List.of(tensor, tensor));
      }
      return round;
    }

    @Override
    public String more(List<String> carried) {
      return flattener.resolve(round(carried), List.of(condition)).get(0);
    }

    @Override
    public List<String> next(List<String> carried) {
      List<String> ends = merges.stream().map(m -> Frames.next(body, m).getInput(0)).toList();
      return flattener.resolve(round(carried), ends);
    }

    @Override
    public boolean stays(int number) {
      NodeDef node = Frames.next(body, merges.get(number));
      while (node != null && node.getOp().matches("(Ref)?NextIteration|Identity")) {
        node = body.node(Tensors.node(node.getInput(0)));
      }
      return node != null && node.getName().equals(switches.get(number).getName());
    }
  }

  /** Flattens an exit, and with it all others of its loop. */
  List<String> flatten(Body body, NodeDef node) {
    if (!node.getOp().equals("Exit") && !node.getOp().equals("RefExit")) {
      throw new IllegalArgumentException(
          body.where(node) + " is part of a loop of a form that cannot be flattened");
    }
    Framed loop = new Framed(body, node);
    loop.end(loops.flatten(body, node, loop, loop.starts()));
    return body.tensors().get(node.getName());
  }
}
