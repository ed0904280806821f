package org.medoid.export.onnx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.medoid.export.onnx.PairWriter.Pair;
import org.medoid.export.onnx.Source.Node;
import org.medoid.export.onnx.Source.TensorName;
import org.medoid.export.onnx.Source.Unsupported;
import org.medoid.export.onnx.pass.Constant;
import org.medoid.export.onnx.pass.Shapes;
import org.medoid.export.savedmodel.TensorValues;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.VersionDef;

/**
 * Complex numbers, for which ONNX has no kernels, as two real tensors each, before the conversion.
 *
 * <p>What only moves or adds numbers does so with both parts; products, quotients and functions are
 * written out; a Fourier transform of known length is a product with its matrix.
 */
final class ComplexPairs {
  /** Operations that do the same to both parts, and give zeros for zeros. */
  private static final Set<String> BY_PARTS =
      Set.of(
          "Add",
          "AddN",
          "AddV2",
          "BatchToSpaceND",
          "BroadcastTo",
          "ConcatV2",
          "Cumsum",
          "EnsureShape",
          "ExpandDims",
          "Fill",
          "GatherNd",
          "GatherV2",
          "Identity",
          "MatrixBandPart",
          "Mean",
          "MirrorPad",
          "Neg",
          "Pack",
          "Pad",
          "PreventGradient",
          "Reshape",
          "ReverseV2",
          "Roll",
          "Select",
          "SelectV2",
          "Slice",
          "Snapshot",
          "SpaceToBatchND",
          "Split",
          "SplitV",
          "Squeeze",
          "StopGradient",
          "StridedSlice",
          "Sub",
          "Sum",
          "Tile",
          "Transpose",
          "Unpack",
          "ZerosLike");

  private static final Set<String> PLAIN = Set.of("Const", "Placeholder");

  private final Map<String, Node> nodes;
  private final Map<String, Source.Info[]> infos;
  private final PairWriter pen;
  private final Map<TensorName, Pair> pairs = new HashMap<>();
  private final List<Unsupported> refused = new ArrayList<>();

  /** The node that is written anew. */
  private Node node;

  private ComplexPairs(Map<String, Node> nodes, Map<String, Source.Info[]> infos) {
    this.nodes = nodes;
    this.infos = infos;
    this.pen = new PairWriter(nodes.keySet());
  }

  /**
   * Rewrites nodes.
   *
   * @param nodes in order of computation, by name; all of known operations
   * @param versions those of the graph
   * @param roots the tensors wanted
   * @param supported what can be converted, to list everything that cannot
   * @return the nodes without complex numbers
   * @throws IllegalArgumentException if something cannot be written so, naming every such node
   */
  static Map<String, Node> apply(
      Map<String, Node> nodes,
      VersionDef versions,
      Collection<TensorName> roots,
      Set<String> supported) {
    if (nodes.values().stream().noneMatch(ComplexPairs::namesComplex)) {
      return nodes;
    }
    Map<String, Source.Info[]> infos;
    try {
      infos = KnownSizes.infer(nodes, versions);
    } catch (TensorFlowException | IllegalArgumentException e) {
      return nodes; // the import of the whole graph tells what is wrong
    }
    ComplexPairs rewriting = new ComplexPairs(nodes, infos);
    rewriting.rewrite(roots, supported);
    return rewriting.pen.written();
  }

  private static boolean namesComplex(Node node) {
    String op = node.op();
    return op.contains("FFT")
        || op.equals("Complex") // whose type has a default
        || node.definition().getAttrMap().values().stream()
            .anyMatch(
                value ->
                    isComplex(value.getType())
                        || value.getList().getTypeList().stream()
                            .anyMatch(ComplexPairs::isComplex));
  }

  private static boolean isComplex(DataType type) {
    return type == DataType.DT_COMPLEX64 || type == DataType.DT_COMPLEX128;
  }

  private void rewrite(Collection<TensorName> roots, Set<String> supported) {
    for (Node each : nodes.values()) {
      node = each;
      boolean inside = each.inputs().stream().anyMatch(pairs::containsKey);
      if (!inside && !isComplex(info(output(0)).type())) {
        pen.keep(each);
        if (!supported.contains(each.op()) && !PLAIN.contains(each.op())) {
          refused.add(new Unsupported(each, "no converter"));
        }
        continue;
      }
      boolean wide =
          each.inputs().stream().anyMatch(in -> info(in).type() == DataType.DT_COMPLEX128)
              || info(output(0)).type() == DataType.DT_COMPLEX128;
      pen.begin(each.name(), wide ? DataType.DT_DOUBLE : DataType.DT_FLOAT);
      try {
        write();
      } catch (NodeFacts.UnsupportedException e) {
        refused.add(new Unsupported(each, e.getMessage()));
        for (int i = 0; i < infos.get(each.name()).length; i++) {
          pairs.put(output(i), new Pair(output(i), null)); // so that what reads it is looked at
        }
      }
    }
    for (TensorName root : roots) {
      if (refused.isEmpty() && pairs.containsKey(root)) {
        refused.add(
            new Unsupported(nodes.get(root.node()), "an output of complex numbers; take tf.abs"));
      }
    }
    if (!refused.isEmpty()) {
      throw OnnxConverter.unsupported(refused);
    }
  }

  private Source.Info info(TensorName tensor) {
    return infos.get(tensor.node())[tensor.index()];
  }

  private TensorName output(int index) {
    return new TensorName(node.name(), index);
  }

  private TensorName in(int input) {
    return node.inputs().get(input);
  }

  /** An input as a pair; a real one has no imaginary part. */
  private Pair pair(int input) {
    return pairs.getOrDefault(in(input), new Pair(in(input), null));
  }

  private void write() {
    String op = node.op();
    if (BY_PARTS.contains(op)) {
      byParts();
      return;
    }
    switch (op) {
      case "Const" -> set(literal(0), literal(1));
      case "OnesLike" -> set(pen.add("OnesLike", "real", pair(0).real()), null);
      case "Complex" -> set(broadcast(in(0), in(1)), broadcast(in(1), in(0)));
      case "Cast" -> cast();
      case "Conj" -> set(pen.conjugate(pair(0)));
      case "Shape", "Size", "Rank" -> // of either part
          pen.rename(part(List.of(pair(0)), true), info(output(0)).type());
      case "Real" -> real(pair(0).real());
      case "Imag" -> real(pen.imaginary(pair(0)));
      case "ComplexAbs" -> real(pen.length(pair(0)));
      case "Angle" -> real(pen.angle(pair(0)));
      case "Mul" -> set(pen.product(pair(0), pair(1), pen::times));
      case "Square" -> set(pen.product(pair(0), pair(0), pen::times));
      case "RealDiv", "Div" -> set(pen.quotient(pair(0), pair(1)));
      case "Reciprocal", "Inv" -> set(pen.inverse(pair(0)));
      case "Exp" -> set(pen.exponential(pair(0)));
      case "Log" -> set(pen.logarithm(pair(0)));
      case "MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3" -> matrices();
      case "Einsum" -> einsum();
      default -> {
        if (!Fourier.knows(op)) {
          throw refuse("no converter for complex numbers");
        }
        fourier();
      }
    }
  }

  private static NodeFacts.UnsupportedException refuse(String why) {
    return new NodeFacts.UnsupportedException(why);
  }

  private void set(TensorName real, TensorName imaginary) {
    set(new Pair(real, imaginary));
  }

  private void set(Pair pair) {
    pairs.put(output(0), pair);
  }

  private void real(TensorName tensor) {
    pen.rename(tensor, info(output(0)).type());
  }

  private TensorName literal(int part) {
    TensorProto value = node.definition().getAttrOrThrow("value").getTensor();
    long[] shape =
        value.getTensorShape().getDimList().stream().mapToLong(dim -> dim.getSize()).toArray();
    TensorValues values = TensorValues.of(value);
    double[] numbers = new double[values.count() / 2];
    Arrays.setAll(numbers, i -> values.at(2 * i + part));
    return pen.constant(part == 0 ? "real" : "imaginary", Constant.of(pen.type(), shape, numbers));
  }

  /** One part of a number whose parts may have different shapes. */
  private TensorName broadcast(TensorName part, TensorName other) {
    long[] shape = info(part).shape();
    if (shape != null && Shapes.isKnown(shape) && Arrays.equals(shape, info(other).shape())) {
      return part;
    }
    TensorName yes =
        pen.constant("yes", Constant.of(DataType.DT_BOOL, new long[0], new double[] {1}));
    return pen.add("SelectV2", "part", yes, part, other);
  }

  private void byParts() {
    List<Pair> all = new ArrayList<>();
    for (int i = 0; i < node.inputs().size(); i++) {
      all.add(isComplex(info(in(i)).type()) ? pair(i) : null);
    }
    boolean isReal =
        !node.op().equals("Neg") // whose zero is below zero: the angle of -1 is -π then
            && all.stream().noneMatch(pair -> pair != null && pair.imaginary() != null);
    TensorName real = part(all, true);
    TensorName imaginary = isReal ? null : part(all, false);
    for (int i = 0; i < infos.get(node.name()).length; i++) {
      pairs.put(
          output(i),
          new Pair(
              new TensorName(real.node(), i),
              imaginary == null ? null : new TensorName(imaginary.node(), i)));
    }
  }

  private TensorName part(List<Pair> all, boolean real) {
    List<TensorName> inputs = new ArrayList<>(node.inputs());
    for (int i = 0; i < inputs.size(); i++) {
      if (all.get(i) != null) {
        inputs.set(i, real ? all.get(i).real() : pen.imaginary(all.get(i)));
      }
    }
    NodeDef.Builder definition = node.definition().toBuilder();
    node.definition()
        .getAttrMap()
        .forEach(
            (name, value) -> {
              if (isComplex(value.getType())) {
                definition.putAttr(name, Functions.type(pen.type()));
              }
            });
    return pen.add(definition, real ? "real" : "imaginary", inputs);
  }

  private void cast() {
    DataType to = info(output(0)).type();
    if (to == DataType.DT_BOOL) {
      throw refuse("complex numbers as truth values");
    }
    DataType had = part(info(in(0)).type());
    TensorName real = pen.converted(pair(0).real(), had, part(to));
    if (isComplex(to)) {
      TensorName imaginary = pair(0).imaginary();
      set(real, imaginary == null ? null : pen.converted(imaginary, had, part(to)));
    } else {
      real(real);
    }
  }

  private static DataType part(DataType type) {
    return switch (type) {
      case DT_COMPLEX64 -> DataType.DT_FLOAT;
      case DT_COMPLEX128 -> DataType.DT_DOUBLE;
      default -> type;
    };
  }

  private void matrices() {
    NodeDef.Builder plain = node.definition().toBuilder();
    for (String attribute : List.of("T", "Ta", "Tb", "Tout")) {
      if (plain.containsAttr(attribute)) {
        plain.putAttr(attribute, Functions.type(pen.type()));
      }
    }
    // Adjoint matrices are transposed and conjugate.
    Pair x = flag("adj_x") ? pen.conjugate(pair(0)) : pair(0);
    Pair y = flag("adj_y") ? pen.conjugate(pair(1)) : pair(1);
    set(pen.product(x, y, (a, b) -> pen.add(plain.clone(), "product", List.of(a, b))));
  }

  private boolean flag(String attribute) {
    return node.definition().getAttrOrDefault(attribute, AttrValue.getDefaultInstance()).getB();
  }

  private void einsum() {
    NodeDef.Builder plain = node.definition().toBuilder().putAttr("T", Functions.type(pen.type()));
    if (node.inputs().size() != 2) {
      throw refuse("%d complex operands, only two are".formatted(node.inputs().size()));
    }
    set(pen.product(pair(0), pair(1), (a, b) -> pen.add(plain.clone(), "product", List.of(a, b))));
  }

  private void fourier() {
    TensorName lengths = node.inputs().size() > 1 ? in(1) : null;
    Fourier transform =
        Fourier.of(
            node,
            info(in(0)).shape(),
            lengths == null ? null : nodes.get(lengths.node()).definition());
    Pair x = pair(0);
    for (Fourier.Axis axis : transform.axes()) {
      Pair matrix =
          new Pair(
              pen.constant("cos", axis.cosines(pen.type())),
              pen.constant("sin", axis.sines(pen.type())));
      x = pen.product(x, matrix, (a, b) -> matMul(axis.isLast(), a, b));
    }
    if (transform.isReal()) {
      real(x.real());
    } else {
      set(x);
    }
  }

  private TensorName matMul(boolean right, TensorName x, TensorName matrix) {
    return pen.add("BatchMatMulV2", "product", right ? x : matrix, right ? matrix : x);
  }
}
