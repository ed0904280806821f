package org.medoid.export.savedmodel;

import java.util.List;
import java.util.Set;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;

/**
 * Dropout that keeps everything, as networks of TensorFlow 1 have it whose {@code keep_prob} is 1
 * unless somebody feeds it: it draws random numbers, and nothing depends on them. What is certain
 * is one constant then, without shape, for what multiplies or selects by it.
 */
record CertainDraws(Flattener flat) {
  private static final Set<String> DRAWS =
      Set.of("RandomUniform", "StatelessRandomUniform", "StatelessRandomUniformV2");

  private static final Set<String> ARITHMETIC = Set.of("Add", "AddV2", "Sub", "Mul");

  /** The largest that these draw of 23 random bits. */
  private static final float LARGEST = 1 - 0x1p-23f;

  /** No draw is wrapped in more arithmetic. */
  private static final int DEPTH = 8;

  /**
   * Where numbers lie, both ends included.
   *
   * @param drawn whether any of them is drawn
   */
  private record Range(float low, float high, boolean drawn) {}

  /**
   * What an operation on numbers that are drawn gives whatever these are.
   *
   * @param op the operation
   * @param inputs its flat inputs
   * @return a flat tensor; null if it depends on them, or none is drawn
   */
  String outcome(String op, List<String> inputs) {
    boolean floor = op.equals("Floor");
    if (!floor && !op.equals("GreaterEqual") && !op.equals("Less")) {
      return null;
    }
    Range a = range(inputs.get(0), 0);
    Range b = floor ? a : range(inputs.get(1), 0);
    if (a == null || b == null || !(a.drawn || b.drawn)) {
      return null;
    }
    String name = Tensors.node(inputs.get(0)) + "/" + op;
    if (floor && Math.floor(a.low) == Math.floor(a.high)) {
      return flat.add(name, Nodes.constant((float) Math.floor(a.low))) + ":0";
    }
    boolean above = a.low >= b.high;
    if (!floor && (above || a.high < b.low)) {
      return flat.add(name, Nodes.constant(above == op.equals("GreaterEqual"))) + ":0";
    }
    return null;
  }

  /** In single precision, as TensorFlow computes; null if it is not known, or of another type. */
  private Range range(String tensor, int depth) {
    NodeDef node = flat.node(Tensors.node(tensor));
    if (node == null || depth > DEPTH) {
      return null;
    }
    String op = node.getOp();
    if (op.equals("Const")) {
      var value = node.getAttrOrThrow("value").getTensor();
      Double scalar = value.getDtype() == DataType.DT_FLOAT ? Constants.scalar(value) : null;
      return scalar == null ? null : new Range(scalar.floatValue(), scalar.floatValue(), false);
    }
    if (DRAWS.contains(op)) {
      return Nodes.type(node, "dtype") == DataType.DT_FLOAT ? new Range(0, LARGEST, true) : null;
    }
    if (!ARITHMETIC.contains(op)) {
      return null;
    }
    Range a = range(node.getInput(0), depth + 1);
    Range b = range(node.getInput(1), depth + 1);
    if (a == null || b == null) {
      return null;
    }
    boolean drawn = a.drawn || b.drawn;
    return switch (op) {
      case "Sub" -> new Range(a.low - b.high, a.high - b.low, drawn);
      case "Mul" -> // by what is not negative, as a width is
          a.low >= 0 && b.low >= 0 ? new Range(a.low * b.low, a.high * b.high, drawn) : null;
      default -> new Range(a.low + b.low, a.high + b.high, drawn);
    };
  }
}
