package org.medoid.export.savedmodel;

import com.google.protobuf.ByteString;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorProto;

/**
 * A flat graph in which operations whose gradient TensorFlow's C++ lacks, or computes wrong, are
 * written by others that give the same numbers:
 *
 * <ul>
 *   <li>{@code OnesLike} is a {@code Fill}.
 *   <li>The values of {@code TopKV2} are gathered at its indices.
 *   <li>{@code ExtractImagePatches} is a convolution by ones and zeros.
 *   <li>The main diagonal of square matrices is the sum of their rows, all else times zero.
 *   <li>Quantisation in training goes {@link StraightThrough}.
 *   <li>Convolutions that are dilated (C++ leaves the dilation out of the gradient), in groups, or
 *       padded by numbers of their own are {@link PlainConvolution}s.
 * </ul>
 *
 * <p>Only behind a variable: no gradient goes further back.
 */
final class Differentiable {
  /** The filter of a convolution that extracts patches holds at most so many numbers, 64 MB. */
  private static final long LARGEST = 1 << 24;

  private final InferredShapes shapes;
  private final NodeWriter writer;

  /** Variables, and nodes that depend on one. */
  private final Set<String> behind = new HashSet<>();

  /** Constants of small integers that are all zero. */
  private final Set<String> zeros = new HashSet<>();

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
    boolean reached = false;
    for (int i = 0; i < before.getInputCount(); i++) {
      String tensor = Tensors.canonical(before.getInput(i));
      reached |= behind.contains(Tensors.node(tensor));
      renaming.setInput(i, Tensors.shortened(renamed.getOrDefault(tensor, tensor)));
    }
    NodeDef node = renaming.build();
    if (isZero(node)) {
      zeros.add(node.getName());
    }
    if (reached) {
      behind.add(node.getName());
    }
    boolean single = Nodes.type(node, "T") == DataType.DT_FLOAT || StraightThrough.is(node);
    writer.keep(reached && single ? rewritten(node, before) : node);
  }

  private NodeDef rewritten(NodeDef node, NodeDef before) {
    if (StraightThrough.is(node)) {
      return StraightThrough.of(writer, node);
    }
    return switch (node.getOp()) {
      case "OnesLike" -> ones(node);
      case "TopKV2" -> largest(node, shapes.of(before.getInput(0)));
      case "ExtractImagePatches" -> patches(node, shapes.of(before.getInput(0)));
      case "MatrixDiagPart", "MatrixDiagPartV2", "MatrixDiagPartV3" ->
          diagonal(node, shapes.of(before.getInput(0)), before);
      case "Conv2D", "DepthwiseConv2dNative" ->
          PlainConvolution.of(
              writer, node, shapes.of(before.getInput(0)), shapes.of(before.getInput(1)));
      default -> node;
    };
  }

  private NodeDef diagonal(NodeDef node, Shape matrices, NodeDef before) {
    int rank = matrices.isUnknown() ? 0 : matrices.numDimensions();
    long side = rank < 2 ? -1 : matrices.get(rank - 1);
    boolean main = before.getInputCount() == 1 || zeros.contains(Tensors.node(before.getInput(1)));
    if (side < 0 || side != matrices.get(rank - 2) || !main || side * side > LARGEST) {
      return node;
    }
    String ones = writer.add(node, "ones", Nodes.constant("", identity(side, side, side)));
    String only =
        writer.add(
            node,
            "only",
            Nodes.node("", "Mul", node.getInput(0), ones)
                .putAttr("T", Nodes.type(DataType.DT_FLOAT)));
    String axis = writer.add(node, "axis", Nodes.constant("", List.of(-1)));
    return Nodes.node(node.getName(), "Sum", only, axis)
        .putAttr("T", Nodes.type(DataType.DT_FLOAT))
        .putAttr("Tidx", Nodes.type(DataType.DT_INT32))
        .putAttr("keep_dims", AttrValue.newBuilder().setB(false).build())
        .build();
  }

  private static boolean isZero(NodeDef node) {
    TensorProto value = node.getAttrOrDefault("value", AttrValue.getDefaultInstance()).getTensor();
    return node.getOp().equals("Const")
        && value.getDtype() == DataType.DT_INT32
        && value.getIntValList().stream().allMatch(i -> i == 0)
        && zeros(value.getTensorContent());
  }

  private static boolean zeros(ByteString content) {
    for (int i = 0; i < content.size(); i++) {
      if (content.byteAt(i) != 0) {
        return false;
      }
    }
    return true;
  }

  /** Ones where the numbers of row and column are equal. */
  private static TensorProto identity(long count, long... sizes) {
    TensorProto.Builder identity =
        TensorProto.newBuilder().setDtype(DataType.DT_FLOAT).setTensorShape(Nodes.shape(sizes));
    for (long i = 0; i < count * count; i++) {
      identity.addFloatVal(i / count == i % count ? 1 : 0);
    }
    return identity.build();
  }

  private NodeDef ones(NodeDef node) {
    String shape = writer.add(node, "shape", Nodes.sizes("", node.getInput(0), DataType.DT_FLOAT));
    String one = writer.add(node, "one", Nodes.constant("", 1f));
    return Nodes.node(node.getName(), "Fill", shape, one)
        .putAttr("T", Nodes.type(DataType.DT_FLOAT))
        .putAttr("index_type", Nodes.type(DataType.DT_INT32))
        .build();
  }

  /** The node itself gives the indices, under another name. */
  private NodeDef largest(NodeDef node, Shape shape) {
    DataType type = Nodes.type(node, "index_type");
    if (shape.isUnknown() || type == DataType.DT_INT16) {
      return node;
    }
    int last = shape.numDimensions() - 1;
    String places = writer.add(node, "places", node.toBuilder());
    renamed.put(node.getName() + ":1", places + ":1");
    String axis = writer.add(node, "axis", Nodes.constant("", last));
    return Nodes.gather(node.getName(), node.getInput(0), places + ":1", axis, DataType.DT_FLOAT)
        .putAttr("Tindices", Nodes.type(type == DataType.DT_INVALID ? DataType.DT_INT32 : type))
        .putAttr("batch_dims", Nodes.number(last))
        .build();
  }

  private NodeDef patches(NodeDef node, Shape images) {
    List<Long> sides = node.getAttrOrThrow("ksizes").getList().getIList();
    long channels = images.isUnknown() ? -1 : images.get(3);
    long count = sides.get(1) * sides.get(2) * channels;
    if (channels < 0 || count * count > LARGEST) {
      return node;
    }
    Shape filter = Shape.of(sides.get(1), sides.get(2), channels, count);
    TensorProto identity = identity(count, filter.asArray());
    String numbers = writer.add(node, "patches", Nodes.constant("", identity));
    NodeDef convolution =
        Nodes.node(node.getName(), "Conv2D", node.getInput(0), numbers)
            .putAttr("T", Nodes.type(DataType.DT_FLOAT))
            .putAttr("strides", node.getAttrOrThrow("strides"))
            .putAttr("dilations", node.getAttrOrThrow("rates"))
            .putAttr("padding", node.getAttrOrThrow("padding"))
            .putAttr(
                "explicit_paddings",
                AttrValue.newBuilder().setList(AttrValue.ListValue.getDefaultInstance()).build())
            .putAttr("use_cudnn_on_gpu", AttrValue.newBuilder().setB(true).build())
            .putAttr("data_format", Nodes.text("NHWC"))
            .build();
    return PlainConvolution.of(writer, convolution, images, filter);
  }
}
