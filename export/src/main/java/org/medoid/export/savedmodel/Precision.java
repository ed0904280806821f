package org.medoid.export.savedmodel;

import com.google.protobuf.UnsafeByteOperations;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;
import org.tensorflow.proto.TensorProto;

/**
 * Makes a flat graph compute in float32 what it computes in float16, bfloat16 or float64: neither
 * TensorFlow's gradients and kernels of a processor nor onnxruntime's have all operations in these.
 *
 * <p>From half precision nothing is lost, float32 holds every value of both; results come nearer to
 * the exact ones. Float64 is narrowed only where the network itself computes in it, that is where
 * an input, an output or a variable is of that type, or an operation of which onnxruntime has no
 * such kernel: elsewhere it is arithmetic on sizes.
 */
final class Precision {
  private static final Set<DataType> HALF = EnumSet.of(DataType.DT_HALF, DataType.DT_BFLOAT16);

  /** What onnxruntime has no kernel in float64 for, or parts of it. */
  private static final Set<String> SINGLE =
      Set.of(
          "Acos",
          "Acosh",
          "Asin",
          "Asinh",
          "Atan",
          "Atan2",
          "Atanh",
          "AvgPool",
          "AvgPool3D",
          "Conv2D",
          "Conv2DBackpropInput",
          "Conv3D",
          "Conv3DBackpropInputV2",
          "Cosh",
          "DepthwiseConv2dNative",
          "DepthwiseConv2dNativeBackpropInput",
          "Elu",
          "Erf",
          "Erfc",
          "LeakyRelu",
          "ResizeBicubic",
          "ResizeBilinear",
          "ResizeNearestNeighbor",
          "Selu",
          "Sinh",
          "Softplus",
          "Softsign",
          "Tan");

  private Precision() {}

  /** The distance of 1 to the next number, relative; of float32 for what has none. */
  static double step(DataType type) {
    return switch (type) {
      case DT_HALF -> 0x1p-10;
      case DT_BFLOAT16 -> 0x1p-7;
      default -> 0x1p-23;
    };
  }

  /**
   * The other types of floating point that the network computes in.
   *
   * @param flat the graph
   * @param ports the types of inputs and outputs
   * @return those that {@link #single} takes out
   */
  static Set<DataType> of(FlatGraph flat, Set<DataType> ports) {
    Set<DataType> all = EnumSet.noneOf(DataType.class);
    List<NodeDef> nodes = new ArrayList<>(flat.nodes());
    flat.functions().forEach(function -> nodes.addAll(function.getNodeDefList()));
    for (NodeDef node : nodes) {
      node.getAttrMap().values().forEach(value -> all.add(value.getType()));
    }
    Set<DataType> found = EnumSet.noneOf(DataType.class);
    flat.variables().forEach(v -> found.add(v.type()));
    found.addAll(ports);
    nodes.stream()
        .filter(node -> SINGLE.contains(node.getOp()))
        .forEach(
            node -> found.add(node.getAttrOrDefault("T", Nodes.type(DataType.DT_FLOAT)).getType()));
    found.retainAll(EnumSet.of(DataType.DT_DOUBLE));
    all.retainAll(HALF);
    found.addAll(all);
    flat.variables().stream()
        .map(FlatGraph.Variable::type)
        .filter(HALF::contains)
        .forEach(found::add);
    return found;
  }

  /** The graph with float32 in place of some types, and without the casts that this makes void. */
  static FlatGraph single(FlatGraph flat, Set<DataType> types) {
    if (types.isEmpty()) {
      return flat;
    }
    List<FlatGraph.Variable> variables = new ArrayList<>();
    for (FlatGraph.Variable v : flat.variables()) {
      variables.add(
          types.contains(v.type())
              ? new FlatGraph.Variable(v.name(), v.node(), DataType.DT_FLOAT)
              : v);
    }
    List<NodeDef> nodes = new ArrayList<>();
    Map<String, String> same = new HashMap<>();
    for (NodeDef node : flat.nodes()) {
      NodeDef.Builder single = single(node, types);
      for (int i = 0; i < node.getInputCount(); i++) {
        single.setInput(i, same.getOrDefault(node.getInput(i), node.getInput(i)));
      }
      NodeDef made = single.build();
      if (made.getOp().equals("Cast")
          && Nodes.type(made, "SrcT") == Nodes.type(made, "DstT")
          && Nodes.type(node, "SrcT") != Nodes.type(node, "DstT")) {
        same.put(made.getName(), made.getInput(0));
      } else {
        nodes.add(made);
      }
    }
    return flat.with(
        nodes, variables, flat.functions().stream().map(f -> single(f, types)).toList());
  }

  /** What a loop runs; its casts stay, they cost nothing. */
  private static FunctionDef single(FunctionDef function, Set<DataType> types) {
    FunctionDef.Builder single = function.toBuilder().clearNodeDef();
    function.getNodeDefList().forEach(node -> single.addNodeDef(single(node, types)));
    OpDef.Builder signature = single.getSignatureBuilder();
    Stream.concat(
            signature.getInputArgBuilderList().stream(),
            signature.getOutputArgBuilderList().stream())
        .filter(argument -> types.contains(argument.getType()))
        .forEach(argument -> argument.setType(DataType.DT_FLOAT));
    return single.build();
  }

  private static NodeDef.Builder single(NodeDef node, Set<DataType> types) {
    if (node.getOp().equals("Bitcast")) {
      throw new IllegalArgumentException(
          "node %s (Bitcast) looks at the bits of numbers of %s, which are computed in float32"
              .formatted(node.getName(), names(types)));
    }
    NodeDef.Builder single = node.toBuilder();
    node.getAttrMap().forEach((name, value) -> single.putAttr(name, single(value, types)));
    return single;
  }

  private static AttrValue single(AttrValue value, Set<DataType> types) {
    return switch (value.getValueCase()) {
      case TYPE -> types.contains(value.getType()) ? Nodes.type(DataType.DT_FLOAT) : value;
      case TENSOR ->
          types.contains(value.getTensor().getDtype())
              ? AttrValue.newBuilder()
                  .setTensor(converted(value.getTensor(), DataType.DT_FLOAT))
                  .build()
              : value;
      case LIST -> {
        AttrValue.Builder list = value.toBuilder();
        for (int i = 0; i < value.getList().getTypeCount(); i++) {
          if (types.contains(value.getList().getType(i))) {
            list.getListBuilder().setType(i, DataType.DT_FLOAT);
          }
        }
        yield list.build();
      }
      default -> value;
    };
  }

  /** How a person calls types. */
  static String names(Set<DataType> types) {
    Set<String> names = new TreeSet<>();
    types.forEach(type -> names.add(name(type)));
    return String.join(", ", names);
  }

  /** How a person calls a type. */
  static String name(DataType type) {
    return switch (type) {
      case DT_HALF -> "float16";
      case DT_FLOAT -> "float32";
      case DT_DOUBLE -> "float64";
      default -> type.name().substring(3).toLowerCase(Locale.ROOT);
    };
  }

  /** A tensor in another type of floating point; the same where it has that type already. */
  static TensorProto converted(TensorProto value, DataType type) {
    if (value.getDtype() == type) {
      return value;
    }
    if (type != DataType.DT_FLOAT) {
      throw new IllegalArgumentException("no conversion to " + name(type));
    }
    TensorValues values = TensorValues.of(value);
    ByteBuffer floats =
        ByteBuffer.allocate(Math.multiplyExact(4, values.count())).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < values.count(); i++) {
      floats.putFloat((float) values.at(i));
    }
    return TensorProto.newBuilder()
        .setDtype(type)
        .setTensorShape(value.getTensorShape())
        .setTensorContent(UnsafeByteOperations.unsafeWrap(floats.flip()))
        .build();
  }
}
