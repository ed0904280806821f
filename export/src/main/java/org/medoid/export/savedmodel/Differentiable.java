package org.medoid.export.savedmodel;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;
import org.tensorflow.proto.TensorProto;

/**
 * A flat graph in which operations whose gradient TensorFlow's C++ lacks, or computes wrong, are
 * written by others that give the same numbers:
 *
 * <ul>
 *   <li>{@link Equivalents}: older forms, patches, places of maxima, what is put in places.
 *   <li>{@link Tangents}: those that stay as they are, beside what is zero and has their gradient.
 *   <li>{@link Diagonals}, {@link Spectra} (Fourier transforms), {@link Volumes} (three
 *       dimensions).
 *   <li>Quantisation in training goes {@link StraightThrough}.
 *   <li>Convolutions that are dilated (C++ leaves the dilation out of the gradient), in groups, or
 *       padded by numbers of their own are {@link PlainConvolution}s.
 *   <li>No gradient goes through whole numbers, truth values and rounding, as in Python.
 * </ul>
 *
 * <p>Only behind a variable: no gradient goes further back. What is not written anew, for want of a
 * size or of a rule, stays, and is refused when its gradient is asked for.
 */
final class Differentiable {
  /** What a gradient may go through; computation is in the first of these, or pairs of it. */
  private static final Set<DataType> CONTINUOUS =
      EnumSet.of(
          DataType.DT_FLOAT,
          DataType.DT_DOUBLE,
          DataType.DT_HALF,
          DataType.DT_BFLOAT16,
          DataType.DT_COMPLEX64,
          DataType.DT_COMPLEX128);

  /** Flat nearly everywhere; C++ has no gradient of them, Python's is none. */
  private static final Set<String> STEPS =
      Set.of("Round", "Rint", "Ceil", "FloorDiv", "TruncateDiv");

  /** Writes a node anew: what its first output is now, null if it stays as it is. */
  interface Rule {
    String of(Anew node);
  }

  private static final Map<String, Rule> RULES = new HashMap<>();

  static {
    Equivalents.register(RULES);
    Tangents.register(RULES);
    Diagonals.register(RULES);
    Spectra.register(RULES);
    Volumes.register(RULES);
    StraightThrough.register(RULES);
    RULES.put("Conv2D", Differentiable::convolution);
    RULES.put("DepthwiseConv2dNative", Differentiable::convolution);
  }

  private final InferredShapes shapes;
  private final NodeWriter writer;

  /** Variables, and nodes that depend on one through numbers that a gradient goes through. */
  private final Set<String> behind = new HashSet<>();

  /** Nodes that depend on a variable by others alone: a gradient must not be asked of them. */
  private final Set<String> cut = new HashSet<>();

  private final Map<String, TensorProto> constants = new HashMap<>();

  /** What tensors are called that another node makes now. */
  private final Map<String, String> renamed = new HashMap<>();

  private Differentiable(FlatGraph flat) {
    shapes = new InferredShapes(flat.open());
    writer = new NodeWriter(flat);
    flat.variables().forEach(variable -> behind.add(variable.name()));
  }

  /**
   * Rewrites a graph.
   *
   * @throws IllegalArgumentException if a gradient would be wrong and cannot be mended, naming the
   *     node
   */
  static FlatGraph of(FlatGraph flat) {
    Differentiable rewriting = new Differentiable(flat);
    flat.nodes().forEach(rewriting::rewrite);
    return flat.with(rewriting.writer.nodes(), flat.variables()).pruned();
  }

  private void rewrite(NodeDef before) {
    NodeDef.Builder renaming = before.toBuilder();
    List<DataType> types = new ArrayList<>();
    OpDef definition = Operations.registered(before.getOp());
    definition.getInputArgList().forEach(argument -> types.addAll(types(before, argument)));
    boolean isBehind = false;
    boolean reached = false;
    boolean single = true;
    for (int i = 0; i < before.getInputCount(); i++) {
      String tensor = Tensors.canonical(before.getInput(i));
      boolean continuous = CONTINUOUS.contains(types.get(i));
      boolean from = behind.contains(Tensors.node(tensor));
      isBehind |= from || (!continuous && cut.contains(Tensors.node(tensor)));
      reached |= continuous && from;
      single &=
          !continuous || types.get(i) == DataType.DT_FLOAT || types.get(i) == DataType.DT_COMPLEX64;
      renaming.setInput(i, Tensors.shortened(renamed.getOrDefault(tensor, tensor)));
    }
    NodeDef node = renaming.build();
    if (node.getOp().equals("Const")) {
      constants.put(node.getName(), node.getAttrOrThrow("value").getTensor());
    }
    if (isBehind && (!reached || STEPS.contains(node.getOp()))) {
      writer.keep(node);
      cut.add(node.getName());
      cut(node, definition);
      return;
    }
    if (reached) {
      behind.add(node.getName());
    }
    String now = reached && single ? rewritten(node, before) : null;
    if (now == null) {
      writer.keep(node);
    } else {
      renamed.put(node.getName() + ":0", Tensors.canonical(now));
    }
  }

  /** No gradient goes further back than the numbers that a node gives. */
  private void cut(NodeDef node, OpDef definition) {
    List<DataType> given = new ArrayList<>();
    definition.getOutputArgList().forEach(argument -> given.addAll(types(node, argument)));
    for (int i = 0; i < given.size(); i++) {
      if (CONTINUOUS.contains(given.get(i))) {
        String tensor = node.getName() + ":" + i;
        NodeDef.Builder still = Nodes.typed("StopGradient", given.get(i), tensor);
        renamed.put(tensor, writer.add(node, "still", still) + ":0");
      }
    }
  }

  private static List<DataType> types(NodeDef node, OpDef.ArgDef argument) {
    if (!argument.getTypeListAttr().isEmpty()) {
      return node.getAttrOrThrow(argument.getTypeListAttr()).getList().getTypeList();
    }
    DataType type =
        argument.getTypeAttr().isEmpty()
            ? argument.getType()
            : Nodes.type(node, argument.getTypeAttr());
    return Collections.nCopies(Operations.size(node, argument), type);
  }

  /** What the first output is now; null if the node stays. */
  private String rewritten(NodeDef node, NodeDef before) {
    Rule rule = RULES.get(node.getOp());
    if (rule == null) {
      return null;
    }
    List<Shape> sizes = new ArrayList<>();
    List<TensorProto> values = new ArrayList<>();
    for (String input : before.getInputList()) {
      sizes.add(shapes.of(input));
      values.add(constants.get(Tensors.node(input)));
    }
    return rule.of(new Anew(writer, node, sizes, shapes.of(before.getName()), values, renamed));
  }

  private static String convolution(Anew n) {
    NodeDef plain = PlainConvolution.of(n, n.node(), n.shape(1));
    return plain.equals(n.node()) ? null : n.part("plain", plain.toBuilder());
  }
}
