package org.medoid.export.onnx;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.medoid.export.onnx.pass.Constant;
import org.medoid.export.onnx.pass.OnnxGraph;
import org.medoid.export.onnx.pass.Shapes;
import org.tensorflow.proto.DataType;

/**
 * A tensor of the TensorFlow graph and where it is in the ONNX graph: in TensorFlow's layout
 * ("plain"), with channels first, or in both. The layout that is missing is made when first asked
 * for.
 */
final class Value {
  private final OnnxGraph graph;
  private final String name;
  private final DataType type;
  private final long[] shape;
  private final Constant constant;
  private String plain;
  private String channelsFirst;
  private Value same;

  Value(OnnxGraph graph, String name, Source.Info info, Constant constant) {
    this.graph = graph;
    this.name = name;
    this.type = info.type();
    this.constant = constant;
    this.shape = constant != null ? constant.shape() : info.shape();
  }

  DataType type() {
    return type;
  }

  /** In TensorFlow's layout; -1 where unknown, null if even the rank is. */
  long[] shape() {
    return shape;
  }

  /** The rank, -1 if unknown. */
  int rank() {
    return shape == null ? -1 : shape.length;
  }

  /** The values, or null. */
  Constant constant() {
    return constant;
  }

  /** Whether the tensor was made with channels first: what follows does well to stay there. */
  boolean isChannelsFirst() {
    return channelsFirst != null && constant == null;
  }

  /** Whether the tensor is in that graph. */
  boolean isOf(OnnxGraph one) {
    return graph == one;
  }

  /** Makes this another name for a value. */
  void setSame(Value value) {
    same = value;
  }

  /** The value that this is another name for. */
  Value resolved() {
    return same == null ? this : same.resolved();
  }

  void setPlain(String tensor) {
    plain = tensor;
    graph.setShape(tensor, shape);
  }

  void setChannelsFirst(String tensor) {
    channelsFirst = tensor;
    if (shape != null) {
      graph.setShape(tensor, Shapes.permuted(shape, Shapes.toChannelsFirst(shape.length)));
    }
  }

  /** The tensors to be named after this, the most deserving first. */
  List<String> names() {
    return Stream.of(plain, channelsFirst).filter(Objects::nonNull).toList();
  }

  String plain() {
    if (plain == null) {
      if (constant != null) {
        setPlain(graph.addConstant(name, constant));
      } else if (channelsFirst != null) {
        setPlain(relaid(channelsFirst, "nhwc", Shapes.toChannelsLast(rank()), shape));
      } else {
        throw new NodeFacts.ConverterException(
            "the converter of " + name + " has set no output", null);
      }
    }
    return plain;
  }

  /** The tensor with channels first; the rank must be known and 3 or more. */
  String channelsFirst() {
    if (channelsFirst == null) {
      int[] axes = Shapes.toChannelsFirst(rank());
      if (constant != null) {
        setChannelsFirst(graph.addConstant(name + "/nchw", constant.transposed(axes)));
      } else {
        setChannelsFirst(relaid(plain(), "nchw", axes, Shapes.permuted(shape, axes)));
      }
    }
    return channelsFirst;
  }

  /** A Transpose; where it moves nothing, a Reshape, which is free. */
  private String relaid(String from, String suffix, int[] axes, long[] to) {
    String wanted = name + "/" + suffix;
    if (Shapes.isPoint(shape) && Arrays.stream(to).skip(1).allMatch(size -> size > 0)) {
      String sizes = graph.shareConstant(Constant.integers(to));
      return graph.add("Reshape", wanted, List.of(from, sizes), Map.of(), 1).output();
    }
    long[] perm = Arrays.stream(axes).asLongStream().toArray();
    return graph.add("Transpose", wanted, List.of(from), Map.of("perm", perm), 1).output();
  }

  @Override
  public String toString() {
    return name;
  }
}
