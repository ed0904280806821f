package org.medoid.export.onnx;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BinaryOperator;
import org.medoid.export.onnx.Source.Node;
import org.medoid.export.onnx.Source.TensorName;
import org.medoid.export.onnx.pass.Constant;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;

/** Writes the real nodes of {@link ComplexPairs}, and does the arithmetic of complex numbers. */
final class PairWriter {
  /** A complex tensor; without an imaginary part if that is zero throughout. */
  record Pair(TensorName real, TensorName imaginary) {}

  private final Set<String> taken;
  private final Map<String, Node> written = new LinkedHashMap<>();

  /** The node for which others are written now, and the type of their numbers. */
  private String name = "";

  private DataType type = DataType.DT_FLOAT;

  /**
   * A writer.
   *
   * @param taken names that no new node may have
   */
  PairWriter(Set<String> taken) {
    this.taken = taken;
  }

  /** From now on nodes are written for this one. */
  void begin(String node, DataType numbers) {
    name = node;
    type = numbers;
  }

  DataType type() {
    return type;
  }

  Map<String, Node> written() {
    return written;
  }

  void keep(Node node) {
    written.put(node.name(), node);
  }

  /** The node's own name for a tensor that is real. */
  void rename(TensorName tensor, DataType of) {
    NodeDef.Builder identity = NodeDef.newBuilder().setOp("Identity").setName(name);
    keep(new Node(identity.putAttr("T", Functions.type(of)).build(), List.of(tensor)));
  }

  TensorName add(String op, String part, TensorName... inputs) {
    return add(
        NodeDef.newBuilder().setOp(op).putAttr("T", Functions.type(type)), part, List.of(inputs));
  }

  TensorName add(NodeDef.Builder definition, String part, List<TensorName> inputs) {
    String fresh = name + "/" + part;
    while (taken.contains(fresh) || written.containsKey(fresh)) {
      fresh += "_";
    }
    keep(new Node(definition.setName(fresh).build(), inputs));
    return new TensorName(fresh, 0);
  }

  TensorName constant(String part, Constant value) {
    return add(Functions.constant("", value).toBuilder(), part, List.of());
  }

  TensorName converted(TensorName x, DataType from, DataType to) {
    NodeDef.Builder cast = NodeDef.newBuilder().setOp("Cast");
    cast.putAttr("SrcT", Functions.type(from)).putAttr("DstT", Functions.type(to));
    return from == to ? x : add(cast, "cast", List.of(x));
  }

  TensorName imaginary(Pair pair) {
    return pair.imaginary() != null ? pair.imaginary() : add("ZerosLike", "zero", pair.real());
  }

  TensorName times(TensorName a, TensorName b) {
    return add("Mul", "product", a, b);
  }

  TensorName squared(Pair x) {
    TensorName real = add("Square", "squared", x.real());
    return x.imaginary() == null
        ? real
        : add("AddV2", "norm", real, add("Square", "squared", x.imaginary()));
  }

  TensorName length(Pair x) {
    return x.imaginary() == null
        ? add("Abs", "length", x.real())
        : add("Sqrt", "length", squared(x));
  }

  /** (a + bi)(c + di) = ac - bd + (ad + bc)i, for any product. */
  Pair product(Pair x, Pair y, BinaryOperator<TensorName> product) {
    TensorName real = product.apply(x.real(), y.real());
    TensorName imaginary = null;
    if (y.imaginary() != null) {
      imaginary = product.apply(x.real(), y.imaginary());
    }
    if (x.imaginary() != null) {
      TensorName other = product.apply(x.imaginary(), y.real());
      imaginary = imaginary == null ? other : add("AddV2", "imaginary", imaginary, other);
    }
    if (x.imaginary() != null && y.imaginary() != null) {
      real = add("Sub", "real", real, product.apply(x.imaginary(), y.imaginary()));
    }
    return new Pair(real, imaginary);
  }

  Pair quotient(Pair x, Pair y) {
    Pair above = y.imaginary() == null ? x : product(x, conjugate(y), this::times);
    TensorName below = y.imaginary() == null ? y.real() : squared(y);
    return new Pair(
        add("RealDiv", "real", above.real(), below),
        above.imaginary() == null ? null : add("RealDiv", "imaginary", above.imaginary(), below));
  }

  Pair exponential(Pair x) {
    TensorName size = add("Exp", "size", x.real());
    return x.imaginary() == null
        ? new Pair(size, null)
        : new Pair(
            times(size, add("Cos", "cos", x.imaginary())),
            times(size, add("Sin", "sin", x.imaginary())));
  }

  Pair logarithm(Pair x) {
    return new Pair(add("Log", "real", length(x)), angle(x));
  }

  TensorName angle(Pair x) {
    return add("Atan2", "angle", imaginary(x), x.real());
  }

  Pair inverse(Pair x) {
    return quotient(new Pair(add("OnesLike", "one", x.real()), null), x);
  }

  Pair conjugate(Pair x) {
    return new Pair(x.real(), add("Neg", "negative", imaginary(x)));
  }
}
